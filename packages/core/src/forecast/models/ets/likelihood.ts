import { type EtsForm, levelAt, numbersLength, seasonAt, trendAt } from "./form.ts";

/** What one pass over a series gives. */
export interface EtsLikelihood {
  /** Minus twice the log-likelihood, up to a constant: n log(sum of squares) + 2 sum log |forecast| for multiplicative errors. */
  value: number;
  squares: number;
}

/**
 * Minus twice the log-likelihood of a series under a form, and its gradient by reverse differentiation: about three times the
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
  const isRelative = form.error === "multiplicative";
  const hasTrend = form.trend === "additive";
  const isAdded = form.season === "additive";
  const isFactor = form.season === "multiplicative";
  const period = form.season === "none" ? 1 : form.seasonLength;
  const trended = new Float64Array(rows);
  const trends = new Float64Array(rows);
  const seasonal = new Float64Array(rows);
  const season = new Float64Array(period);
  const known = y.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0);
  const result: EtsLikelihood = { value: 0, squares: 0 };

  return (numbers, gradient) => {
    const alpha = numbers[0] as number;
    const beta = numbers[1] as number;
    const gamma = numbers[2] as number;
    const phi = numbers[3] as number;
    let level = numbers[levelAt] as number;
    let trend = hasTrend ? (numbers[trendAt] as number) : 0;
    if (isAdded || isFactor) for (let j = 0; j < period; j++) season[j] = numbers[seasonAt + j] as number;
    let squares = 0;
    let logs = 0;
    let product = 1;
    let phase = 0;
    for (let t = 0; t < rows; t++) {
      const value = y[t] as number;
      const q = level + phi * trend;
      const s = season[phase] as number;
      trended[t] = q;
      trends[t] = trend;
      seasonal[t] = s;
      if (!Number.isNaN(value)) {
        const forecast = isAdded ? q + s : isFactor ? q * s : q;
        let error = value - forecast;
        if (isRelative) {
          if (!(forecast > 0)) return outOfDomain(result);
          error /= forecast;
          product *= forecast;
          if (product > 1e200 || product < 1e-200) {
            logs += Math.log(product);
            product = 1;
          }
        }
        if (isFactor && !(s > 0 && q !== 0)) return outOfDomain(result);
        squares += error * error;
        const d = (isAdded ? value - s : isFactor ? value / s : value) - q;
        level = q + alpha * d;
        trend = phi * trend + beta * d;
        if (isAdded) season[phase] = s + gamma * (value - q - s);
        else if (isFactor) season[phase] = s + gamma * (value / q - s);
      } else {
        level = q;
        trend = phi * trend;
      }
      if (++phase === period) phase = 0;
    }
    logs += Math.log(product);
    result.squares = squares;
    result.value = known * Math.log(squares + floor) + 2 * logs;
    if (!Number.isFinite(result.value)) return outOfDomain(result);
    if (gradient === null) return result;

    gradient.fill(0, 0, numbersLength(form));
    const weight = (2 * known) / (squares + floor);
    let ofLevel = 0;
    let ofTrend = 0;
    let ofAlpha = 0;
    let ofBeta = 0;
    let ofGamma = 0;
    let ofPhi = 0;
    season.fill(0);
    for (let t = rows - 1; t >= 0; t--) {
      if (--phase < 0) phase = period - 1;
      const value = y[t] as number;
      const q = trended[t] as number;
      const trendBefore = trends[t] as number;
      let ofQ = ofLevel;
      if (!Number.isNaN(value)) {
        const s = seasonal[t] as number;
        const forecast = isAdded ? q + s : isFactor ? q * s : q;
        const ofForecast = isRelative
          ? (2 - (weight * (value / forecast - 1) * value) / forecast) / forecast
          : -weight * (value - forecast);
        const d = (isAdded ? value - s : isFactor ? value / s : value) - q;
        const ofD = alpha * ofLevel + beta * ofTrend;
        ofAlpha += ofLevel * d;
        ofBeta += ofTrend * d;
        ofQ -= ofD;
        if (isAdded) {
          const ofSeason = season[phase] as number;
          ofGamma += ofSeason * (value - q - s);
          ofQ += ofForecast - gamma * ofSeason;
          season[phase] = (1 - gamma) * ofSeason - ofD + ofForecast;
        } else if (isFactor) {
          const ofSeason = season[phase] as number;
          ofGamma += ofSeason * (value / q - s);
          ofQ += ofForecast * s - (gamma * ofSeason * value) / (q * q);
          season[phase] = (1 - gamma) * ofSeason - (ofD * value) / (s * s) + ofForecast * q;
        } else ofQ += ofForecast;
      }
      ofLevel = ofQ;
      ofPhi += (ofQ + ofTrend) * trendBefore;
      ofTrend = phi * (ofQ + ofTrend);
    }
    gradient[0] = ofAlpha;
    gradient[1] = ofBeta;
    gradient[2] = ofGamma;
    gradient[3] = ofPhi;
    gradient[levelAt] = ofLevel;
    gradient[trendAt] = ofTrend;
    if (isAdded || isFactor) gradient.set(season, seasonAt);
    return result;
  };
}

function outOfDomain(result: EtsLikelihood): EtsLikelihood {
  result.value = Number.POSITIVE_INFINITY;
  result.squares = Number.POSITIVE_INFINITY;
  return result;
}
