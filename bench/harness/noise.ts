// Noise for simulations of drift: shocks, and ARMA series made of them.
import type { Random } from "@tsops/core";

/** Steps after which a series has forgotten where it began. */
const settle = 500;

/** A wave of amplitude 1.5 that begins again each day of hourly rows. */
export const daily = (row: number): number => 1.5 * Math.sin((2 * Math.PI * row) / 24);

/** Student's t with three degrees of freedom, of scale 1 / sqrt(3). */
export const t3 = (random: Random): number =>
  random.normal() / Math.hypot(random.normal(), random.normal(), random.normal());

/** Laplace's distribution with variance 1. */
export function laplace(random: Random): number {
  const u = random.uniform(-0.5, 0.5);
  return (-Math.sign(u) * Math.log(1 - 2 * Math.abs(u))) / Math.SQRT2;
}

/** Counts of some mean. */
export function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let product = random.uniform(); product > Math.exp(-mean); product *= random.uniform()) count++;
  return count;
}

/** Normal shocks whose variance goes by the last one and its own past; on average 1. */
export function garch(random: Random, ofLast = 0.1, ofPast = 0.85): () => number {
  let [variance, last] = [1, 0];
  return () => {
    variance = 1 - ofLast - ofPast + ofLast * last * last + ofPast * variance;
    last = Math.sqrt(variance) * random.normal();
    return last;
  };
}

/** ARMA noise after some steps to settle; shocks know their row, which is below 0 before. */
export function arma(
  length: number,
  phi: readonly number[],
  theta: readonly number[],
  shock: (row: number) => number,
): Float64Array {
  const shocks = Float64Array.from({ length: length + settle }, (_, i) => shock(i - settle));
  const values = new Float64Array(shocks.length);
  for (let i = 0; i < values.length; i++) {
    let value = shocks[i] as number;
    for (let lag = 0; lag < phi.length; lag++) value += (phi[lag] as number) * (values[i - 1 - lag] ?? 0);
    for (let lag = 0; lag < theta.length; lag++) value += (theta[lag] as number) * (shocks[i - 1 - lag] ?? 0);
    values[i] = value;
  }
  return values.subarray(settle);
}

/** AR(1) of standard deviation 1 where the shocks have that. */
export function ar1(
  random: Random,
  length: number,
  phi: number,
  shock: (row: number) => number = () => random.normal(),
): Float64Array {
  return arma(length, [phi], [], (row) => shock(row) * Math.sqrt(1 - phi * phi));
}
