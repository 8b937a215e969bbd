/** The step in the mean that fits a series best. */
export interface StepFit {
  /** First index after the step. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** Size of the step over the standard error that it has by the fitted noise. */
  readonly statistic: number;
  /** Autoregression of order one of what is left, and its innovations. */
  readonly phi: number;
  readonly innovations: Float64Array;
}

/** The fewest values on either side of a step. */
export function leastSide(length: number): number {
  return Math.max(3, Math.floor(0.05 * length));
}

/**
 * Least squares over all places of one step, with its size judged by the long-run deviation of what is left (autoregression of order one,
 * its small-sample bias corrected: Kendall 1954, Biometrika 41). Linear in the length.
 */
export function fitStep(values: Float64Array): StepFit {
  const n = values.length;
  const total = values.reduce((sum, value) => sum + value, 0);
  const least = leastSide(n);
  let at = least;
  let most = -1;
  let left = 0;
  for (let i = 0; i < n - least; i++) {
    left += values[i] as number;
    const count = i + 1;
    if (count < least) continue;
    const gap = left / count - (total - left) / (n - count);
    const gain = (gap * gap * count * (n - count)) / n;
    if (gain > most) {
      most = gain;
      at = count;
    }
  }
  const mean = (from: number, to: number) =>
    values.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
  const [before, after] = [mean(0, at), mean(at, n)];
  const noise = noiseAround(
    values.map((value, i) => value - (i < at ? before : after)),
    3,
  );
  return {
    at,
    before,
    after,
    statistic: statisticOf(values, most, noise),
    phi: noise.phi,
    innovations: noise.innovations,
  };
}

/** What is left around a fit, as an autoregression of order one. */
export interface FittedNoise {
  readonly phi: number;
  readonly innovations: Float64Array;
  /** Long-run standard deviation. */
  readonly deviation: number;
}

/**
 * Autoregression of order one, its small-sample bias corrected (Kendall 1954).
 * @param fitted - What was fitted, means and places: each draws the coefficient down further than one mean does.
 */
export function noiseAround(rest: Float64Array, fitted: number): FittedNoise {
  const n = rest.length;
  let product = 0;
  let square = 0;
  for (let i = 1; i < n; i++) {
    product += (rest[i] as number) * (rest[i - 1] as number);
    square += (rest[i - 1] as number) ** 2;
  }
  const raw = square === 0 ? 0 : product / square;
  const phi = Math.max(-0.9, Math.min(0.95, raw + (fitted + 5 * raw) / n));
  const innovations = new Float64Array(n - 1);
  for (let i = 1; i < n; i++) innovations[i - 1] = (rest[i] as number) - phi * (rest[i - 1] as number);
  const deviation = Math.sqrt(
    innovations.reduce((sum, value) => sum + value * value, 0) / Math.max(1, n - fitted),
  );
  return { phi, innovations, deviation: deviation / (1 - phi) };
}

/** Size of a fit over the long-run deviation of what it leaves; 0 for values that are all the same. */
export function statisticOf(values: Float64Array, gain: number, { deviation }: FittedNoise): number {
  return values.every((value) => value === values[0]) ? 0 : Math.sqrt(Math.max(0, gain)) / deviation;
}
