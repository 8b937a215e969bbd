import { checkMethods, importPeer, TsopsError } from "@tsops/core";
import type { PostgresPool } from "./client.ts";

/** The pool of a source: the caller's, or one of its own that is made on first use. */
export interface OwnPool {
  get(): Promise<PostgresPool>;
  /** Ends a pool of one's own. Calling it again does nothing. */
  readonly close: () => Promise<void>;
}

const connectTimeoutMs = 10_000;

/** What calls to a closed source get, and those that its end has ended. */
export function closedError(name: string): TsopsError {
  return new TsopsError("STORE_UNAVAILABLE", `The source of ${name} is closed.`, {
    hint: "Make a new one with postgresSource(), and close it when its scans are done.",
  });
}

/** @throws TsopsError CONFIG_INVALID for what is neither a URL nor a pool */
export function openPool(connection: string | PostgresPool, name: string): OwnPool {
  let isClosed = false;
  const checkOpen = (): void => {
    if (!isClosed) return;
    throw closedError(name);
  };
  if (typeof connection !== "string") {
    checkMethods(
      "CONFIG_INVALID",
      "The connection of postgresSource()",
      connection,
      ["connect"],
      "Give a URL (postgresql://...) or a pool: new pg.Pool(...).",
    );
    return {
      async get() {
        checkOpen();
        return connection;
      },
      async close() {
        isClosed = true;
      },
    };
  }
  checkUrl(connection);
  let opened: ReturnType<typeof ownPool> | null = null;
  return {
    get() {
      checkOpen();
      opened ??= ownPool(connection);
      return opened;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      if (opened !== null) await (await opened).end();
    },
  };
}

/** Here and not by the driver, whose error would show the password. */
function checkUrl(connection: string): void {
  const isUrl = /^postgres(ql)?:\/\//.test(connection) && URL.canParse(connection);
  if (isUrl) return;
  throw new TsopsError("CONFIG_INVALID", "The connection of postgresSource() is no URL of PostgreSQL.", {
    hint: "Write postgresql://user:password@host:5432/database; %-encode what is not a letter or digit in the password.",
  });
}

async function ownPool(connectionString: string): Promise<PostgresPool & { end(): Promise<void> }> {
  const { default: pg } = await importPeer("postgresSource()", "pg", () => import("pg"));
  const pool = new pg.Pool({
    connectionString,
    connectionTimeoutMillis: connectTimeoutMs,
    allowExitOnIdle: true,
  });
  // A connection that is lost while nobody uses it is replaced at the next call.
  pool.on("error", () => {});
  return pool as unknown as PostgresPool & { end(): Promise<void> };
}
