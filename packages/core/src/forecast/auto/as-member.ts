import type { Forecaster } from "../forecaster.ts";
import { type LocalForecaster, localForecaster, localParts } from "../local/local-forecaster.ts";

/**
 * A model of single series of which only the forecasts are asked, on a history whose outliers are dealt with: its fits do not look for outliers, nor for how wide their intervals should be.
 */
export function asMember(forecaster: LocalForecaster<string, string>): Forecaster {
  const { model, loadModel } = localParts(forecaster) as NonNullable<ReturnType<typeof localParts>>;
  const { seasons: _, estimated: __, ...others } = model;
  return localForecaster(others, loadModel);
}
