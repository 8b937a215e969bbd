import { type EtsForm, levelAt, numbersLength, seasonAt, trendAt } from "./form.ts";

/**
 * Initial states from which a search can start, as in Hyndman, Koehler, Snyder & Grose (2002): the season from deviations from a centred
 * moving average, level and trend from a line through the first rows without it.
 */
export function startOf(form: EtsForm, filled: Float64Array): Float64Array {
  const numbers = new Float64Array(numbersLength(form));
  numbers[3] = 1;
  let level = filled;
  if (form.season !== "none") {
    const isFactor = form.season === "multiplicative";
    const season = seasonOf(filled, form.seasonLength, isFactor);
    numbers.set(season, seasonAt);
    level = filled.map((value, t) => {
      const s = season[t % form.seasonLength] as number;
      return isFactor ? value / s : value - s;
    });
  }
  const first = level.subarray(0, Math.min(level.length, Math.max(10, 2 * form.seasonLength)));
  if (form.trend === "none") numbers[levelAt] = first.reduce((sum, value) => sum + value, 0) / first.length;
  else {
    const [intercept, slope] = lineThrough(first);
    numbers[levelAt] = intercept - slope;
    numbers[trendAt] = slope;
  }
  return numbers;
}

/** Gaps filled by straight lines, for starts only. The first value is known. */
export function filledLinearly(y: Float64Array): Float64Array {
  const filled = y.slice();
  let last = 0;
  for (let t = 1; t <= y.length; t++) {
    if (t < y.length && Number.isNaN(y[t] as number)) continue;
    const [from, to] = [filled[last] as number, t < y.length ? (y[t] as number) : (filled[last] as number)];
    for (let k = last + 1; k < t; k++) filled[k] = from + ((to - from) * (k - last)) / (t - last);
    last = t;
  }
  return filled;
}

/** Mean deviation of each phase from the trend, adding up to 0, or mean ratio with mean 1. */
export function seasonOf(filled: Float64Array, period: number, isFactor: boolean): Float64Array {
  const trend = trendOf(filled, period);
  const sums = new Float64Array(period);
  const counts = new Int32Array(period);
  for (let t = 0; t < filled.length; t++) {
    const base = trend[t] as number;
    const value = isFactor ? (filled[t] as number) / base : (filled[t] as number) - base;
    if (!Number.isFinite(value)) continue;
    sums[t % period] = (sums[t % period] as number) + value;
    counts[t % period] = (counts[t % period] as number) + 1;
  }
  const neutral = isFactor ? 1 : 0;
  const season = sums.map((sum, j) => ((counts[j] as number) === 0 ? neutral : sum / (counts[j] as number)));
  const mean = season.reduce((sum, value) => sum + value, 0) / period;
  const centred = season.map((value) => (isFactor ? value / mean : value - mean));
  // A factor near zero would divide by it.
  return isFactor ? centred.map((value) => Math.max(value, 0.01)) : centred;
}

/** Centred moving average over one season, NaN at the ends; a line where there is less than three seasons. */
function trendOf(filled: Float64Array, period: number): Float64Array {
  const rows = filled.length;
  if (rows < 3 * period) {
    const [intercept, slope] = lineThrough(filled);
    return filled.map((_, t) => intercept + slope * t);
  }
  const half = period >> 1;
  const isEven = period % 2 === 0;
  const trend = new Float64Array(rows).fill(Number.NaN);
  for (let t = half; t < rows - half; t++) {
    let sum = 0;
    for (let k = t - half; k <= t + half; k++) sum += filled[k] as number;
    if (isEven) sum -= ((filled[t - half] as number) + (filled[t + half] as number)) / 2;
    trend[t] = sum / period;
  }
  return trend;
}

/** Least squares on row numbers 0, 1, ... */
export function lineThrough(values: Float64Array): readonly [intercept: number, slope: number] {
  const middle = (values.length - 1) / 2;
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let [cross, spread] = [0, 0];
  for (let t = 0; t < values.length; t++) {
    cross += (t - middle) * ((values[t] as number) - mean);
    spread += (t - middle) ** 2;
  }
  const slope = spread === 0 ? 0 : cross / spread;
  return [mean - slope * middle, slope];
}
