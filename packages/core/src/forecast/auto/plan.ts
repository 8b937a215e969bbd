import { knownLengths, observedCounts } from "../check.ts";
import type { Panel } from "../panel/panel.ts";
import { selectRows, takeSeries } from "../panel/panel-slices.ts";

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
  /** Horizons at the end of the history: of the series that have most. */
  readonly folds: number;
  /** Those of each judged series. */
  readonly foldsOf: Int32Array;
  /** Series that are judged, as indexes into the panel's. */
  readonly chosen: readonly number[];
  /** They, each up to its last known target: rows after it can judge nothing. */
  readonly judged: Panel;
  /** They without what is held out. */
  readonly before: Panel;
}

/** What is held out, and what seasons are then to be reckoned with. */
export interface SeasonPlan {
  /** Null when no series is long enough to hold anything out. */
  readonly trial: TrialPlan | null;
  /** Lengths that candidates may have, ascending. */
  readonly seasons: readonly number[];
  /** Those that no series is long enough for. */
  readonly tooLong: readonly number[];
}

/**
 * What to hold out: two horizons or more of series that keep two seasons, and 12 rows, before them, one of those that keep as much before that. Where none is long enough for that beside its season, one horizon is held out, or none where the history shows a season: what can be judged does not decide whether
 * a forecast has one.
 * @param seasons - Lengths to reckon with, ascending.
 * @param seasonsIn - Those of some lengths that the whole history shows; asked where holding out a horizon would leave none.
 */
export function planTrial(
  panel: Panel,
  horizon: number,
  seasons: readonly number[],
  seasonsIn: (lengths: readonly number[]) => readonly number[],
): SeasonPlan {
  const longest = knownLengths(panel).reduce((most, rows) => Math.max(most, rows), 0);
  const fittingBeside = (folds: number) =>
    seasons.filter((season) => 2 * season + folds * horizon <= longest);
  const ofLength = (usable: readonly number[], trial: TrialPlan | null): SeasonPlan => ({
    trial,
    seasons: usable,
    tooLong: seasons.filter((season) => !usable.includes(season)),
  });
  const besideTwo = fittingBeside(2);
  const [shortest] = besideTwo;
  if (shortest === undefined) {
    // Candidates with a season say themselves whether there is one.
    const besideOne = fittingBeside(1);
    const trial = besideOne.length === 0 ? null : holdOut(panel, horizon, besideOne, 1);
    if (trial !== null) return ofLength(besideOne, trial);
    const all = fittingBeside(0);
    const shown = all.length > 0 ? seasonsIn(all) : [];
    if (shown.length > 0) return ofLength(shown, null);
  }
  return ofLength(besideTwo, holdOut(panel, horizon, besideTwo, 2) ?? holdOut(panel, horizon, besideTwo, 1));
}

/**
 * Holds out so many horizons, and one of series that are not long enough for as many: what a panel's short series show is not left to its long ones. More where outcomes are few, at most a third of a series and never the seasons of a candidate. Of two,
 * the errors of one can be measured by those of the other. Null when no series is long enough.
 * @param seasons - Lengths that candidates may have, ascending.
 */
function holdOut(panel: Panel, horizon: number, seasons: readonly number[], fewest: 1 | 2): TrialPlan | null {
  const counts = knownLengths(panel);
  const observed = observedCounts(panel);
  const needed = Math.max(fewestRows, 2 * (seasons[0] ?? 1));
  const wished = Math.max(fewestRows, 2 * (seasons.at(-1) ?? 1));
  const leaves = (s: number, folds: number, rows: number): boolean =>
    (counts[s] as number) - folds * horizon >= rows &&
    (observed[s] as number) - folds * horizon >= fewestRows;
  if (!panel.series.some((_, s) => leaves(s, fewest, needed))) return null;
  const all = panel.series.flatMap((_, s) => (leaves(s, 1, needed) ? [s] : []));
  const count = Math.min(all.length, mostSeries);
  const chosen = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as number);
  const wanted = Math.min(mostFolds, Math.ceil(enoughOutcomes / (count * horizon)));
  const foldsOf = Int32Array.from(chosen, (s) => {
    const least = leaves(s, fewest, needed) ? fewest : 1;
    let folds = Math.max(least, Math.min(wanted, Math.floor((counts[s] as number) / 3 / horizon)));
    while (folds > least && !leaves(s, folds, wished)) folds--;
    return folds;
  });
  const taken = takeSeries(panel, chosen);
  const upTo = (heldRows: (i: number) => number) =>
    selectRows(taken, (i) => [0, (counts[chosen[i] as number] as number) - heldRows(i)]);
  return {
    folds: foldsOf.reduce((all, own) => Math.max(all, own), 0),
    foldsOf,
    chosen,
    judged: upTo(() => 0),
    before: upTo((i) => (foldsOf[i] as number) * horizon),
  };
}
