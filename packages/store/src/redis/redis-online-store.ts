import {
  type CallOptions,
  type Columns,
  checkMethods,
  checkOptions,
  durationMicros,
  type FeatureView,
  type InstantInput,
  type KeptTable,
  type LookupOptions,
  type ObservedCounts,
  type OnlineEvaluator,
  type OnlineStore,
  onlineEvaluator,
  toMicros,
} from "@tsops/core";
import { type RedisClientLike, RedisConnection } from "./connection.ts";
import {
  entityAt,
  entityText,
  fromOrderedBytes,
  type KeyValue,
  numberedRow,
  orderedBytes,
  RowReader,
  rowWriter,
} from "./row-codec.ts";
import { advanceScript, observeScript, readScript } from "./scripts.ts";

/** What `redisOnlineStore` takes. */
export interface RedisOnlineStoreOptions<Views extends readonly FeatureView[]> {
  /** Where the server is, `"redis://user:password@host:6379/0"`, or a connected client of the package `redis`, which stays the caller's. */
  readonly connection: string | RedisClientLike;
  /** The views that are looked up. All that share a namespace have the same ones, in the same order. */
  readonly views: Views;
  /** What all keys begin with. Default "tsops". */
  readonly namespace?: string;
  /**
   * Forgets an entity that brought no new row for this long, e.g. `"90d"`, as if it had never been: its features are `missing`,
   * where the offline join still knows them. Default: never.
   */
  readonly entityTtl?: string;
  /** How long a call waits for the server before it rejects with ADAPTER_UNAVAILABLE. Default "5s". */
  readonly timeout?: string;
}

/**
 * Online values in Redis (6.2 or newer), shared by all processes that use the namespace. A lookup is one round trip, whatever
 * the number of views and entities. A batch of rows is taken in by one script: whole, and in one place in the order of arrival.
 * Connects at the first call, and again after the server was away.
 * @throws TsopsError FEATURE_INVALID, CONFIG_INVALID; ADAPTER_MISSING_DEPENDENCY at the first call.
 * @example
 * await using store = redisOnlineStore({ connection: "redis://127.0.0.1:6379", views: [usage] });
 * await store.observe("rentals", rows);
 * const joined = await store.lookup(spine, { time: "at" });
 */
export function redisOnlineStore<const Views extends readonly FeatureView[]>(
  options: RedisOnlineStoreOptions<Views>,
): OnlineStore<Views> {
  checkOptions("FEATURE_INVALID", "redisOnlineStore()", options, {
    connection: true,
    views: true,
    namespace: true,
    entityTtl: true,
    timeout: true,
  });
  const { connection, timeout = "5s" } = options;
  if (typeof connection !== "string")
    checkMethods(
      "CONFIG_INVALID",
      "The connection of redisOnlineStore()",
      connection,
      ["sendCommand"],
      "Give a URL, or a client made by createClient() of the package redis.",
    );
  const redis = new RedisConnection(connection, Number(durationMicros(timeout) / 1000n));
  return new RedisStore(redis, options) as unknown as OnlineStore<Views>;
}

/** The rows of an entity as Redis replies: bytes, number, bytes, number, ... */
type EntityReply = readonly Buffer[];

interface Entity {
  readonly table: KeptTable;
  readonly values: readonly KeyValue[];
}

class RedisStore {
  readonly viewTables: Readonly<Record<string, string>>;
  readonly #redis: RedisConnection;
  readonly #rules: OnlineEvaluator;
  readonly #namespace: string;
  readonly #entityTtlMs: string;

  constructor(
    redis: RedisConnection,
    {
      views,
      namespace = "tsops",
      entityTtl,
    }: Omit<RedisOnlineStoreOptions<readonly FeatureView[]>, "connection">,
  ) {
    this.#redis = redis;
    this.#rules = onlineEvaluator(views);
    this.#namespace = namespace;
    this.#entityTtlMs = entityTtl === undefined ? "0" : String(durationMicros(entityTtl) / 1000n);
    this.viewTables = this.#rules.viewTables;
  }

  async observe(table: string, rows: Columns, { signal }: CallOptions = {}): Promise<ObservedCounts> {
    this.#rules.checkRows(table, rows);
    const kept = this.#rules.table(table);
    const bytesOf = rowWriter(kept, rows);
    const byKey = new Map<string, Buffer[]>();
    const copies = new Map<string, number>();
    let withoutKey = 0;
    for (let row = 0; row < rows.length; row++) {
      const values = entityAt(rows, kept.keys, row);
      if (values === null) {
        withoutKey++;
        continue;
      }
      const key = this.#keyOf(table, values);
      const bytes = bytesOf(row);
      const identity = `${key} ${bytes.toString("latin1")}`;
      const copy = copies.get(identity) ?? 0;
      copies.set(identity, copy + 1);
      const entity = byKey.get(key);
      if (entity === undefined) byKey.set(key, [numberedRow(bytes, copy)]);
      else entity.push(numberedRow(bytes, copy));
    }
    const args = [...byKey.values()].flatMap((entity) => [String(entity.length), ...entity]);
    const reply = await this.#redis.run(
      observeScript,
      [this.#namespace, ...byKey.keys()],
      [this.#rules.definition, this.#entityTtlMs, ...args],
      signal,
    );
    const [accepted, late, repeated] = reply as [number, number, number];
    return { accepted, late, repeated, withoutKey };
  }

  async lookup(spine: Columns, { signal, ...how }: LookupOptions & CallOptions): Promise<Columns> {
    const entities = new Map<string, Entity>();
    for (const { table, spineKeys } of this.#rules.entities(spine, how))
      for (let row = 0; row < spine.length; row++) {
        const values = entityAt(spine, spineKeys, row);
        if (values !== null)
          entities.set(this.#keyOf(table, values), { table: this.#rules.table(table), values });
      }
    const reply = await this.#redis.run(
      readScript,
      [this.#namespace, ...entities.keys()],
      [this.#rules.definition],
      signal,
    );
    const [horizon, ...replies] = reply as [Buffer, ...EntityReply[]];
    const found = [...entities.values()].map((entity, index) => ({
      ...entity,
      rows: inOrderOfArrival(replies[index] as EntityReply),
    }));
    const rows = Object.fromEntries(
      this.#rules.tables.map((table) => {
        const own = found.filter((entity) => entity.table === table);
        const reader = new RowReader(
          table,
          own.reduce((count, entity) => count + entity.rows.length, 0),
        );
        for (const entity of own) for (const bytes of entity.rows) reader.add(entity.values, bytes);
        return [table.name, reader.columns()];
      }),
    );
    return this.#rules.lookup(spine, how, rows, horizon.length === 0 ? null : fromOrderedBytes(horizon));
  }

  async advance(to: InstantInput, { signal }: CallOptions = {}): Promise<number> {
    const horizon = toMicros(to);
    const args = [this.#rules.definition, orderedBytes(horizon)];
    // The horizon moves first: whoever reads after rows are gone knows it.
    if ((await this.#redis.run(advanceScript, [this.#namespace], args, signal)) === 0) return 0;
    let dropped = 0;
    for (const table of this.#rules.tables) {
      const pattern = `${escapedPattern(`${this.#namespace}:${table.name}:`)}[[]*`;
      let cursor = "0";
      do {
        const page = await this.#redis.send(["SCAN", cursor, "MATCH", pattern, "COUNT", "512"], signal);
        const [next, keys] = page as [Buffer, Buffer[]];
        cursor = next.toString("latin1");
        dropped += await this.#forget(table, keys, horizon, signal);
      } while (cursor !== "0");
    }
    return dropped;
  }

  /** What is dropped stays invisible whatever other clients bring meanwhile, so nothing has to be locked. */
  async #forget(
    table: KeptTable,
    keys: readonly Buffer[],
    horizon: bigint,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const dropped = await Promise.all(
      keys.map(async (key) => {
        const rows = inOrderOfArrival((await this.#redis.send(["HGETALL", key], signal)) as EntityReply);
        const reader = new RowReader(table, rows.length);
        for (const bytes of rows) reader.add(null, bytes);
        const visible = new Set(this.#rules.visible(table.name, reader.columns(), horizon));
        const gone = rows.filter((_, row) => !visible.has(row));
        if (gone.length === 0) return 0;
        return (await this.#redis.send(["HDEL", key, ...gone], signal)) as number;
      }),
    );
    return dropped.reduce((total, count) => total + count, 0);
  }

  async close(): Promise<void> {
    this.#redis.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #keyOf(table: string, values: readonly KeyValue[]): string {
    return `${this.#namespace}:${table}:${entityText(values)}`;
  }
}

/** The rows' bytes without their numbers, and without the latest event time, which has no name. */
function inOrderOfArrival(reply: EntityReply): Buffer[] {
  const rows: { readonly bytes: Buffer; readonly number: number }[] = [];
  for (let i = 0; i < reply.length; i += 2) {
    const bytes = reply[i] as Buffer;
    if (bytes.length > 0) rows.push({ bytes, number: Number((reply[i + 1] as Buffer).toString("latin1")) });
  }
  return rows.sort((a, b) => a.number - b.number).map(({ bytes }) => bytes);
}

/** A text that a glob pattern matches as it is. */
function escapedPattern(text: string): string {
  return text.replace(/[\\*?[\]^]/g, "\\$&");
}
