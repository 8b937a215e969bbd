import { type EtsForm, levelAt, numbersLength, seasonAt, trendAt } from "./form.ts";

/** What one pass over a series gives. */
export interface EtsLikelihood {
  /** Minus twice the log-likelihood, up to a constant: n log(sum of squares) + 2 sum log |forecast| for multiplicative errors. */
  value: number;
  squares: number;
}

/**
 * Minus twice the log-likelihood of a series under a form, and its gradient by reverse differentiation: about twice the
 * cost of the value, whatever the number of initial states.
 *
 * The recursions are those of Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, chapter 2. A missing value is
 * its own forecast: it moves level and trend on, and counts for nothing.
 * @param y - NaN is missing.
 * @param floor - Added to the sum of squares, so that a perfect fit is finite.
 */
export function etsLikelihood(
  form: EtsForm,
  y: Float64Array,
  floor: number,
): (numbers: Float64Array, gradient: Float64Array | null) => EtsLikelihood {
  const rows = y.length;
  const pass: Pass = {
    y,
    floor,
    known: y.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0),
    isRelative: form.error === "multiplicative",
    hasTrend: form.trend === "additive",
    season: form.season,
    period: form.season === "none" ? 1 : form.seasonLength,
    trended: new Float64Array(rows),
    trends: new Float64Array(rows),
    seasonal: new Float64Array(form.season === "none" ? 0 : rows),
    phases: new Float64Array(form.season === "none" ? 0 : form.seasonLength),
  };
  const result: EtsLikelihood = { value: 0, squares: 0 };
  return (numbers, gradient) => {
    if (!forward(pass, numbers, result)) {
      result.value = Number.POSITIVE_INFINITY;
      result.squares = Number.POSITIVE_INFINITY;
    } else if (gradient !== null) {
      gradient.fill(0, 0, numbersLength(form));
      backward(pass, numbers, result.squares, gradient);
    }
    return result;
  };
}

/** The series, and what the forward pass leaves for the backward one. */
interface Pass {
  readonly y: Float64Array;
  readonly floor: number;
  readonly known: number;
  readonly isRelative: boolean;
  readonly hasTrend: boolean;
  readonly season: EtsForm["season"];
  readonly period: number;
  /** Level and trend that each row was forecast with, and the trend before it. */
  readonly trended: Float64Array;
  readonly trends: Float64Array;
  readonly seasonal: Float64Array;
  /** The season by phase, or what the value moves with it. */
  readonly phases: Float64Array;
}

// Both passes are functions of their own with everything in locals: closures over the same variables take half as long again.

/** @returns Whether the numbers are in the domain of the form. */
function forward(pass: Pass, numbers: Float64Array, result: EtsLikelihood): boolean {
  const { y, floor, known, isRelative, period, trended, trends, seasonal, phases } = pass;
  const isAdded = pass.season === "additive";
  const isFactor = pass.season === "multiplicative";
  const alpha = numbers[0] as number;
  const beta = numbers[1] as number;
  const gamma = numbers[2] as number;
  const phi = numbers[3] as number;
  let level = numbers[levelAt] as number;
  let trend = pass.hasTrend ? (numbers[trendAt] as number) : 0;
  for (let j = 0; j < phases.length; j++) phases[j] = numbers[seasonAt + j] as number;
  let squares = 0;
  let logs = 0;
  let product = 1;
  let phase = 0;
  for (let t = 0; t < y.length; t++) {
    const value = y[t] as number;
    trends[t] = trend;
    trend *= phi;
    level += trend;
    trended[t] = level;
    if (!Number.isNaN(value)) {
      let forecast = level;
      let error: number;
      let d: number;
      if (isFactor) {
        const s = phases[phase] as number;
        seasonal[t] = s;
        if (!(s > 0 && level !== 0)) return false;
        forecast = level * s;
        error = value - forecast;
        d = error / s;
        phases[phase] = s + (gamma * error) / level;
      } else {
        if (isAdded) {
          seasonal[t] = phases[phase] as number;
          forecast += phases[phase] as number;
        }
        error = value - forecast;
        d = error;
        if (isAdded) phases[phase] = (seasonal[t] as number) + gamma * error;
      }
      level += alpha * d;
      trend += beta * d;
      if (isRelative) {
        if (!(forecast > 0)) return false;
        error /= forecast;
        product *= forecast;
        if (product > 1e200 || product < 1e-200) {
          logs += Math.log(product);
          product = 1;
        }
      }
      squares += error * error;
    }
    if (++phase === period) phase = 0;
  }
  result.squares = squares;
  result.value = known * Math.log(squares + floor) + 2 * (logs + Math.log(product));
  return Number.isFinite(result.value);
}

function backward(pass: Pass, numbers: Float64Array, squares: number, gradient: Float64Array): void {
  const { y, isRelative, period, trended, trends, seasonal, phases } = pass;
  const isAdded = pass.season === "additive";
  const isFactor = pass.season === "multiplicative";
  const alpha = numbers[0] as number;
  const beta = numbers[1] as number;
  const gamma = numbers[2] as number;
  const phi = numbers[3] as number;
  const weight = (2 * pass.known) / (squares + pass.floor);
  let ofLevel = 0;
  let ofTrend = 0;
  let ofAlpha = 0;
  let ofBeta = 0;
  let ofGamma = 0;
  let ofPhi = 0;
  phases.fill(0);
  let phase = y.length % period;
  for (let t = y.length - 1; t >= 0; t--) {
    if (--phase < 0) phase = period - 1;
    const value = y[t] as number;
    const q = trended[t] as number;
    let ofQ = ofLevel;
    if (!Number.isNaN(value)) {
      const s = isAdded || isFactor ? (seasonal[t] as number) : 0;
      const forecast = isFactor ? q * s : q + s;
      const error = value - forecast;
      const perForecast = isRelative || isFactor ? 1 / forecast : 0;
      const relative = error * perForecast;
      const ofForecast = isRelative
        ? (2 - weight * relative * (relative + 1)) * perForecast
        : -weight * error;
      const ofD = alpha * ofLevel + beta * ofTrend;
      ofQ -= ofD;
      if (isFactor) {
        const perSeason = q * perForecast;
        const perLevel = s * perForecast;
        const ofSeason = phases[phase] as number;
        const d = error * perSeason;
        ofAlpha += ofLevel * d;
        ofBeta += ofTrend * d;
        ofGamma += ofSeason * error * perLevel;
        ofQ += ofForecast * s - gamma * ofSeason * value * perLevel * perLevel;
        phases[phase] = (1 - gamma) * ofSeason - ofD * value * perSeason * perSeason + ofForecast * q;
      } else {
        ofAlpha += ofLevel * error;
        ofBeta += ofTrend * error;
        ofQ += ofForecast;
        if (isAdded) {
          const ofSeason = phases[phase] as number;
          ofGamma += ofSeason * error;
          ofQ -= gamma * ofSeason;
          phases[phase] = (1 - gamma) * ofSeason - ofD + ofForecast;
        }
      }
    }
    ofLevel = ofQ;
    ofPhi += (ofQ + ofTrend) * (trends[t] as number);
    ofTrend = phi * (ofQ + ofTrend);
  }
  gradient[0] = ofAlpha;
  gradient[1] = ofBeta;
  gradient[2] = ofGamma;
  gradient[3] = ofPhi;
  gradient[levelAt] = ofLevel;
  gradient[trendAt] = ofTrend;
  gradient.set(phases, seasonAt);
}
