import type { Source } from "@tsops/core/arrow";
import { type SourceSubject, sourceCases } from "@tsops/core/testing/source";
import pg from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { postgresSource } from "../../src/postgres/index.ts";
import { emulated } from "../source/emulated.ts";
import { hasTimescale, type PostgresServer, postgres, sql, startPostgres } from "./postgres/server.ts";

const databases = [
  { database: "PostgreSQL", isMissing: postgres.isMissing },
  { database: "TimescaleDB", isMissing: !hasTimescale },
];

describe.each(databases)("a table of $database keeps the promises of a source", ({ database, isMissing }) => {
  describe.skipIf(isMissing)("on a real server", () => {
    const isTimescale = database === "TimescaleDB";
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(...(isTimescale ? [] : (["--plain"] as const)));
    });
    afterAll(() => server?.stop());

    const subject = async (wrap: (source: Source) => Source = (source) => source): Promise<SourceSubject> => {
      const url = isTimescale ? server.timescaleUrl : server.url;
      const pool = new pg.Pool({ connectionString: url });
      // A restart ends idle connections too; the pool opens new ones.
      pool.on("error", () => {});
      const tables: string[] = [];
      return {
        async open(table) {
          const source = postgresSource({ connection: pool, table });
          const create = () => source.createTable();
          await create();
          tables.push(table.name);
          return {
            source: wrap(source),
            drop: async () => void (await sql(url, `DROP TABLE ${table.name}`)),
            recreate: create,
          };
        },
        restart: () => server.restart("shutdown"),
        async close() {
          for (const name of tables) await sql(url, `DROP TABLE IF EXISTS ${name}`);
          await pool.end();
        },
      };
    };
    for (const { name, run } of sourceCases(() => subject())) it(name, { timeout: 120_000 }, run);

    for (const { name, run } of sourceCases(() => subject(emulated)))
      if (/^(latest|aggregate)/.test(name)) it(`made from scans, ${name}`, { timeout: 120_000 }, run);
  });
});
