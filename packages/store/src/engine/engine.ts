import { type DuckDBConnection, DuckDBInstance, StatementType } from "@duckdb/node-api";
import { type Columns, TsopsError } from "@tsops/core";
import { fromArrow, toArrow } from "@tsops/core/arrow";
import type { Table as ArrowTable, RecordBatch } from "apache-arrow";
import { checkDuckDbVersion } from "../arrow/raw.ts";
import { type ReadOptions, ResultCutError, readBatches, readColumns } from "../arrow/read.ts";
import { writeColumns } from "../arrow/write.ts";
import { asEngineError } from "./duckdb-error.ts";

/** Settings of an engine. */
export interface EngineOptions {
  /** Threads that queries may use. Default: DuckDB's, one per core. */
  readonly threads?: number;
  /** Most memory that queries may use, e.g. `"2GB"`. Default: DuckDB's, 80 % of the machine's. */
  readonly memoryLimit?: string;
  /** Directory for what does not fit that memory. Default: none, such a query fails with STORE_UNAVAILABLE. */
  readonly tempDirectory?: string;
}

/** Lets a query be stopped. */
export interface QueryOptions {
  /** Stops the query: the call then rejects with TsopsError ABORTED. */
  readonly signal?: AbortSignal | undefined;
}

/** An in-memory DuckDB: the query engine over tables, never a store. */
export interface DuckEngine extends AsyncDisposable {
  /** A new connection with its own temporary tables. Close it when done. */
  session(): Promise<DuckSession>;
  /** Runs `work` on a connection of its own and closes it afterwards. */
  use<T>(work: (session: DuckSession) => Promise<T>): Promise<T>;
  /** Closes the sessions that are still open, and the database. */
  close(): Promise<void>;
}

/** One connection, in UTC. It runs one query at a time: wait for one (or finish its batches) before the next. */
export interface DuckSession extends AsyncDisposable {
  /** Runs statements and drops their result. */
  run(sql: string, options?: QueryOptions): Promise<void>;
  /** Runs a query and reads its whole result. */
  columns(sql: string, options?: QueryOptions & ReadOptions): Promise<Columns>;
  /** Runs a query and reads its result as it is produced, in bounded memory. */
  batches(sql: string, options?: QueryOptions & ReadOptions): AsyncGenerator<Columns, void, undefined>;
  /** Runs a query and reads its whole result as an Arrow table; numbers are copied once. */
  arrow(sql: string, options?: QueryOptions & ReadOptions): Promise<ArrowTable>;
  /** Runs a query and reads its result as it is produced, as Arrow. */
  recordBatches(
    sql: string,
    options?: QueryOptions & ReadOptions,
  ): AsyncGenerator<RecordBatch, void, undefined>;
  /** Creates a temporary table; it lives as long as the session. Instants become TIMESTAMPTZ, text VARCHAR. */
  load(name: string, rows: Columns | ArrowTable | RecordBatch, options?: QueryOptions): Promise<void>;
  /** Drops temporary tables and disconnects. Calling it again does nothing. */
  close(): Promise<void>;
}

/**
 * Opens an engine. Extensions are neither loaded nor downloaded: `parquet`, `icu` and `json` are built in.
 * @throws TsopsError STORE_UNSUPPORTED when another version of DuckDB is installed than was tested
 */
export async function openEngine(options: EngineOptions = {}): Promise<DuckEngine> {
  checkDuckDbVersion();
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    temp_directory: options.tempDirectory ?? "",
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
  });
  const first = await instance.connect();
  await first.run("SET GLOBAL TimeZone = 'UTC'");
  first.disconnectSync();
  const open = new Set<DuckSession>();
  let isClosed = false;
  const engine: DuckEngine = {
    session: async () => {
      if (isClosed) throw new TsopsError("STORE_UNAVAILABLE", "The engine is closed.");
      const connection = await instance.connect();
      const session = createSession(connection, () => open.delete(session));
      open.add(session);
      return session;
    },
    use: async (work) => {
      const session = await engine.session();
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      for (const session of open) await session.close();
      instance.closeSync();
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
  return engine;
}

/** How often an interrupt is repeated: one that arrives before the query has begun is lost. */
const interruptIntervalMs = 5;

function createSession(connection: DuckDBConnection, onClose: () => void): DuckSession {
  let isClosed = false;

  async function guarded<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (isClosed) throw new TsopsError("STORE_UNAVAILABLE", "The session is closed.");
    if (signal === undefined) return work().catch((error) => Promise.reject(asEngineError(error)));
    if (signal.aborted) throw aborted(signal);
    let timer: NodeJS.Timeout | undefined;
    const interrupt = () => {
      connection.interrupt();
      timer = setInterval(() => connection.interrupt(), interruptIntervalMs);
    };
    signal.addEventListener("abort", interrupt, { once: true });
    try {
      return await work();
    } catch (error) {
      throw signal.aborted ? aborted(signal, error) : asEngineError(error);
    } finally {
      clearInterval(timer);
      signal.removeEventListener("abort", interrupt);
    }
  }

  /** Why a query failed while its result was being read: DuckDB says so when it runs again to its end. */
  async function causeOf(error: unknown, sql: string, signal: AbortSignal | undefined): Promise<unknown> {
    if (!(error instanceof ResultCutError) || signal?.aborted === true) return error;
    const prepared = await connection.prepare(sql).catch(() => null);
    // It is run once more for that, so it must be one that only reads.
    if (prepared?.statementType !== StatementType.SELECT) return error;
    return connection.run(`EXPLAIN ANALYZE ${sql}`).then(
      () => error,
      (cause: unknown) => cause,
    );
  }

  const session: DuckSession = {
    run: (sql, options = {}) =>
      guarded(options.signal, async () => {
        await connection.run(sql);
      }),
    columns: (sql, options = {}) =>
      guarded(options.signal, async () => {
        try {
          return await readColumns(await connection.stream(sql), options);
        } catch (error) {
          throw await causeOf(error, sql, options.signal);
        }
      }),
    batches: async function* (sql, options = {}) {
      const { signal } = options;
      const result = await guarded(signal, () => connection.stream(sql));
      const batches = readBatches(result, options);
      try {
        for (;;) {
          const next = await guarded(signal, () =>
            batches.next().catch(async (error: unknown) => {
              throw await causeOf(error, sql, signal);
            }),
          );
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        // DuckDB may be at work on the next chunk, which nobody wants any more and which must end before the connection does.
        connection.interrupt();
        await batches.return();
      }
    },
    arrow: async (sql, options) => toArrow(await session.columns(sql, options)),
    recordBatches: async function* (sql, options) {
      for await (const columns of session.batches(sql, options)) yield* toArrow(columns).batches;
    },
    load: (name, rows, options = {}) =>
      guarded(options.signal, () => {
        const columns = "types" in rows ? rows : fromArrow(rows);
        return writeColumns(connection, name, columns, options.signal);
      }),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      onClose();
      connection.disconnectSync();
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
  return session;
}

function aborted(signal: AbortSignal, cause?: unknown): TsopsError {
  return TsopsError.is(cause, "ABORTED")
    ? cause
    : new TsopsError("ABORTED", "The query was aborted.", { cause: cause ?? signal.reason });
}
