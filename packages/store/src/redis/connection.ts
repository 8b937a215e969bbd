import { abortable, importPeer, TsopsError, throwIfAborted } from "@tsops/core";
import { redisError } from "./redis-error.ts";
import type { RedisScript } from "./scripts.ts";

/** The little of a `redis` (node-redis) client that is used, so that an app can pass its own. */
export interface RedisClientLike {
  /** Sends a command as it is; `typeMapping` says what the reply's parts become, by the byte that they begin with. */
  sendCommand(
    args: (string | Buffer)[],
    options?: { readonly typeMapping?: Readonly<Record<number, unknown>> },
  ): Promise<unknown>;
}

interface OwnClient extends RedisClientLike {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

/** Bulk strings (`$` in the protocol) as bytes: rows are no text. */
const asBytes = { typeMapping: { [0x24]: Buffer } };

/**
 * Sends commands to one Redis. A connection that breaks is made anew by the next call, so a server that comes back is found
 * without anybody waiting for it meanwhile.
 */
export class RedisConnection {
  /** For messages, without credentials. */
  readonly server: string;
  readonly #url: string | null;
  readonly #timeoutMs: number;
  #client: RedisClientLike | null;
  #connecting: Promise<OwnClient> | null = null;
  #own: OwnClient | null = null;
  #isClosed = false;

  constructor(connection: string | RedisClientLike, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    if (typeof connection === "string") {
      this.server = addressOf(connection);
      this.#url = connection;
      this.#client = null;
    } else {
      this.server = "the given client's address";
      this.#url = null;
      this.#client = connection;
    }
  }

  /** Runs a script: one round trip, one unit for every other client. */
  async run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    return this.#within(signal, async (client) => {
      try {
        return await client.sendCommand(["EVALSHA", script.sha1, ...rest], asBytes);
      } catch (error) {
        // A server that was started anew does not know it yet.
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        return client.sendCommand(["EVAL", script.text, ...rest], asBytes);
      }
    });
  }

  async send(args: (string | Buffer)[], signal: AbortSignal | undefined): Promise<unknown> {
    return this.#within(signal, (client) => client.sendCommand(args, asBytes));
  }

  close(): void {
    this.#isClosed = true;
    this.#letGo();
  }

  async #within(
    signal: AbortSignal | undefined,
    work: (client: RedisClientLike) => Promise<unknown>,
  ): Promise<unknown> {
    this.#open();
    throwIfAborted(signal);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        // Its later replies belong to nobody: whoever comes next gets a connection of his own.
        this.#letGo();
        reject(new Error(`no answer within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
    });
    try {
      const answer = (async () => work(this.#client ?? (await this.#connected())))();
      return await abortable(Promise.race([answer, late]), signal);
    } catch (error) {
      this.#open();
      throw redisError(error, this.server);
    } finally {
      clearTimeout(timer);
    }
  }

  #open(): void {
    if (!this.#isClosed) return;
    throw new TsopsError(
      "STORE_UNAVAILABLE",
      `The online store at ${this.server} was used after it was closed.`,
      {
        hint: "Open another with redisOnlineStore().",
      },
    );
  }

  #letGo(): void {
    const own = this.#own;
    this.#own = null;
    this.#connecting = null;
    try {
      own?.destroy();
    } catch {
      // It was closed already.
    }
  }

  async #connected(): Promise<OwnClient> {
    if (this.#own?.isReady === true) return this.#own;
    // All calls that find the connection broken wait for the same new one.
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #connect(): Promise<OwnClient> {
    this.#letGo();
    const { createClient } = await importPeer("redisOnlineStore()", "redis", () => import("redis"));
    const client = createClient({
      url: this.#url as string,
      // Version 2 of the protocol, which every server and proxy speaks.
      RESP: 2,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: false, connectTimeout: this.#timeoutMs },
    }) as unknown as OwnClient;
    let failure: unknown = null;
    // Whoever waits for a reply is told; without a listener the event would end the process.
    client.on("error", (error) => {
      failure ??= error;
    });
    this.#own = client;
    try {
      await client.connect();
    } catch (error) {
      if (this.#own === client) this.#letGo();
      throw failure ?? error;
    }
    if (this.#own === client) return client;
    // Meanwhile the store was closed, or nobody waits for this one any more.
    client.destroy();
    throw new Error("the connection came too late");
  }
}

/** Host and port. @throws TsopsError CONFIG_INVALID, which does not repeat the text: it may hold a password. */
function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === "redis:" || url.protocol === "rediss:") && url.hostname !== "")
    return `${url.hostname}:${url.port === "" ? "6379" : url.port}`;
  throw new TsopsError("CONFIG_INVALID", "The connection is no URL of a Redis server.", {
    hint: "Write redis://user:password@host:6379/0, or rediss:// for TLS; percent-encode the password.",
  });
}
