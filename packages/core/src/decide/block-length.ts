/**
 * Block length for a circular block bootstrap of the mean that a series' own autocorrelation asks for: Politis and White (2004) with the
 * correction of Patton, Politis and White (2009).
 * @returns A real number of at least 1 and at most min(3 sqrt(n), n / 3) rounded up; 1 for a constant series.
 */
export function automaticBlockLength(values: Float64Array): number {
  const n = values.length;
  // By comparison, as the mean of equal values may differ from them in the last digit.
  if (values.every((value) => value === values[0])) return 1;
  const longest = Math.ceil(Math.min(3 * Math.sqrt(n), n / 3));
  const quietLags = Math.max(5, Math.floor(Math.log10(n)));
  const lags = Math.min(n - 2, Math.ceil(Math.sqrt(n)) + quietLags);
  let mean = 0;
  for (const value of values) mean += value / n;
  const centred = values.map((value) => value - mean);
  const products = Float64Array.from({ length: lags + 1 }, (_, lag) => laggedProduct(centred, lag));

  const limit = 2 * Math.sqrt(Math.log10(n) / n);
  const isQuiet = (lag: number): boolean => Math.abs(correlationAt(centred, lag, products)) < limit;
  let bandwidth = lags;
  for (let from = 0; from + quietLags <= lags; from++) {
    if (!Array.from({ length: quietLags }, (_, i) => from + i).every(isQuiet)) continue;
    bandwidth = Math.min(lags, 2 * Math.max(from, 1));
    break;
  }
  let slope = 0;
  let longRun = (products[0] as number) / n;
  for (let lag = 1; lag <= bandwidth; lag++) {
    const weight = Math.min(1, 2 * (1 - lag / bandwidth));
    const covariance = (products[lag] as number) / n;
    slope += 2 * weight * lag * covariance;
    longRun += 2 * weight * covariance;
  }
  const length = Math.cbrt((1.5 * n * slope * slope) / (longRun * longRun));
  return Math.min(longest, Math.max(1, Number.isFinite(length) ? length : longest));
}

function laggedProduct(centred: Float64Array, lag: number): number {
  let sum = 0;
  for (let i = lag; i < centred.length; i++) sum += (centred[i] as number) * (centred[i - lag] as number);
  return sum;
}

/** Of the neighbours at a lag, each side scaled by what is left of it at the next lag, as in Patton's program. */
function correlationAt(centred: Float64Array, lag: number, products: Float64Array): number {
  const n = centred.length;
  let later = 0;
  let earlier = 0;
  for (let i = lag + 1; i < n; i++) {
    later += (centred[i] as number) ** 2;
    earlier += (centred[i - lag - 1] as number) ** 2;
  }
  return (products[lag] as number) / Math.sqrt(later * earlier);
}
