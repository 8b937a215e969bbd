import { knownLengths, observedCounts } from "../check.ts";
import type { Panel } from "../panel.ts";
import { selectRows, takeSeries } from "../panel-slices.ts";

/** Held-out outcomes, at least, that a choice should stand on. */
const enoughOutcomes = 500;
/** Most horizons that are held out. */
const mostFolds = 8;
/** Known rows that a judged series has, at least, before what is held out. */
const fewestRows = 12;
/** Most series that are judged; more say little that is new. */
const mostSeries = 1000;

/** What is held out to judge candidates by. */
export interface TrialPlan {
  /** Horizons at the end of each judged series. */
  readonly folds: number;
  /** Series that are judged, as indexes into the panel's. */
  readonly chosen: readonly number[];
  /** They, each up to its last known target: rows after it can judge nothing. */
  readonly judged: Panel;
  /** They without what is held out. */
  readonly before: Panel;
}

/**
 * Two horizons, so that errors of one can be measured by those of the other, or more where series are few; at most a third of the history, in series that keep
 * two seasons before them. Null when no series is long enough.
 */
export function planTrial(panel: Panel, horizon: number, seasonLength: number): TrialPlan | null {
  const counts = knownLengths(panel);
  const observed = observedCounts(panel);
  const needed = Math.max(fewestRows, 2 * seasonLength);
  const isLongEnough = (s: number, folds: number): boolean =>
    (counts[s] as number) - folds * horizon >= needed &&
    (observed[s] as number) - folds * horizon >= fewestRows;
  const all = panel.series.flatMap((_, s) => (isLongEnough(s, 2) ? [s] : []));
  if (all.length === 0) return null;
  const count = Math.min(all.length, mostSeries);
  const chosen = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as number);
  const shortest = chosen.reduce(
    (least, s) => Math.min(least, counts[s] as number),
    Number.POSITIVE_INFINITY,
  );
  const wanted = Math.ceil(enoughOutcomes / (chosen.length * horizon));
  const possible = Math.floor(shortest / 3 / horizon);
  let folds = Math.max(2, Math.min(wanted, possible, mostFolds));
  while (folds > 2 && !chosen.every((s) => isLongEnough(s, folds))) folds--;
  const taken = takeSeries(panel, chosen);
  const upTo = (rows: number) =>
    selectRows(taken, (i) => [0, (counts[chosen[i] as number] as number) - rows]);
  return { folds, chosen, judged: upTo(0), before: upTo(folds * horizon) };
}

/** Seasons that are there twice in the longest series besides what is held out, and those that are not. */
export function splitSeasons(
  panel: Panel,
  horizon: number,
  seasons: readonly number[],
): { readonly usable: readonly number[]; readonly tooLong: readonly number[] } {
  const longest = knownLengths(panel).reduce((most, rows) => Math.max(most, rows), 0);
  const isUsable = (season: number): boolean => 2 * season + 2 * horizon <= longest;
  return { usable: seasons.filter(isUsable), tooLong: seasons.filter((season) => !isUsable(season)) };
}
