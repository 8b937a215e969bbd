import { type Columns, createRandom, toRows } from "@tsops/core";
import type { Source } from "@tsops/core/arrow";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTable, type DeltaTable } from "../../src/delta/table.ts";
import { type PostgresSource, postgresSource } from "../../src/postgres/index.ts";
import { type SyncOptions, sync } from "../../src/sync/sync.ts";
import { scratch } from "../delta/scratch.ts";
import { runChild } from "../run-child.ts";
import { runAndKill } from "../sync/killed.ts";
import { load, loadRows } from "../sync/rows.ts";
import { batchesOf, type PostgresServer, postgres, rowsOf, sql, startPostgres } from "./postgres/server.ts";

const { directory, engine } = scratch();
const child = new URL("./postgres/sync-child.ts", import.meta.url);
const second = 1_000_000n;
const textsOf = (rows: readonly object[]) => rows.map((row) => Object.values(row).join(" ")).sort();

describe.skipIf(postgres.isMissing)("sync from a real PostgreSQL", () => {
  let server: PostgresServer;
  let source: PostgresSource;
  let table: DeltaTable<typeof load.columns>;
  const run = (options: Partial<SyncOptions> = {}) =>
    sync(source, table, { lateness: "20s", engine: engine(), ...options });
  const held = async () =>
    toRows((await (await table.snapshot()).read()) as unknown as Columns, {
      timestamps: "micros",
    }) as object[];
  /** What the table holds is what the database says. */
  const expectSame = async () => expect(textsOf(await held())).toEqual(textsOf(await rowsOf(source.scan())));

  beforeAll(async () => {
    server = await startPostgres("--plain");
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await sql(server.url, "DROP TABLE IF EXISTS load");
    source = postgresSource({ connection: server.url, table: load, batchRows: 500 });
    await source.createTable();
    table = await createTable(await directory(), load, { engine: engine() });
    return () => source.close();
  });

  it("takes new, late and changed rows with their microseconds, and each once", async () => {
    const rows = loadRows(3000);
    await source.write(batchesOf(load, rows, 700));
    expect(await run({ commitRows: 1000 })).toMatchObject({ read: rows.length, taken: rows.length });
    await expectSame();
    expect(await run()).toMatchObject({ taken: 0, versions: [] });
    const newest = rows.at(-1)?.["at"] as bigint;
    const added = [
      { station: "late", at: newest - 19n * second + 1n, mw: Number.NaN },
      { station: "new", at: newest + 1n, mw: 1 },
      { station: "new", at: newest + 1n, mw: 1 },
    ];
    await source.write(batchesOf(load, added));
    await sql(
      server.url,
      `UPDATE load SET mw = -1 WHERE at = (SELECT max(at) FROM load WHERE station = 's1')`,
    );
    const changed = Number((await sql(server.url, "SELECT count(*) FROM load WHERE mw = -1"))[0]?.[0]);
    expect(await run()).toMatchObject({ taken: 3 + changed, watermark: newest + 1n });
    // A table of the store keeps what it was given: the row before the change, too.
    expect(await held()).toHaveLength(rows.length + 3 + changed);
  });

  it("goes on where it was when the server goes away in the middle", async () => {
    // More than the buffers of a connection hold.
    const rows = 500_000;
    await sql(
      server.url,
      `INSERT INTO load SELECT 's' || i % 4, '2024-01-01Z'::timestamptz + i * interval '1 second', i FROM generate_series(1, ${rows}) i`,
    );
    const interrupted: Source = {
      ...source,
      async *scan(...call) {
        let batches = 0;
        for await (const batch of source.scan(...call)) {
          if (++batches === 50) await server.restart("crash");
          yield batch;
        }
      },
    };
    const options = { lateness: "20s", engine: engine(), commitRows: 10_000 };
    await expect(sync(interrupted, table, options)).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
    const before = (await table.snapshot()).rows as number;
    expect(before).toBeGreaterThanOrEqual(10_000);
    expect(before).toBeLessThan(rows);
    expect(await run()).toMatchObject({ taken: rows - before });
    const { sql: relation } = await (await table.snapshot()).scan();
    const counted = await engine().use((session) =>
      session.columns(
        `SELECT count(*) AS n, count(DISTINCT "at") AS instants, sum(mw) AS total FROM ${relation}`,
      ),
    );
    expect(toRows(counted)).toEqual([
      { n: BigInt(rows), instants: BigInt(rows), total: (rows * (rows + 1)) / 2 },
    ]);
  });

  it("ends with exactly the source's rows when its process is killed again and again while rows are written", async () => {
    const random = createRandom("kill");
    const rows = loadRows(12_000);
    const counts: (number | null)[] = [];
    const share = rows.length / 6;
    let kills = 0;
    for (let killed = 0; killed < 6; killed++) {
      const writing = source.write(batchesOf(load, rows.slice(killed * share, (killed + 1) * share), 100));
      const [, ended] = await Promise.all([
        writing,
        runAndKill(child, table.directory, [server.url], random),
      ]);
      kills += ended.process.signalCode === "SIGKILL" ? 1 : 0;
      counts.push((await table.snapshot()).rows);
    }
    expect(kills).toBeGreaterThan(2);
    expect(new Set(counts).size).toBeGreaterThan(2);
    // Two at once for the rest.
    const last = [1, 2].map(() => runChild(child, [table.directory, server.url]));
    expect(await Promise.all(last.map(({ ended }) => ended))).toEqual([0, 0]);
    const taken = last.map(({ lines }) => Number(lines[1]?.replace("taken ", "")));
    expect(taken.reduce((sum, more) => sum + more, counts.at(-1) as number)).toBe(rows.length);
    await expectSame();
    expect(await held()).toHaveLength(rows.length);
  }, 120_000);
});
