import { chiSquareSurvival } from "@tsops/core";

/** Innovations count as correlated when the Ljung-Box test has a p-value below this. */
const ljungBoxLevel = 0.01;

/**
 * What an autoregression left of the correlation: a function of frequency (radians per step) by which the variance of a wave fitted
 * to the innovations is larger than that of independent ones, at least 1. It is 1 everywhere while a Ljung-Box test finds nothing, and
 * else the spectral density of the innovations over its mean (Bartlett's window).
 * Source: G. M. Ljung, G. E. P. Box (1978), "On a measure of lack of fit in time series models", Biometrika 65.
 * @param filtered - Innovations on the grid; NaN is missing.
 * @param parameters - Order of the autoregression.
 */
export function leftoverCorrelation(
  filtered: Float64Array,
  lags: number,
  parameters: number,
): (frequency: number) => number {
  const n = filtered.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0);
  const most = Math.min(lags, Math.floor(n / 4));
  if (most <= parameters) return () => 1;
  const covariances = Array.from({ length: most + 1 }, (_, lag) => covarianceAt(filtered, lag));
  const correlations = covariances.map((value) => value / (covariances[0] as number));
  let statistic = 0;
  for (let lag = 1; lag <= most; lag++) statistic += (correlations[lag] as number) ** 2 / (n - lag);
  statistic *= n * (n + 2);
  if (!(chiSquareSurvival(statistic, most - parameters) < ljungBoxLevel)) return () => 1;
  return (frequency) => {
    let density = 1;
    for (let lag = 1; lag <= most; lag++)
      density += 2 * (1 - lag / (most + 1)) * (correlations[lag] as number) * Math.cos(frequency * lag);
    return Math.max(1, density);
  };
}

function covarianceAt(values: Float64Array, lag: number): number {
  let sum = 0;
  let pairs = 0;
  for (let i = lag; i < values.length; i++) {
    const product = (values[i] as number) * (values[i - lag] as number);
    if (Number.isNaN(product)) continue;
    sum += product;
    pairs++;
  }
  return pairs === 0 ? 0 : sum / pairs;
}
