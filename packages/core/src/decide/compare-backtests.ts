import { TsopsError } from "../errors.ts";
import type { BacktestResult } from "../forecast/backtest/result.ts";
import { overallWeightedAverage } from "../forecast/metrics.ts";
import { checkOptions, checkWord, type OptionNames, shown } from "../options.ts";
import { withCode } from "../with-code.ts";
import {
  comparedBy,
  type DieboldMariano,
  type DieboldMarianoOptions,
  dieboldMariano,
} from "./diebold-mariano.ts";
import { checkUnit, type GateLoss, type GateUnit, groupLosses, meanOf, rowLosses } from "./losses.ts";
import { pairRows } from "./scored-forecasts.ts";

/** How backtests are compared. */
export interface CompareBacktestsOptions {
  /** Name of the backtest that the others are compared with, e.g. `"naive2"`. */
  readonly reference: string;
  /** What is compared. Default `"absolute"`. */
  readonly loss?: GateLoss;
  /** What counts as one observation: the mean loss of a `fold` (default), of a predicted instant, or of a stretch of time. */
  readonly unit?: GateUnit;
  /** How autocorrelation of the losses is allowed for; see `dieboldMariano`. Default `{ kernel: "prewhitened" }`. */
  readonly variance?: Pick<DieboldMarianoOptions, "kernel" | "lag">;
}

/** A backtest beside the reference. */
export interface ComparedBacktest {
  readonly name: string;
  /** Rows compared: those with an outcome, and for `"pinball"` with quantiles of both. */
  readonly rows: number;
  /** Mean loss over these rows. */
  readonly loss: number;
  /** Mean loss over the reference's: below 1 it is better. */
  readonly ratio: number;
  /** Overall weighted average: the mean of sMAPE and MASE over the reference's, each the mean over the series first, as in M4. */
  readonly owa: number;
  /**
   * Two-sided test of equal expected loss, on this one's minus the reference's. Null for the reference itself, and where there are too few observations to tell:
   * under 3, or no more than overlap each other.
   */
  readonly test: DieboldMariano | null;
}

const optionNames: OptionNames<CompareBacktestsOptions> = {
  reference: true,
  loss: true,
  unit: true,
  variance: true,
};

/**
 * Puts backtests on the same folds side by side, the least loss first: how much better each is than the reference, and whether that is more than chance.
 * @throws TsopsError COMPARISON_INVALID when they do not match in folds, series, steps or outcomes, or a prediction is no number.
 * @example
 * compareBacktests({ ets: await backtest(ets(), load, folds), naive: await backtest(naive(), load, folds) }, { reference: "naive" });
 */
export function compareBacktests(
  backtests: Readonly<Record<string, BacktestResult>>,
  options: CompareBacktestsOptions,
): readonly ComparedBacktest[] {
  checkOptions("COMPARISON_INVALID", "compareBacktests()", options, optionNames);
  const { reference, loss = "absolute", unit = "fold", variance = { kernel: "prewhitened" } } = options;
  checkWord("COMPARISON_INVALID", "loss", loss, ["absolute", "squared", "pinball"]);
  checkUnit("COMPARISON_INVALID", unit);
  checkOptions("COMPARISON_INVALID", "variance", variance, { kernel: true, lag: true });
  refuseNoBacktests(backtests);
  const base = Object.hasOwn(backtests, reference) ? backtests[reference] : undefined;
  if (base === undefined)
    throw new TsopsError("COMPARISON_INVALID", `There is no backtest "${reference}" to compare with.`, {
      hint: `There are ${Object.keys(backtests).join(", ") || "none"}.`,
    });
  const compared = Object.entries(backtests).map(([name, result]): ComparedBacktest => {
    // A gate asks for the same, under its own code.
    const { pairs, own, other } = withCode(
      "COMPARISON_INVALID",
      "GATE_INVALID",
      () => {
        const rows = pairRows(result, base);
        return {
          pairs: rows,
          own: rowLosses(result, rows.candidate, loss),
          other: rowLosses(base, rows.reference, loss),
        };
      },
      `"${name}" as the candidate and "${reference}" as the reference: `,
    );
    // Bounds from the errors of earlier folds are not there in the first ones: intervals are compared where both have them.
    const isKept = own.map((value, i) =>
      Number(loss !== "pinball" || !Number.isNaN(value + (other[i] as number))),
    );
    const kept = <T extends Int32Array | Float64Array>(values: T): T =>
      values.filter((_: number, i: number) => isKept[i] === 1) as T;
    const [rows, ours, theirs] = [kept(pairs.candidate), kept(own), kept(other)];
    refuseNoNumbers(name, ours);
    return {
      name,
      rows: rows.length,
      loss: meanOf(ours),
      ratio: meanOf(ours) / meanOf(theirs),
      owa: overallWeightedAverage(averages(result), averages(base)),
      test: name === reference ? null : tested(groupLosses(result, rows, ours, theirs, unit), variance),
    };
  });
  return compared.sort((a, b) => a.loss - b.loss);
}

function refuseNoBacktests(backtests: unknown): void {
  const hint =
    'Pass them by name: compareBacktests({ ets: await backtest(ets(), load, folds) }, { reference: "ets" }).';
  if (typeof backtests !== "object" || backtests === null || Array.isArray(backtests))
    throw new TsopsError(
      "COMPARISON_INVALID",
      `compareBacktests() takes backtests by name, got ${shown(backtests)}.`,
      { hint },
    );
  for (const [name, result] of Object.entries(backtests))
    if (!(Array.isArray(result?.series) && Array.isArray(result.byKey)))
      throw new TsopsError(
        "COMPARISON_INVALID",
        `"${name}" is no result of backtest(), got ${shown(result)}.`,
        { hint },
      );
}

function refuseNoNumbers(name: string, losses: Float64Array): void {
  const bad = losses.filter((value) => !Number.isFinite(value)).length;
  if (bad === 0 && losses.length > 0) return;
  throw new TsopsError(
    "COMPARISON_INVALID",
    losses.length === 0
      ? `No row of ${name} can be compared.`
      : `${name} predicts no finite number in ${bad} of ${losses.length} rows.`,
    { hint: losses.length === 0 ? "Backtest with levels, and more folds." : "Leave it out." },
  );
}

function averages({ byKey }: BacktestResult): { smape: number; mase: number } {
  const mean = (values: readonly number[]): number => {
    const known = values.filter((value) => !Number.isNaN(value));
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return { smape: mean(byKey.map(({ smape }) => smape)), mase: mean(byKey.map(({ mase }) => mase)) };
}

function tested(
  { candidate, reference, overlap }: ReturnType<typeof groupLosses>,
  variance: Pick<DieboldMarianoOptions, "kernel" | "lag">,
): DieboldMariano | null {
  if (candidate.length < 3 || overlap >= candidate.length) return null;
  return dieboldMariano(candidate, reference, {
    ...comparedBy(variance),
    horizon: overlap,
    alternative: "two-sided",
  });
}
