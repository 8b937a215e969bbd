import { type Column, isValid } from "../../schema/columns.ts";
import type { ViewBounds } from "./bounds.ts";
import { firstAfter, type KeyRows, lastKnown, type OrderedRows } from "./ordered-rows.ts";
import type { ViewPlan } from "./plan.ts";
import { statusCode, type ViewResult } from "./view-result.ts";
import { windowGroups } from "./window-group.ts";

const present = statusCode("present");
const expired = statusCode("expired");
const notYetKnown = statusCode("not_yet_known");

/** Decides what a view contributes to spine rows, key by key. This is the one place that applies the rules of the join. */
export function evaluateView(
  view: ViewPlan,
  bounds: ViewBounds,
  keys: Iterable<KeyRows>,
  result: ViewResult,
): void {
  const lastNonNull = view.rowFeatures.filter((feature) => feature.lastNonNull);
  const windows = windowGroups(view);
  for (const key of keys) {
    for (const spineRow of key.spineRows) {
      const end = pickLatest(key, bounds, spineRow, result);
      if (end < 0) continue;
      for (const { name, column } of lastNonNull) {
        const position = latestNonNull(key, end, knownOf(bounds, spineRow), name, column);
        if (position >= 0 && !isOlder(key.rows, position, bounds, spineRow))
          (result.picks.get(name) as Int32Array)[spineRow] = rowAt(key.rows, position);
      }
    }
    for (const group of windows) group.evaluate(key, bounds, result);
  }
}

/** Sets status and latest row; returns the end of the rows in time, or -1 when no last-non-null feature can have a value. */
function pickLatest(
  { rows, start, end }: KeyRows,
  bounds: ViewBounds,
  spineRow: number,
  result: ViewResult,
): number {
  const inTime = firstAfter(rows.time, start, end, bounds.upper[spineRow] as number | bigint);
  if (inTime === start) return -1;
  const position = lastKnown(rows, start, inTime, knownOf(bounds, spineRow));
  if (position < 0) {
    result.status[spineRow] = notYetKnown;
    return -1;
  }
  if (isOlder(rows, position, bounds, spineRow)) {
    result.status[spineRow] = expired;
    return -1;
  }
  result.status[spineRow] = present;
  result.latest[spineRow] = rowAt(rows, position);
  return position + 1;
}

function latestNonNull(
  key: KeyRows,
  end: number,
  known: number | bigint,
  name: string,
  column: string,
): number {
  const masked = key.nonNull?.get(name);
  if (masked !== undefined) return lastKnown(masked, key.start, end, known);
  const { valid } = key.rows.columns[column] as Column;
  const { available } = key.rows;
  for (let position = end - 1; position >= key.start; position--)
    if (
      isValid(valid, rowAt(key.rows, position)) &&
      (available === null || (available[position] as number | bigint) <= known)
    )
      return position;
  return -1;
}

/** Instant up to which rows may have become available; 0 stands for it where the join goes by event time only. */
function knownOf(bounds: ViewBounds, spineRow: number): number | bigint {
  return bounds.known === null ? 0 : (bounds.known[spineRow] as number | bigint);
}

function isOlder(rows: OrderedRows, position: number, bounds: ViewBounds, spineRow: number): boolean {
  return (
    bounds.oldest !== null &&
    (rows.time[position] as number | bigint) < (bounds.oldest[spineRow] as number | bigint)
  );
}

function rowAt(rows: OrderedRows, position: number): number {
  return rows.row === null ? position : (rows.row[position] as number);
}
