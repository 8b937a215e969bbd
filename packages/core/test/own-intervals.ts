import { type LocalForecaster, localForecaster, localParts } from "../src/forecast/local/local-forecaster.ts";

/** A model of single series whose intervals are those of its own formulas, as a reference has them: not widened by what its history shows. */
export function withOwnIntervals(forecaster: LocalForecaster<string>): LocalForecaster {
  const { model, loadModel } = localParts(forecaster) as NonNullable<ReturnType<typeof localParts>>;
  const { estimated: _, ...own } = model;
  return localForecaster(own, loadModel);
}
