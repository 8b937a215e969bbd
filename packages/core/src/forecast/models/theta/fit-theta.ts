import { goldenSection } from "../../local/optimise/golden-section.ts";
import { lineThrough } from "../ets/start.ts";

/** A fitted model of the seasonally adjusted series. */
export interface ThetaFit {
  readonly isDynamic: boolean;
  /** Whether the share was chosen: it is not a half by definition. */
  readonly isFitted: boolean;
  readonly alpha: number;
  readonly share: number;
  readonly start: number;
  /** Least squares line through all rows; 0 of a dynamic model, which makes its own on the way. */
  readonly intercept: number;
  readonly slope: number;
  /** Squared one-step errors after the first `burnIn` rows. */
  readonly squares: number;
  /** Of normal errors; start, alpha, a fitted share, and intercept and slope of a line through all rows are counted. */
  readonly aicc: number;
}

/** First rows whose errors do not count: the line of a dynamic model is none before. */
export const burnIn = 3;
/** Bounds of alpha, and the greatest share, which is that of theta = 1e10: those of the reference. */
const [lowestAlpha, greatestAlpha, greatestShare] = [0.1, 0.99, 1 - 1e-10];
const gridSteps = 20;

/**
 * The parameters with the least squared one-step errors. For a given alpha the forecasts are linear in the start and in the
 * share of the line, so both are solved for, and only alpha is searched: over a grid, then by golden sections about the best of it.
 * @param y - Adjusted series, NaN is missing.
 * @param filled - The same, gaps filled.
 * @param share - A given share; undefined to fit it (0 to 1: theta from 1 on).
 */
export function fitTheta(
  y: Float64Array,
  filled: Float64Array,
  isDynamic: boolean,
  share: number | undefined,
): ThetaFit {
  const [intercept, slope] = isDynamic ? [0, 0] : lineFrom(filled);
  const line = { isDynamic, isFitted: share !== 0.5, intercept, slope };
  if (filled.every((value) => value === filled[0]))
    return { ...line, alpha: 0.5, share: 0, start: filled[0] as number, squares: 0, aicc: 0 };
  const lines = isDynamic ? linesOf(filled) : null;
  // Where values are missing the errors may say next to nothing about the start, which then must not run away.
  const reach = y.some(Number.isNaN)
    ? 3 * filled.reduce((most, value) => Math.max(most, Math.abs(value - (filled[0] as number))), 0)
    : Number.POSITIVE_INFINITY;
  const at = (alpha: number) => solve(y, filled, alpha, share, lines, intercept, slope, reach);
  let best = { alpha: 0.5, ...at(0.5) };
  const take = (alpha: number, solution: Solution) => {
    // Where all are as good, the middle stays.
    if (solution.squares < best.squares * (1 - 1e-9)) best = { alpha, ...solution };
  };
  const width = (greatestAlpha - lowestAlpha) / gridSteps;
  for (let k = 0; k <= gridSteps; k++) take(lowestAlpha + k * width, at(lowestAlpha + k * width));
  const alpha = goldenSection(
    (value) => at(value).squares,
    Math.max(lowestAlpha, best.alpha - width),
    Math.min(greatestAlpha, best.alpha + width),
    1e-5,
  );
  take(alpha, at(alpha));
  // A line through all rows is fitted too.
  const lineParameters = isDynamic || share === 0 ? 0 : 2;
  const parameters = 2 + (share === undefined ? 1 : 0) + lineParameters;
  return { ...line, ...best, aicc: aiccOf(y, best.squares, parameters) };
}

function aiccOf(y: Float64Array, squares: number, parameters: number): number {
  let count = 0;
  for (let t = burnIn; t < y.length; t++) if (!Number.isNaN(y[t] as number)) count++;
  const spare = count - parameters - 1;
  if (spare <= 0) return Number.POSITIVE_INFINITY;
  return count * Math.log(squares / count) + 2 * parameters + (2 * parameters * (parameters + 1)) / spare;
}

/** Rows counted from 1, as the recursion counts them. */
function lineFrom(filled: Float64Array): readonly [intercept: number, slope: number] {
  const [intercept, slope] = lineThrough(filled);
  return [intercept - slope, slope];
}

/** Intercept and slope of the line through the rows before each row, one after the other. */
function linesOf(filled: Float64Array): Float64Array {
  const lines = new Float64Array(2 * filled.length);
  let mean = filled[0] as number;
  let slope = 0;
  lines[2] = mean;
  for (let t = 1; t < filled.length - 1; t++) {
    const value = filled[t] as number;
    slope = ((t - 1) * slope + (6 * (value - mean)) / (t + 1)) / (t + 2);
    mean += (value - mean) / (t + 1);
    lines[2 * t + 2] = mean - (slope * (t + 2)) / 2;
    lines[2 * t + 3] = slope;
  }
  return lines;
}

interface Solution {
  readonly start: number;
  readonly share: number;
  readonly squares: number;
}

/** Least squares in start and share, the share within its bounds. */
function solve(
  y: Float64Array,
  filled: Float64Array,
  alpha: number,
  given: number | undefined,
  lines: Float64Array | null,
  intercept: number,
  slope: number,
  reach: number,
): Solution {
  const rest = 1 - alpha;
  const first = filled[0] as number;
  // About the first value, so that the start does not cancel against the level of the series.
  let level = first;
  let decay = rest;
  let [a, b] = [intercept, slope];
  // Products of w (effect of the start), x (effect of the share) and r (what they are to explain).
  let [ww, wx, xx, wr, xr, rr] = [0, 0, 0, 0, 0, 0];
  for (let t = 1; t < filled.length; t++) {
    if (lines !== null) {
      a = lines[2 * t] as number;
      b = lines[2 * t + 1] as number;
    }
    const r = (y[t] as number) - level;
    if (t >= burnIn && !Number.isNaN(r)) {
      const x = a * decay + (b * (1 - decay * rest)) / alpha;
      ww += decay * decay;
      wx += decay * x;
      xx += x * x;
      wr += decay * r;
      xr += x * r;
      rr += r * r;
    }
    level += alpha * ((filled[t] as number) - level);
    decay *= rest;
  }
  const startGiven = (share: number) =>
    ww > 0 ? Math.max(-reach, Math.min(reach, (wr - share * wx) / ww)) : 0;
  let share = given;
  if (share === undefined) {
    const determinant = ww * xx - wx * wx;
    // Where start and line cannot be told apart: theta = 2.
    share = determinant > 1e-10 * ww * xx ? (ww * xr - wx * wr) / determinant : ww > 0 ? 0.5 : xr / xx;
    if (!Number.isFinite(share)) share = 0.5;
    share = Math.min(greatestShare, Math.max(0, share));
  }
  const start = startGiven(share);
  const squares =
    rr + start * start * ww + share * share * xx + 2 * start * share * wx - 2 * start * wr - 2 * share * xr;
  return { start: first + start, share, squares: Math.max(0, squares) };
}
