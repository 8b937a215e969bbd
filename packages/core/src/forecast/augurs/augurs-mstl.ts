import type { JsonValue } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { checkBoolean, checkOptions, shown } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import { type AugursForecaster, augursForecaster } from "./augurs-forecaster.ts";
import { type AugursModel, oneDeviation, released, type SeriesAhead, withDeviation } from "./augurs-model.ts";
import { loadMstl } from "./load-library.ts";

/** Settings of `augursMstl`. */
export interface AugursMstlOptions {
  /** Steps of each season, e.g. `[24, 168]` for hours with a day and a week. */
  readonly seasonLengths: readonly number[];
  /** Whether missing targets are put on the line between their neighbours, as augurs does it. Default false: they are refused. */
  readonly impute?: boolean;
}

/** The MSTL of augurs. */
export type AugursMstl = AugursForecaster<"augursMstl">;

/**
 * Several seasons by MSTL of augurs (Rust in WebAssembly): the seasons are taken out by STL and repeated, what is left goes on by its `AutoETS`.
 * The decomposition is calculated in single precision, so of seven digits that all targets share the forecast knows nothing.
 *
 * Series need two of the longest season in known targets. Intervals are those of what is left: normal, the seasons being taken for known. `update` fits again, on the whole
 * history, which is kept.
 *
 * Needs the optional peer `@bsull/augurs`.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY, MODEL_PARAMETER_INVALID; from `fit` and `update` also SERIES_TOO_SHORT, PANEL_INVALID for missing
 *   targets (rows listed), FIT_FAILED.
 * @example
 * const forecaster = await augursMstl({ seasonLengths: [24, 168] });
 * const forecast = (await forecaster.fit(load, { horizon: 48 })).predict({ levels: [80] });
 */
export async function augursMstl(options: AugursMstlOptions): Promise<AugursMstl> {
  checkOptions("MODEL_PARAMETER_INVALID", "augursMstl()", options, { seasonLengths: true, impute: true });
  const { seasonLengths, impute = false } = options;
  if (!Array.isArray(seasonLengths) || seasonLengths.length === 0)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `seasonLengths is a list with at least one length, got ${shown(seasonLengths)}.`,
      { hint: "For example seasonLengths: [24, 168]; without a season take augursEts()." },
    );
  checkBoolean("MODEL_PARAMETER_INVALID", "impute", impute);
  const periods = [...new Set(seasonLengths.map((length) => wholeNumber("seasonLengths", length, 2)))].sort(
    (a, b) => a - b,
  );
  const { MSTL } = await loadMstl();
  const modelOf = (params: Required<AugursMstlOptions>): AugursModel<"augursMstl"> => ({
    kind: "augursMstl",
    params: { ...params },
    neededRows: Math.max(7, 2 * Math.max(...params.seasonLengths)),
    takesMissing: params.impute,
    hasIntervals: true,
    forecast({ y }, horizon) {
      // augurs' interpolation leaves what comes after the last known target, so the steps begin there.
      let known = y.length;
      while (Number.isNaN(y[known - 1] as number)) known--;
      const late = y.length - known;
      return released(MSTL.ets([...params.seasonLengths], { impute: params.impute }), (model) => {
        model.fit(y.subarray(0, known));
        return later(withDeviation(model.predict(late + horizon, oneDeviation)), late);
      });
    },
  });
  return augursForecaster(
    modelOf({ seasonLengths: periods, impute }),
    (params: Readonly<Record<string, JsonValue>>) =>
      modelOf(params as unknown as Required<AugursMstlOptions>),
  );
}

function later({ mean, deviation }: SeriesAhead, steps: number): SeriesAhead {
  return { mean: mean.subarray(steps), deviation: deviation?.subarray(steps) ?? null };
}
