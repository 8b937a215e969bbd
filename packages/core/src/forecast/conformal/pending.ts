import type { Columns } from "../../schema/columns.ts";
import { selectColumns, takeColumns } from "../../schema/reshape.ts";
import { absorbRows, firstTimesOf, matchSeries } from "../absorb.ts";
import { futureTimes } from "../future.ts";
import { panelOfChosen } from "../panel/choose-series.ts";
import type { Covariate, Panel, PanelSpec } from "../panel/panel.ts";
import { rowsOfSeries } from "../panel/panel-patches.ts";
import { panelToColumns, selectRows } from "../panel/panel-slices.ts";
import { groupByKey } from "../panel/rows.ts";

/**
 * Rows observed since the last scored origin. Each series begins with the origin's last row, so that none is ever empty.
 */
export type Pending = Panel;

/**
 * The last rows of each series, so many as `rowsOf` says, as pending after the row before them; covariates that the spec does not name are left out.
 */
export function pendingOf(panel: Panel, spec: PanelSpec, rowsOf: (series: number) => number): Pending {
  const among = (all: readonly Covariate[], names: readonly string[]): Covariate[] =>
    names.map((name) => all.find((covariate) => covariate.name === name) as Covariate);
  const own = {
    ...panel,
    spec,
    known: among(panel.known, spec.knownFuture),
    past: among(panel.past, spec.pastOnly),
    static: among(panel.static, spec.static),
  };
  return selectRows(own, (s) => [
    (own.offsets[s + 1] as number) - (own.offsets[s] as number) - rowsOf(s) - 1,
    Number.POSITIVE_INFINITY,
  ]);
}

/** Pending rows with further ones. Rows up to the origin are not taken in. */
export function withPending(pending: Pending, rows: Columns): Pending {
  return absorbRows(pending, rows);
}

/** Rows up to the origin among others, that is no news: late values for the forecaster that waits there. */
export function rowsUpToOrigin(pending: Pending, rows: Columns): Columns {
  const { time } = pending.spec;
  const times = (rows.data[time] as { values: BigInt64Array }).values;
  const { series, seriesOf } = groupByKey(rows, pending.spec.keys);
  const indexes = matchSeries(series, pending);
  const origins = Array.from(indexes, (s) => (s < 0 ? null : rowsOfSeries(pending, s).times[0]));
  const chosen: number[] = [];
  for (let row = 0; row < rows.length; row++) {
    const origin = origins[seriesOf[row] as number];
    if (typeof origin === "bigint" && (times[row] as bigint) <= origin) chosen.push(row);
  }
  return takeColumns(rows, Int32Array.from(chosen));
}

/** Number of pending rows of each series. */
function pendingCounts(pending: Pending): Int32Array {
  const { series, offsets } = pending;
  return Int32Array.from(series, (_, s) => (offsets[s + 1] as number) - (offsets[s] as number) - 1);
}

/**
 * The series whose next horizon can be scored. Each has a whole horizon of rows, and waits for others that are no further than it, so that what comes in one
 * call and what comes series by series is scored alike; with two horizons it waits no longer.
 */
export function dueSeries(pending: Pending, horizon: number): readonly number[] {
  const counts = pendingCounts(pending);
  const origins = firstTimesOf(pending);
  const originOf = (s: number): bigint => origins[s] as bigint;
  let firstWaiting: bigint | null = null;
  counts.forEach((count, s) => {
    if (count < horizon && (firstWaiting === null || originOf(s) < firstWaiting)) firstWaiting = originOf(s);
  });
  const due: number[] = [];
  counts.forEach((count, s) => {
    const waits = firstWaiting !== null && firstWaiting <= originOf(s) && count < 2 * horizon;
    if (count >= horizon && !waits) due.push(s);
  });
  return due;
}

/** One horizon of pending rows as a forecast from the origin needs and meets them. */
export interface PendingBlock {
  /** The rows, for absorbing them. */
  readonly rows: Columns;
  /** Keys, time and known-future values for each series and step; the latest known one stands in for a missing value. */
  readonly future: Columns;
  /** Series by series; NaN where missing, or where a known-future value had to be made up. */
  readonly outcomes: Float64Array;
  /** What is pending after the block. */
  readonly rest: Pending;
}

/**
 * Takes the next horizon of rows, or what there is of it, from each series.
 * @param taken - Series to take rows from; the others stay as they are, without future rows and outcomes. Default: all.
 */
export function takeBlock(
  pending: Pending,
  horizon: number,
  taken: readonly number[] = pending.series.map((_, s) => s),
): PendingBlock {
  const isTaken = new Set(taken);
  const counts = pendingCounts(pending).map((count, s) => (isTaken.has(s) ? Math.min(count, horizon) : 0));
  const length = pending.series.length * horizon;
  const origins = firstTimesOf(pending);
  const outcomes = new Float64Array(length).fill(Number.NaN);
  const known = pending.known.map(() => new Float64Array(length));
  pending.series.forEach((_, s) => {
    const origin = pending.offsets[s] as number;
    const latest = pending.known.map(({ values }) =>
      Number.isFinite(values[origin]) ? (values[origin] as number) : 0,
    );
    for (let h = 0; h < horizon; h++) {
      const row = origin + 1 + h;
      const isThere = h < (counts[s] as number);
      let isMadeUp = !isThere;
      pending.known.forEach(({ values }, k) => {
        if (isThere && Number.isFinite(values[row])) latest[k] = values[row] as number;
        else isMadeUp = true;
        (known[k] as Float64Array)[s * horizon + h] = latest[k] as number;
      });
      if (!isMadeUp) outcomes[s * horizon + h] = pending.y[row] as number;
    }
  });
  const offsets = Int32Array.from({ length: pending.series.length + 1 }, (_, s) => s * horizon);
  const block: Panel = {
    ...pending,
    offsets,
    times: futureTimes(pending.spec, origins, horizon),
    y: outcomes,
    known: pending.known.map((covariate, k) => ({ ...covariate, values: known[k] as Float64Array })),
    past: pending.past.map((covariate) => ({
      ...covariate,
      values: new Float64Array(length).fill(Number.NaN),
    })),
    gaps: [],
  };
  return {
    rows: panelToColumns(selectRows(pending, (s) => [1, (counts[s] as number) + 1])),
    future: selectColumns(panelToColumns(panelOfChosen(block, taken)), [
      ...pending.spec.keys,
      pending.spec.time,
      ...pending.spec.knownFuture,
    ]),
    outcomes,
    rest: selectRows(pending, (s) => [counts[s] as number, Number.POSITIVE_INFINITY]),
  };
}
