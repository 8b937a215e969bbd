import type { JsonValue } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord } from "../../options.ts";
import { type AugursForecaster, augursForecaster } from "./augurs-forecaster.ts";
import { type AugursModel, oneDeviation, released, withDeviation } from "./augurs-model.ts";
import { loadEts } from "./load-library.ts";

/** Settings of `augursEts`. What is left out, or `"auto"`, is chosen for each series. */
export interface AugursEtsOptions {
  readonly error?: "additive" | "multiplicative" | "auto";
  readonly trend?: "additive" | "auto";
}

/** The exponential smoothing of augurs. */
export type AugursEts = AugursForecaster<"augursEts">;

const letters = { additive: "A", multiplicative: "M", auto: "Z" } as const;

/**
 * Exponential smoothing by augurs (`AutoETS`, Rust in WebAssembly): the form of least AICc with additive or multiplicative errors and no, an additive
 * or a damped trend. **It has no seasons**: augurs has none in version 0.10, so a series with a season needs `augursMstl`, or `ets` of `@tsops/core`.
 *
 * Series need 7 known targets and none that is missing after the first. Intervals are those of augurs: normal. Multiplicative trends are left out, whose
 * intervals augurs draws anew at each call. `update` fits again, on the whole history, which is kept.
 *
 * Needs the optional peer `@bsull/augurs`.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY, MODEL_PARAMETER_INVALID; from `fit` and `update` also SERIES_TOO_SHORT, PANEL_INVALID for missing
 *   targets (rows listed), FIT_FAILED.
 * @example
 * const forecaster = await augursEts();
 * const forecast = (await forecaster.fit(sales, { horizon: 12 })).predict({ levels: [80] });
 */
export async function augursEts(options: AugursEtsOptions = {}): Promise<AugursEts> {
  if (typeof options === "object" && options !== null && "seasonLength" in options)
    throw new TsopsError("MODEL_PARAMETER_INVALID", "augursEts() has no seasons: augurs' AutoETS has none.", {
      hint: "Take augursMstl({ seasonLengths }), or ets({ seasonLength }) of @tsops/core.",
      details: { option: "seasonLength" },
    });
  checkOptions("MODEL_PARAMETER_INVALID", "augursEts()", options, { error: true, trend: true });
  const { error = "auto", trend = "auto" } = options;
  checkWord("MODEL_PARAMETER_INVALID", "error", error, ["additive", "multiplicative", "auto"]);
  checkWord("MODEL_PARAMETER_INVALID", "trend", trend, ["additive", "auto"]);
  const { AutoETS } = await loadEts();
  const modelOf = (params: Required<AugursEtsOptions>): AugursModel<"augursEts"> => ({
    kind: "augursEts",
    params: { ...params },
    neededRows: 7,
    takesMissing: false,
    hasIntervals: true,
    forecast({ y }, horizon) {
      return released(new AutoETS(1, `${letters[params.error]}${letters[params.trend]}N`), (model) => {
        model.fit(y);
        return withDeviation(model.predict(horizon, oneDeviation));
      });
    },
  });
  return augursForecaster(modelOf({ error, trend }), (params: Readonly<Record<string, JsonValue>>) =>
    modelOf(params as unknown as Required<AugursEtsOptions>),
  );
}
