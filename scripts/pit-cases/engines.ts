import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Columns, onlineFeatures } from "@tsops/core";
import { asOfJoin, createTable, type JoinMethod, openEngine } from "@tsops/store";
import type { PreparedJoin } from "./prepare-case.ts";

/** Joins prepared cases, each in a fresh store. */
export interface CaseEngine {
  join(prepared: PreparedJoin): Promise<Columns>;
  close(): Promise<void>;
}

/** Engines by name. */
export const engines: Readonly<Record<string, () => Promise<CaseEngine>>> = {
  duckdb: () => storeEngine("auto"),
  streaming: () => storeEngine("merge", 2),
  online: async () => onlineEngine(),
};

/** @param maxRowsInMemory - Feature rows to merge at a time; default: that of `asOfJoin`. */
async function storeEngine(method: JoinMethod, maxRowsInMemory?: number): Promise<CaseEngine> {
  const engine = await openEngine();
  const directory = await mkdtemp(join(tmpdir(), "tsops-pit-cases-"));
  let stores = 0;
  return {
    async join({ spine, views, tables, knownAt }) {
      const tablesPath = join(directory, String(stores++));
      for (const [name, { table, rows }] of Object.entries(tables)) {
        const delta = await createTable(join(tablesPath, name), table, { engine });
        await delta.append(rows);
        await delta.close();
      }
      const joined = await asOfJoin({
        spine,
        time: "at",
        views,
        knownAt,
        tables: { tablesPath },
        engine,
        method,
        maxRowsInMemory,
      } as never);
      return (joined as { columns: Columns }).columns;
    },
    async close() {
      await engine.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function onlineEngine(): CaseEngine {
  return {
    async join({ spine, views, tables, knownAt }) {
      const online = onlineFeatures(views);
      for (const [name, { rows }] of Object.entries(tables)) online.observe(name, rows);
      return online.lookup(spine, { time: "at", knownAt } as never) as unknown as Columns;
    },
    close: async () => undefined,
  };
}
