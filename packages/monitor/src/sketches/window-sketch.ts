import {
  type Columns,
  checkColumns,
  checkList,
  checkOptions,
  formatInstant,
  isValid,
  TsopsError,
} from "@tsops/core";
import { categorySketch } from "./category-sketch.ts";
import { checkWindowSketch } from "./check-window-sketch.ts";
import {
  type CategoricalSketch,
  type ColumnSketch,
  categoricalSketch,
  mergeMoments,
  type NumericSketch,
  numericSketch,
  sketchColumn,
} from "./column-sketch.ts";
import { distinctSketch } from "./distinct-sketch.ts";
import { quantileSketch, quantileSketchFrom } from "./quantile-sketch.ts";

/** How to summarise a window. */
export interface SketchOptions {
  /** The timestamp column: gives `start` and `end`, and is not summarised itself. */
  readonly time?: string;
  /** Default: all but those of instants. */
  readonly columns?: readonly string[];
  /** Accuracy of ranks, see `quantileSketch`. Default 200: within about 1 percent of the rows. */
  readonly size?: number;
  /** Where the drawing starts, a whole number. Give windows that will be merged different ones, e.g. their number. Default 1. */
  readonly seed?: number;
}

/** What a window's columns were like, without its rows. */
export interface WindowSketch {
  readonly rows: number;
  /** First and last time, microseconds UTC; null without a time column or rows. */
  readonly start: bigint | null;
  readonly end: bigint | null;
  readonly columns: Readonly<Record<string, ColumnSketch>>;
}

/**
 * Summarises the columns of a window in some thousands of bytes each: rows, missing ones, mean and deviation, quantiles, about how many
 * different values, and the counts of categories. Windows of hours are summarised once, kept (`saveSketch`), and merged into days and weeks
 * (`mergeSketches`), and two such windows are compared (`compareSketches`) without reading a row again.
 *
 * Null and NaN are missing. Takes one pass over each column.
 * @throws TsopsError MONITOR_INVALID for unknown columns and columns of instants.
 */
export function sketchWindow(columns: Columns, options: SketchOptions = {}): WindowSketch {
  checkOptions("MONITOR_INVALID", "sketchWindow()", options, {
    time: true,
    columns: true,
    size: true,
    seed: true,
  });
  checkColumns("MONITOR_INVALID", "sketchWindow()", columns);
  const { time, size = 200, seed = 1 } = options;
  quantileSketch({ size, seed });
  if (options.columns !== undefined) checkList("MONITOR_INVALID", "columns", options.columns);
  const names =
    options.columns ?? Object.keys(columns.types).filter((name) => columns.types[name]?.kind !== "timestamp");
  for (const name of names) requireColumn(columns, name);
  const span = time === undefined ? { start: null, end: null } : spanOf(columns, time);
  return {
    rows: columns.length,
    ...span,
    columns: Object.fromEntries(
      names.map((name, i) => [name, sketchColumn(columns.data[name]!, { size, seed: seed * 1009 + i })]),
    ),
  };
}

function requireColumn(columns: Columns, name: string): void {
  const type = columns.types[name];
  if (type === undefined)
    throw new TsopsError("MONITOR_INVALID", `There is no column "${name}".`, {
      hint: `The columns are ${Object.keys(columns.types).join(", ")}.`,
      details: { column: name },
    });
  if (type.kind === "timestamp")
    throw new TsopsError(
      "MONITOR_INVALID",
      `Column "${name}" has instants, which have no distribution to compare.`,
      {
        hint: "Summarise an age or a duration instead.",
        details: { column: name },
      },
    );
}

function spanOf(columns: Columns, time: string): Pick<WindowSketch, "start" | "end"> {
  const column = columns.data[time];
  if (column?.kind !== "timestamp")
    throw new TsopsError("MONITOR_INVALID", `There is no timestamp column "${time}".`, {
      hint: `The columns are ${Object.entries(columns.types)
        .map(([name, { kind }]) => `${name} (${kind})`)
        .join(", ")}.`,
      details: { column: time },
    });
  let [start, end]: [bigint | null, bigint | null] = [null, null];
  for (let row = 0; row < column.values.length; row++) {
    if (!isValid(column.valid, row)) continue;
    const at = column.values[row] as bigint;
    if (start === null || at < start) start = at;
    if (end === null || at > end) end = at;
  }
  return { start, end };
}

/**
 * The summary of all windows together; the given ones stay as they are. Rows that are in two windows count twice.
 * @throws TsopsError MONITOR_INVALID when there are none, or a column is of numbers in one and of categories in another, or not in all.
 */
export function mergeSketches(sketches: readonly WindowSketch[]): WindowSketch {
  checkList("MONITOR_INVALID", "sketches", sketches);
  for (const sketch of sketches) checkWindowSketch("mergeSketches()", sketch);
  const [first, ...others] = sketches;
  if (first === undefined)
    throw new TsopsError("MONITOR_INVALID", "There are no sketches to merge.", {
      hint: "Give at least one.",
    });
  const columns = Object.fromEntries(
    Object.keys(first.columns).map((name) => [name, mergeColumn(name, sketches)]),
  );
  for (const other of others)
    for (const name of Object.keys(other.columns))
      if (!Object.hasOwn(columns, name)) throw notInAll(name, other, first);
  const times = sketches.flatMap(({ start, end }) => (start === null || end === null ? [] : [start, end]));
  return {
    rows: sketches.reduce((sum, { rows }) => sum + rows, 0),
    start: times.length === 0 ? null : times.reduce((a, b) => (b < a ? b : a)),
    end: times.length === 0 ? null : times.reduce((a, b) => (b > a ? b : a)),
    columns,
  };
}

function mergeColumn(name: string, sketches: readonly WindowSketch[]): ColumnSketch {
  const parts = sketches.map((sketch) => {
    const part = Object.hasOwn(sketch.columns, name) ? sketch.columns[name] : undefined;
    if (part === undefined) throw notInAll(name, sketches[0] as WindowSketch, sketch);
    return part;
  });
  const distinct = distinctSketch();
  for (const part of parts) distinct.merge(part.distinct);
  const missing = parts.reduce((sum, part) => sum + part.missing, 0);
  const numeric = parts.filter((part): part is NumericSketch => part.kind === "numeric");
  const categorical = parts.filter((part): part is CategoricalSketch => part.kind === "categorical");
  if (numeric.length > 0 && categorical.length > 0)
    throw new TsopsError(
      "MONITOR_INVALID",
      `Column "${name}" has numbers in ${numeric.length} sketches and categories in ${categorical.length}.`,
      {
        hint: "Merge the windows from before and after the change of type by themselves.",
        details: { column: name },
      },
    );
  if (categorical.length > 0) {
    const categories = categorySketch();
    for (const { counts, categoryError } of categorical)
      categories.merge(categorySketch(counts, categoryError));
    return categoricalSketch({
      rows: categorical.reduce((sum, { rows }) => sum + rows, 0),
      missing,
      categories,
      distinct,
    });
  }
  const quantiles = quantileSketchFrom((numeric[0] as NumericSketch).quantiles.state());
  for (const part of numeric.slice(1)) quantiles.merge(part.quantiles);
  return numericSketch({
    missing,
    moments: numeric.map((part) => part.moments).reduce(mergeMoments),
    quantiles,
    distinct,
  });
}

function notInAll(name: string, has: WindowSketch, lacks: WindowSketch): TsopsError {
  const said = ({ start, rows }: WindowSketch) =>
    start === null ? `the one of ${rows} rows` : `the one from ${formatInstant(start)} on`;
  return new TsopsError(
    "MONITOR_INVALID",
    `Column "${name}" is in one sketch (${said(has)}) and not in another (${said(lacks)}).`,
    { hint: "Summarise the same columns in every window.", details: { column: name } },
  );
}
