/** How much the sample mean of n values is skewed, over the square root of n, as far as it misleads to either side. */
export interface MisleadingSkewness {
  /** For a mean that is suspected to be too small: 0 or more, as only large outliers count. */
  readonly below: number;
  /** For one that is suspected to be too large: 0 or less. */
  readonly above: number;
}

/** That of values which are not skewed. */
export const noSkewness: MisleadingSkewness = { below: 0, above: 0 };

/**
 * Many small values and few large ones make the mean too small where the large ones have not come yet.
 * @param factor - By how much the skewness is taken to be more than that of the values: where the largest have not come yet, it is less than it will be.
 */
export function misleadingSkewness(centred: Float64Array, factor = 1): MisleadingSkewness {
  const n = centred.length;
  let squares = 0;
  let cubes = 0;
  for (const value of centred) {
    squares += (value * value) / n;
    cubes += (value * value * value) / n;
  }
  const skewness = squares > 0 ? (factor * cubes) / squares ** 1.5 / Math.sqrt(n) : 0;
  return { below: Math.max(0, skewness), above: Math.min(0, skewness) };
}

/**
 * A t statistic without its skewness: the monotone cubic of P. Hall (1992), "On the removal of skewness by transformation", JRSS B 54.
 * @param skewness - Over the square root of n: see `misleadingSkewness`.
 */
export function withoutSkewness(statistic: number, skewness: number): number {
  if (skewness === 0) return statistic;
  return ((1 + (skewness * statistic) / 3) ** 3 - 1) / skewness + skewness / 6;
}

/** The statistic that `withoutSkewness` makes this of. */
export function withSkewness(statistic: number, skewness: number): number {
  if (skewness === 0) return statistic;
  return (3 / skewness) * (Math.cbrt(1 + skewness * (statistic - skewness / 6)) - 1);
}
