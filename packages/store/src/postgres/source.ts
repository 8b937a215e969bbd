import { checkOptions, type Table, TsopsError, throwIfAborted } from "@tsops/core";
import type { Source, SourceAggregation, SourceHealth, SourceScan, SourceWrite } from "@tsops/core/arrow";
import type { RecordBatch } from "apache-arrow";
import { aggregateStatement } from "./aggregate.ts";
import type { PostgresPool } from "./client.ts";
import { copyOut } from "./copy-out.ts";
import { type CreateTableOptions, createTableIn } from "./create-table.ts";
import { closedError, openPool } from "./pool.ts";
import { declaredRelation, findRelation, type Relation } from "./relation.ts";
import { rowDecoder } from "./row-decoder.ts";
import { openSession, type Session } from "./session.ts";
import { quoteRelation } from "./sql-text.ts";
import { latestStatement, type Statement, scanStatement } from "./statements.ts";
import { type Batches, writeRows } from "./write.ts";

/** What `postgresSource` takes. */
export interface PostgresSourceOptions<T extends Table = Table> {
  /** `postgresql://user:password@host:port/database`, for which `pg` is imported, or a pool of your own: `new pg.Pool(...)`, which stays yours. */
  readonly connection: string | PostgresPool;
  /** What a row is: its columns by the names that they have in the database. */
  readonly table: T;
  /** The database's table or view: `"name"` or `"schema.name"`. Default: the table's name. */
  readonly relation?: string;
  /** Rows of a batch. Default: 65,536. */
  readonly batchRows?: number;
}

/** The call that `explain` tells about. */
export type PostgresExplained<T extends Table = Table> =
  | { readonly scan: SourceScan<T> }
  | { readonly latest: SourceScan<T> }
  | { readonly aggregate: SourceAggregation<T> };

/** A table of PostgreSQL, or a hypertable where the database has TimescaleDB. */
export interface PostgresSource<T extends Table = Table> extends Source {
  /** The definition that was given. @throws TsopsError SCHEMA_INVALID when the database's table does not fit it */
  schema(options?: { readonly signal?: AbortSignal | undefined }): Promise<T>;
  /** Rows by (event time, keys): see `Source`. */
  scan(scan?: SourceScan<T>): AsyncIterable<RecordBatch>;
  /** Appends rows by COPY in one transaction, all or none; resolves when they are durable. */
  write(batches: Batches, options?: { readonly signal?: AbortSignal | undefined }): Promise<SourceWrite>;
  /** The row of each entity with the greatest event time in the range, by keys. */
  latest(scan?: SourceScan<T>): AsyncIterable<RecordBatch>;
  /** A row per entity and bucket that has rows, by (bucket, keys). */
  aggregate(aggregation: SourceAggregation<T>): AsyncIterable<RecordBatch>;
  /**
   * Makes the database's table, with its indexes; a hypertable where the database has TimescaleDB.
   * @throws TsopsError STORE_EXISTS
   */
  createTable(options?: CreateTableOptions): Promise<void>;
  /** How the server would answer a call: its plan, as text, of the statement that the call would run. */
  explain(
    call: PostgresExplained<T>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string>;
}

/**
 * A table of PostgreSQL as a source: rows travel by binary COPY between the socket and typed arrays, so instants keep their microseconds
 * and integers their 64 bits. Range, keys, `latest` and `aggregate` are the server's work; with TimescaleDB in the database the latter by
 * `time_bucket`, `first` and `last`.
 * @throws TsopsError CONFIG_INVALID
 */
export function postgresSource<const T extends Table>(options: PostgresSourceOptions<T>): PostgresSource<T> {
  checkOptions("CONFIG_INVALID", "postgresSource()", options, {
    connection: true,
    table: true,
    relation: true,
    batchRows: true,
  });
  const { connection, table, batchRows = 65_536 } = options;
  if (!Number.isSafeInteger(batchRows) || batchRows < 1)
    throw new TsopsError("CONFIG_INVALID", `batchRows must be a whole number above 0, got ${batchRows}.`, {
      hint: "Leave it out for 65,536.",
    });
  const relationSql = quoteRelation(options.relation ?? table.name);
  const name = `postgres table ${relationSql}`;
  const pool = openPool(connection, name);

  const sessions = new Set<Session>();
  const closing = new AbortController();
  /** What ends a call: its own signal, or the end of the source. */
  const endOf = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
  /** A call that the end of the source has ended says so, whatever it met first. */
  const reasonOf = (error: unknown, signal: AbortSignal | undefined): unknown =>
    closing.signal.aborted && signal?.aborted !== true ? closing.signal.reason : error;
  const finish = async (session: Session): Promise<void> => {
    sessions.delete(session);
    await session.end();
  };
  /**
   * A connection on which a first statement, one that changes nothing, has worked. A pool may lend one that the server has ended
   * meanwhile: that says nothing of the server, so another one is taken.
   */
  const open = async <T>(
    signal: AbortSignal | undefined,
    first: (session: Session) => Promise<T>,
  ): Promise<{ readonly session: Session; readonly found: T }> => {
    for (let attempt = 1; ; attempt++) {
      const session = await openSession(await pool.get(), name, endOf(signal));
      sessions.add(session);
      try {
        return { session, found: await first(session) };
      } catch (error) {
        await finish(session);
        if (attempt === 3 || !TsopsError.is(error, "ADAPTER_UNAVAILABLE")) throw error;
      }
    }
  };
  // Scans that nobody will finish do not hold it up: their connections end here.
  const close = async (): Promise<void> => {
    closing.abort(closedError(name));
    await Promise.all([...sessions].map(finish));
    await pool.close();
  };

  const withSession = async <T>(
    signal: AbortSignal | undefined,
    work: (session: Session) => Promise<T>,
  ): Promise<T> => {
    let session: Session | null = null;
    try {
      ({ session } = await open(signal, (opened) => opened.run("SELECT 1")));
      const result = await work(session);
      session.release();
      return result;
    } catch (error) {
      throw reasonOf(error, signal);
    } finally {
      if (session !== null) await finish(session);
    }
  };
  const declared = declaredRelation(table, relationSql);
  const rowsOf = (
    statementOf: (relation: Relation) => Statement,
    signal: AbortSignal | undefined,
  ): AsyncIterable<RecordBatch> => {
    // What is wrong with the call itself is said at the call, not when somebody begins to read.
    statementOf(declared);
    return readRows(statementOf, signal);
  };
  async function* readRows(
    statementOf: (relation: Relation) => Statement,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    let session: Session | null = null;
    try {
      const opened = await open(signal, (first) => findRelation(first, table, relationSql, "read"));
      session = opened.session;
      const { sql, columns } = statementOf(opened.found);
      const decoder = rowDecoder(columns, describedBy(table, columns), batchRows);
      yield* copyOut(session, `COPY (${sql}) TO STDOUT (FORMAT binary)`, decoder, name, endOf(signal));
      session.release();
    } catch (error) {
      throw reasonOf(error, signal);
    } finally {
      if (session !== null) await finish(session);
    }
  }
  return {
    name,
    capabilities: { write: true, latest: true, aggregate: true },
    async schema({ signal } = {}) {
      await withSession(signal, (session) => findRelation(session, table, relationSql, "read"));
      return table;
    },
    scan: (scan = {}) => rowsOf((relation) => scanStatement(relation, table, scan), scan.signal),
    latest: (scan = {}) => rowsOf((relation) => latestStatement(relation, table, scan), scan.signal),
    aggregate: (aggregation) =>
      rowsOf((relation) => aggregateStatement(relation, table, aggregation), aggregation.signal),
    async write(batches, { signal } = {}) {
      const rows = await withSession(signal, (session) =>
        writeRows(session, table, relationSql, batches, name, signal),
      );
      return { rows };
    },
    async createTable(create = {}) {
      checkOptions("CONFIG_INVALID", "createTable()", create, { chunk: true, indexes: true, signal: true });
      await withSession(create.signal, (session) => createTableIn(session, table, relationSql, create));
    },
    async explain(call, { signal } = {}) {
      const lines = await withSession(signal, async (session) => {
        const relation = await findRelation(session, table, relationSql, "read");
        return session.rows(`EXPLAIN (COSTS OFF) ${statementFor(call, relation, table).sql}`);
      });
      return lines.map(([line]) => line).join("\n");
    },
    async health({ signal } = {}) {
      throwIfAborted(signal);
      const started = performance.now();
      const answer = (isHealthy: boolean, detail: string): SourceHealth => ({
        isHealthy,
        detail,
        latencyMs: performance.now() - started,
      });
      try {
        return answer(true, await withSession(signal, serverOf));
      } catch (error) {
        if (!TsopsError.is(error) || error.code === "ABORTED") throw error;
        return answer(false, error.message);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function serverOf(session: Session): Promise<string> {
  const [row] = await session.rows(
    "SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')",
  );
  const [version, timescale] = row ?? [];
  return `PostgreSQL ${version}${timescale == null ? "" : `, TimescaleDB ${timescale}`}`;
}

function statementFor(call: PostgresExplained, relation: Relation, table: Table): Statement {
  if ("scan" in call) return scanStatement(relation, table, call.scan);
  if ("latest" in call) return latestStatement(relation, table, call.latest);
  return aggregateStatement(relation, table, call.aggregate);
}

/** The definition that the batches carry: none where a column that it names is left out. */
function describedBy(table: Table, columns: Statement["columns"]): Table | undefined {
  const { keys, eventTime, availableAt } = table;
  const named = [...keys, eventTime, ...(availableAt === undefined ? [] : [availableAt])];
  return named.every((name) => columns.some((column) => column.name === name)) ? table : undefined;
}
