import type { FittedForecaster } from "../../forecast/forecaster.ts";
import type { FittedLocal } from "../../forecast/local/local-forecaster.ts";
import type { LocalSummary } from "../../forecast/local/local-model.ts";
import { listSome } from "../../forecast/rows.ts";
import type { ModelName } from "./choose-forecaster.ts";

/** Whether a model of a single series has a season, by what its fit says of itself; models that always have one, and one that never has, are not asked. */
const hasSeason: Partial<Record<ModelName, (fit: LocalSummary) => boolean>> = {
  ets: (fit) => !String(fit["form"]).endsWith(",N)"),
  theta: (fit) => fit["season"] !== "none",
  ces: (fit) => fit["season"] !== "simple",
  arima: (fit) => String(fit["form"]).includes("["),
  mstl: (fit) => fit["seasonLengths"] !== "none",
};

/** Series, by index, in which a model was given a season and has none: too few rows, or by a test or criterion of its own. */
export function seriesWithoutSeason(
  model: ModelName,
  seasons: readonly number[],
  fitted: FittedForecaster,
): readonly number[] {
  const isSeasonal = hasSeason[model];
  if (isSeasonal === undefined || seasons.length === 0) return [];
  return (fitted as FittedLocal).fits.flatMap((fit, s) => (isSeasonal(fit) ? [] : [s]));
}

/**
 * What to tell of the seasons that a model passes over because it takes one, or because no series has two of them; null where it takes all. `auto` tells of its own.
 * @param longest - Rows of the longest series.
 */
export function passedOver(model: ModelName, seasons: readonly number[], longest: number): string | null {
  const list = (lengths: readonly number[]) => listSome(lengths.map(String));
  if (model === "mstl") {
    const tooLong = seasons.filter((season) => 2 * season > longest);
    return tooLong.length === 0
      ? null
      : `seasons of ${list(tooLong)} steps are not used: no series has two of them`;
  }
  if (model === "auto" || model === "naive" || seasons.length < 2) return null;
  return `${model} takes one season, of ${seasons[0]} steps, and takes no notice of ${list(seasons.slice(1))}: auto and mstl take several`;
}
