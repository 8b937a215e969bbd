import { join } from "node:path";
import { type Columns, toRows } from "@tsops/core";
import { afterAll, beforeAll } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { type DuckEngine, openEngine } from "../../src/engine/engine.ts";

export { load } from "./scratch-table.ts";

/** Directories and an engine for one test file. */
export function scratch(): { directory(): Promise<string>; engine(): DuckEngine } {
  let engine: DuckEngine | null = null;
  beforeAll(async () => {
    engine = await openEngine({ threads: 2 });
  });
  afterAll(async () => {
    await engine?.close();
  });
  return {
    directory: async () => join(temporaryDirectory().path, "table"),
    engine: () => engine as DuckEngine,
  };
}

/** A clock that a test moves; every look at it moves it by a microsecond. */
export function steppingClock(start = 1_700_000_000_000_000n): { now(): bigint; move(micros: bigint): void } {
  let now = start;
  return {
    now: () => now++,
    move: (micros) => {
      now += micros;
    },
  };
}

/** Rows with microseconds as bigint, for comparisons. */
export function rowsOf(columns: Columns): Record<string, unknown>[] {
  return toRows(columns as Columns, { timestamps: "micros" }) as Record<string, unknown>[];
}
