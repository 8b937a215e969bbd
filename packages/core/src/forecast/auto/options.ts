import { TsopsError } from "../../errors.ts";
import { checkList, checkOptions, type OptionNames, shown } from "../../options.ts";
import { durationMicros } from "../../time/duration.ts";
import { wholeNumber } from "../check.ts";
import { type OutlierTreatment, outlierTreatment } from "../outliers/outlier-option.ts";

/** Settings of `autoForecaster`. */
export interface AutoOptions {
  /**
   * Time that a fit may take, about. It decides which candidates are tried and how many trees they get; where it is not short, the fit does not
   * depend on it. Default `"60s"`.
   */
  readonly budget?: string;
  /** Lengths of seasons in rows, e.g. `[24, 168]`; `[]` for none. Default: those of the frequency that the series go with. */
  readonly seasonLengths?: readonly number[];
  /** The least value that the target can take: no forecast and no interval lies below; null for none. Default `"auto"`: 0 as long as no value, of the history or of rows that `update` brings, is negative. */
  readonly lowest?: number | null | "auto";
  /** Whether values that are outliers beyond doubt count as missing (`"leaveOut"`, default; see `withoutOutliers`, and `choice.outliers` for which they are), or as any other (`"keep"`). */
  readonly outliers?: OutlierTreatment;
}

/** Options with every default filled in; `null` where the data decide. */
export interface ResolvedAutoOptions {
  readonly budgetMs: number;
  readonly seasonLengths: readonly number[] | null;
  readonly lowest: number | null | "auto";
  readonly outliers: OutlierTreatment;
}

const optionNames: OptionNames<AutoOptions> = {
  budget: true,
  seasonLengths: true,
  lowest: true,
  outliers: true,
};

/** @throws TsopsError MODEL_PARAMETER_INVALID, DURATION_INVALID. */
export function resolveAutoOptions(options: AutoOptions): ResolvedAutoOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "autoForecaster()", options, optionNames);
  const { budget = "60s", seasonLengths, lowest = "auto" } = options;
  if (seasonLengths !== undefined) checkList("MODEL_PARAMETER_INVALID", "seasonLengths", seasonLengths);
  if (lowest !== null && lowest !== "auto" && !Number.isFinite(lowest))
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `lowest is a finite number, null or "auto", got ${shown(lowest)}.`,
      { hint: "Write 0 for counts, null for targets without a bound." },
    );
  const outliers = outlierTreatment(options);
  return {
    lowest,
    outliers,
    budgetMs: Number(durationMicros(budget)) / 1000,
    seasonLengths:
      seasonLengths === undefined
        ? null
        : [...new Set(seasonLengths.map((length, i) => wholeNumber(`seasonLengths[${i}]`, length, 2)))].sort(
            (a, b) => a - b,
          ),
  };
}
