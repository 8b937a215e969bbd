import type { Columns, TimestampColumn } from "../../schema/columns.ts";
import { type Instants, laterOf, toInstants } from "./instants.ts";
import type { AsOfPlan, ViewPlan } from "./plan.ts";

/** For every spine row, the instants (inclusive) between which a view's rows must lie. Nothing lies between those of null times. */
export interface ViewBounds {
  /** Latest event time. */
  readonly upper: Instants;
  /** Earliest event time by the ttl; null without one. */
  readonly oldest: Instants | null;
  /** Latest instant at which a row may have become available; null when the join goes by event time only. */
  readonly known: Instants | null;
  /** Earliest event time in each window, by window length in microseconds. */
  readonly windows: ReadonlyMap<bigint, Instants>;
}

/** The bounds that a plan sets for the rows of a spine. */
export function viewBounds(plan: AsOfPlan, view: ViewPlan, spine: Columns): ViewBounds {
  const time = spine.data[plan.time] as TimestampColumn;
  const shifted = (shift: bigint): Instants => toInstants(time.values, time.valid, "-", shift);
  const exclusive = view.boundary === "exclusive" ? 1n : 0n;
  const oldest = view.ttlMicros === null ? null : shifted(-view.ttlMicros);
  const windows = new Map<bigint, Instants>();
  for (const { windowMicros } of view.windowFeatures) {
    if (windows.has(windowMicros)) continue;
    // (t - w, t] holds whole microseconds from t - w + 1; [t - w, t) from t - w.
    const earliest = shifted(1n - exclusive - view.lagMicros - windowMicros);
    windows.set(windowMicros, oldest === null ? earliest : laterOf(earliest, oldest));
  }
  return { upper: shifted(-view.lagMicros - exclusive), oldest, known: knownBound(view, spine), windows };
}

function knownBound(view: ViewPlan, spine: Columns): Instants | null {
  const { knownAt } = view;
  if (knownAt.by === "ignore") return null;
  if (knownAt.by === "instant")
    return toInstants(new BigInt64Array(spine.length).fill(knownAt.micros), null, "-");
  const column = spine.data[knownAt.column] as TimestampColumn;
  return toInstants(column.values, column.valid, "-");
}
