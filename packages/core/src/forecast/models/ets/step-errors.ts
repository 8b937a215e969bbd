import { type EtsForm, levelAt, seasonAt, trendAt } from "./form.ts";

/**
 * How well a fitted form forecasts several steps ahead within its own series: n times the mean over the steps 1, 2, ... of log(mean squared error of
 * that step), with every row as a cutoff (fewer in long series with long seasons). It has the size of minus twice a log-likelihood, so that penalties of parameters apply to it.
 * Tiao & Xu (1993), Robustness of maximum likelihood estimates for multi-step predictions: the exponential smoothing case.
 * @param numbers - Smoothing and the state before the first row.
 * @param y - NaN is missing: it is no outcome, and time passes over it.
 * @param floor - Added to every mean, so that a perfect fit is finite.
 */
export function stepErrors(
  form: EtsForm,
  numbers: Float64Array,
  y: Float64Array,
  steps: number,
  floor: number,
): number {
  const rows = y.length;
  const isFactor = form.season === "multiplicative";
  const isAdded = form.season === "additive";
  const period = form.seasonLength;
  const alpha = numbers[0] as number;
  const beta = numbers[1] as number;
  const gamma = numbers[2] as number;
  const phi = numbers[3] as number;
  const season = new Float64Array(period).fill(isFactor ? 1 : 0);
  if (isFactor || isAdded) season.set(numbers.subarray(seasonAt, seasonAt + period));
  let level = numbers[levelAt] as number;
  let trend = numbers[trendAt] as number;
  const every = Math.max(1, Math.round((rows * steps) / 1e6));
  const squares = new Float64Array(steps);
  const counts = new Int32Array(steps);
  let known = 0;
  let phase = 0;
  for (let t = 0; t < rows; t++) {
    let [ahead, slope, at] = [level, trend, phase];
    const last = t % every === 0 ? Math.min(steps, rows - t) : 0;
    for (let h = 0; h < last; h++) {
      slope *= phi;
      ahead += slope;
      const s = season[at] as number;
      const error = (y[t + h] as number) - (isFactor ? ahead * s : ahead + s);
      if (++at === period) at = 0;
      if (Number.isNaN(error)) continue;
      squares[h] = (squares[h] as number) + error * error;
      counts[h] = (counts[h] as number) + 1;
    }
    const value = y[t] as number;
    const q = level + phi * trend;
    const s = season[phase] as number;
    if (Number.isNaN(value)) {
      level = q;
      trend *= phi;
    } else {
      known++;
      const d = (isFactor ? value / s : value - s) - q;
      level = q + alpha * d;
      trend = phi * trend + beta * d;
      if (isAdded) season[phase] = s + gamma * (value - q - s);
      else if (isFactor) season[phase] = s + gamma * (value / q - s);
    }
    if (++phase === period) phase = 0;
  }
  let sum = 0;
  let measured = 0;
  for (let h = 0; h < steps; h++) {
    if ((counts[h] as number) === 0) continue;
    sum += Math.log((squares[h] as number) / (counts[h] as number) + floor);
    measured++;
  }
  return (known * sum) / measured;
}
