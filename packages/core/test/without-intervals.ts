import type { FittedForecaster, Forecaster } from "../src/forecast/forecaster.ts";

/** A forecaster without its quantiles: for tests of what is done where there are none. */
export function withoutIntervals(forecaster: Forecaster): Forecaster {
  const bare = <Known extends string>(fitted: FittedForecaster<Known>): FittedForecaster<Known> => ({
    ...fitted,
    hasIntervals: false,
    predict: (...options) => ({ ...fitted.predict(...options), quantiles: [] }),
    update: (rows) => bare(fitted.update(rows)),
  });
  return {
    ...forecaster,
    fit: async (panel, options) => bare(await forecaster.fit(panel, options)),
    load: (bytes) => bare(forecaster.load(bytes)),
  };
}
