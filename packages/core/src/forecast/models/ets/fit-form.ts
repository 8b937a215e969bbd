import { minimize } from "../../local/optimise/minimize.ts";
import { type EtsForm, levelAt, numbersLength, parameterCount, seasonAt, trendAt } from "./form.ts";
import { etsLikelihood } from "./likelihood.ts";
import { startOf } from "./start.ts";

/** A form fitted to a series. */
export interface EtsFit {
  readonly form: EtsForm;
  /** Smoothing and the state before the first row, laid out as `form.ts` says. */
  readonly numbers: Float64Array;
  /** As R's forecast counts it: without the constants that all forms share. */
  readonly logLikelihood: number;
  /** Akaike's criterion, corrected for small samples. */
  readonly aicc: number;
}

/** Bounds of the rates alpha, beta and gamma, and of phi: those of statsforecast. */
const [least, most, phiLeast, phiMost] = [1e-4, 0.9999, 0.8, 0.98];

/** How quick a trend may be; see `trendMost`. */
export type TrendReach = "slow" | "quick";

/**
 * The greatest rate of a trend. Quick: a fifth of a season's share, which is statsforecast's bound (it starts alpha there and keeps beta below). Slow: at most a fiftieth, as for a season of ten steps. A
 * trend that follows single steps fits them better and forecasts worse what comes some steps later.
 */
export function trendMost({ seasonLength }: EtsForm, reach: TrendReach): number {
  return least + (0.2 * (most - least)) / Math.max(seasonLength, reach === "slow" ? 10 : 1);
}

/** Rates that searches start from, the trend's as a share of its greatest: slow and quick levels have optima of their own. */
const starts = [
  { alpha: 0.6, trend: 0.9, gamma: 0.2, phi: 0.975 },
  { alpha: 0.05, trend: 0.1, gamma: 0.05, phi: 0.97 },
  { alpha: 0.02, trend: 0.02, gamma: 0.5, phi: 0.9 },
];

/** A search for the greatest likelihood of a form, which can be left early. */
export interface EtsSearch {
  /** The best that was found so far. */
  readonly fit: EtsFit;
  /** Goes on from there to the end. */
  finish(): EtsFit;
}

/**
 * Fits a form by maximum likelihood: initial states and smoothing together, by a quasi-Newton search with the exact gradient. The bounds are kept
 * by a sine, which reaches them.
 * @param filled - The series without gaps, for the starts.
 * @param reach - How quick the trend may be.
 */
export function fitForm(form: EtsForm, y: Float64Array, filled: Float64Array, reach: TrendReach): EtsFit {
  return searchWith(form, y, filled, null, { steps: 12, ends: 2, tolerance: 1e-9, reach }).finish();
}

/**
 * Begins to fit a form with a slow trend, if it has one, to a lesser accuracy: a few steps from every start, or from a neighbour's fit.
 * @param near - A fit with the same season.
 */
export function searchForm(
  form: EtsForm,
  y: Float64Array,
  filled: Float64Array,
  near: EtsFit | null,
): EtsSearch {
  return searchWith(form, y, filled, near, { steps: 8, ends: 1, tolerance: 1e-6, reach: "slow" });
}

interface Effort {
  /** From every start. */
  readonly steps: number;
  /** How many of the starts are followed to the end. */
  readonly ends: number;
  /** Of the end, per row. */
  readonly tolerance: number;
  readonly reach: TrendReach;
}

function searchWith(
  form: EtsForm,
  y: Float64Array,
  filled: Float64Array,
  near: EtsFit | null,
  { steps, ends, tolerance, reach }: Effort,
): EtsSearch {
  const known = y.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0);
  const floor = floorOf(form, known, filled);
  const likelihood = etsLikelihood(form, y, floor);
  const plain = startOf(form, filled);
  const numbers = new Float64Array(numbersLength(form));
  const gradient = new Float64Array(numbersLength(form));
  const trendRate = trendMost(form, reach);
  const space = searchSpace(form, scaleOf(filled, plain), trendRate);

  const objective = (x: Float64Array, slope: Float64Array): number => {
    space.toNumbers(x, numbers);
    const { value } = likelihood(numbers, gradient);
    if (value !== Number.POSITIVE_INFINITY) space.toSlope(x, gradient, slope);
    return value;
  };
  const begin = (x: Float64Array) => ({ x, value: minimize(objective, x, steps, 1e-7 * known) });
  const tried =
    near !== null
      ? [begin(space.fromNumbers(withStates(plain, near), near.numbers))]
      : starts.map(({ alpha, trend, gamma, phi }) => {
          const rated = plain.slice();
          rated.set([alpha, trend * trendRate, gamma, phi]);
          return begin(space.fromNumbers(rated, rated));
        });
  tried.sort((a, b) => a.value - b.value);
  if (tried[0]?.value === Number.POSITIVE_INFINITY)
    // Forecasts below zero from every start: a level that stands still has none.
    tried.unshift(
      begin(space.fromNumbers(standingStill(form, filled), Float64Array.of(0.01, 0.001, 0.001, 0.9))),
    );

  const fitAt = ({ x, value }: { readonly x: Float64Array; readonly value: number }): EtsFit => {
    space.toNumbers(x, numbers);
    return {
      form,
      numbers: numbers.slice(),
      logLikelihood: -value / 2,
      aicc: value + penaltyOf(form, known),
    };
  };
  return {
    fit: fitAt(tried[0] as (typeof tried)[number]),
    finish() {
      const ended = tried.slice(0, ends).map(({ x, value }) => ({
        x,
        value: Math.min(value, minimize(objective, x, 300, tolerance * known)),
      }));
      ended.sort((a, b) => a.value - b.value);
      return fitAt(ended[0] as (typeof ended)[number]);
    },
  };
}

/** What Akaike's corrected criterion adds for the parameters. */
export function penaltyOf(form: EtsForm, known: number): number {
  const count = parameterCount(form);
  const room = known - count - 1;
  return room > 0 ? 2 * count + (2 * count * (count + 1)) / room : Number.POSITIVE_INFINITY;
}

/** What is added to a sum of so many squared errors, so that a perfect fit is finite. */
export function floorOf({ error }: EtsForm, known: number, filled: Float64Array): number {
  return known * (1e-10 * (error === "additive" ? sizeOf(filled) : 1)) ** 2;
}

/** The greatest absolute value. */
export function sizeOf(filled: Float64Array): number {
  let size = 0;
  for (let t = 0; t < filled.length; t++) size = Math.max(size, Math.abs(filled[t] as number));
  return size;
}

/** States of a level at the mean, without trend and season. */
export function standingStill(form: EtsForm, filled: Float64Array): Float64Array {
  const numbers = new Float64Array(numbersLength(form));
  numbers.fill(form.season === "multiplicative" ? 1 : 0, seasonAt);
  numbers[levelAt] = filled.reduce((sum, value) => sum + value, 0) / filled.length;
  return numbers;
}

/** The plain states with the rates of a nearer fit, and its states where it has the same season. */
function withStates(plain: Float64Array, { numbers, form }: EtsFit): Float64Array {
  const started = plain.slice();
  if (form.season !== "none" && numbers.length === plain.length)
    started.set(numbers.subarray(seasonAt), seasonAt);
  started[levelAt] = numbers[levelAt] as number;
  if (form.trend !== "none") started[trendAt] = numbers[trendAt] as number;
  return started;
}

/** How far a state must move to matter. */
function scaleOf(filled: Float64Array, plain: Float64Array): number {
  let sum = 0;
  for (let t = 1; t < filled.length; t++) sum += Math.abs((filled[t] as number) - (filled[t - 1] as number));
  return sum / filled.length || Math.abs(plain[levelAt] as number) || 1;
}

/**
 * The search runs over angles for the rates and over scaled states; the last phase of the season is what the others leave.
 */
function searchSpace(form: EtsForm, scale: number, trendRate: number) {
  const hasTrend = form.trend !== "none";
  const hasSeason = form.season !== "none";
  const isFactor = form.season === "multiplicative";
  const period = hasSeason ? form.seasonLength : 0;
  const level = 1 + (hasTrend ? 1 : 0) + (hasSeason ? 1 : 0) + (form.damped ? 1 : 0);
  const seasons = level + 1 + (hasTrend ? 1 : 0);
  const size = seasons + Math.max(0, period - 1);
  const total = isFactor ? period : 0;
  const factorScale = 0.1;

  const toNumbers = (x: Float64Array, numbers: Float64Array): void => {
    let at = 0;
    numbers[0] = between(least, most, x[at++] as number);
    numbers[1] = hasTrend ? between(least, trendRate, x[at++] as number) : 0;
    numbers[2] = hasSeason ? between(least, most, x[at++] as number) : 0;
    numbers[3] = form.damped ? between(phiLeast, phiMost, x[at++] as number) : 1;
    numbers[levelAt] = (x[at++] as number) * scale;
    numbers[trendAt] = hasTrend ? (x[at++] as number) * scale * 0.1 : 0;
    if (!hasSeason) return;
    let rest = total;
    const unit = isFactor ? factorScale : scale;
    for (let j = 0; j < period - 1; j++) {
      const value = (x[at++] as number) * unit;
      numbers[seasonAt + j] = value;
      rest -= value;
    }
    numbers[seasonAt + period - 1] = rest;
  };
  const toSlope = (x: Float64Array, gradient: Float64Array, slope: Float64Array): void => {
    let at = 0;
    const angle = (low: number, high: number, of: number): void => {
      slope[at] = ((of * (high - low)) / 2) * Math.cos(x[at] as number);
      at++;
    };
    angle(least, most, gradient[0] as number);
    if (hasTrend) angle(least, trendRate, gradient[1] as number);
    if (hasSeason) angle(least, most, gradient[2] as number);
    if (form.damped) angle(phiLeast, phiMost, gradient[3] as number);
    slope[at++] = (gradient[levelAt] as number) * scale;
    if (hasTrend) slope[at++] = (gradient[trendAt] as number) * scale * 0.1;
    const ofLast = hasSeason ? (gradient[seasonAt + period - 1] as number) : 0;
    const unit = isFactor ? factorScale : scale;
    for (let j = 0; j < period - 1; j++) slope[at++] = ((gradient[seasonAt + j] as number) - ofLast) * unit;
  };
  /** @param rates - Numbers whose smoothing is taken where it lies within the bounds. */
  const fromNumbers = (states: Float64Array, rates: Float64Array): Float64Array => {
    const x = new Float64Array(size);
    let at = 0;
    x[at++] = angleOf(least, most, rates[0] as number);
    if (hasTrend) x[at++] = angleOf(least, trendRate, (rates[1] as number) || 0.5 * trendRate);
    if (hasSeason) x[at++] = angleOf(least, most, (rates[2] as number) || 0.1);
    if (form.damped) x[at++] = angleOf(phiLeast, phiMost, rates[3] === 1 ? 0.95 : (rates[3] as number));
    x[at++] = (states[levelAt] as number) / scale;
    if (hasTrend) x[at++] = (states[trendAt] as number) / (scale * 0.1);
    const unit = isFactor ? factorScale : scale;
    for (let j = 0; j < period - 1; j++) x[at++] = (states[seasonAt + j] as number) / unit;
    return x;
  };
  return { toNumbers, toSlope, fromNumbers };
}

function between(low: number, high: number, angle: number): number {
  return low + ((high - low) * (1 + Math.sin(angle))) / 2;
}

/** The angle of a value, kept off the bounds: there the sine would not move. */
function angleOf(low: number, high: number, value: number): number {
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return Math.asin(2 * Math.min(0.995, Math.max(0.005, share)) - 1);
}
