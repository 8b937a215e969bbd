import { TsopsError } from "../../errors.ts";
import { floatColumn } from "../../forecast/panel/panel-slices.ts";
import { columnOfKind, groupByKey, numbersOf, refuseNulls } from "../../forecast/panel/rows.ts";
import { float64, nullable } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import { type Frequency, parseFrequency } from "../../time/frequency.ts";

/** What `--aggregate` makes of the rows of a step. */
export const aggregates = ["mean", "sum", "last"] as const;
/** One of them. */
export type Aggregate = (typeof aggregates)[number];

/** How rows become steps. */
export interface Aggregation {
  readonly how: Aggregate;
  readonly frequency: string;
}

/** The rows of a series in a cell of the grid. */
interface Step {
  readonly cell: number;
  /** The first of them. */
  readonly row: number;
  /** That of the latest known target; -1 without one. */
  latest: number;
  sum: number;
  /** Known targets. */
  count: number;
}

/** Rows of a regular grid. */
export interface AggregatedRows {
  readonly columns: Columns;
  /** The first row of each step, among those that were given. */
  readonly firstRows: Int32Array;
  /** Steps at the ends that are left out, as the rows do not fill them. */
  readonly leftOut: readonly ("first" | "last")[];
}

/**
 * The option as it was said, null where it was not.
 * @throws TsopsError CONFIG_INVALID when there are no steps to aggregate to, or columns of another file beside.
 */
export function aggregationOf(options: {
  readonly aggregate?: Aggregate;
  readonly freq: string;
  readonly future?: string;
}): Aggregation | null {
  const { aggregate: how, freq, future } = options;
  if (how === undefined) return null;
  if (["auto", "step"].includes(freq))
    throw new TsopsError("CONFIG_INVALID", "--aggregate takes the length of the steps to aggregate to.", {
      hint: `Say it with --freq, e.g. --freq 1h --aggregate ${how}.`,
    });
  if (future !== undefined)
    throw new TsopsError("CONFIG_INVALID", "--aggregate does not go with --future.", {
      hint: "Bring the rows of both files on one grid first.",
    });
  return { how, frequency: freq };
}

/**
 * One row for each series and step in which there are rows: at its beginning, with the mean, sum or latest of the known targets. The first and the last step of the file are
 * left out where the rows do not fill them, by the usual distance between them.
 * @throws TsopsError PANEL_INVALID when the rows fill no step; what `groupByKey` throws.
 */
export function aggregateRows(
  columns: Columns,
  {
    time,
    target,
    keys,
  }: { readonly time: string; readonly target: string; readonly keys: readonly string[] },
  { how, frequency: text }: Aggregation,
  zone: string,
): AggregatedRows {
  const frequency = parseFrequency(text, { zone });
  const timeColumn = columnOfKind(columns, time, ["timestamp"], "time");
  refuseNulls(timeColumn, columns.length, `The time column "${time}"`);
  const times = timeColumn.values;
  const { seriesOf } = groupByKey(columns, keys);
  const y = numbersOf(columnOfKind(columns, target, ["float64", "bool"], "target"), target, columns.length);
  const cells = frequency.indexesOf(times);
  const ends = partialEnds(times, frequency);
  const leftOut = new Set(ends.map(({ cell }) => cell));
  const steps = new Map<string, Step>();
  cells.forEach((cell, row) => {
    if (leftOut.has(cell)) return;
    const name = `${seriesOf[row]} ${cell}`;
    const step = steps.get(name) ?? { row, cell, latest: -1, sum: 0, count: 0 };
    steps.set(name, step);
    const value = y[row] as number;
    if (Number.isNaN(value)) return;
    step.sum += value;
    step.count++;
    if (step.latest < 0 || (times[row] as bigint) >= (times[step.latest] as bigint)) step.latest = row;
  });
  if (steps.size === 0)
    throw new TsopsError("PANEL_INVALID", `The ${columns.length} rows do not fill one step of ${text}.`, {
      hint: "Say a shorter --freq.",
    });
  const all = [...steps.values()];
  const firstRows = Int32Array.from(all, ({ row }) => row);
  const targets = Float64Array.from(all, ({ latest, sum, count }) => {
    if (count === 0) return Number.NaN;
    if (how === "last") return y[latest] as number;
    return how === "sum" ? sum : sum / count;
  });
  const taken = takeColumns(columns, firstRows);
  const starts = BigInt64Array.from(all, ({ cell }) => frequency.instantAt(cell));
  return {
    firstRows,
    leftOut: ends.map(({ end }) => end),
    columns: {
      length: all.length,
      types: { ...taken.types, [target]: nullable(float64()) },
      data: {
        ...taken.data,
        [time]: { kind: "timestamp", values: starts, valid: null },
        [target]: floatColumn(targets),
      },
    },
  };
}

/** The first and the last cell that rows lie in, where there are none within the usual distance of the cell's own end. */
function partialEnds(
  times: BigInt64Array,
  frequency: Frequency,
): readonly { readonly end: "first" | "last"; readonly cell: number }[] {
  const sorted = BigInt64Array.from(new Set(times)).sort();
  const [from, to] = [sorted[0], sorted.at(-1)];
  if (from === undefined || to === undefined) return [];
  const distances = sorted
    .subarray(1)
    .map((time, i) => time - (sorted[i] as bigint))
    .sort();
  const usual = distances[(distances.length - 1) >> 1] ?? 0n;
  const [first, last] = [frequency.indexOf(from), frequency.indexOf(to)];
  return [
    ...(from - usual >= frequency.instantAt(first) ? [{ end: "first" as const, cell: first }] : []),
    ...(to + usual < frequency.instantAt(last + 1) ? [{ end: "last" as const, cell: last }] : []),
  ];
}
