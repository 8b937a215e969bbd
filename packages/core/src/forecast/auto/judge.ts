import { medians } from "../ensemble/fitted.ts";
import { meanAbsoluteScaledError, rootMeanSquaredScaledError, symmetricPercentageError } from "../metrics.ts";
import type { Combine } from "./choice.ts";

/** Forecasts of held-out rows: per fold, series by series, steps ascending. */
export type HeldOutMeans = readonly Float64Array[];

/** What candidates are judged on. */
export interface Judgement {
  readonly horizon: number;
  /** Like the forecasts; NaN where missing. */
  readonly outcomes: readonly Float64Array[];
  /** Per series: mean absolute seasonal difference of the rows before. */
  readonly scales: Float64Array;
  /** Whether many rows are 0. */
  readonly isIntermittent: boolean;
}

/** Measures of error, each a mean over the series, that a score is made of. */
export type PanelErrors = readonly number[];

/**
 * sMAPE and MASE as the M4 competition has them; of intermittent demand RMSSE alone, as M5 has it: absolute errors are least about the median, and where most rows are 0 that is 0, whatever is sold.
 * Series without any known outcome, or without a scale, are left out.
 */
export function panelErrors(
  means: HeldOutMeans,
  { outcomes, scales, horizon, isIntermittent }: Judgement,
): PanelErrors {
  const smapes: number[] = [];
  const scaled: number[] = [];
  scales.forEach((scale, s) => {
    const [y, predicted] = [ofSeries(outcomes, s, horizon), ofSeries(means, s, horizon)];
    if (y.every(Number.isNaN)) return;
    smapes.push(symmetricPercentageError(y, predicted));
    if (!(scale > 0)) return;
    scaled.push((isIntermittent ? rootMeanSquaredScaledError : meanAbsoluteScaledError)(y, predicted, scale));
  });
  return isIntermittent ? [meanOf(scaled)] : [meanOf(smapes), meanOf(scaled)];
}

/** What all folds have of a series, one after the other. */
function ofSeries(folds: HeldOutMeans, s: number, horizon: number): Float64Array {
  const values = new Float64Array(folds.length * horizon);
  folds.forEach((fold, f) => {
    values.set(fold.subarray(s * horizon, (s + 1) * horizon), f * horizon);
  });
  return values;
}

/** 0 of none. */
function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean of the errors, each in units of the reference's; 1 where none has any. */
export function relativeScore(errors: PanelErrors, reference: PanelErrors): number {
  const parts = errors
    .map((error, measure) => ratio(error, reference[measure] as number))
    .filter((part) => part !== null);
  return parts.length === 0 ? 1 : meanOf(parts);
}

/** Null where both are 0. A reference without error cannot be beaten: infinity. */
function ratio(error: number, reference: number): number | null {
  if (reference > 0) return error / reference;
  return error > 0 ? Number.POSITIVE_INFINITY : null;
}

/** A way to make one forecast of several. */
export interface Combination {
  readonly members: readonly number[];
  readonly combine: Combine;
  readonly score: number;
}

/** The best few, alone or together, most that are combined. */
const mostMembers = 7;

/** Series from which on a candidate that is not among the best ones may be taken: with fewer, chance would choose. */
const manySeries = 20;

/**
 * The combination with the least score, by forward selection (Caruana et al. 2004): to the best candidate the one is added that helps most beside those that were
 * taken, for the mean and for the median each. A member may be bad alone: what errs in its own way moves a median to the better side. Where series are few, the next best one
 * is added in place of the most helpful one. So few combinations are compared, on all series together, that what chance favoured is seldom chosen.
 * @param candidates - Forecasts and score of each.
 */
export function bestCombination(
  candidates: readonly { readonly means: HeldOutMeans; readonly score: number }[],
  judgement: Judgement,
  reference: PanelErrors,
): Combination {
  const order = candidates.map((_, c) => c).sort((a, b) => scoreAt(candidates, a) - scoreAt(candidates, b));
  const first = order.slice(0, 1);
  let best: Combination = {
    members: first,
    combine: "alone",
    score: scoreAt(candidates, order[0] as number),
  };
  for (const combine of ["median", "mean"] as const) {
    const scored = (members: readonly number[]) => {
      const means = members.map((c) => (candidates[c] as { means: HeldOutMeans }).means);
      return { members, score: relativeScore(panelErrors(combined(means, combine), judgement), reference) };
    };
    // On to the end: the third may help where the second did not.
    for (let members: readonly number[] = first; members.length < Math.min(order.length, mostMembers); ) {
      const others = order.filter((c) => !members.includes(c));
      const next = others
        .slice(0, judgement.scales.length < manySeries ? 1 : others.length)
        .map((c) => scored([...members, c]))
        .reduce((least, one) => (one.score < least.score ? one : least));
      members = next.members;
      // The median of two is their mean.
      if (next.score < best.score) best = { ...next, combine: members.length === 2 ? "mean" : combine };
    }
  }
  return best;
}

function scoreAt(candidates: readonly { readonly score: number }[], c: number): number {
  return (candidates[c] as { readonly score: number }).score;
}

/** Fold by fold the mean or the median of several forecasts. */
export function combined(members: readonly HeldOutMeans[], combine: Combine): Float64Array[] {
  return (members[0] as HeldOutMeans).map((first, fold) => {
    const columns = members.map((means) => means[fold] as Float64Array);
    if (combine === "median") return medians(columns);
    return first.map(
      (_, row) => columns.reduce((sum, column) => sum + (column[row] as number), 0) / columns.length,
    );
  });
}
