import {
  type Column,
  type Columns,
  checkColumns,
  checkList,
  checkOptions,
  type Frequency,
  isValid,
  parseFrequency,
  shown,
  TsopsError,
} from "@tsops/core";
import { checkAlpha } from "../check-alpha.ts";
import { frequencyOf, type GridRows, gridOf } from "../drift/model/regular-series.ts";
import { seasonsFor } from "../drift/model/seasons.ts";
import { claimOf, unitOf } from "../drift/sentence.ts";
import { largestTested } from "../drift/too-large.ts";
import { checkMaxOrder } from "../max-order.ts";
import type { StreamingChange } from "./alternatives.ts";
import { cautionsOf } from "./cautions.ts";
import { driftStream, type StreamFinding } from "./drift-stream.ts";
import { readStream, type StreamHeader, writeStream } from "./saved-stream.ts";
import { fitStream, type StreamState } from "./stream-state.ts";

/** What to watch, and how. */
export interface StreamingDriftOptions {
  /** The timestamp column of the reference. */
  readonly time: string;
  /** The numeric column to watch. */
  readonly column: string;
  /** As for `driftTest`. Default "auto". */
  readonly season?: "auto" | readonly number[];
  /** Chance of ever alarming while nothing changes. Default 0.05. */
  readonly alpha?: number;
  /** Default: found in the reference's times. */
  readonly frequency?: string;
  /** Zone in which days and weeks are counted. Default `"UTC"`. */
  readonly zone?: string;
  /** Largest order of the autoregression. Default 8. */
  readonly maxOrder?: number;
}

/** What the stream says of a change so far: after an alarm the best answer, before it the most likely suspicion. */
export interface StreamingFinding {
  readonly change: StreamingChange;
  /** Time of the first changed value (microseconds UTC): where the bet that won most began. */
  readonly since: bigint;
  /** Size of the change in `unit`. */
  readonly effect: number;
  readonly unit: string;
  readonly sentence: string;
}

/** Values of a stream, by what became of them. */
export interface StreamCounts {
  readonly used: number;
  /** Null, NaN or infinite; steps that were left out are not counted. */
  readonly missing: number;
  /** Of a step that was over: at or before the last one. They change nothing. */
  readonly late: number;
}

/** Watches one series for drift. */
export interface StreamingDrift {
  readonly column: string;
  readonly alpha: number;
  readonly frequency: string;
  /** The seasons in use, in steps. */
  readonly seasons: readonly number[];
  /** What the reference shows that makes the detector slow or its false alarms uncertain, in sentences; usually empty. */
  readonly cautions: readonly string[];
  /** Evidence against "nothing has changed": 1 at first, alarms at 1 / alpha. */
  readonly eValue: number;
  /** Whether it has reached 1 / alpha; it stays true. Then fit a new detector, on a reference after the change. */
  readonly alarm: boolean;
  /** Time of the value at which it alarmed. */
  readonly alarmTime: bigint | null;
  readonly counts: StreamCounts;
  /**
   * Takes a value (null, NaN and infinities are missing) at a time in microseconds UTC; times belong to the frequency's step that holds them.
   * Steps between the last one and this are missing; a value of a step that is over is counted as late and left out.
   * @returns `alarm`.
   * @throws TsopsError MONITOR_INVALID when the time is no bigint or the value no number.
   */
  update(timeMicros: bigint, value: number | null): boolean;
  /** What won the bets so far: what changed, since when and by how much, in the column's unit. */
  finding(): StreamingFinding;
  /** All of its state, a few kilobytes; `loadStreamingDrift` goes on from there as if nothing had happened. */
  save(): Uint8Array;
}

/** Values of a reference: of 30, four fifths of the streams alarm where nothing changes, of 50 half, of 100 one in twenty (bench/drift-streaming says it for longer ones). */
const fewestValues = 100;

/**
 * A drift detector that may be looked at after every value: the chance that it ever alarms while the series stays as it was in the reference is
 * at most about `alpha`, however long it runs. It bets against that on each value's innovation (what season and autocorrelation leave of
 * it on the scale where the reference's noise is most even, as in `driftTest`): on a shifted level, another spread, another seasonal
 * pattern and another shape, beginning at any time. Values of counts and amounts that are below all possible ones count as the least.
 * @param reference - One series in which nothing had changed, in any order; the stream goes on after its last row.
 * @throws TsopsError MONITOR_INVALID (unknown or non-numeric column, repeated times, a reference that is too short or does not vary)
 */
export function streamingDrift(reference: Columns, options: StreamingDriftOptions): StreamingDrift {
  checkOptions("MONITOR_INVALID", "streamingDrift()", options, {
    time: true,
    column: true,
    season: true,
    alpha: true,
    frequency: true,
    zone: true,
    maxOrder: true,
  });
  const { time, column, season = "auto", alpha = 0.05, zone = "UTC", maxOrder = 8 } = options;
  checkColumns("MONITOR_INVALID", "streamingDrift()", reference);
  if (season !== "auto") checkList("MONITOR_INVALID", "season", season);
  checkAlpha(alpha);
  checkMaxOrder(maxOrder);
  const frequency = options.frequency ?? frequencyOf(reference, time, zone);
  const grid = gridOf("reference", reference, time, frequency, zone);
  const values = numbersOf(reference, column, grid);
  const known = values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  if (known < fewestValues)
    throw new TsopsError(
      "MONITOR_INVALID",
      `Column "${column}" cannot be watched: its reference has ${known} values, and it takes ${fewestValues}.`,
      {
        hint: "Give a longer reference: what is usual is not known of so few, and every other value would be an alarm. Four weeks of hourly values are good.",
        details: { count: known },
      },
    );
  const state = fitStream(
    { first: grid.first, values },
    { seasons: seasonsFor(season, frequency, grid.length), choose: season === "auto", maxOrder },
  );
  if (state === null)
    throw new TsopsError(
      "MONITOR_INVALID",
      `Column "${column}" cannot be watched: its ${reference.length} rows are too few for the season, or do not vary.`,
      { hint: "Give at least two seasons of a series that varies; four weeks of hourly values are good." },
    );
  const unit = reference.types[column]?.unit;
  return detector({ column, alpha, frequency, zone, ...(unit === undefined ? {} : { unit }) }, state, {
    missing: 0,
    late: 0,
  });
}

/**
 * A detector from the bytes of its `save()`.
 * @throws TsopsError MODEL_FORMAT_INVALID for other or damaged bytes
 */
export function loadStreamingDrift(bytes: Uint8Array): StreamingDrift {
  const { header, state, missing, late } = readStream(bytes);
  return detector(header, state, { missing, late });
}

function detector(
  header: StreamHeader,
  state: StreamState,
  counts: { missing: number; late: number },
): StreamingDrift {
  const { column, alpha, zone, unit } = header;
  const frequency = parseFrequency(header.frequency, { zone });
  const stream = driftStream(state);
  const { clock } = state;
  return {
    column,
    alpha,
    frequency: frequency.text,
    seasons: state.seasons,
    cautions: cautionsOf(column, state),
    get eValue() {
      return clock[2] as number;
    },
    get alarm() {
      return !Number.isNaN(clock[3]);
    },
    get alarmTime() {
      return Number.isNaN(clock[3]) ? null : frequency.instantAt(clock[3] as number);
    },
    get counts() {
      return { used: clock[1] as number, ...counts };
    },
    update(timeMicros, value) {
      const index = indexOf(frequency, timeMicros);
      if (typeof value !== "number" && value !== null)
        throw new TsopsError("MONITOR_INVALID", `${shown(value)} is not a value of column "${column}".`, {
          hint: "Give a number, or null where it is missing.",
        });
      if (index <= (clock[0] as number)) counts.late++;
      else {
        const isPresent = value !== null && Number.isFinite(value);
        if (!isPresent) counts.missing++;
        const eValue = stream.step(isPresent ? value : Number.NaN, index);
        if (eValue >= 1 / alpha && Number.isNaN(clock[3])) clock[3] = index;
      }
      return !Number.isNaN(clock[3]);
    },
    finding: () => inWords(stream.finding(), column, unit, frequency),
    save: () => writeStream(header, state, counts),
  };
}

function indexOf(frequency: Frequency, timeMicros: bigint): number {
  if (typeof timeMicros !== "bigint")
    throw new TsopsError("MONITOR_INVALID", `${shown(timeMicros)} is not a time.`, {
      hint: "Give microseconds UTC as a bigint; toMicros() makes them of dates and texts.",
    });
  return frequency.indexOf(timeMicros);
}

function numbersOf(reference: Columns, name: string, { length, slots }: GridRows): Float64Array {
  const column: Column | undefined = reference.data[name];
  if (column === undefined)
    throw new TsopsError("MONITOR_INVALID", `The reference has no column "${name}".`, {
      hint: `Its columns are ${Object.keys(reference.types).join(", ")}.`,
    });
  if (column.kind !== "float64" && column.kind !== "int64")
    throw new TsopsError("MONITOR_INVALID", `Column "${name}" is ${column.kind}, not numeric.`, {
      hint: "Watch a float64 or int64 column; driftTest() looks at text and bool columns too.",
    });
  const values = new Float64Array(length).fill(Number.NaN);
  const tooLarge: number[] = [];
  for (let row = 0; row < reference.length; row++) {
    const value = Number(column.values[row]);
    if (!isValid(column.valid, row) || !Number.isFinite(value)) continue;
    if (Math.abs(value) > largestTested) tooLarge.push(row);
    values[slots === null ? row : (slots[row] as number)] = value;
  }
  if (tooLarge.length > 0)
    throw new TsopsError(
      "MONITOR_INVALID",
      `${tooLarge.length} ${tooLarge.length === 1 ? "value" : "values"} of "${name}" ${tooLarge.length === 1 ? "is" : "are"} beyond 1e150: no variance can be taken of the reference.`,
      {
        hint: "Make them null if they stand for missing values, or give the column in a larger unit.",
        details: { column: name, rows: tooLarge.slice(0, 5), count: tooLarge.length },
      },
    );
  return values;
}

function inWords(
  { change, since, effect }: StreamFinding,
  column: string,
  unit: string | undefined,
  frequency: Frequency,
): StreamingFinding {
  return {
    change,
    since: frequency.instantAt(since),
    effect,
    unit: unitOf(meanings[change], unit),
    sentence: `${claimOf(column, { test: change, effect }, unit)}.`,
  };
}

/** What the effect of a change measures. */
const meanings = {
  level: "shift",
  scale: "ratio of spreads",
  season: "pattern",
  shape: "distance of distributions",
} as const satisfies Readonly<Record<StreamingChange, string>>;
