import type { JsonValue } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord, type OptionNames, shown } from "../../options.ts";
import { formatInstant } from "../../time/instant.ts";
import { resolveZone } from "../../time/zone.ts";
import { wholeNumber } from "../check.ts";
import { type AugursForecaster, augursForecaster } from "./augurs-forecaster.ts";
import { type AugursModel, type AugursSeries, released } from "./augurs-model.ts";
import { loadProphet } from "./load-library.ts";
import { optimize, readyStan } from "./stan.ts";

/** A season of Prophet: whether there is one, or its number of sine and cosine pairs. `"auto"`: if the history has two of it. */
export type AugursSeasonality = "auto" | boolean | number;

/** Settings of `augursProphet`, by Prophet's names. */
export interface AugursProphetOptions {
  /** Default `"linear"`: straight pieces. `"flat"`: no trend. */
  readonly growth?: "linear" | "flat";
  /** Whether seasons are added to the trend or multiply it. Default `"additive"`. */
  readonly seasonalityMode?: "additive" | "multiplicative";
  readonly dailySeasonality?: AugursSeasonality;
  readonly weeklySeasonality?: AugursSeasonality;
  readonly yearlySeasonality?: AugursSeasonality;
  /** How much the seasons may move. Default 10. */
  readonly seasonalityPriorScale?: number;
  /** Instants, evenly over the first 80 % of the history, at which the slope may change; at least 1. Default 25. */
  readonly changepoints?: number;
  /** How much the slope may change at them. Default 0.05. */
  readonly changepointPriorScale?: number;
}

/** The Prophet of augurs. */
export type AugursProphet = AugursForecaster<"augursProphet">;

const optionNames: OptionNames<AugursProphetOptions> = {
  growth: true,
  seasonalityMode: true,
  dailySeasonality: true,
  weeklySeasonality: true,
  yearlySeasonality: true,
  seasonalityPriorScale: true,
  changepoints: true,
  changepointPriorScale: true,
};

/**
 * Prophet by augurs: a trend of straight pieces and seasons of sines (Taylor & Letham 2018, Forecasting at scale), fitted by Stan's optimiser, both in
 * WebAssembly. Days and weeks are those of the panel's zone.
 *
 * Missing targets are left out of the fit, and a series that never changes goes on as it is. Where Stan's search finds no end it is tried from other starts; without any
 * noise it may find none (FIT_FAILED). It gives no intervals: augurs draws them from a generator without a seed, so they would be others at each
 * call; wrap it in `conformal`. `update` fits again, on the whole history, which is kept. Holidays and regressors of Prophet are not offered: `reduce` has both.
 *
 * Needs the optional peers `@bsull/augurs` and `@bsull/augurs-prophet-wasmstan`.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY, MODEL_PARAMETER_INVALID; from `fit` also SERIES_TOO_SHORT, FIT_FAILED, PANEL_INVALID for instants within a second.
 * @example
 * const forecaster = conformal(await augursProphet({ weeklySeasonality: 5 }));
 * const forecast = (await forecaster.fit(visits, { horizon: 14 })).predict({ levels: [80] });
 */
export async function augursProphet(options: AugursProphetOptions = {}): Promise<AugursProphet> {
  checkOptions("MODEL_PARAMETER_INVALID", "augursProphet()", options, optionNames);
  const {
    growth = "linear",
    seasonalityMode = "additive",
    dailySeasonality = "auto",
    weeklySeasonality = "auto",
    yearlySeasonality = "auto",
    seasonalityPriorScale = 10,
    changepoints = 25,
    changepointPriorScale = 0.05,
  } = options;
  checkWord("MODEL_PARAMETER_INVALID", "growth", growth, ["linear", "flat"]);
  checkWord("MODEL_PARAMETER_INVALID", "seasonalityMode", seasonalityMode, ["additive", "multiplicative"]);
  for (const [name, value] of Object.entries({ dailySeasonality, weeklySeasonality, yearlySeasonality }))
    if (value !== "auto" && typeof value !== "boolean") wholeNumber(name, value);
  for (const [name, value] of Object.entries({ seasonalityPriorScale, changepointPriorScale }))
    if (!(typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY))
      throw new TsopsError("MODEL_PARAMETER_INVALID", `${name} is a number above 0, got ${shown(value)}.`, {
        hint: "Larger ones let the model follow the data more closely: give 0.05 or 10, for example.",
      });
  // Without any, Stan's search fails on every series.
  wholeNumber("changepoints", changepoints);
  const { Prophet } = await loadProphet();
  await readyStan();
  const modelOf = (params: Required<AugursProphetOptions>): AugursModel<"augursProphet"> => ({
    kind: "augursProphet",
    params: { ...params },
    neededRows: 2,
    takesMissing: true,
    hasIntervals: false,
    ready: readyStan,
    forecast(series, horizon) {
      const { y } = series;
      const isKnown = (row: number) => !Number.isNaN(y[row] as number);
      const known = y.filter((_, row) => isKnown(row));
      const [first] = known;
      // As Prophet itself does: there is nothing to find, and Stan would be stopped by a deviation of 0.
      if (known.every((value) => value === first))
        return { mean: new Float64Array(horizon).fill(first as number), deviation: null };
      const seconds = localSeconds(series.times, series);
      // augurs makes a text of what is thrown within, so the error is kept.
      let failure: unknown;
      const stan: typeof optimize = (...work) => {
        try {
          return optimize(...work);
        } catch (error) {
          failure = error;
          throw error;
        }
      };
      const settings = {
        optimizer: { optimize: stan },
        growth: params.growth,
        seasonalityMode: params.seasonalityMode,
        dailySeasonality: seasonality(params.dailySeasonality),
        weeklySeasonality: seasonality(params.weeklySeasonality),
        yearlySeasonality: seasonality(params.yearlySeasonality),
        seasonalityPriorScale: params.seasonalityPriorScale,
        nChangepoints: params.changepoints,
        changepointPriorScale: params.changepointPriorScale,
        uncertaintySamples: 0,
      };
      try {
        return released(new Prophet(settings), (model) => {
          model.fit({ ds: seconds.filter((_, row) => isKnown(row)), y: known });
          const { yhat } = model.predict({ ds: localSeconds(series.timesAhead(), series) });
          return { mean: Float64Array.from(yhat.point), deviation: null };
        });
      } catch (error) {
        throw failure ?? error;
      }
    },
  });
  return augursForecaster(
    modelOf({
      growth,
      seasonalityMode,
      dailySeasonality,
      weeklySeasonality,
      yearlySeasonality,
      seasonalityPriorScale,
      changepoints,
      changepointPriorScale,
    }),
    (params: Readonly<Record<string, JsonValue>>) =>
      modelOf(params as unknown as Required<AugursProphetOptions>),
  );
}

function seasonality(value: AugursSeasonality) {
  if (value === "auto") return { type: "auto" } as const;
  return typeof value === "boolean"
    ? ({ type: "manual", enabled: value } as const)
    : ({ type: "fourier", order: value } as const);
}

/** Wall-clock seconds, as Prophet counts days and weeks. @throws TsopsError PANEL_INVALID for instants within a second. */
function localSeconds(times: BigInt64Array, { zone }: AugursSeries): number[] {
  const rules = resolveZone(zone);
  return Array.from(times, (time) => {
    if (time % 1_000_000n !== 0n)
      throw new TsopsError(
        "PANEL_INVALID",
        `augursProphet takes whole seconds, and there is ${formatInstant(time)}.`,
        { hint: "Choose another model for steps below a second." },
      );
    const seconds = Number(time / 1_000_000n);
    return seconds + rules.periodAt(seconds).offset;
  });
}
