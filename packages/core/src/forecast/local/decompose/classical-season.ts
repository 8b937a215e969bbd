import { normalQuantile } from "../../../stats/distributions.ts";

/**
 * Whether the series goes with the season: its autocorrelation at lag `period` is beyond what a moving average of the lags before would give by
 * chance in 10 % of the cases (Bartlett's formula). The test of the M3 and M4 competitions. Below two seasons, and below 4 steps a season, it is not asked: no.
 * @param filled - Without missing values.
 */
export function hasSeason(filled: Float64Array, period: number): boolean {
  const rows = filled.length;
  if (period < 4 || rows < 2 * period) return false;
  let mean = 0;
  for (let t = 0; t < rows; t++) mean += (filled[t] as number) / rows;
  const centred = filled.map((value) => value - mean);
  const products = (lag: number) => {
    let sum = 0;
    for (let t = lag; t < rows; t++) sum += (centred[t] as number) * (centred[t - lag] as number);
    return sum;
  };
  const variance = products(0);
  if (!(variance > 0)) return false;
  let squares = 0;
  for (let lag = 1; lag < period; lag++) squares += (products(lag) / variance) ** 2;
  const limit = normalQuantile(0.95) * Math.sqrt((1 + 2 * squares) / rows);
  return Math.abs(products(period) / variance) > limit;
}

/**
 * The season by classical decomposition: the mean of each phase about a centred moving average over one period.
 * @param filled - At least two periods, without missing values; above 0 where the season is a factor.
 * @returns One value per phase, counted from the first row: summands that add up to 0, or factors with mean 1.
 */
export function classicalSeason(filled: Float64Array, period: number, isFactor: boolean): Float64Array {
  const half = period >> 1;
  const isEven = period % 2 === 0;
  const sums = new Float64Array(period);
  const counts = new Int32Array(period);
  for (let t = half; t < filled.length - half; t++) {
    let sum = 0;
    for (let k = t - half; k <= t + half; k++) sum += filled[k] as number;
    if (isEven) sum -= ((filled[t - half] as number) + (filled[t + half] as number)) / 2;
    const trend = sum / period;
    const phase = t % period;
    const value = filled[t] as number;
    sums[phase] = (sums[phase] as number) + (isFactor ? value / trend : value - trend);
    counts[phase] = (counts[phase] as number) + 1;
  }
  const season = sums.map((sum, phase) => sum / (counts[phase] as number));
  let mean = 0;
  for (let phase = 0; phase < period; phase++) mean += (season[phase] as number) / period;
  return season.map((value) => (isFactor ? value / mean : value - mean));
}
