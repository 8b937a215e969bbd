import { TsopsError } from "../../errors.ts";
import { checkColumns, checkList, checkOptions, type OptionNames, shown } from "../../options.ts";
import type { ColumnTypes, NamesOfKind } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { type CheckedFrequency, type Frequency, parseFrequency } from "../../time/frequency.ts";
import { formatInstant, toMicros } from "../../time/instant.ts";
import type { Covariate, Panel, PanelGap, PanelSpec } from "./panel.ts";
import { readCovariate } from "./read-covariate.ts";
import { refuseWideSpacing } from "./refuse-wide-spacing.ts";
import { columnOfKind, groupByKey, listSome, numbersOf, refuseNulls, rowsError, seriesName } from "./rows.ts";
import { refuseMissingStatics, staticColumn } from "./static-columns.ts";

/** How columns are read as a panel. */
export interface PanelOptions<
  S extends ColumnTypes = ColumnTypes,
  Known extends string = string,
  Text extends string = string,
> {
  /** Key columns (utf8, int64 or bool); left out for a single series. */
  readonly keys?: readonly NamesOfKind<S, "utf8" | "int64" | "bool">[];
  readonly time: NamesOfKind<S, "timestamp">;
  /** What is forecast: float64, int64 or bool. Null and NaN are missing. */
  readonly target: NamesOfKind<S, "float64" | "int64" | "bool">;
  /** `"1h"`, `"15m"`, `"1d"`, `"1b"` (business days: Mondays to Fridays), `"1mo"`: the grid that every time must lie on. */
  readonly frequency: CheckedFrequency<Text>;
  /** Zone or offset in which hours, days and months are counted. Default `"UTC"`. */
  readonly zone?: string;
  /** Columns known for the whole horizon at forecast time; `predict` then needs their future values. */
  readonly knownFuture?: readonly Known[];
  /** Columns known only up to the cutoff. */
  readonly pastOnly?: readonly NamesOfKind<S, "utf8" | "float64" | "int64" | "bool">[];
  /**
   * Columns that say the same of a series at all times: its region, its size. Rows may leave the value out (null), as long as one of each series has it;
   * two values are refused. Rows for `update` need not have these columns, future rows never.
   */
  readonly static?: readonly NamesOfKind<S, "utf8" | "float64" | "int64" | "bool">[];
  /**
   * Rows are left out where nothing was observed, so that they may lie far apart at regular distances. Default false: such rows are taken for a frequency that is too fine, and
   * refused.
   */
  readonly sparse?: boolean;
}

/**
 * Reads columns as regular series, one per distinct key, sorted by key and time. Rows may come in any order. Where the grid has no row,
 * one is added with everything missing, and listed in `gaps`. Text covariates become categorical, all others numeric.
 * Copies; O(n log n).
 * @throws TsopsError PANEL_INVALID (no rows; null keys or times, times off the grid, duplicates, targets that are infinite or beyond 1e150 in size, infinite covariates: rows listed; static columns that change within a series or
 * are missing: series listed; a gap too wide to fill; rows of at least half of the series that never follow each other, a week apart at a frequency of days, see `sparse`), COLUMN_NOT_FOUND, SCHEMA_MISMATCH, VALUE_INVALID (integers beyond 2^53), FREQUENCY_INVALID, TIME_INVALID.
 * @example
 * const load = panel(columns, { keys: ["station"], time: "at", target: "mw", frequency: "1h", knownFuture: ["temp"] });
 */
export function panel<
  S extends ColumnTypes,
  const Known extends keyof S & string = never,
  const Text extends string = string,
>(columns: Columns<S>, options: PanelOptions<S, Known, Text>): Panel<Known> {
  checkColumns("PANEL_INVALID", "panel()", columns);
  checkPanelOptions(options);
  const spec: PanelSpec<Known> = {
    keys: [...(options.keys ?? [])],
    time: options.time,
    target: options.target,
    frequency: options.frequency,
    zone: options.zone ?? "UTC",
    knownFuture: [...(options.knownFuture ?? [])],
    pastOnly: [...(options.pastOnly ?? [])],
    static: [...(options.static ?? [])],
  };
  refuseTwoRoles(spec);
  if (columns.length === 0)
    throw new TsopsError("PANEL_INVALID", "There are no rows to make a panel of.", {
      hint: "Check the filter or the source that the columns came from.",
    });
  const made = panelOfRows(columns as Columns, spec);
  refuseMissingStatics(made);
  if (options.sparse !== true) refuseWideSpacing(made);
  return made;
}

/** `panel` for a spec that is known to be sound; without rows it gives a panel without series, and static values may be missing. */
export function panelOfRows<Known extends string>(columns: Columns, spec: PanelSpec<Known>): Panel<Known> {
  const { length } = columns;
  const frequency = parseFrequency(spec.frequency, { zone: spec.zone });
  const { series, seriesOf } = groupByKey(columns, spec.keys);
  const indexes = gridIndexes(columns, spec, frequency);
  const target = numbersOf(
    columnOfKind(columns, spec.target, ["float64", "int64", "bool"], "target"),
    spec.target,
    length,
  );
  refuseVast(target, spec.target);

  const order = sortedRows(seriesOf, indexes, series.length);
  refuseDuplicates(
    order,
    seriesOf,
    indexes,
    (row) =>
      `${seriesName(series[seriesOf[row] as number] ?? {})} at ${formatInstant(frequency.instantAt(indexes[row] as number))}`,
  );
  const layout = layOut(order, seriesOf, indexes, series.length, frequency);
  const place = (values: Float64Array): Float64Array => {
    const placed = new Float64Array(layout.rows).fill(Number.NaN);
    for (let i = 0; i < length; i++)
      placed[layout.positions[i] as number] = values[order[i] as number] as number;
    return placed;
  };
  const covariate = (name: string, role: string): Covariate => {
    const read = readCovariate(columns, name, role);
    return { ...read, values: place(read.values) };
  };
  return {
    spec,
    series,
    offsets: layout.offsets,
    times: layout.times,
    y: place(target),
    known: spec.knownFuture.map((name) => covariate(name, "known-future")),
    past: spec.pastOnly.map((name) => covariate(name, "past-only")),
    static: spec.static.map((name) => staticColumn(columns, name, series, seriesOf)),
    gaps: layout.gaps,
  };
}

const panelOptionNames: OptionNames<PanelOptions> = {
  keys: true,
  time: true,
  target: true,
  frequency: true,
  zone: true,
  knownFuture: true,
  pastOnly: true,
  static: true,
  sparse: true,
};

function checkPanelOptions(options: { readonly [Name in keyof PanelOptions]?: unknown }): void {
  checkOptions("PANEL_INVALID", "panel()", options, panelOptionNames);
  for (const name of ["time", "target", "frequency"] as const)
    if (typeof options[name] !== "string")
      throw new TsopsError(
        "PANEL_INVALID",
        options[name] === undefined
          ? `panel() was not told the ${name}.`
          : `The ${name} of a panel is a text, got ${shown(options[name])}.`,
        {
          hint:
            name === "frequency"
              ? 'Give it, e.g. frequency: "1h".'
              : `Name the column that holds it, e.g. ${name}: ${name === "time" ? '"at"' : '"mw"'}.`,
          details: { option: name },
        },
      );
  for (const name of ["keys", "knownFuture", "pastOnly", "static"] as const)
    if (options[name] !== undefined) checkList("PANEL_INVALID", name, options[name]);
  if (options.sparse !== undefined && typeof options.sparse !== "boolean")
    throw new TsopsError("PANEL_INVALID", `sparse is true or false, got ${shown(options.sparse)}.`);
}

function refuseTwoRoles(spec: PanelSpec): void {
  const roles = [...spec.keys, spec.time, spec.target, ...spec.knownFuture, ...spec.pastOnly, ...spec.static];
  const twice = roles.find((name, index) => roles.indexOf(name) !== index);
  if (twice !== undefined)
    throw new TsopsError("PANEL_INVALID", `Column "${twice}" is given two roles in the panel.`, {
      hint: "Name each column once, as a key, the time, the target, knownFuture, pastOnly or static.",
      details: { column: twice },
    });
}

function gridIndexes(columns: Columns, spec: PanelSpec, frequency: Frequency): Float64Array {
  const time = columnOfKind(columns, spec.time, ["timestamp"], "time");
  refuseNulls(time, columns.length, `The time column "${spec.time}"`);
  const times = time.values.subarray(0, columns.length);
  refuseOtherUnits(times);
  const indexes = frequency.indexesOf(times);
  const off: number[] = [];
  for (let row = 0; row < times.length; row++)
    if (frequency.instantAt(indexes[row] as number) !== times[row]) off.push(row);
  const [first] = off;
  if (first !== undefined)
    throw rowsError(
      `Times do not lie on the grid of "${spec.frequency}" in ${spec.zone} (${formatInstant(times[first] as bigint)} is the first)`,
      off,
      `${stepsHint(frequency, times[first] as bigint)}Round the times, choose a finer frequency, or declare the zone whose hours and days they follow.`,
    );
  return indexes;
}

/** Month ends, weeks from Sunday on and quarters from February on are as usual as the beginnings that the grid has. */
function stepsHint(frequency: Frequency, time: bigint): string {
  const { text, zone, kind } = frequency;
  if (kind === "months" && !parseFrequency("1mo", { zone }).isOnGrid(time))
    return "Months are told by their first day: write 2024-01-01 for January, not its last day. ";
  if (kind === "businessDays")
    return 'Business days are Mondays to Fridays: say "1d" where weekends have rows. ';
  if (kind === "fixed" || text === "1d") return "";
  const index = frequency.indexOf(time);
  const [before, after] = [index, index + 1].map((cell) => formatInstant(frequency.instantAt(cell)));
  const weeks = text.endsWith("w") ? "Weeks are told by their Monday. " : "";
  return `${weeks}Steps of "${text}" begin at ${before} and ${after}: times that all lie beside them alike can be moved onto them together, and those of the forecasts back. `;
}

const yearOne = toMicros("0001-01-01T00:00Z");
const year10000 = toMicros("+010000-01-01T00:00Z");

/** Nanoseconds taken for microseconds are instants tens of thousands of years ahead, a thousand times as far apart. */
function refuseOtherUnits(times: BigInt64Array): void {
  const wrong: number[] = [];
  for (let row = 0; row < times.length; row++) {
    const time = times[row] as bigint;
    if (time < yearOne || time >= year10000) wrong.push(row);
  }
  const [first] = wrong;
  if (first === undefined) return;
  const time = times[first] as bigint;
  const asNanos = time / 1000n;
  const meant =
    asNanos > yearOne && asNanos < year10000
      ? `; as nanoseconds it would be ${formatInstant(asNanos)}: divide by 1000n`
      : "";
  throw rowsError(
    `Times lie outside the years 1 .. 9999 (${time} µs is the first)`,
    wrong,
    `tsops counts microseconds since 1970${meant}.`,
  );
}

/** Beyond it squares of targets are no numbers any more, and sums of them: forecasts and their bounds would be infinite or NaN. */
const largestTarget = 1e150;

function refuseVast(values: Float64Array, name: string): void {
  const rows: number[] = [];
  for (let row = 0; row < values.length; row++)
    if (Math.abs(values[row] as number) > largestTarget) rows.push(row);
  if (rows.length === 0) return;
  const isInfinite = rows.every((row) => !Number.isFinite(values[row] as number));
  throw rowsError(
    isInfinite
      ? `The target "${name}" is infinite`
      : `The target "${name}" is beyond ${largestTarget} in size`,
    rows,
    isInfinite
      ? "Give null where the target is unknown."
      : "Give null where the target is unknown, or the target in a larger unit.",
  );
}

/** Row numbers by series, then time. */
function sortedRows(seriesOf: Int32Array, indexes: Float64Array, seriesCount: number): Int32Array {
  const { length } = seriesOf;
  const starts = new Int32Array(seriesCount + 1);
  for (let row = 0; row < length; row++) {
    const at = (seriesOf[row] as number) + 1;
    starts[at] = (starts[at] as number) + 1;
  }
  for (let s = 0; s < seriesCount; s++) starts[s + 1] = (starts[s + 1] as number) + (starts[s] as number);
  const next = starts.slice();
  const order = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const s = seriesOf[row] as number;
    order[next[s] as number] = row;
    next[s] = (next[s] as number) + 1;
  }
  for (let s = 0; s < seriesCount; s++) {
    const rows = order.subarray(starts[s], starts[s + 1]);
    let isSorted = true;
    for (let i = 1; i < rows.length && isSorted; i++)
      isSorted = (indexes[rows[i - 1] as number] as number) <= (indexes[rows[i] as number] as number);
    if (!isSorted) rows.sort((a, b) => (indexes[a] as number) - (indexes[b] as number) || a - b);
  }
  return order;
}

function refuseDuplicates(
  order: Int32Array,
  seriesOf: Int32Array,
  indexes: Float64Array,
  describe: (row: number) => string,
): void {
  const repeated: number[] = [];
  for (let i = 1; i < order.length; i++) {
    const [a, b] = [order[i - 1] as number, order[i] as number];
    if (seriesOf[a] !== seriesOf[b] || indexes[a] !== indexes[b]) continue;
    if (repeated[repeated.length - 1] !== a) repeated.push(a);
    repeated.push(b);
  }
  const [first] = repeated;
  if (first !== undefined)
    throw rowsError(
      `The panel has more than one row for the same series and time (${describe(first)} is the first)`,
      repeated,
      "Aggregate or drop the duplicates first.",
    );
}

interface Layout {
  readonly rows: number;
  readonly offsets: Int32Array;
  readonly times: BigInt64Array;
  /** Where each row of the sorted order goes. */
  readonly positions: Int32Array;
  readonly gaps: readonly PanelGap[];
}

function layOut(
  order: Int32Array,
  seriesOf: Int32Array,
  indexes: Float64Array,
  seriesCount: number,
  frequency: Frequency,
): Layout {
  const { length } = order;
  const offsets = new Int32Array(seriesCount + 1);
  const positions = new Int32Array(length);
  const gaps: PanelGap[] = [];
  let rows = 0;
  for (let i = 0; i < length; i++) {
    const row = order[i] as number;
    const s = seriesOf[row] as number;
    const before = order[i - 1];
    const index = indexes[row] as number;
    if (before === undefined || seriesOf[before] !== s) offsets[s] = rows;
    else {
      const steps = index - (indexes[before] as number) - 1;
      if (steps > 0) {
        gaps.push({ series: s, from: frequency.instantAt(index - steps), steps });
        rows += steps;
      }
    }
    positions[i] = rows++;
  }
  offsets[seriesCount] = rows;
  refuseVastGaps(gaps, length, rows, frequency);

  const times = new BigInt64Array(rows);
  for (let i = 0; i < length; i++) {
    const index = indexes[order[i] as number] as number;
    times[positions[i] as number] = frequency.instantAt(index);
  }
  for (const { series: s, from, steps } of gaps) {
    const index = frequency.indexOf(from);
    let at = offsets[s] as number;
    at += index - frequency.indexOf(times[at] as bigint);
    for (let k = 0; k < steps; k++) times[at + k] = frequency.instantAt(index + k);
  }
  return { rows, offsets, times, positions, gaps };
}

const mostAddedRows = 1_000_000;

/**
 * A wrong century in one row must not fill the memory.
 * @throws TsopsError PANEL_INVALID.
 */
export function refuseVastGaps(
  gaps: readonly PanelGap[],
  given: number,
  rows: number,
  frequency: Frequency,
): void {
  const added = rows - given;
  if (added <= Math.max(mostAddedRows, 10 * given)) return;
  const widest = gaps.reduce((most, gap) => (gap.steps > most.steps ? gap : most));
  throw new TsopsError(
    "PANEL_INVALID",
    `${given} rows would need ${added} more to fill every "${frequency.text}" between them; the widest gap begins at ${formatInstant(widest.from)} and has ${widest.steps} steps.`,
    {
      hint: "Check the times for a wrong year, or choose a coarser frequency.",
      details: { added, widest: { from: formatInstant(widest.from), steps: widest.steps } },
    },
  );
}

/** The instants of gaps in words, for reports. */
export function describeGaps(panel: Panel): string {
  return listSome(
    panel.gaps.map(
      ({ series, from, steps }) =>
        `${seriesName(panel.series[series] ?? {})} lacks ${steps} ${steps === 1 ? "row" : "rows"} from ${formatInstant(from)}`,
    ),
  );
}
