import {
  type Columns,
  checkColumns,
  checkList,
  checkOptions,
  checkWord,
  type ForecastQuantile,
  type PredictionRecord,
  type ScoredForecasts,
  type SeriesKey,
  seriesKeyText,
  shown,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { checkMade } from "../check-made.ts";
import { checkMicros } from "../micros.ts";
import { type CarriedValue, carriedReader } from "./carried.ts";
import { indexOutcomes, type OutcomeColumns, type OutcomeRevision } from "./outcome-index.ts";

/** What made some of the predictions. */
export interface PredictionSource {
  readonly deployment: string;
  readonly model: string;
  readonly modelVersion: number;
  readonly role: PredictionRecord["role"];
}

/**
 * Predictions beside their outcomes in long form: one row per prediction and step, in the order of the log. It has the shape that
 * `gate` compares, so what was served live can be judged like a backtest.
 */
export interface JoinedOutcomes extends ScoredForecasts {
  readonly length: number;
  readonly sources: readonly PredictionSource[];
  /** Index into `sources`. */
  readonly sourceIndex: Int32Array;
  /** Id of each row's prediction: index into `predictionIds`. */
  readonly predictionIndex: Int32Array;
  readonly predictionIds: readonly string[];
  /** The columns named in `carry`, one value per row; null where neither the outcome nor the prediction has one. */
  readonly carried: Readonly<Record<string, readonly CarriedValue[]>>;
  readonly counts: {
    /** Logged predictions that were joined. */
    readonly predictions: number;
    /** Predictions left out because a later one of the same source, series and cutoff replaces them. */
    readonly repeated: number;
    /** Predicted steps with and without an outcome. */
    readonly withOutcome: number;
    readonly withoutOutcome: number;
    /** Of the latter: later than the newest outcome of their series, so they may still come in their turn. */
    readonly waiting: number;
    /** Of the latter: not later than that, so they are late or will never come. */
    readonly overdue: number;
    /** Outcome rows that another row of the same series and time replaces, see `revision`. */
    readonly revisedOutcomes: number;
    /** Of the latter: rows that say the same as the one that counts. */
    readonly repeatedOutcomes: number;
    /** Outcome rows without key or time, or not known at `asOf`. */
    readonly ignoredOutcomes: number;
  };
}

/** How predictions and outcomes belong together. */
export interface JoinOutcomesOptions extends OutcomeColumns {
  /** Judge with the outcomes that were known at this instant (needs `availableAt`). Default: all. */
  readonly asOf?: bigint;
  /**
   * Which of several outcomes of one series and time counts: the one that became known last (default), or the first value that became
   * known, which is what a model could be judged by at the time. With `asOf`, among those known then.
   */
  readonly revision?: OutcomeRevision;
  /**
   * Columns to keep beside each row, to split by them or to explain errors with: columns of the outcomes, or served feature values of the
   * predictions, by name. Where both have the name, the outcome's value counts, and the served one while there is no outcome.
   */
  readonly carry?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Joins logged predictions with the outcomes that came later, by series key and instant.
 *
 * Outcomes may be late and may be revised: of several rows for one series and instant the one that became known last holds
 * (greatest `availableAt`, then the later row), and the others are counted as `revisedOutcomes`; those that agree with it are also
 * `repeatedOutcomes`. A revision to missing takes the outcome back. \`revision: "first"\` takes the first value instead. Outcomes that are missing or not
 * finite leave `y` NaN and are counted, so a prediction is never dropped.
 * Of predictions repeated for one source, series and cutoff (a retry, a second call) the one served last counts.
 *
 * @param predictions - In the log's order, e.g. `home.predictions.scan({ deployment, cutoffFrom })`.
 * @throws TsopsError COLUMN_NOT_FOUND, SCHEMA_MISMATCH, MONITOR_INVALID, ABORTED
 */
export async function joinOutcomes(
  predictions: AsyncIterable<PredictionRecord> | Iterable<PredictionRecord>,
  outcomes: Columns,
  options: JoinOutcomesOptions,
): Promise<JoinedOutcomes> {
  checkOptions("MONITOR_INVALID", "joinOutcomes()", options, {
    keys: true,
    time: true,
    target: true,
    availableAt: true,
    asOf: true,
    revision: true,
    carry: true,
    signal: true,
  });
  const { carry = [], revision = "latest" } = options;
  checkList("MONITOR_INVALID", "keys", options.keys);
  checkList("MONITOR_INVALID", "carry", carry);
  checkWord("MONITOR_INVALID", "revision", revision, ["latest", "first"]);
  if (options.asOf !== undefined) checkMicros("asOf", options.asOf);
  checkColumns("MONITOR_INVALID", "joinOutcomes()", outcomes);
  checkPredictions(predictions);
  const index = indexOutcomes(outcomes, options, { asOf: options.asOf, revision });
  const latest = new Map<string, PredictionRecord>();
  let read = 0;
  for await (const record of predictions) {
    throwIfAborted(options.signal);
    checkMade(
      `joinOutcomes(), prediction ${read},`,
      "records as the prediction log returns them",
      record,
      recordFields,
    );
    read++;
    const name = JSON.stringify([
      record.deployment,
      record.model,
      record.modelVersion,
      record.role,
      seriesKeyText(record.key),
      `${record.cutoff}`,
    ]);
    const other = latest.get(name);
    if (other !== undefined && other.servedAt > record.servedAt) continue;
    latest.delete(name);
    latest.set(name, record);
  }
  const records = [...latest.values()];
  checkRecords(records, options.keys);
  return assemble(records, index, read - latest.size, carriedReader(carry, outcomes, records));
}

const recordFields = {
  key: "object",
  times: "list",
  mean: "list",
  quantiles: "list",
  cutoff: "instant",
  servedAt: "instant",
} as const;

/** A log is what is scanned, and text could be walked through letter by letter. */
function checkPredictions(predictions: unknown): void {
  const isIterable =
    typeof predictions === "object" &&
    predictions !== null &&
    (Symbol.asyncIterator in predictions || Symbol.iterator in predictions);
  if (isIterable) return;
  throw new TsopsError("MONITOR_INVALID", `joinOutcomes() was given ${shown(predictions)} for predictions.`, {
    hint: "Give home.predictions.scan({ deployment }), or a list of its records.",
  });
}

/** Predictions whose keys have other names would wait for ever; those with fewer means than times would have been 0. */
function checkRecords(records: readonly PredictionRecord[], keys: readonly string[]): void {
  const wanted = keyNames(keys);
  const other = records.filter(({ key }) => keyNames(Object.keys(key)) !== wanted);
  const [first] = other;
  if (first !== undefined)
    throw new TsopsError(
      "MONITOR_INVALID",
      `${other.length} of ${records.length} predictions have the key ${keyNames(Object.keys(first.key))}, and outcomes are joined by ${wanted}.`,
      {
        hint: "Name the columns of the predictions' key in keys, and read one deployment at a time from the log.",
        details: {
          count: other.length,
          first: other.slice(0, 3).map(({ predictionId, key }) => ({ predictionId, key })),
        },
      },
    );
  const cut = records.find(
    ({ times, mean, quantiles }) =>
      mean.length !== times.length || quantiles.some(({ values }) => values.length !== times.length),
  );
  if (cut !== undefined)
    throw new TsopsError(
      "MONITOR_INVALID",
      `Prediction ${cut.predictionId} has ${cut.times.length} times and ${cut.mean.length} means, or quantiles of another number.`,
      {
        hint: "Give records as the prediction log returns them.",
        details: { predictionId: cut.predictionId },
      },
    );
}

function keyNames(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : [...names].sort().join(", ");
}

function assemble(
  records: readonly PredictionRecord[],
  index: ReturnType<typeof indexOutcomes>,
  repeated: number,
  carried: ReturnType<typeof carriedReader>,
): JoinedOutcomes {
  const length = records.reduce((sum, record) => sum + record.times.length, 0);
  const series = numbered<SeriesKey>();
  const sources = numbered<PredictionSource>();
  const quantiles = new Map<number, Float64Array>();
  const rows = {
    seriesIndex: new Int32Array(length),
    sourceIndex: new Int32Array(length),
    predictionIndex: new Int32Array(length),
    step: new Int32Array(length),
    time: new BigInt64Array(length),
    cutoff: new BigInt64Array(length),
    y: new Float64Array(length).fill(Number.NaN),
    mean: new Float64Array(length),
  };
  const readers = new Map<number, (time: bigint) => number>();
  const newest = new Map<number, bigint | null>();
  let withOutcome = 0;
  let waiting = 0;
  let start = 0;
  records.forEach((record, prediction) => {
    const end = start + record.times.length;
    const seriesNumber = series.numberOf(seriesKeyText(record.key), record.key);
    const { deployment, model, modelVersion, role } = record;
    const sourceNumber = sources.numberOf(JSON.stringify([deployment, model, modelVersion, role]), {
      deployment,
      model,
      modelVersion,
      role,
    });
    let rowAt = readers.get(seriesNumber);
    if (rowAt === undefined) {
      rowAt = index.rowsOf(record.key);
      readers.set(seriesNumber, rowAt);
      newest.set(seriesNumber, index.newestOf(record.key));
    }
    const until = newest.get(seriesNumber) ?? null;
    rows.seriesIndex.fill(seriesNumber, start, end);
    rows.sourceIndex.fill(sourceNumber, start, end);
    rows.predictionIndex.fill(prediction, start, end);
    rows.cutoff.fill(record.cutoff, start, end);
    rows.time.set(record.times, start);
    rows.mean.set(record.mean, start);
    for (let i = 0; i < record.times.length; i++) {
      rows.step[start + i] = i + 1;
      const outcome = rowAt(record.times[i] as bigint);
      const y = outcome < 0 ? Number.NaN : (index.values[outcome] as number);
      rows.y[start + i] = y;
      carried.read(record, i, outcome);
      if (!Number.isNaN(y)) withOutcome++;
      else if (until === null || (record.times[i] as bigint) > until) waiting++;
    }
    for (const { probability, values } of record.quantiles) {
      let column = quantiles.get(probability);
      if (column === undefined) {
        column = new Float64Array(length).fill(Number.NaN);
        quantiles.set(probability, column);
      }
      column.set(values, start);
    }
    start = end;
  });
  return {
    length,
    series: series.items,
    sources: sources.items,
    predictionIds: records.map((record) => record.predictionId),
    ...rows,
    carried: carried.columns,
    quantiles: [...quantiles]
      .sort(([a], [b]) => a - b)
      .map(([probability, values]): ForecastQuantile => ({ probability, values })),
    counts: {
      predictions: records.length,
      repeated,
      withOutcome,
      withoutOutcome: length - withOutcome,
      waiting,
      overdue: length - withOutcome - waiting,
      revisedOutcomes: index.revised,
      repeatedOutcomes: index.repeated,
      ignoredOutcomes: index.ignored,
    },
  };
}

/** Numbers distinct items by first appearance. */
function numbered<T>(): { readonly items: T[]; numberOf(text: string, item: T): number } {
  const numbers = new Map<string, number>();
  const items: T[] = [];
  return {
    items,
    numberOf(text, item) {
      let number = numbers.get(text);
      if (number === undefined) {
        number = items.push(item) - 1;
        numbers.set(text, number);
      }
      return number;
    },
  };
}
