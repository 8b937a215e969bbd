import {
  type Clock,
  type Columns,
  type ColumnType,
  type ColumnTypes,
  checkOptions,
  durationMicros,
  formatInstant,
  type InstantInput,
  interval,
  type ProgressEvent,
  selectColumns,
  shown,
  systemClock,
  TsopsError,
  takeColumns,
  throwIfAborted,
  toMicros,
  withColumn,
} from "@tsops/core";
import type { Source } from "@tsops/core/arrow";
import { sessionSource } from "../delta/session-source.ts";
import type { DeltaTable } from "../delta/table.ts";
import type { DuckEngine, DuckSession } from "../engine/engine.ts";
import { chunksOf, timesOf } from "./chunks.ts";
import { type MatchedTables, matchTables } from "./match-tables.ts";
import { movesTo, readPosition, watermarkAfter } from "./position.ts";
import { rowsNotHeld } from "./rows-not-held.ts";

/** How to sync. */
export interface SyncOptions {
  /**
   * How much later than the newest row a row may arrive, e.g. `"2h"`: a sync reads this far behind the watermark again. Rows that arrive
   * later than that are found by `full` only.
   */
  readonly lateness: string;
  /** Event time up to which rows count as taken, in place of where the last sync came to. The first sync reads all without it. */
  readonly watermark?: InstantInput;
  /** Reads all rows of the source again, and finds those that came later than `lateness`. Default: false. */
  readonly full?: boolean;
  /** Reads only rows before this event time. Default: all. */
  readonly end?: InstantInput;
  /** Whose position it is. Default: the source's name. Give one where two sources of the same name go into one table. */
  readonly name?: string;
  /** Rows of a commit, about; bounds the memory needed. Default: 500,000. */
  readonly commitRows?: number;
  /** Says when rows became known where the source does not. Default: the system's clock. */
  readonly clock?: Pick<Clock, "now">;
  /** Compares rows; shared engines are cheaper. Default: one of the sync's own, if needed. */
  readonly engine?: DuckEngine;
  /** Told after each chunk of rows. */
  readonly progress?: ((event: SyncProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A report of a sync: `done` is the number of rows read. */
export interface SyncProgress extends ProgressEvent {
  readonly task: "sync";
  readonly figures: {
    readonly taken: number;
    readonly repeated: number;
    readonly late: number;
    /** ISO 8601 text; empty as long as there is none. */
    readonly watermark: string;
  };
}

/** What a sync did. */
export interface SyncResult {
  /** Rows read from the source: those taken and those repeated. */
  readonly read: number;
  /** Rows appended to the table. */
  readonly taken: number;
  /** Rows that the table held already. */
  readonly repeated: number;
  /** Of the rows taken, those whose event time lies before the watermark at which the sync began. */
  readonly late: number;
  /** Event time up to which the source's rows have been taken, microseconds UTC; null when it has none. */
  readonly watermark: bigint | null;
  /** The table's versions that hold the rows taken, ascending. */
  readonly versions: readonly number[];
}

const defaultCommitRows = 500_000;
const attempts = 50;
/** The end of representable time, exclusive. */
const [firstInstant, afterLastInstant] = [-8_640_000_000_000_000_000n, 8_640_000_000_000_000_001n];

/**
 * Takes a source's new rows into a table. It reads from the last watermark less `lateness` on, by event time, and appends the rows that the
 * table does not hold yet: whole rows are compared, each as often as it is stored, so a changed row arrives as a new one and repeats
 * change nothing. The watermark, which is the greatest event time taken that is not beyond the present, is committed with the rows: a sync
 * that was ended in the middle, however hard, goes on from its last commit, and of two at once each row is taken by one.
 *
 * Where the table declares an available-at column that the source lacks, rows get the instant at which they are taken, and the column is
 * left out of the comparison. Memory is bounded by `commitRows`.
 * @throws TsopsError SCHEMA_MISMATCH naming the columns, SCHEMA_INVALID for a table without a definition, VALUE_INVALID, DURATION_INVALID,
 * STORE_CONFLICT when other syncs were faster every time, ABORTED, and what the source and `append` throw
 */
export async function sync<S extends ColumnTypes>(
  source: Source,
  table: DeltaTable<S>,
  options: SyncOptions,
): Promise<SyncResult> {
  const into = table as unknown as DeltaTable;
  const settings = checkedSettings(source, options);
  const { signal } = options;
  throwIfAborted(signal);
  const snapshot = await into.snapshot();
  const matched = matchTables(await source.schema({ signal }), snapshot);
  const { watermark: stored } = await readPosition(into, settings.name);
  const before = settings.watermark ?? stored;
  const run: Run = {
    ...settings,
    table: into,
    matched,
    signal,
    before,
    now: settings.clock.now(),
    counts: { read: 0, taken: 0, repeated: 0, late: 0, watermark: stored, versions: [] },
  };
  const sessions = sessionSource(options.engine);
  const range = rangeToRead(settings, before);
  try {
    await sessions.use(async (session) => {
      const batches = source.scan({
        columns: Object.keys(matched.types),
        ...(range === null ? {} : { range }),
        signal,
      });
      let last: bigint | null = null;
      for await (const chunk of chunksOf(batches, matched, settings.commitRows)) {
        last = latestUpTo(timesOf(chunk, matched), run.now) ?? last;
        await takeChunk(run, session, chunk, last);
        options.progress?.(progressOf(run));
      }
      // What was read and held already moves the watermark as well.
      if (last !== null) await moveWatermark(run, last);
    });
  } finally {
    await sessions.close();
  }
  return { ...run.counts };
}

interface Settings {
  readonly name: string;
  readonly latenessMicros: bigint;
  readonly watermark: bigint | null;
  readonly end: bigint | null;
  readonly isFull: boolean;
  readonly commitRows: number;
  readonly clock: Pick<Clock, "now">;
}

/** A sync under way. */
interface Run extends Settings {
  readonly table: DeltaTable;
  readonly matched: MatchedTables;
  readonly signal: AbortSignal | undefined;
  /** The watermark at which it began. */
  readonly before: bigint | null;
  readonly now: bigint;
  readonly counts: {
    read: number;
    taken: number;
    repeated: number;
    late: number;
    watermark: bigint | null;
    versions: number[];
  };
}

function checkedSettings(source: Source, options: SyncOptions): Settings {
  checkOptions("VALUE_INVALID", "sync()", options, {
    lateness: true,
    watermark: true,
    full: true,
    end: true,
    name: true,
    commitRows: true,
    clock: true,
    engine: true,
    progress: true,
    signal: true,
  });
  const { name = source.name, full = false, commitRows = defaultCommitRows } = options;
  const refuse = (option: string, rule: string, value: unknown) =>
    new TsopsError("VALUE_INVALID", `${option} is ${rule}, got ${shown(value)}.`, { details: { option } });
  if (typeof name !== "string" || name === "") throw refuse("name", "a text that is not empty", name);
  if (typeof full !== "boolean") throw refuse("full", "true or false", full);
  if (!Number.isSafeInteger(commitRows) || commitRows < 1)
    throw refuse("commitRows", "a whole number above 0", commitRows);
  return {
    name,
    latenessMicros: durationMicros(options.lateness),
    watermark: options.watermark === undefined ? null : toMicros(options.watermark),
    end: options.end === undefined ? null : toMicros(options.end),
    isFull: full,
    commitRows,
    clock: options.clock ?? systemClock(),
  };
}

/** The event times to read; null when all. */
function rangeToRead({ isFull, latenessMicros, end }: Settings, before: bigint | null) {
  const from = isFull || before === null ? firstInstant : before - latenessMicros;
  const start = from < firstInstant ? firstInstant : from;
  if (start === firstInstant && end === null) return null;
  const until = end ?? afterLastInstant;
  return interval(start, until < start ? start : until);
}

/** Appends what the table lacks of a chunk. Compares again when another sync was faster. */
async function takeChunk(run: Run, session: DuckSession, chunk: Columns, last: bigint | null): Promise<void> {
  const { table, name, matched, signal, counts } = run;
  for (let attempt = 0; attempt < attempts; attempt++) {
    throwIfAborted(signal);
    const position = await readPosition(table, name);
    const rows = await rowsNotHeld(session, await table.snapshot(), chunk, matched, signal);
    const watermark = watermarkAfter(position.watermark, last);
    if (rows.length > 0) {
      const columns = rows.length === chunk.length ? chunk : takeColumns(chunk, rows);
      const positions = movesTo(name, position, watermark);
      const appended = await table.append(withStamp(run, columns), { positions, signal });
      if (appended.duplicate) continue;
      counts.versions.push(appended.version);
      counts.watermark = watermark;
      counts.taken += rows.length;
      if (run.before !== null) counts.late += countBefore(timesOf(columns, matched), run.before);
    }
    counts.read += chunk.length;
    counts.repeated += chunk.length - rows.length;
    return;
  }
  throw conflict(run);
}

/** The greatest of ascending times that is not beyond the present; null when all are. */
function latestUpTo(times: BigInt64Array, now: bigint): bigint | null {
  for (let row = times.length - 1; row >= 0; row--)
    if ((times[row] as bigint) <= now) return times[row] as bigint;
  return null;
}

/** Commits a watermark that no rows have carried. */
async function moveWatermark(run: Run, last: bigint): Promise<void> {
  const { table, name, signal, counts } = run;
  for (let attempt = 0; attempt < attempts; attempt++) {
    throwIfAborted(signal);
    const position = await readPosition(table, name);
    const watermark = watermarkAfter(position.watermark, last);
    counts.watermark = watermark;
    if (watermark === position.watermark) return;
    const appended = await table.append([], { positions: movesTo(name, position, watermark), signal });
    if (!appended.duplicate) return;
  }
  throw conflict(run);
}

function conflict({ table, name }: Run): TsopsError {
  return new TsopsError(
    "STORE_CONFLICT",
    `Other syncs into the table committed first ${attempts} times in a row.`,
    {
      hint: "Let fewer syncs write to the table at once, and call sync again: it goes on where this one was.",
      details: { table: table.directory, name, attempts },
    },
  );
}

/** The rows in the table's columns, with the instant at which they became known where the source does not say. */
function withStamp({ matched, clock }: Run, columns: Columns): Columns {
  const { stamped } = matched;
  if (stamped === null) return selectColumns(columns, Object.keys(matched.types)) as Columns;
  const type: ColumnType = { kind: "timestamp", nullable: false };
  const values = new BigInt64Array(columns.length).fill(clock.now());
  return withColumn(columns, stamped, type, { kind: "timestamp", values, valid: null }) as unknown as Columns;
}

function countBefore(times: BigInt64Array, instant: bigint): number {
  return times.reduce((count, time) => count + (time < instant ? 1 : 0), 0);
}

function progressOf({ counts }: Run): SyncProgress {
  const { read, taken, repeated, late, watermark } = counts;
  return {
    task: "sync",
    done: read,
    figures: { taken, repeated, late, watermark: watermark === null ? "" : formatInstant(watermark) },
  };
}
