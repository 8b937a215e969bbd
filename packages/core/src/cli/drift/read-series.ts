import type { SeriesKey } from "../../forecast/panel/panel.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { timestamp } from "../../schema/column-type.ts";
import { type Columns, isValid, type TimestampColumn } from "../../schema/columns.ts";
import { selectColumns, takeColumns } from "../../schema/reshape.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { secondsOf } from "../../time/instant.ts";
import { resolveZone } from "../../time/zone.ts";
import type { Guesses } from "../table-file/guessed.ts";
import type { TimeAxis } from "../table-file/time-axis.ts";
import type { FileTimeStyle } from "../table-file/time-style.ts";
import { timeText } from "../table-file/time-text.ts";
import type { InputFile, Roles } from "./choose-roles.ts";
import { commonAxis } from "./common-axis.ts";
import type { DriftCommandOptions } from "./options.ts";
import { type Read, readFiles } from "./read-files.ts";
import { settleColumns } from "./settle-columns.ts";

/** The rows of one series. */
export interface SeriesRows {
  readonly key: SeriesKey;
  /** Times as the file has them, ascending: microseconds or steps. */
  readonly times: BigInt64Array;
  /** The time on the grid, and the columns to compare, in the same order. */
  readonly columns: Columns;
}

/** What one file holds. */
export interface FileSeries {
  readonly path: string;
  readonly rows: number;
  /** First and last time. */
  readonly from: bigint;
  readonly to: bigint;
  readonly series: readonly SeriesRows[];
}

/** The rows of all files on one grid. */
export interface DriftData {
  readonly axis: TimeAxis;
  /** Zone of the times. */
  readonly zone: string;
  readonly style: FileTimeStyle;
  /** With the columns that are compared in the end. */
  readonly roles: Roles;
  readonly files: readonly FileSeries[];
  /** A time of a file as it is written there. */
  textOf(time: bigint): string;
}

/** What a step stands for where times are whole numbers: nothing depends on it, as their seasons are said. */
const frequencyOfSteps = "1h";

/**
 * Reads the files and finds one grid for their times.
 * @param isNamed - Whether the columns to compare were named.
 * @throws TsopsError VALUE_INVALID (lines listed), TIME_INVALID, FREQUENCY_INVALID, PANEL_INVALID, SCHEMA_MISMATCH, CONFIG_INVALID
 */
export async function readSeries(
  inputs: readonly InputFile[],
  given: Roles,
  isNamed: boolean,
  options: Pick<DriftCommandOptions, "zone" | "freq">,
  guesses: Guesses,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<DriftData> {
  const { read: raw, style, zone } = await readFiles(inputs, given, options.zone, guesses, tell, signal);
  const { read, roles } = settleColumns(raw, given, isNamed, zone, tell);
  const axes = commonAxis(read, options.freq, frequencyOfSteps);
  const [axis] = axes as [TimeAxis];
  if (options.freq === "auto") guesses.add("frequency", axis.text, "the steps between the times", "--freq");
  const shift = clockShift(axis, read, zone);
  if (shift !== null)
    tell(
      `hours are counted by the clocks of ${zone}: the one that is skipped is a gap, and of the one that is shown twice the first is taken`,
    );
  tellInfinities(read, roles, tell);
  return {
    axis,
    zone,
    style,
    roles,
    files: read.map((one, i) => seriesOfFile(one, roles, axes[i] as TimeAxis, shift)),
    textOf: (time) => timeText(time, style, zone),
  };
}

/** What is added to the time of an instant. */
type Shift = (instant: bigint) => bigint;

/**
 * How hours follow the clocks of a zone, so that the course of a day stays where people live it. Null where the clocks do not change over these times, or do not change by whole
 * steps.
 */
function clockShift({ scale, frequency }: TimeAxis, read: readonly Read[], zone: string): Shift | null {
  if (scale.kind !== "fixed") return null;
  const clock = resolveZone(zone);
  const offsetAt = (instant: bigint) => BigInt(clock.periodAt(secondsOf(instant)).offset) * 1_000_000n;
  const offsets = new Set<bigint>();
  for (const { times } of read) for (const value of times.values) offsets.add(offsetAt(value));
  const { step } = parseFrequency(frequency);
  return offsets.size > 1 && [...offsets].every((offset) => offset % step === 0n) ? offsetAt : null;
}

function seriesOfFile(
  { path, columns, keys, times }: Read,
  roles: Roles,
  axis: TimeAxis,
  shift: Shift | null,
): FileSeries {
  const { values, seriesOf } = times;
  const rowsOf: number[][] = keys.map(() => []);
  seriesOf.forEach((s, row) => {
    rowsOf[s]?.push(row);
  });
  let [from, to] = [values[0] as bigint, values[0] as bigint];
  for (const value of values) {
    if (value < from) from = value;
    if (value > to) to = value;
  }
  const compared = selectColumns(
    columns,
    roles.columns.map(({ name }) => name),
  );
  const series = keys.map((key, s): SeriesRows => {
    const rows = Int32Array.from(rowsOf[s] ?? []);
    const isSorted = rows.every(
      (row, i) => i === 0 || (values[rows[i - 1] as number] as bigint) <= (values[row] as bigint),
    );
    if (!isSorted)
      rows.sort((a, b) => {
        const [left, right] = [values[a] as bigint, values[b] as bigint];
        return left < right ? -1 : left > right ? 1 : a - b;
      });
    const isWhole = isSorted && rows.length === columns.length;
    const ordered = isWhole ? values : BigInt64Array.from(rows, (row) => values[row] as bigint);
    return onGrid(roles.time, axis, shift, {
      key,
      times: ordered,
      columns: isWhole ? compared : takeColumns(compared, rows),
    });
  });
  return { path, rows: columns.length, from, to, series };
}

/** The rows with their times on the grid; of two on one hour of the clocks the first is kept. */
function onGrid(time: string, axis: TimeAxis, shift: Shift | null, rows: SeriesRows): SeriesRows {
  const grid = BigInt64Array.from(rows.times, (value) => {
    const on = axis.toPanel(value) as bigint;
    return shift === null ? on : on + shift(value);
  });
  const withTime: SeriesRows = {
    ...rows,
    columns: {
      length: grid.length,
      types: { ...rows.columns.types, [time]: timestamp() },
      data: {
        ...rows.columns.data,
        [time]: { kind: "timestamp", values: grid, valid: null } satisfies TimestampColumn,
      },
    },
  };
  if (shift === null) return withTime;
  const seen = new Set<bigint>();
  const kept: number[] = [];
  grid.forEach((value, row) => {
    if (!seen.has(value)) kept.push(row);
    seen.add(value);
  });
  if (kept.length === grid.length) return withTime;
  const list = Int32Array.from(kept);
  return {
    key: rows.key,
    times: BigInt64Array.from(list, (row) => rows.times[row] as bigint),
    columns: takeColumns(withTime.columns, list),
  };
}

/** Greater values are taken as missing, as no variance can be taken of them. */
const largest = 1e150;

function tellInfinities(read: readonly Read[], { columns }: Roles, tell: (line: string) => void): void {
  for (const { path, columns: found } of read) {
    const counts = columns.flatMap(({ name }) => {
      const column = found.data[name];
      if (column?.kind !== "float64") return [];
      let count = 0;
      for (let row = 0; row < found.length; row++) {
        if (Math.abs(column.values[row] as number) > largest && isValid(column.valid, row)) count++;
      }
      return count === 0 ? [] : [`${count.toLocaleString("en-US")} of ${name}`];
    });
    if (counts.length > 0)
      tell(
        `values of ${path} that are infinite, or beyond 1e150 and too large to be squared, are taken as missing: ${listSome(counts)}`,
      );
  }
}
