import { ljungBox } from "./ljung-box.ts";

/** Innovations count as correlated when the Ljung-Box test has a p-value below this. */
const ljungBoxLevel = 0.01;

/**
 * What an autoregression left of the correlation: a function of frequency (radians per step) by which the variance of a wave fitted
 * to the innovations is larger than that of independent ones, at least 1. It is 1 everywhere while a Ljung-Box test finds nothing, and
 * else the spectral density of the innovations over its mean (Bartlett's window).
 * @param filtered - Innovations on the grid; NaN is missing.
 * @param parameters - Order of the autoregression.
 */
export function leftoverCorrelation(
  filtered: Float64Array,
  lags: number,
  parameters: number,
): (frequency: number) => number {
  const found = ljungBox(filtered, lags, parameters);
  if (found === null || !(found.pValue < ljungBoxLevel)) return () => 1;
  const { correlations } = found;
  const most = correlations.length - 1;
  return (frequency) => {
    let density = 1;
    for (let lag = 1; lag <= most; lag++)
      density += 2 * (1 - lag / (most + 1)) * (correlations[lag] as number) * Math.cos(frequency * lag);
    return Math.max(1, density);
  };
}
