import {
  bool,
  type ColumnType,
  type ColumnTypes,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "../../schema/column-type.ts";
import type { Column, Columns, Validity } from "../../schema/columns.ts";
import { dictionaryBuilder } from "../../schema/dictionary.ts";
import { fullBitmap, setNull } from "../../schema/validity.ts";
import { type InstantInput, toMicros } from "../../time/instant.ts";
import type { Covariate, Panel, SeriesKey } from "./panel.ts";
import { takeShared } from "./panel-patches.ts";

/** Which instants of a panel to keep. */
export interface PanelSlice {
  /** First instant that is kept. Default: all from the beginning. */
  readonly from?: InstantInput;
  /** Last instant that is kept, e.g. a cutoff. Default: all to the end. */
  readonly until?: InstantInput;
}

/**
 * The rows of a panel between two instants, both kept. Series without a row in between are left out. The numbers are views
 * on the same memory when rows of one series are asked for, or all rows there are, copies otherwise.
 */
export function slicePanel<Known extends string>(panel: Panel<Known>, slice: PanelSlice): Panel<Known> {
  const from = slice.from === undefined ? null : toMicros(slice.from);
  const until = slice.until === undefined ? null : toMicros(slice.until);
  return rowRanges(panel, (start, end) => [
    from === null ? start : lowerBound(panel.times, from, start, end),
    until === null ? end : lowerBound(panel.times, until + 1n, start, end),
  ]);
}

/** The last `rows` rows of each series. */
export function panelTail<Known extends string>(panel: Panel<Known>, rows: number): Panel<Known> {
  return rowRanges(panel, (start, end) => [Math.max(start, end - rows), end]);
}

/**
 * Rows of each series by number within it.
 * @param rangeOf - First row and the row after the last one; beyond the end means up to the end.
 */
export function selectRows<Known extends string>(
  panel: Panel<Known>,
  rangeOf: (series: number) => readonly [start: number, end: number],
): Panel<Known> {
  return assemble(
    panel,
    panel.series.map((_, s) => {
      const [first, last] = [panel.offsets[s] as number, panel.offsets[s + 1] as number];
      const [start, end] = rangeOf(s);
      return [s, Math.min(first + start, last), Math.min(first + end, last)] as const;
    }),
  );
}

/** Series of a panel by index, in that order. */
export function takeSeries<Known extends string>(
  panel: Panel<Known>,
  chosen: readonly number[],
): Panel<Known> {
  const shared = takeShared(panel, chosen);
  if (shared !== undefined) return shared;
  return assemble(
    panel,
    chosen.map((s) => [s, panel.offsets[s] as number, panel.offsets[s + 1] as number]),
  );
}

function rowRanges<Known extends string>(
  panel: Panel<Known>,
  rangeOf: (start: number, end: number) => readonly [number, number],
): Panel<Known> {
  const ranges: [number, number, number][] = [];
  panel.series.forEach((_, s) => {
    const [start, end] = rangeOf(panel.offsets[s] as number, panel.offsets[s + 1] as number);
    if (end > start) ranges.push([s, start, end]);
  });
  return assemble(panel, ranges);
}

function assemble<Known extends string>(
  panel: Panel<Known>,
  ranges: readonly (readonly [series: number, start: number, end: number])[],
): Panel<Known> {
  if (isWhole(panel, ranges)) return panel;
  const [first] = ranges;
  const isOne = ranges.length === 1 && first !== undefined;
  const offsets = new Int32Array(ranges.length + 1);
  ranges.forEach(([, start, end], i) => {
    offsets[i + 1] = (offsets[i] as number) + end - start;
  });
  const rows = offsets[ranges.length] as number;
  const floats = (values: Float64Array): Float64Array => {
    if (isOne) return values.subarray(first[1], first[2]);
    const result = new Float64Array(rows);
    ranges.forEach(([, start, end], i) => {
      result.set(values.subarray(start, end), offsets[i]);
    });
    return result;
  };
  let times = panel.times.subarray(0, 0);
  if (isOne) times = panel.times.subarray(first[1], first[2]);
  else {
    times = new BigInt64Array(rows);
    ranges.forEach(([, start, end], i) => {
      times.set(panel.times.subarray(start, end), offsets[i]);
    });
  }
  const covariates = (all: readonly Covariate[]): Covariate[] =>
    all.map((covariate) => ({ ...covariate, values: floats(covariate.values) }));
  return {
    spec: panel.spec,
    series: ranges.map(([s]) => panel.series[s] as SeriesKey),
    offsets,
    times,
    y: floats(panel.y),
    known: covariates(panel.known),
    past: covariates(panel.past),
    static: panel.static.map((one) => ({
      ...one,
      values: Float64Array.from(ranges, ([s]) => one.values[s] as number),
    })),
    gaps: ranges.flatMap(([s, start, end], i) =>
      panel.gaps.flatMap((gap) => {
        if (gap.series !== s) return [];
        const at = lowerBound(
          panel.times,
          gap.from,
          panel.offsets[s] as number,
          panel.offsets[s + 1] as number,
        );
        const begin = Math.max(at, start);
        const steps = Math.min(at + gap.steps, end) - begin;
        return steps > 0 ? [{ series: i, from: panel.times[begin] as bigint, steps }] : [];
      }),
    ),
    ...(panel.failures === undefined ? {} : { failures: panel.failures }),
  };
}

/** Whether these are all rows of all series, in their order. */
function isWhole(
  { series, offsets }: Panel,
  ranges: readonly (readonly [series: number, start: number, end: number])[],
): boolean {
  return (
    ranges.length === series.length &&
    ranges.every(([s, start, end], i) => s === i && start === offsets[s] && end === offsets[s + 1])
  );
}

/** First position in [start, end) whose instant is at or after `micros`; `end` when there is none. */
function lowerBound(times: BigInt64Array, micros: bigint, start: number, end: number): number {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as bigint) < micros) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The panel as columns: keys, time, target, covariates, static columns. Numeric covariates and the target are float64 with null where they are
 * missing, categorical covariates text. `panel` of the result gives the same panel, except that filled gaps are then
 * rows like others.
 */
export function panelToColumns(panel: Panel): Columns {
  const { spec, series, offsets } = panel;
  const length = panel.times.length;
  const types: Record<string, ColumnType> = {};
  const data: Record<string, Column> = {};
  const add = (name: string, type: ColumnType, column: Column): void => {
    types[name] = type;
    data[name] = column;
  };
  for (const name of spec.keys)
    add(
      name,
      ...keyColumn(
        series.map((key) => key[name] as SeriesKey[string]),
        offsets,
        length,
      ),
    );
  add(spec.time, timestamp(), { kind: "timestamp", values: panel.times, valid: null });
  add(spec.target, nullable(float64()), floatColumn(panel.y));
  const statics = panel.static.map((one) => ({ ...one, values: eachRow(one.values, offsets) }));
  for (const covariate of [...panel.known, ...panel.past, ...statics]) {
    const { name, values, categories } = covariate;
    if (categories === undefined) add(name, nullable(float64()), floatColumn(values));
    else
      add(name, nullable(utf8()), {
        kind: "utf8",
        codes: Int32Array.from(values, (code) => (Number.isNaN(code) ? 0 : code)),
        dictionary: categories,
        valid: validityOf(values),
      });
  }
  return { length, types: types as ColumnTypes, data: data as Columns["data"] };
}

/** Values of series for each of their rows. */
function eachRow(values: Float64Array, offsets: Int32Array): Float64Array {
  const rows = new Float64Array(offsets[values.length] as number);
  values.forEach((value, s) => {
    rows.fill(value, offsets[s], offsets[s + 1]);
  });
  return rows;
}

/** One row per series with the values of the key columns. */
export function keyColumns(keys: readonly string[], series: readonly SeriesKey[]): Columns {
  const types: Record<string, ColumnType> = {};
  const data: Record<string, Column> = {};
  const offsets = Int32Array.from({ length: series.length + 1 }, (_, s) => s);
  for (const name of keys) {
    const [type, column] = keyColumn(
      series.map((key) => key[name] as SeriesKey[string]),
      offsets,
      series.length,
    );
    types[name] = type;
    data[name] = column;
  }
  return { length: series.length, types, data: data as Columns["data"] };
}

function keyColumn(
  values: readonly SeriesKey[string][],
  offsets: Int32Array,
  length: number,
): [ColumnType, Column] {
  const [first] = values;
  if (typeof first === "bigint") {
    const column = new BigInt64Array(length);
    values.forEach((value, s) => {
      column.fill(value as bigint, offsets[s], offsets[s + 1]);
    });
    return [int64(), { kind: "int64", values: column, valid: null }];
  }
  if (typeof first === "boolean") {
    const column = new Uint8Array(length);
    values.forEach((value, s) => {
      column.fill(value ? 1 : 0, offsets[s], offsets[s + 1]);
    });
    return [bool(), { kind: "bool", values: column, valid: null }];
  }
  const codes = new Int32Array(length);
  const dictionary = dictionaryBuilder();
  values.forEach((value, s) => {
    codes.fill(dictionary.codeOf(value as string), offsets[s], offsets[s + 1]);
  });
  return [utf8(), { kind: "utf8", codes, dictionary: dictionary.texts, valid: null }];
}

/** Numbers as a column: NaN is null. */
export function floatColumn(values: Float64Array): Column {
  return { kind: "float64", values, valid: validityOf(values) };
}

function validityOf(values: Float64Array): Validity {
  let valid: Uint8Array | null = null;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i] as number)) continue;
    valid ??= fullBitmap(values.length);
    setNull(valid, i);
  }
  return valid;
}
