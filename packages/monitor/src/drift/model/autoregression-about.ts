import { type Autoregression, fitAutoregression } from "./autoregression.ts";
import { frequenciesOf, type SeasonalProfile } from "./profile.ts";

/**
 * The autoregression, of an order up to `maxOrder`, of what deviates from a seasonal profile.
 * @param mayOverwrite - Whether innovations may overwrite the deviations of a long series.
 * @returns Null when there are too few slots or no variation.
 */
export function autoregressionAbout(
  { parameters, seasonLength }: SeasonalProfile,
  deviations: Float64Array,
  maxOrder: number,
  mayOverwrite = false,
): Autoregression | null {
  return fitAutoregression(deviations, {
    orders: Array.from({ length: maxOrder }, (_, i) => i + 1),
    parameters,
    removed: frequenciesOf(seasonLength),
    mayOverwrite,
  });
}
