import { type LocalForecaster, localForecaster, localParts } from "../src/forecast/local/local-forecaster.ts";

/** The same forecaster, fitted to all values as its references are: none is looked for that would be an outlier. */
export function withOutliers(forecaster: LocalForecaster): LocalForecaster {
  const { model, loadModel } = localParts(forecaster) as NonNullable<ReturnType<typeof localParts>>;
  const { seasons: _, ...others } = model;
  return localForecaster(others, loadModel);
}
