import { smoothFour } from "./four-levels.ts";
import { leastRate } from "./optimise/least-rate.ts";

/** The rates that are looked at first. */
const rates = Float64Array.of(0.1, 1 / 6, 7 / 30, 0.3);

/**
 * The smoothing rate from 0.1 to 0.3 with the least sum of squared one-step errors, for a level that begins at the first value. Where all rates are as good it
 * is the lowest.
 */
export function bestRate(values: Float64Array): number {
  // One value is forecast by nothing, so that all rates are as good.
  if (values.length < 2) return rates[0] as number;
  const levels = new Float64Array(4);
  return leastRate((rates, losses) => {
    levels.fill(values[0] as number);
    losses.fill(0);
    smoothFour(values, 1, rates, levels, losses);
  }, rates);
}
