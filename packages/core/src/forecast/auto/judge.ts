import { seasonalNaiveScale } from "../metrics.ts";
import type { Panel } from "../panel.ts";

/** Forecasts of held-out rows: per fold, series by series, steps ascending. */
export type HeldOutMeans = readonly Float64Array[];

/** What candidates are judged on. */
export interface Judgement {
  readonly horizon: number;
  /** Like the forecasts; NaN where missing. */
  readonly outcomes: readonly Float64Array[];
  /** Per series: mean absolute seasonal difference of the rows before. */
  readonly scales: Float64Array;
}

/** Scales of the rows before what is held out. */
export function scalesOf(before: Panel, seasonLength: number): Float64Array {
  return Float64Array.from(before.series, (_, s) =>
    seasonalNaiveScale(before.y.subarray(before.offsets[s], before.offsets[s + 1]), seasonLength),
  );
}

/** Errors as the M4 competition has them: means over the series of each series' sMAPE and MASE. */
export interface PanelErrors {
  readonly smape: number;
  readonly mase: number;
}

export function panelErrors(means: HeldOutMeans, { outcomes, scales, horizon }: Judgement): PanelErrors {
  let [smape, mase, smapeCount, maseCount] = [0, 0, 0, 0];
  scales.forEach((scale, s) => {
    let [relative, absolute, known] = [0, 0, 0];
    means.forEach((mean, fold) => {
      for (let row = s * horizon; row < (s + 1) * horizon; row++) {
        const outcome = outcomes[fold]?.[row] as number;
        if (Number.isNaN(outcome)) continue;
        const size = Math.abs(outcome) + Math.abs(mean[row] as number);
        const error = Math.abs(outcome - (mean[row] as number));
        relative += size === 0 ? 0 : (200 * error) / size;
        absolute += error;
        known++;
      }
    });
    if (known === 0) return;
    smape += relative / known;
    smapeCount++;
    if (!(scale > 0)) return;
    mase += absolute / known / scale;
    maseCount++;
  });
  return { smape: smapeCount === 0 ? 0 : smape / smapeCount, mase: maseCount === 0 ? 0 : mase / maseCount };
}

/** The mean of both errors, each in units of the reference's; 1 where neither has any. */
export function relativeScore(errors: PanelErrors, reference: PanelErrors): number {
  const parts = [ratio(errors.smape, reference.smape), ratio(errors.mase, reference.mase)].filter(
    (part) => part !== null,
  );
  return parts.length === 0 ? 1 : parts.reduce((sum, part) => sum + part, 0) / parts.length;
}

/** Null where both are 0. A reference without error cannot be beaten: infinity. */
function ratio(error: number, reference: number): number | null {
  if (reference > 0) return error / reference;
  return error > 0 ? Number.POSITIVE_INFINITY : null;
}

/** A way to make one forecast of several. */
export interface Combination {
  readonly members: readonly number[];
  readonly combine: "alone" | "mean" | "median";
  readonly score: number;
}

/** The best few, alone or together, most that are combined. */
const mostMembers = 7;

/**
 * The combination with the least score: the best k candidates for each k, by their mean or their median. Only so few are compared, and all candidates
 * are judged on all series together, so that what chance favoured is seldom chosen.
 * @param candidates - Forecasts and score of each.
 */
export function bestCombination(
  candidates: readonly { readonly means: HeldOutMeans; readonly score: number }[],
  judgement: Judgement,
  reference: PanelErrors,
): Combination {
  const order = candidates.map((_, c) => c).sort((a, b) => scoreAt(candidates, a) - scoreAt(candidates, b));
  let best: Combination = {
    members: order.slice(0, 1),
    combine: "alone",
    score: scoreAt(candidates, order[0] as number),
  };
  for (let k = 2; k <= Math.min(order.length, mostMembers); k++) {
    const members = order.slice(0, k);
    const means = members.map((c) => (candidates[c] as { means: HeldOutMeans }).means);
    for (const combine of k === 2 ? (["mean"] as const) : (["median", "mean"] as const)) {
      const score = relativeScore(panelErrors(combined(means, combine), judgement), reference);
      if (score < best.score) best = { members, combine, score };
    }
  }
  return best;
}

function scoreAt(candidates: readonly { readonly score: number }[], c: number): number {
  return (candidates[c] as { readonly score: number }).score;
}

/** Fold by fold the mean or the median of several forecasts. */
export function combined(
  members: readonly HeldOutMeans[],
  combine: "alone" | "mean" | "median",
): Float64Array[] {
  const values = new Float64Array(members.length);
  const middle = members.length >> 1;
  return (members[0] as HeldOutMeans).map((first, fold) =>
    first.map((_, row) => {
      for (let m = 0; m < values.length; m++) values[m] = members[m]?.[fold]?.[row] as number;
      if (combine !== "median") return values.reduce((sum, value) => sum + value, 0) / values.length;
      values.sort();
      return values.length % 2 === 1
        ? (values[middle] as number)
        : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
    }),
  );
}
