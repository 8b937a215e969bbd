import {
  type Columns,
  checkList,
  checkOptions,
  type ForecastQuantile,
  type PredictionRecord,
  type ScoredForecasts,
  type SeriesKey,
  seriesKeyText,
  throwIfAborted,
} from "@tsops/core";
import { checkMicros } from "../micros.ts";
import { indexOutcomes, type OutcomeColumns } from "./outcome-index.ts";

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
  readonly counts: {
    /** Logged predictions that were joined. */
    readonly predictions: number;
    /** Predictions left out because a later one of the same source, series and cutoff replaces them. */
    readonly repeated: number;
    /** Predicted steps with and without an outcome. */
    readonly withOutcome: number;
    readonly withoutOutcome: number;
    /** Outcome rows that a newer row of the same series and time replaces. */
    readonly revisedOutcomes: number;
    /** Outcome rows without key or time, or not known at `asOf`. */
    readonly ignoredOutcomes: number;
  };
}

/** How predictions and outcomes belong together. */
export interface JoinOutcomesOptions extends OutcomeColumns {
  /** Judge with the outcomes that were known at this instant (needs `availableAt`). Default: all. */
  readonly asOf?: bigint;
  readonly signal?: AbortSignal;
}

/**
 * Joins logged predictions with the outcomes that came later, by series key and instant.
 *
 * Outcomes may be late and may be revised: of several rows for one series and instant the one that became known last holds
 * (greatest `availableAt`, then the later row), and the others are counted as `revisedOutcomes`, whether they agree or not. A revision to missing takes the outcome back. Outcomes that are missing or not
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
    signal: true,
  });
  checkList("MONITOR_INVALID", "keys", options.keys);
  if (options.asOf !== undefined) checkMicros("asOf", options.asOf);
  const index = indexOutcomes(outcomes, options, options.asOf);
  const latest = new Map<string, PredictionRecord>();
  let read = 0;
  for await (const record of predictions) {
    throwIfAborted(options.signal);
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
  return assemble([...latest.values()], index, read - latest.size);
}

function assemble(
  records: readonly PredictionRecord[],
  index: ReturnType<typeof indexOutcomes>,
  repeated: number,
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
  let withOutcome = 0;
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
    }
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
      if (!Number.isNaN(y)) withOutcome++;
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
    quantiles: [...quantiles]
      .sort(([a], [b]) => a - b)
      .map(([probability, values]): ForecastQuantile => ({ probability, values })),
    counts: {
      predictions: records.length,
      repeated,
      withOutcome,
      withoutOutcome: length - withOutcome,
      revisedOutcomes: index.revised,
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
