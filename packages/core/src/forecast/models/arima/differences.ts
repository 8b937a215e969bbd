import { stl } from "../../local/decompose/stl.ts";
import { difference } from "./polynomials.ts";

/** As R's `mstl` and statsforecast set it for one season. */
const seasonWidth = 11;

/** How much of what is not trend is season: 0 none, 1 all (Wang, Smith & Hyndman 2006). */
export function seasonalStrength(y: Float64Array, period: number): number {
  const { trend, season } = stl(y.length, period, seasonWidth, false)(y);
  const detrended = y.map((value, t) => value - (trend[t] as number));
  const rest = detrended.map((value, t) => value - (season[t] as number));
  return Math.max(0, Math.min(1, 1 - varianceOf(rest) / varianceOf(detrended)));
}

/** One seasonal difference where the season is strong: 0.64 is the mark of R's `nsdiffs`. */
export function seasonalDifferences(y: Float64Array, period: number): 0 | 1 {
  if (period < 2 || y.length <= 2 * period || isConstant(y)) return 0;
  return seasonalStrength(y, period) > 0.64 ? 1 : 0;
}

/**
 * Differences until a KPSS test sees no wandering level, at most 2. The first is judged at 5 %, as in R's `ndiffs`; a second one, which makes the last slope go on for good, only
 * at 1 % and with more lags: changes that hang together are no wandering slope.
 */
export function differencesOf(y: Float64Array): number {
  const rows = y.length;
  if (isConstant(y) || !wanders(y, Math.floor((3 * Math.sqrt(rows)) / 13), 0.463)) return 0;
  const changes = difference(y, 1);
  // Schwert's short rule.
  if (isConstant(changes) || !wanders(changes, Math.floor(4 * (changes.length / 100) ** 0.25), 0.739))
    return 1;
  return 2;
}

/**
 * The test of Kwiatkowski, Phillips, Schmidt & Shin (1992) for a stationary level.
 * @param lags - Autocovariances that the long-run variance counts.
 * @param limit - Of the statistic: 0.463 for 5 %, 0.739 for 1 %.
 */
function wanders(y: Float64Array, lags: number, limit: number): boolean {
  const rows = y.length;
  const mean = y.reduce((sum, value) => sum + value, 0) / rows;
  const rest = y.map((value) => value - mean);
  let [level, squares, variance] = [0, 0, 0];
  for (const value of rest) {
    level += value;
    squares += level * level;
    variance += value * value;
  }
  for (let lag = 1; lag <= Math.min(lags, rows - 1); lag++) {
    let product = 0;
    for (let t = lag; t < rows; t++) product += (rest[t] as number) * (rest[t - lag] as number);
    variance += 2 * (1 - lag / (lags + 1)) * product;
  }
  return squares / rows / variance > limit;
}

/** Whether all values are the same. */
export function isConstant(y: Float64Array): boolean {
  return y.every((value) => value === y[0]);
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
