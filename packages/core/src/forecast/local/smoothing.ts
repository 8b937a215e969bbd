import { leastRate } from "./least-rate.ts";

/** The rates that are looked at first. */
const rates = Float64Array.of(0.1, 1 / 6, 7 / 30, 0.3);

/**
 * The smoothing rate from 0.1 to 0.3 with the least sum of squared one-step errors, for a level that begins at the first value. Where all rates are as good it
 * is the lowest.
 */
export function bestRate(values: Float64Array): number {
  // One value is forecast by nothing, so that all rates are as good.
  if (values.length < 2) return rates[0] as number;
  return leastRate((rates, losses) => smoothingLosses(values, rates, losses), rates);
}

/** Sums of squared one-step errors of simple exponential smoothing that begins at the first value, at four rates. */
function smoothingLosses(values: Float64Array, rates: Float64Array, losses: Float64Array): void {
  const a = rates[0] as number;
  const b = rates[1] as number;
  const c = rates[2] as number;
  const d = rates[3] as number;
  const first = values[0] as number;
  let [levelA, levelB, levelC, levelD] = [first, first, first, first];
  let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    const errorA = value - levelA;
    const errorB = value - levelB;
    const errorC = value - levelC;
    const errorD = value - levelD;
    sumA += errorA * errorA;
    sumB += errorB * errorB;
    sumC += errorC * errorC;
    sumD += errorD * errorD;
    levelA += a * errorA;
    levelB += b * errorB;
    levelC += c * errorC;
    levelD += d * errorD;
  }
  losses[0] = sumA;
  losses[1] = sumB;
  losses[2] = sumC;
  losses[3] = sumD;
}
