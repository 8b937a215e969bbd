import { normalQuantile } from "../../../stats/distributions.ts";

/** Factor of a step, counted from 0; beyond those that were fitted that of the last. */
function factorOf(inflation: Float64Array, h: number): number {
  return inflation[Math.min(h, inflation.length - 2)] as number;
}

/** Widens quantiles about the mean, in place. */
export function inflate(
  inflation: Float64Array,
  mean: Float64Array,
  probabilities: readonly number[],
  values: readonly Float64Array[],
): void {
  const degrees = inflation.at(-1) as number;
  values.forEach((own, q) => {
    const tail = tailOf(normalQuantile(probabilities[q] as number), degrees);
    for (let h = 0; h < own.length; h++) {
      const centre = mean[h] as number;
      own[h] = centre + tail * factorOf(inflation, h) * ((own[h] as number) - centre);
    }
  });
}

/** Widens a path about the mean, in place. @param normal - A standard normal number: how large the errors of the path are. */
export function inflatePath(inflation: Float64Array, mean: Float64Array, path: Float64Array, normal: number) {
  const ninth = 2 / (9 * (inflation.at(-1) as number));
  // Chi-squared over its degrees of freedom: Wilson & Hilferty (1931).
  const size = Math.max(0.05, 1 - ninth + normal * Math.sqrt(ninth)) ** -1.5;
  for (let h = 0; h < path.length; h++) {
    const centre = mean[h] as number;
    path[h] = centre + size * factorOf(inflation, h) * ((path[h] as number) - centre);
  }
}

/** How many times as far out a quantile of Student's t is as that of the normal distribution: Abramowitz & Stegun 26.7.5. */
function tailOf(z: number, degrees: number): number {
  const [x, d] = [z * z, 4 * degrees];
  return (
    1 +
    (x + 1) / d +
    ((5 * x + 16) * x + 3) / (6 * d ** 2) +
    (((3 * x + 19) * x + 17) * x - 15) / (6 * d ** 3)
  );
}
