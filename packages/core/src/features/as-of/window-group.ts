import type { Column } from "../../schema/columns.ts";
import { setValid } from "../../schema/validity.ts";
import type { WindowAggregate } from "../feature.ts";
import type { ViewBounds } from "./bounds.ts";
import type { Instants } from "./instants.ts";
import { firstAfter, firstAtOrAfter, type KeyRows, type OrderedRows } from "./ordered-rows.ts";
import type { PlannedWindowFeature, ViewPlan } from "./plan.ts";
import type { ViewResult } from "./view-result.ts";
import { isPicking, WindowColumn } from "./window-column.ts";
import type { WindowRows } from "./window-rows.ts";
import { sweepWindows } from "./window-sweep.ts";

/** Window features of one view and one window length. */
export interface WindowGroup {
  /** Fills the features of one key's spine rows. */
  evaluate(key: KeyRows, bounds: ViewBounds, result: ViewResult): void;
}

/** The windows of a view, one group for each length. */
export function windowGroups(view: ViewPlan): readonly WindowGroup[] {
  const lengths = [...new Set(view.windowFeatures.map((feature) => feature.windowMicros))];
  return lengths.map((windowMicros) => {
    const features = view.windowFeatures.filter((feature) => feature.windowMicros === windowMicros);
    const prepared = windowColumnCache(features);
    return {
      evaluate({ rows, start, end, spineRows }, bounds, result) {
        const window: WindowRows = {
          rows,
          start,
          end,
          earliest: bounds.windows.get(windowMicros) as Instants,
          latest: bounds.upper,
          known: bounds.known,
          onePerTime: view.availableAt !== null,
        };
        const columns = prepared(rows);
        const write = (spineRow: number, counts: (position: number) => boolean): void => {
          for (const feature of features)
            writeFeature(feature, columns.get(feature.column) as WindowColumn, spineRow, counts, result);
        };
        const order = sweepOrder(window, spineRows);
        if (order === null) for (const spineRow of spineRows) evaluateOne(window, columns, spineRow, write);
        else sweepWindows(window, columns, order, write);
        for (const column of columns.values()) column.clear();
      },
    };
  });
}

/** Keeps the accumulators of the last rows, so that the keys of one table share them. */
function windowColumnCache(
  features: readonly PlannedWindowFeature[],
): (rows: OrderedRows) => ReadonlyMap<string, WindowColumn> {
  let last: OrderedRows | null = null;
  let columns = new Map<string, WindowColumn>();
  return (rows) => {
    if (rows === last) return columns;
    last = rows;
    columns = new Map();
    for (const { column } of features) {
      const aggregates = new Set<WindowAggregate>(
        features.filter((feature) => feature.column === column).map((feature) => feature.aggregate),
      );
      columns.set(column, new WindowColumn(rows.columns[column] as Column, rows.row, aggregates));
    }
    return columns;
  };
}

/** Sums up the window of one spine row from nothing: cost grows with the rows in the window. */
function evaluateOne(
  window: WindowRows,
  columns: ReadonlyMap<string, WindowColumn>,
  spineRow: number,
  write: (spineRow: number, counts: (position: number) => boolean) => void,
): void {
  const { time, available } = window.rows;
  const from = firstAtOrAfter(time, window.start, window.end, window.earliest[spineRow] as number | bigint);
  const to = firstAfter(time, from, window.end, window.latest[spineRow] as number | bigint);
  const known = window.known === null ? 0 : (window.known[spineRow] as number | bigint);
  for (const column of columns.values()) column.clear();
  let taken: number | bigint | null = null;
  for (let position = to - 1; position >= from; position--) {
    const at = time[position] as number | bigint;
    if (window.onePerTime && at === taken) continue;
    if (available !== null && (available[position] as number | bigint) > known) continue;
    taken = at;
    for (const column of columns.values()) column.add(position);
  }
  write(spineRow, () => true);
}

/**
 * Spine rows in the order in which a window can slide over them, or null when summing each window afresh is no dearer or
 * when no such order exists (a later spine time with an earlier knowledge).
 */
function sweepOrder(window: WindowRows, spineRows: Int32Array): Int32Array | null {
  const { time } = window.rows;
  let touched = 0;
  const enough = 2 * (window.end - window.start) + spineRows.length;
  for (const spineRow of spineRows) {
    const from = firstAtOrAfter(time, window.start, window.end, window.earliest[spineRow] as number | bigint);
    touched += firstAfter(time, from, window.end, window.latest[spineRow] as number | bigint) - from;
    if (touched > enough) break;
  }
  if (touched <= enough) return null;
  const { latest, known } = window;
  const order = spineRows.slice().sort((a, b) => {
    const byTime = compare(latest[a] as number | bigint, latest[b] as number | bigint);
    return byTime !== 0 || known === null
      ? byTime
      : compare(known[a] as number | bigint, known[b] as number | bigint);
  });
  if (known === null) return order;
  for (let i = 1; i < order.length; i++)
    if ((known[order[i] as number] as number | bigint) < (known[order[i - 1] as number] as number | bigint))
      return null;
  return order;
}

function compare(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function writeFeature(
  feature: PlannedWindowFeature,
  column: WindowColumn,
  spineRow: number,
  counts: (position: number) => boolean,
  result: ViewResult,
): void {
  const { name, aggregate } = feature;
  if (isPicking(aggregate)) {
    (result.picks.get(name) as Int32Array)[spineRow] = column.pick(aggregate, counts);
    return;
  }
  if (aggregate === "count") {
    (result.counts.get(name) as BigInt64Array)[spineRow] = BigInt(column.count);
    return;
  }
  const value = column.number(aggregate);
  if (value === null) return;
  const { values, valid } = result.numbers.get(name) as { values: Float64Array; valid: Uint8Array };
  values[spineRow] = value;
  setValid(valid, spineRow);
}
