import { connect } from "node:net";
import { abortable, TsopsError, throwIfAborted } from "@tsops/core";
import type { PostgresClient, PostgresPool, PostgresSubmittable } from "./client.ts";
import { asTsopsError } from "./errors.ts";

/** A connection lent by a pool, for one call. */
export interface Session {
  /** Runs a statement; values of the rows must be text or null. @throws TsopsError */
  rows(text: string, values?: readonly unknown[]): Promise<(string | null)[][]>;
  /** Runs statements without parameters. @throws TsopsError */
  run(text: string): Promise<void>;
  /** Ends the transaction; resolves when it is durable. Not cut short by the signal. @throws TsopsError */
  commit(): Promise<void>;
  submit(query: PostgresSubmittable): void;
  /** Gives the connection back, when the server is done with it. */
  release(): void;
  /** Ends the connection and what the server does for it. Does nothing after `release`. */
  end(): Promise<void>;
}

/** Takes a connection from the pool. @throws TsopsError ADAPTER_UNAVAILABLE, CONFIG_INVALID, ABORTED */
export async function openSession(
  pool: PostgresPool,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Session> {
  throwIfAborted(signal);
  const connecting = pool.connect();
  let client: PostgresClient;
  try {
    client = await abortable(connecting, signal);
  } catch (error) {
    connecting.then(
      (late) => late.release(),
      () => {},
    );
    throw asTsopsError(error, name);
  }
  if (!("native" in client)) return sessionOf(client, name, signal);
  client.release();
  throw new TsopsError(
    "CONFIG_INVALID",
    "The pool gives clients of pg-native, which do not show their socket.",
    {
      hint: "Give a pool of `pg` itself: new pg.Pool(...).",
    },
  );
}

function sessionOf(client: PostgresClient, name: string, signal: AbortSignal | undefined): Session {
  let isLent = true;
  // A lost connection ends the query under way; without a listener the client's event would end the process as well.
  const ignore = (): void => {};
  client.on("error", ignore);
  const giveBack = (destroy: boolean): void => {
    if (!isLent) return;
    isLent = false;
    client.off("error", ignore);
    if (destroy) client.on("error", ignore);
    client.release(destroy);
  };
  const query = async (text: string, values?: readonly unknown[]) => {
    try {
      const question = { text, rowMode: "array", ...(values === undefined ? {} : { values }) };
      return (await client.query(question)) as {
        readonly rows: (string | null)[][];
        readonly command: string;
      };
    } catch (error) {
      throw asTsopsError(error, name);
    }
  };
  let ending: Promise<void> | null = null;
  return {
    rows: async (text, values) => (await abortable(query(text, values), signal)).rows,
    async run(text) {
      await abortable(query(text), signal);
    },
    async commit() {
      const { command } = await query("COMMIT");
      if (command === "COMMIT") return;
      throw new TsopsError("STORE_CONFLICT", `PostgreSQL answers COMMIT for ${name} with ${command}.`, {
        hint: "Write again: nothing was written.",
      });
    },
    submit: (submittable) => void client.query(submittable),
    release: () => giveBack(false),
    async end() {
      ending ??= isLent ? cancel(client).then(() => giveBack(true)) : Promise.resolve();
      await ending;
    },
  };
}

const cancelCode = 80_877_102;

/**
 * Asks the server to stop what it does for a connection, as a server that sorts does not notice that nobody listens any more.
 * The request carries the connection's secret, so it cannot meet another's. Where it does not get through, the server
 * notices the end of the connection at its next write.
 */
async function cancel(client: PostgresClient): Promise<void> {
  const { connection, processID, secretKey } = client as unknown as {
    connection?: { stream?: { remoteAddress?: string; remotePort?: number; destroyed?: boolean } };
    processID?: unknown;
    secretKey?: unknown;
  };
  const { remoteAddress: host, remotePort: port, destroyed } = connection?.stream ?? {};
  if (destroyed || host === undefined || port === undefined) return;
  if (typeof processID !== "number" || typeof secretKey !== "number") return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(cancelCode, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  await new Promise<void>((resolve) => {
    const socket = connect({ host, port }, () => socket.write(request));
    // The server closes the connection once it has passed the request on.
    socket.setTimeout(2000, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
  });
}
