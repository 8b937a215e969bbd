import type { Column } from "../../schema/columns.ts";
import { isValid } from "../../schema/columns.ts";
import { firstAfter, firstAtOrAfter } from "../as-of/ordered-rows.ts";
import type { ViewPlan } from "../as-of/plan.ts";
import type { KeyBlock } from "./key-block.ts";

/**
 * Positions of a key's rows that some lookup at or after `horizon` (with any knowledge at or after it, or none) can still
 * see, in order. What is left out never decides a value, a feature time or a status again:
 * - of the rows before the latest one that is certainly in time and known, only those in a window or with the latest
 *   non-null value of a `lastNonNull` feature;
 * - corrections stay until a later one is certainly known;
 * - rows of the same times as a row that stays.
 */
export function visibleFrom(
  block: KeyBlock,
  views: readonly ViewPlan[],
  columns: Readonly<Record<string, Column>>,
  horizon: bigint,
): number[] {
  const keep = new Uint8Array(block.length);
  for (const view of views) markVisible(block, view, columns, horizon, keep);
  keepTies(block, keep);
  const positions: number[] = [];
  for (let position = 0; position < keep.length; position++)
    if (keep[position] === 1) positions.push(position);
  return positions;
}

/** A dropped row that is brought again arrives last: among rows of the same times it would win, so these stay together. */
function keepTies({ time, available, length }: KeyBlock, keep: Uint8Array): void {
  for (let position = length - 2; position >= 0; position--)
    if (
      keep[position + 1] === 1 &&
      time[position] === time[position + 1] &&
      available[position] === available[position + 1]
    )
      keep[position] = 1;
}

function markVisible(
  block: KeyBlock,
  view: ViewPlan,
  columns: Readonly<Record<string, Column>>,
  horizon: bigint,
  keep: Uint8Array,
): void {
  const { length, time, available, row } = block;
  const hasRevisions = view.availableAt !== null;
  const isKnown = (position: number): boolean =>
    !hasRevisions || (available[position] as number | bigint) <= horizon;
  const exclusive = view.boundary === "exclusive" ? 1n : 0n;
  const oldest = view.ttlMicros === null ? null : horizon - view.ttlMicros;
  const inTime = firstAfter(time, 0, length, horizon - view.lagMicros - exclusive);

  let latest = inTime - 1;
  while (latest >= 0 && !isKnown(latest)) latest--;
  // Without availability the last row in time shadows those that can never be known; it also tells "past rows exist".
  for (let position = Math.max(latest, 0); position < length; position++)
    if (position >= inTime - 1 || !hasRevisions || !block.isNeverKnown(position)) keep[position] = 1;

  const fresh = oldest === null ? 0 : firstAtOrAfter(time, 0, length, oldest);
  for (const { column, lastNonNull } of view.rowFeatures) {
    if (!lastNonNull) continue;
    const { valid } = columns[column] as Column;
    for (let position = length - 1; position >= fresh; position--) {
      if (!isValid(valid, row[position] as number)) continue;
      keep[position] = 1;
      if (position < inTime && isKnown(position)) break;
    }
  }

  const longest = view.windowFeatures.reduce(
    (max, { windowMicros }) => (windowMicros > max ? windowMicros : max),
    0n,
  );
  if (longest === 0n) return;
  const start = firstAtOrAfter(time, fresh, length, horizon - view.lagMicros - longest + 1n - exclusive);
  let correctedAt: number | bigint | null = null;
  for (let position = length - 1; position >= start; position--) {
    const at = time[position] as number | bigint;
    if (hasRevisions && at === correctedAt) continue;
    keep[position] = 1;
    if (isKnown(position)) correctedAt = at;
  }
}
