import { float64, type Table, table, timestamp, utf8 } from "@tsops/core";
import type { RecordBatch } from "apache-arrow";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresSource, postgresSource } from "../../src/postgres/index.ts";
import { type Child, runChild } from "../run-child.ts";
import { batchesOf, type PostgresServer, postgres, rowsOf, sql, startPostgres } from "./postgres/server.ts";

const long = table({
  name: "long",
  columns: { k: utf8(), at: timestamp(), x: float64() },
  keys: ["k"],
  eventTime: "at",
});
const crash = table({ name: "crash", columns: { at: timestamp(), x: float64() }, keys: [], eventTime: "at" });
const longRows = 1_000_000;

describe.skipIf(postgres.isMissing)("faults of a real PostgreSQL server and of its clients", () => {
  let server: PostgresServer;
  const sources: PostgresSource[] = [];
  const open = (of: Table, options: { relation?: string; batchRows?: number } = {}): PostgresSource => {
    const source = postgresSource({ connection: server.url, table: of, ...options });
    sources.push(source);
    return source;
  };
  /** Polls until a query of the server's own state gives a row; each poll is a round trip. */
  const until = async (condition: string): Promise<void> => {
    const deadline = performance.now() + 60_000;
    while ((await sql(server.url, condition)).length === 0)
      if (performance.now() > deadline) throw new Error(`It did not come to: ${condition}`);
  };
  const working = (what: string): string =>
    `SELECT 1 FROM pg_stat_activity WHERE query LIKE '${what}%' AND state <> 'idle' AND pid <> pg_backend_pid()`;
  const nobodyWorks = (what: string): string => `SELECT 1 WHERE NOT EXISTS (${working(what)})`;
  const countOf = async (relation: string): Promise<number> =>
    Number((await sql(server.url, `SELECT count(*) FROM ${relation}`))[0]?.[0]);

  beforeAll(async () => {
    server = await startPostgres("--plain");
    await open(long).createTable();
    await sql(
      server.url,
      `INSERT INTO long SELECT repeat('k', 100) || i % 10, '2024-01-01Z'::timestamptz + i * interval '1 second', i FROM generate_series(1, ${longRows}) i; ANALYZE long`,
    );
    await open(crash).createTable();
  });
  afterAll(async () => {
    for (const source of sources) await source.close();
    await server?.stop();
  });

  it.each(["shutdown", "crash"] as const)(
    "a server's %s in the middle of a scan is an error, and the next scan is whole",
    async (how) => {
      const source = open(long, { batchRows: 1000 });
      let rows = 0;
      const scan = async (): Promise<void> => {
        for await (const batch of source.scan()) {
          if (rows === 0) await server.restart(how);
          rows += batch.numRows;
        }
      };
      await expect(scan()).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
      expect(rows).toBeGreaterThan(0);
      expect(rows).toBeLessThan(longRows);
      let again = 0;
      for await (const batch of source.scan()) again += batch.numRows;
      expect(again).toBe(longRows);
    },
  );

  it("connections that the server ended while they waited in the pool are replaced", async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 2 });
    // As a pool that has not heard of the end yet: it lends these clients all the same.
    pool.on("error", () => {});
    const lost = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of lost) client.on("error", () => {});
    await server.restart("shutdown");
    let lent = 0;
    const stale = { connect: async () => lost[lent++] ?? (await pool.connect()) };
    const source = postgresSource({ connection: stale, table: crash });
    expect(await rowsOf(source.scan())).toEqual([]);
    expect(lent).toBe(3);
    await source.close();
    await pool.end();
  });

  it("a connection that is ended for a scan is an error as well", async () => {
    const source = open(long, { batchRows: 1000 });
    const batches = source.scan()[Symbol.asyncIterator]();
    await batches.next();
    await sql(
      server.url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT%'",
    );
    const rest = async (): Promise<void> => {
      while (!(await batches.next()).done);
    };
    await expect(rest()).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
  });

  it("a consumer that waits holds the server up, not the memory", async () => {
    const source = open(long, { batchRows: 10_000 });
    const batches = source.scan()[Symbol.asyncIterator]();
    await batches.next();
    const before = process.memoryUsage().arrayBuffers;
    await until(`${working("COPY (SELECT")} AND wait_event = 'ClientWrite'`);
    // Twice: what is on its way in this process has arrived after a round trip.
    await until(`${working("COPY (SELECT")} AND wait_event = 'ClientWrite'`);
    // The table's rows are 150 MB on the wire; two batches of them are 3 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16e6);
    let rows = 10_000;
    for (let next = await batches.next(); !next.done; next = await batches.next()) rows += next.value.numRows;
    expect(rows).toBe(longRows);
  });

  it("breaking off a scan ends the server's work and leaks no connection", async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    const source = postgresSource({ connection: pool, table: long, batchRows: 1000 });
    for (let i = 0; i < 5; i++) for await (const _ of source.scan()) break;
    await until(nobodyWorks("COPY (SELECT"));
    for await (const _ of source.latest()) break;
    expect(await source.health()).toMatchObject({ isHealthy: true });
    await source.close();
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it.each(["a URL", "a pool"])(
    "closing the source ends a scan that nobody reads on, over %s",
    async (what) => {
      const pool = new pg.Pool({ connectionString: server.url, max: 1 });
      const source = postgresSource({
        connection: what === "a URL" ? server.url : pool,
        table: long,
        batchRows: 1000,
      });
      const batches = source.scan()[Symbol.asyncIterator]();
      await batches.next();
      await source.close();
      await until(nobodyWorks("COPY (SELECT"));
      const rest = async (): Promise<void> => {
        while (!(await batches.next()).done);
      };
      await expect(rest()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
      await pool.end();
    },
  );

  it("a signal ends a scan at once, although its consumer is busy with something else", async () => {
    const source = open(long, { batchRows: 1000 });
    const controller = new AbortController();
    const batches = source.scan({ signal: controller.signal })[Symbol.asyncIterator]();
    await batches.next();
    await until(working("COPY (SELECT"));
    controller.abort(new Error("enough"));
    await until(nobodyWorks("COPY (SELECT"));
    await expect(batches.next()).rejects.toMatchObject({ code: "ABORTED", cause: { message: "enough" } });
    await expect(source.schema({ signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await expect(rowsOf(source.scan({ signal: controller.signal }))).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("a signal ends what the server does before the first row", async () => {
    await sql(
      server.url,
      "CREATE VIEW slow AS SELECT 'k'::text AS k, now() AS at, 1::float8 AS x FROM pg_sleep(3600)",
    );
    const source = open(long, { relation: "slow" });
    const controller = new AbortController();
    const scan = expect(rowsOf(source.scan({ signal: controller.signal }))).rejects.toMatchObject({
      code: "ABORTED",
    });
    await until(`${working("COPY (SELECT")} AND wait_event = 'PgSleep'`);
    controller.abort();
    await scan;
    await until(nobodyWorks("COPY (SELECT"));
  });

  it("a signal ends a write that waits: for the server's lock, or for the caller's next batch", async () => {
    const source = open(crash);
    const locker = new pg.Client(server.url);
    await locker.connect();
    await locker.query("BEGIN; LOCK TABLE crash IN ACCESS EXCLUSIVE MODE");
    const first = new AbortController();
    const locked = expect(
      source.write(batchesOf(crash, [{ at: 1n, x: 1 }]), { signal: first.signal }),
    ).rejects.toMatchObject({
      code: "ABORTED",
    });
    await until(`${working("%ROW EXCLUSIVE")} AND wait_event_type = 'Lock'`);
    first.abort();
    await locked;
    await until(nobodyWorks("%ROW EXCLUSIVE"));
    await locker.end();

    const second = new AbortController();
    let hasStopped = false;
    const endless = async function* (): AsyncGenerator<RecordBatch> {
      try {
        yield* batchesOf(crash, [{ at: 1n, x: 1 }]);
        second.abort();
        await new Promise<void>((resolve) => second.signal.addEventListener("abort", () => resolve()));
      } finally {
        hasStopped = true;
      }
    };
    const never = endless();
    await expect(source.write(never, { signal: second.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await until(nobodyWorks("COPY "));
    expect(await countOf("crash")).toBe(0);
    expect(hasStopped).toBe(false);
  });

  it("a server that ends in the middle of a write has none of its rows", async () => {
    const source = open(crash);
    const batches = async function* (): AsyncGenerator<RecordBatch> {
      for (let i = 0; i < 20; i++) {
        yield* batchesOf(
          crash,
          Array.from({ length: 1000 }, (_, row) => ({ at: BigInt(row), x: i })),
        );
        if (i === 10) await server.restart("crash");
      }
    };
    await expect(source.write(batches())).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
    expect(await countOf("crash")).toBe(0);
  });

  it("rows are durable when write resolves, also where the database does not wait for its disk", async () => {
    await sql(
      server.url,
      "ALTER DATABASE tsops SET synchronous_commit = off; CREATE TABLE kept (LIKE crash)",
    );
    const source = open(crash, { relation: "kept" });
    for (let i = 1; i <= 3; i++) {
      await source.write(batchesOf(crash, [{ at: BigInt(i), x: i }]));
      await server.restart("crash");
      expect(await countOf("kept")).toBe(i);
    }
    await sql(server.url, "ALTER DATABASE tsops RESET synchronous_commit");
  });

  it.each([1, 7, 25, 40, 41])(
    "a writer killed after line %i leaves all of its rows or none",
    async (line) => {
      await sql(server.url, "TRUNCATE crash");
      const child: Child = runChild(new URL("postgres/write-child.ts", import.meta.url), [server.url]);
      await child.reached(line);
      await child.kill();
      await until(nobodyWorks("COPY "));
      const count = await countOf("crash");
      if (line < 40) expect(count).toBe(0);
      else if (line === 41) expect(count).toBe(200_000);
      else expect([0, 200_000]).toContain(count);
    },
  );
});
