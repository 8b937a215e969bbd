import type { FittedConformal } from "../../forecast/conformal/fitted.ts";
import type { FittedForecaster } from "../../forecast/forecaster.ts";
import type { FittedLocal } from "../../forecast/local/local-forecaster.ts";
import type { LocalSummary } from "../../forecast/local/local-model.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import type { ModelName } from "./choose-forecaster.ts";

/** Whether a model of a single series has a season, by what its fit says of itself; models that always have one, and one that never has, are not asked. */
const hasSeason: Partial<Record<ModelName, (fit: LocalSummary) => boolean>> = {
  ets: (fit) => !String(fit["form"]).endsWith(",N)"),
  theta: (fit) => fit["season"] !== "none",
  ces: (fit) => fit["season"] !== "simple",
  arima: (fit) => String(fit["form"]).includes("["),
  mstl: (fit) => fit["seasonLengths"] !== "none",
};

/**
 * What to tell of the series in which a model was given a season and has none: too few rows, or by a test or criterion of its own.
 * @param rows - Of each series.
 * @param isSaid - Whether the seasons were said, and not guessed.
 */
export function withoutSeason(
  model: ModelName,
  seasons: readonly number[],
  fitted: FittedForecaster,
  rows: Int32Array,
  isSaid: boolean,
): readonly string[] {
  const without = seriesWithoutSeason(model, seasons, fitted);
  const isShort = (s: number) => (rows[s] as number) < 2 * (seasons[0] as number);
  const short = without.filter(isShort);
  const [list, all] = [seasons.join(","), fitted.series.length];
  const line = (count: number, because: string) =>
    count === 0
      ? []
      : [
          `${model} has no season of ${listSome(seasons.map(String))} steps in ${all === 1 ? "the series" : `${count} of ${all} series`}: ${because}`,
        ];
  return [
    ...line(short.length, `fewer than two of it are there, which take ${2 * (seasons[0] as number)} rows`),
    ...line(
      without.length - short.length,
      isSaid
        ? "its own test does not find one"
        : `its own test does not find one; --season ${list} has it taken wherever there are two of it`,
    ),
  ];
}

/** Series, by index, in which a model was given a season and has none. */
function seriesWithoutSeason(
  model: ModelName,
  seasons: readonly number[],
  fitted: FittedForecaster,
): readonly number[] {
  const isSeasonal = hasSeason[model];
  if (isSeasonal === undefined || seasons.length === 0) return [];
  const own = fitted.kind === "conformal" ? (fitted as FittedConformal).forecaster : fitted;
  return (own as FittedLocal).fits.flatMap((fit, s) => (isSeasonal(fit) ? [] : [s]));
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
