// How fast rows come out of PostgreSQL and go in, beside psql's COPY of the same rows and a cursor of the pg driver, on one server. What the
// server does is in all figures: it orders the rows by an index, and logs and indexes what it takes.
// Run: scripts/services/postgres.sh install && npm run bench -- postgres
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toArrow } from "@tsops/core/arrow";
import { postgresSource } from "@tsops/store/postgres";
import pg from "pg";
import { type Comparison, compare, node, save } from "../harness/harness.ts";
import { allReadings, readings, rows, work } from "./input.ts";

const [rounds, repeats] = [3, 3];
const here = (name: string): URL => new URL(name, import.meta.url);
/** Durable as ever (synchronous_commit and fsync are on), with room in memory for the tables. */
const settings = "-c shared_buffers=1GB -c wal_compression=lz4";
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
chmodSync(directory, 0o755);
const service = (command: string): string =>
  execFileSync(
    "bash",
    [
      fileURLToPath(here("../../scripts/services/postgres.sh")),
      command,
      ...(command === "start" ? ["--plain"] : []),
    ],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        TSOPS_POSTGRES_STATE: join(directory, "state"),
        TSOPS_POSTGRES_OPTIONS: settings,
      },
    },
  );
const results: Comparison = {};
const connection = /TSOPS_POSTGRES_URL=(.*)/.exec(service("start"))?.[1] as string;
try {
  const client = new pg.Client(connection);
  await client.connect();
  const create = async (relation: string) => {
    const source = postgresSource({ connection, table: readings, relation });
    await client.query(`DROP TABLE IF EXISTS ${relation}`);
    await source.createTable();
    return source;
  };
  const source = await create("readings");
  await source.write(toArrow(allReadings()).batches);
  await client.query("VACUUM ANALYZE readings");
  await source.close();
  const file = join(directory, "readings.bin");
  const copy = `\\copy (SELECT meter, at, a, b FROM readings ORDER BY at, meter) TO '${file}' (FORMAT binary)`;
  execFileSync("psql", [connection, "-X", "-q", "-c", copy]);
  for (const prefix of ["tsops", "psql"])
    for (let i = 0; i <= repeats; i++) await (await create(`${prefix}_${i}`)).close();
  Object.assign(
    results,
    compare(
      {
        tsops: node(here("tsops.ts"), connection, repeats, "tsops"),
        "psql COPY": node(here("psql.ts"), connection, repeats, "psql", file),
        "pg cursor": node(here("cursor.ts"), connection, repeats),
      },
      { rounds, work },
    ),
  );
  await client.end();
} finally {
  service("stop");
  rmSync(directory, { recursive: true });
}
save(here("results.json"), { rows, rounds, repeats, settings }, results);
