import { checkList, checkOptions, type OptionNames } from "../../options.ts";
import { durationMicros } from "../../time/duration.ts";
import { wholeNumber } from "../check.ts";

/** Settings of `autoForecaster`. */
export interface AutoOptions {
  /**
   * Time that a fit may take, about. It decides which candidates are tried and how many trees they get; where it is not short, the fit does not
   * depend on it. Default `"60s"`.
   */
  readonly budget?: string;
  /** Lengths of seasons in rows, e.g. `[24, 168]`; `[]` for none. Default: those of the frequency that the series go with. */
  readonly seasonLengths?: readonly number[];
}

/** Options with every default filled in; `null` where the data decide. */
export interface ResolvedAutoOptions {
  readonly budgetMs: number;
  readonly seasonLengths: readonly number[] | null;
}

const optionNames: OptionNames<AutoOptions> = { budget: true, seasonLengths: true };

/** @throws TsopsError MODEL_PARAMETER_INVALID, DURATION_INVALID. */
export function resolveAutoOptions(options: AutoOptions): ResolvedAutoOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "autoForecaster()", options, optionNames);
  const { budget = "60s", seasonLengths } = options;
  if (seasonLengths !== undefined) checkList("MODEL_PARAMETER_INVALID", "seasonLengths", seasonLengths);
  return {
    budgetMs: Number(durationMicros(budget)) / 1000,
    seasonLengths:
      seasonLengths === undefined
        ? null
        : [...new Set(seasonLengths.map((length, i) => wholeNumber(`seasonLengths[${i}]`, length, 2)))].sort(
            (a, b) => a - b,
          ),
  };
}
