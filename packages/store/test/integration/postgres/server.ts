import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { columnsFromRows, type Table, toRows } from "@tsops/core";
import { fromArrow, toArrow } from "@tsops/core/arrow";
import { Table as ArrowTable, type RecordBatch } from "apache-arrow";
import pg from "pg";
import { service } from "../../../../../test/services.ts";
import { temporaryDirectory } from "../../../../../test/temporary-directory.ts";

/** The installed server. */
export const postgres = service("postgres");

const call = (command: readonly string[], state?: string): Promise<{ stdout: string }> =>
  promisify(execFile)("bash", [postgres.script, ...command], {
    env: { ...process.env, ...(state === undefined ? {} : { TSOPS_POSTGRES_STATE: state }) },
  });

/** Whether the installed server has TimescaleDB. */
export const hasTimescale: boolean =
  !postgres.isMissing &&
  (await call(["timescaledb"]).then(
    () => true,
    () => false,
  ));

if (!postgres.isMissing && !hasTimescale)
  console.error(
    "\n*** TimescaleDB is not installed: what it adds to PostgreSQL is NOT tested. scripts/services/postgres.sh install ***\n",
  );

/** A server of a test file's own. */
export interface PostgresServer {
  /** A database of PostgreSQL as it comes. */
  readonly url: string;
  /** One with the extension TimescaleDB; empty where it is not installed. */
  readonly timescaleUrl: string;
  /** Ends it, with or without a shutdown, and starts it again on the same port. */
  restart(how: "shutdown" | "crash"): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server; `--plain` loads no TimescaleDB. */
export async function startPostgres(...options: "--plain"[]): Promise<PostgresServer> {
  const directory = temporaryDirectory();
  const { stdout } = await call(["start", ...options], directory.path);
  const variable = (name: string): string => new RegExp(`^export ${name}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
  return {
    url: variable("TSOPS_POSTGRES_URL"),
    timescaleUrl: variable("TSOPS_TIMESCALE_URL"),
    async restart(how) {
      await call(["restart", ...(how === "crash" ? ["--crash"] : [])], directory.path);
    },
    async stop() {
      await call(["stop"], directory.path);
      await directory.dispose();
    },
  };
}

/** Runs SQL on a connection of its own, outside the adapter; values come as text. */
export async function sql(url: string, text: string): Promise<(string | null)[][]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const types = { getTypeParser: () => (value: string) => value };
    const result = await client.query({ text, rowMode: "array", types: types as never });
    const last = Array.isArray(result) ? result.at(-1) : result;
    return last.rows as (string | null)[][];
  } finally {
    await client.end();
  }
}

/** Row objects as batches of at most `size` rows. */
export function batchesOf(table: Table, rows: readonly object[], size = rows.length): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at < rows.length; at += size)
    batches.push(...toArrow(columnsFromRows(table.columns, rows.slice(at, at + size) as never)).batches);
  return batches;
}

/** All rows of a scan as objects, instants in microseconds. */
export async function rowsOf<Row = Record<string, unknown>>(
  batches: AsyncIterable<RecordBatch>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of batches)
    rows.push(...(toRows(fromArrow(new ArrowTable([batch])), { timestamps: "micros" }) as Row[]));
  return rows;
}
