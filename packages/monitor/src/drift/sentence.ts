import type { TestOutcome } from "./battery/test-outcome.ts";
import { leastPValue } from "./null-windows/least-p-value.ts";

/** The unit of an effect: the column's own where the effect is one of its values. */
export function unitOf(meaning: TestOutcome["meaning"], unit: string | undefined): string {
  switch (meaning) {
    case "shift":
    case "pattern":
      return unit ?? "units of the column";
    case "ratio of spreads":
      return "x";
    case "change of share":
      return "share of rows";
    case "distance of distributions":
      return "Kolmogorov-Smirnov distance";
    case "change of persistence":
      return "sum of autoregressive coefficients";
  }
}

/** What came of all columns, for people. */
export function summaryOf(
  counts: { readonly tested: number; readonly drifting: number; readonly untested: number },
  alpha: number,
  untested: { readonly column: string; readonly reason: string } | undefined,
): string {
  const { tested, drifting } = counts;
  const first = untested === undefined ? "" : `${untested.column}: ${untested.reason}`;
  if (tested === 0)
    return `Nothing could be tested, so nothing is known of drift: ${counts.untested === 1 ? "" : `${counts.untested} columns, the first `}${first}`;
  return `${drifting} of ${tested} ${tested === 1 ? "column" : "columns"} ${drifting === 1 ? "drifts" : "drift"} at a false-discovery rate of ${alpha}${
    counts.untested === 0 ? "" : `, ${counts.untested} could not be tested`
  }.`;
}

/** What a test found, for people. */
export function sentenceOf(column: string, outcome: TestOutcome, unit: string | undefined): string {
  const claim = claimOf(column, outcome, unit);
  // A constant is compared, not tested.
  return outcome.test === "constant" ? `${claim}.` : `${claim} (${probability(outcome.pValue)}).`;
}

/** The same without its probability and the full stop. */
export function claimOf(
  column: string,
  { test, effect, category }: Pick<TestOutcome, "test" | "effect" | "category">,
  unit: string | undefined,
): string {
  const amount = `${rounded(Math.abs(effect))}${unit === undefined ? "" : ` ${unit}`}`;
  switch (test) {
    case "level":
      return `${column} is ${amount} ${effect < 0 ? "lower" : "higher"} than its season in the reference says`;
    case "constant":
      return effect === 0
        ? `${column} is the same constant as in the reference`
        : `${column} was constant in the reference and now differs by up to ${amount}`;
    case "season":
      return `The seasonal pattern of ${column} differs by a wave of ${amount}`;
    case "scale":
      return `The unexplained variation of ${column} is ${rounded(effect)} times as large as in the reference`;
    case "shape":
      return `The distribution of ${column} around its expected course differs in shape by ${rounded(effect)}`;
    case "autocorrelation":
      return `${column} is ${effect < 0 ? "less" : "more"} persistent: its autoregressive coefficients sum to ${rounded(Math.abs(effect))} ${effect < 0 ? "less" : "more"}`;
    case "missingness":
      return `${rounded(100 * Math.abs(effect))} points ${effect < 0 ? "fewer" : "more"} of ${column} are ${category ?? "missing"}`;
    case "categories":
      return `${JSON.stringify(category)} of ${column} has ${rounded(100 * Math.abs(effect))} points ${effect < 0 ? "less" : "more"} of the rows`;
  }
}

/** Of the least p-value that is told, only that it is no greater. */
function probability(p: number): string {
  if (p <= leastPValue) return "p <= 1e-6";
  return `p = ${p < 0.0001 ? p.toExponential(1) : p.toFixed(4)}`;
}

function rounded(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
