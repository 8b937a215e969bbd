import { leastSide, noiseAround, statisticOf } from "./step-fit.ts";

/** The stretch that differs most from what is before and after it, which have one level. */
export interface ReturnFit {
  /** First index of the stretch, and of what comes after it. */
  readonly from: number;
  readonly to: number;
  readonly outside: number;
  readonly inside: number;
  /** Size of the difference over the standard error that it has by the fitted noise. */
  readonly statistic: number;
  /** Autoregression of order one of what is left, and its innovations. */
  readonly phi: number;
  readonly innovations: Float64Array;
}

/** Places that are tried for either end; of longer series every second, third, ... one. */
const mostPlaces = 200;

/**
 * Least squares over all places of a level that changed and came back (the epidemic alternative of Levin & Kline 1985, Statistics in Medicine 4), judged as `fitStep` does. Quadratic in the
 * length up to 200 values; the places of longer series are on a grid.
 * @param values - At least `3 * leastSide(length)` of them.
 */
export function fitReturn(values: Float64Array): ReturnFit {
  const n = values.length;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = (sums[i] as number) + (values[i] as number);
  const total = sums[n] as number;
  const least = leastSide(n);
  const stride = Math.ceil(n / mostPlaces);
  let [from, to, most] = [least, 2 * least, -1];
  for (let start = least; start <= n - 2 * least; start += stride)
    for (let end = start + least; end <= n - least; end += stride) {
      const count = end - start;
      const sum = (sums[end] as number) - (sums[start] as number);
      const gap = sum / count - (total - sum) / (n - count);
      const gain = (gap * gap * count * (n - count)) / n;
      if (gain > most) [from, to, most] = [start, end, gain];
    }
  const sum = (sums[to] as number) - (sums[from] as number);
  const inside = sum / (to - from);
  const outside = (total - sum) / (n - (to - from));
  const noise = noiseAround(
    values.map((value, i) => value - (i >= from && i < to ? inside : outside)),
    fittedParts,
  );
  const { phi, innovations } = noise;
  return { from, to, outside, inside, statistic: statisticOf(values, most, noise), phi, innovations };
}

/** Two means and two places, which are chosen among many more than those of a step: 5 left 10 % false alarms at AR(0.8), 7 leaves 6 %. */
const fittedParts = 7;
