import { TsopsError } from "../errors.ts";
import { checkList, shown } from "../options.ts";
import type { ForecastQuantile } from "./forecast.ts";

/** The probabilities that bound a central interval: 0.1 and 0.9 for 80 percent. */
export function boundsOfLevel(level: number): readonly [lower: number, upper: number] {
  return [(100 - level) / 200, (100 + level) / 200];
}

/** The probabilities of all bounds of the levels and the further ones, ascending, each once. */
export function probabilitiesOf(levels: readonly number[], quantiles: readonly number[] = []): number[] {
  const all = [...levels.flatMap(boundsOfLevel), ...quantiles].sort((a, b) => a - b);
  return all.filter((probability, i) => i === 0 || probability - (all[i - 1] as number) > 1e-9);
}

/** The level in percent of the central interval that a quantile bounds; 0 for the median. */
export function levelOfQuantile(probability: number): number {
  return Number(Math.abs(200 * probability - 100).toPrecision(12));
}

/** The lower and upper bounds of a central interval among quantiles; null when they are not there. */
export function intervalOf(
  quantiles: readonly ForecastQuantile[],
  level: number,
): { readonly lower: Float64Array; readonly upper: Float64Array } | null {
  const [low, high] = boundsOfLevel(level);
  const find = (probability: number) =>
    quantiles.find((quantile) => Math.abs(quantile.probability - probability) < 1e-9)?.values;
  const [lower, upper] = [find(low), find(high)];
  return lower === undefined || upper === undefined ? null : { lower, upper };
}

/**
 * Refuses levels that are no percentages between 1 and 100, or given twice.
 * @throws TsopsError MODEL_PARAMETER_INVALID
 */
export function checkLevels(levels: readonly number[]): void {
  checkList("MODEL_PARAMETER_INVALID", "levels", levels);
  levels.forEach((level, i) => {
    if (!(typeof level === "number" && level >= 1 && level < 100))
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `A level must be a number of percent, from 1 to less than 100, got ${shown(level)}.`,
        {
          hint: `Write ${meant(level)} for the interval that holds ${meant(level)} % of the outcomes.`,
          details: { level },
        },
      );
    if (levels.indexOf(level) !== i)
      throw new TsopsError("MODEL_PARAMETER_INVALID", `The level ${level} is given twice.`, {
        hint: "Name each level once.",
        details: { level },
      });
  });
}

/**
 * Refuses quantiles that are no probabilities between 0 and 1, or given twice.
 * @throws TsopsError MODEL_PARAMETER_INVALID
 */
export function checkQuantiles(quantiles: readonly number[]): void {
  checkList("MODEL_PARAMETER_INVALID", "quantiles", quantiles);
  quantiles.forEach((probability, i) => {
    if (!(typeof probability === "number" && probability > 0 && probability < 1))
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `A quantile must be a probability between 0 and 1, got ${shown(probability)}.`,
        {
          hint: "Write 0.9 for the value that 90 % of the outcomes lie below, 0.5 for the median.",
          details: { quantile: probability },
        },
      );
    if (quantiles.indexOf(probability) !== i)
      throw new TsopsError("MODEL_PARAMETER_INVALID", `The quantile ${probability} is given twice.`, {
        hint: "Name each quantile once.",
        details: { quantile: probability },
      });
  });
}

/** The percentage that a share such as 0.8 was meant to be. */
function meant(level: unknown): number {
  const percent = Number((100 * Number(level)).toPrecision(12));
  return percent >= 1 && percent < 100 ? percent : 80;
}
