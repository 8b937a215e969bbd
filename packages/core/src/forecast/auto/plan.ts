import { observedCounts, rowCounts } from "../check.ts";
import type { Panel } from "../panel.ts";

/** Held-out outcomes, at least, that a choice should stand on. */
const enoughOutcomes = 500;
/** Most horizons that are held out. */
const mostFolds = 8;
/** Known rows that a judged series has, at least, before what is held out. */
const fewestRows = 12;

/** What is held out to judge candidates by. */
export interface TrialPlan {
  /** Horizons at the end; 0 when no series is long enough. */
  readonly folds: number;
  /** Series that are judged. */
  readonly chosen: readonly number[];
}

/**
 * Two horizons, so that errors of one can be measured by those of the other, or more where series are few; at most a third of the history, in series that keep
 * two seasons before them.
 */
export function planTrial(panel: Panel, horizon: number, seasonLength: number): TrialPlan {
  const counts = rowCounts(panel);
  const observed = observedCounts(panel);
  const needed = Math.max(fewestRows, 2 * seasonLength);
  const longEnough = (folds: number): number[] =>
    panel.series.flatMap((_, s) =>
      (counts[s] as number) - folds * horizon >= needed &&
      (observed[s] as number) - folds * horizon >= fewestRows
        ? [s]
        : [],
    );
  const most = longEnough(2);
  if (most.length === 0) return { folds: 0, chosen: [] };
  const shortest = most.reduce((least, s) => Math.min(least, counts[s] as number), Number.POSITIVE_INFINITY);
  const wanted = Math.ceil(enoughOutcomes / (most.length * horizon));
  const possible = Math.floor(shortest / 3 / horizon);
  for (let folds = Math.max(2, Math.min(wanted, possible, mostFolds)); folds > 2; folds--)
    if (longEnough(folds).length === most.length) return { folds, chosen: most };
  return { folds: 2, chosen: most };
}
