import { type Columns, inferFrequency, isValid, parseFrequency, TsopsError } from "@tsops/core";

/** Values on a regular grid: slot i lies `first + i` steps after the frequency's origin. NaN is missing. */
export interface RegularSeries {
  readonly first: number;
  readonly values: Float64Array;
}

/** The values that are not NaN. */
export function presentValues(values: Float64Array): Float64Array {
  const present = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) present[count++] = value;
  }
  return present.subarray(0, count);
}

/** How many values are not NaN. */
export function countPresent(values: Float64Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) count++;
  return count;
}

/** The values that are not NaN, without a copy where they follow each other: not to be changed. */
export function presentView(values: Float64Array): Float64Array {
  let first = 0;
  while (first < values.length && Number.isNaN(values[first])) first++;
  let end = first;
  while (end < values.length && !Number.isNaN(values[end])) end++;
  for (let i = end; i < values.length; i++) if (!Number.isNaN(values[i])) return presentValues(values);
  return values.subarray(first, end);
}

/** Category codes on a regular grid; -1 is missing. */
export interface RegularCodes {
  readonly first: number;
  readonly codes: Int32Array;
}

/** Where each row of a window lies on the grid. */
export interface GridRows {
  readonly first: number;
  readonly length: number;
  /** Slot of each row, 0 .. length - 1; null where it is the row's number. */
  readonly slots: Int32Array | null;
}

/** The grid of a window's time column: its frequency as written or, without one, as found in the data. */
export function gridOf(
  window: "reference" | "current",
  columns: Columns,
  time: string,
  frequencyText: string,
  zone: string,
): GridRows {
  const times = timeValues(window, columns, time);
  const frequency = parseFrequency(frequencyText, { zone });
  if (frequency.kind === "fixed" && evenStep(times) === Number(frequency.step)) {
    return { first: frequency.indexOf(times[0] as bigint), length: times.length, slots: null };
  }
  const indexes = frequency.indexesOf(times);
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const index of indexes) {
    if (index < first) first = index;
    if (index > last) last = index;
  }
  const length = last - first + 1;
  if (length > 50_000_000)
    throw new TsopsError(
      "MONITOR_INVALID",
      `The ${window} window spans ${length} steps of ${frequencyText}.`,
      {
        hint: "Check its times and the frequency.",
      },
    );
  const seen = new Uint8Array(length);
  const slots = new Int32Array(indexes.length);
  const repeated: number[] = [];
  let isInOrder = length === slots.length;
  for (let row = 0; row < indexes.length; row++) {
    const slot = (indexes[row] as number) - first;
    if (seen[slot] === 1) repeated.push(row);
    seen[slot] = 1;
    slots[row] = slot;
    isInOrder &&= slot === row;
  }
  if (repeated.length > 0)
    throw new TsopsError(
      "MONITOR_INVALID",
      `The ${window} window has ${repeated.length} rows that share a ${frequencyText} step with another row.`,
      {
        hint: "Test one series at a time (select the rows of one key), remove duplicates, or aggregate to the frequency.",
        details: { rows: repeated.slice(0, 5), count: repeated.length },
      },
    );
  return { first, length, slots: isInOrder ? null : slots };
}

/** The frequency of a window's times. @throws TsopsError MONITOR_INVALID, FREQUENCY_INVALID */
export function frequencyOf(columns: Columns, time: string, zone: string): string {
  const times = timeValues("reference", columns, time);
  const step = evenStep(times);
  // Of even steps shorter than a day any few tell what all would.
  const enough = step !== null && step < microsOfDay ? times.subarray(0, fewTimes) : times;
  return inferFrequency(enough, zone).text;
}

const microsOfDay = 86_400_000_000;
const fewTimes = 100;
const highWord = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** The distance of ascending times if it is the same everywhere, in microseconds; else, or beyond the year 2250, null. */
function evenStep(times: BigInt64Array): number | null {
  // As numbers: big integers would take most of the time of a test.
  const words = new Int32Array(times.buffer, times.byteOffset, 2 * times.length);
  const micros = (row: number) =>
    (words[2 * row + highWord] as number) * 2 ** 32 + ((words[2 * row + 1 - highWord] as number) >>> 0);
  const step = micros(1) - micros(0);
  if (!(step > 0) || !(Math.abs(micros(times.length - 1)) < Number.MAX_SAFE_INTEGER)) return null;
  for (let row = 1; row < times.length; row++) if (micros(row) - micros(row - 1) !== step) return null;
  return step;
}

function timeValues(window: string, columns: Columns, time: string): BigInt64Array {
  const column = columns.data[time];
  if (column?.kind !== "timestamp")
    throw new TsopsError(
      "MONITOR_INVALID",
      column === undefined
        ? `The ${window} window has no column "${time}".`
        : `Column "${time}" of the ${window} window is ${column.kind}, the time must be a timestamp.`,
      { hint: `The columns are ${Object.keys(columns.types).join(", ")}.` },
    );
  if (columns.length === 0)
    throw new TsopsError("MONITOR_INVALID", `The ${window} window has no rows.`, {
      hint: "Give at least two seasons of reference rows and one season of current rows.",
    });
  for (let row = 0; column.valid !== null && row < columns.length; row++)
    if (!isValid(column.valid, row))
      throw new TsopsError("MONITOR_INVALID", `The ${window} window has no time in row ${row}.`, {
        hint: "Remove rows without a time.",
      });
  return column.values;
}
