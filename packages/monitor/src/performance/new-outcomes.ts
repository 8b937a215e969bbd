import { type SeriesKey, seriesKeyText } from "@tsops/core";
import { checkJoined } from "./check-joined.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";

/** What a later join knows that an earlier one did not. Rows are numbers of rows of the later join, ascending. */
export interface NewOutcomes {
  /** Outcomes of predictions that had none. */
  readonly arrived: Int32Array;
  /** Outcomes that are another value now. */
  readonly revised: Int32Array;
  /** What the revised ones were before, in the same order. */
  readonly before: Float64Array;
  /** Outcomes that were taken back. */
  readonly withdrawn: Int32Array;
  /** Rows of predictions that the earlier join did not hold, with or without an outcome. */
  readonly added: Int32Array;
}

/**
 * Compares two joins of one prediction log, made at different times: what is new since, so that only that has to be acted on. Rows are
 * told by their source, series, cutoff and step, so a repeated prediction that replaced another is the same row.
 * @throws TsopsError MONITOR_INVALID
 */
export function newOutcomes(earlier: JoinedOutcomes, later: JoinedOutcomes): NewOutcomes {
  checkJoined("newOutcomes()", earlier);
  checkJoined("newOutcomes()", later);
  const known = new Map<string, number>();
  const nameEarlier = rowNames(earlier);
  for (let row = 0; row < earlier.length; row++) known.set(nameEarlier(row), earlier.y[row] as number);
  const arrived: number[] = [];
  const revised: number[] = [];
  const withdrawn: number[] = [];
  const added: number[] = [];
  const before: number[] = [];
  const nameLater = rowNames(later);
  for (let row = 0; row < later.length; row++) {
    const was = known.get(nameLater(row));
    const is = later.y[row] as number;
    if (was === undefined) added.push(row);
    else if (Number.isNaN(was)) {
      if (!Number.isNaN(is)) arrived.push(row);
    } else if (Number.isNaN(is)) withdrawn.push(row);
    else if (was !== is) {
      revised.push(row);
      before.push(was);
    }
  }
  return {
    arrived: Int32Array.from(arrived),
    revised: Int32Array.from(revised),
    before: Float64Array.from(before),
    withdrawn: Int32Array.from(withdrawn),
    added: Int32Array.from(added),
  };
}

function rowNames(joined: JoinedOutcomes): (row: number) => string {
  const series = joined.series.map((key: SeriesKey) => seriesKeyText(key));
  const sources = joined.sources.map(({ deployment, model, modelVersion, role }) =>
    JSON.stringify([deployment, model, modelVersion, role]),
  );
  return (row) =>
    `${sources[joined.sourceIndex[row] as number]} ${series[joined.seriesIndex[row] as number]} ${joined.cutoff[row]} ${joined.step[row]}`;
}
