import { shown, TsopsError } from "@tsops/core";
import { named } from "../named.ts";
import type { CarriedValue } from "./carried.ts";
import type { JoinedOutcomes, PredictionSource } from "./join-outcomes.ts";

/** One predicted row, as the function of a segment sees it. */
export interface PredictedRow {
  readonly key: JoinedOutcomes["series"][number];
  /** The predicted instant, microseconds UTC. */
  readonly time: bigint;
  readonly cutoff: bigint;
  readonly step: number;
  readonly mean: number;
  readonly source: PredictionSource;
  /** The columns that `joinOutcomes` carried. */
  readonly carried: Readonly<Record<string, CarriedValue>>;
}

/**
 * What rows are divided by: names of key columns or carried columns, or functions of a row by the name that they get.
 * @example
 * { region: ({ key }) => regionOf[key.store], weekend: ({ time }) => isWeekend(time) }
 */
export type Segments = readonly string[] | Readonly<Record<string, (row: PredictedRow) => CarriedValue>>;

/** A segment's values, and which of them each row has. */
export interface SegmentCodes {
  readonly name: string;
  /** Ascending: numbers, text, flags; null last. */
  readonly values: readonly CarriedValue[];
  readonly codes: Int32Array;
}

/**
 * The segments of all rows.
 * @throws TsopsError MONITOR_INVALID when a name is neither a key column nor carried
 */
export function segmentCodes(joined: JoinedOutcomes, segments: Segments): SegmentCodes[] {
  if (Array.isArray(segments))
    return segments.map((name: string) => coded(name, joined, namedReader(joined, name)));
  if (typeof segments !== "object" || segments === null)
    throw new TsopsError(
      "MONITOR_INVALID",
      `segments must be a list of names or an object of functions, got ${shown(segments)}.`,
      {
        hint: 'Write segments: ["store"], or segments: { weekend: ({ time }) => isWeekend(time) }.',
        details: { option: "segments" },
      },
    );
  return Object.entries(segments).map(([name, read]) => {
    if (typeof read !== "function")
      throw new TsopsError(
        "MONITOR_INVALID",
        `The segment ${named(name)} is ${shown(read)}, not a function of a row.`,
        {
          hint: `Write segments: { ${name}: ({ key, time, step, carried }) => ... }, or a list of names.`,
          details: { option: "segments" },
        },
      );
    return coded(name, joined, (row) => read(predictedRow(joined, row)));
  });
}

/** One row of a join, as an object. */
export function predictedRow(joined: JoinedOutcomes, row: number): PredictedRow {
  return {
    key: joined.series[joined.seriesIndex[row] as number] ?? {},
    time: joined.time[row] as bigint,
    cutoff: joined.cutoff[row] as bigint,
    step: joined.step[row] as number,
    mean: joined.mean[row] as number,
    source: joined.sources[joined.sourceIndex[row] as number] as PredictionSource,
    carried: Object.fromEntries(
      Object.entries(joined.carried).map(([name, values]) => [name, values[row] ?? null]),
    ),
  };
}

function namedReader(joined: JoinedOutcomes, name: string): (row: number) => CarriedValue {
  const carried = Object.hasOwn(joined.carried, name) ? joined.carried[name] : undefined;
  if (carried !== undefined) return (row) => carried[row] ?? null;
  if (joined.length === 0 || joined.series.some((key) => Object.hasOwn(key, name)))
    return (row) => joined.series[joined.seriesIndex[row] as number]?.[name] ?? null;
  const known = [
    ...new Set([...joined.series.flatMap((key) => Object.keys(key)), ...Object.keys(joined.carried)]),
  ];
  throw new TsopsError("MONITOR_INVALID", `${named(name)} is neither a key column nor a carried one.`, {
    hint: `There are ${known.join(", ") || "none"}; joinOutcomes(..., { carry: [${named(name)}] }) brings columns of the outcomes or served features.`,
    details: { option: "segments", segment: name },
  });
}

function coded(name: string, joined: JoinedOutcomes, read: (row: number) => CarriedValue): SegmentCodes {
  const numbers = new Map<CarriedValue, number>();
  const first = new Int32Array(joined.length);
  for (let row = 0; row < joined.length; row++) {
    const value = plainValue(name, read(row));
    let number = numbers.get(value);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(value, number);
    }
    first[row] = number;
  }
  const values = [...numbers.keys()].sort(compareValues);
  const ranks = new Map(values.map((value, rank) => [numbers.get(value) as number, rank]));
  return { name, values, codes: first.map((number) => ranks.get(number) as number) };
}

function plainValue(name: string, value: unknown): CarriedValue {
  if (value === undefined || Number.isNaN(value)) return null;
  if (value === null || ["string", "number", "boolean", "bigint"].includes(typeof value))
    return value as CarriedValue;
  throw new TsopsError("MONITOR_INVALID", `The segment ${named(name)} of a row is ${shown(value)}.`, {
    hint: "A segment is a text, a number, a flag, or null where it is not known.",
    details: { option: "segments" },
  });
}

const kinds = ["number", "bigint", "string", "boolean", "object"];
function compareValues(a: CarriedValue, b: CarriedValue): number {
  const [one, other] = [kinds.indexOf(typeof a), kinds.indexOf(typeof b)];
  if (one !== other) return one - other;
  return a === b ? 0 : (a as number) < (b as number) ? -1 : 1;
}

/** Rows with the same number in every part, in ascending order of the first part, then of the second, and so on. */
export function groupRows(rows: Int32Array, parts: readonly ArrayLike<number>[]): Int32Array[] {
  let ids = new Float64Array(rows.length);
  for (const part of parts) {
    const own = ranked(Float64Array.from(rows, (row) => part[row] as number));
    ids = ranked(ids.map((id, i) => id * rows.length + (own[i] as number)));
  }
  const sizes = new Int32Array(1 + ids.reduce((most, id) => Math.max(most, id), -1));
  for (const id of ids) sizes[id] = (sizes[id] as number) + 1;
  const groups = Array.from(sizes, (size) => new Int32Array(size));
  const filled = new Int32Array(sizes.length);
  ids.forEach((id, i) => {
    const at = filled[id] as number;
    (groups[id] as Int32Array)[at] = rows[i] as number;
    filled[id] = at + 1;
  });
  return groups;
}

/** 0 for the least of the distinct values, 1 for the next, and so on. */
function ranked(values: Float64Array): Float64Array<ArrayBuffer> {
  const ranks = new Map<number, number>();
  for (const value of values) ranks.set(value, 0);
  Float64Array.from(ranks.keys())
    .sort()
    .forEach((value, rank) => {
      ranks.set(value, rank);
    });
  return Float64Array.from(values, (value) => ranks.get(value) as number);
}
