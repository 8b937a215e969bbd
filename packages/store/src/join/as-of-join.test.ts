import { join } from "node:path";
import { createRandom, isValid, sliceColumns, toRows } from "@tsops/core";
import {
  type AsOfCase,
  type DefinedCase,
  defineCase,
  matchesOf,
  oracleJoin,
  randomAsOfCase,
} from "@tsops/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { createTable } from "../delta/table.ts";
import { type DuckEngine, openEngine } from "../engine/engine.ts";
import { asOfJoin } from "./as-of-join.ts";

const seeds = fc.integer({ min: 0, max: 0xffffffff });
let engine: DuckEngine;
let home: Awaited<ReturnType<typeof temporaryDirectory>>;
let stores = 0;
beforeAll(async () => {
  engine = await openEngine();
  home = await temporaryDirectory();
});
afterAll(async () => {
  await engine.close();
  await home.dispose();
});

/** A directory with the tables of a case; the rows come in `commits` appends. */
async function storeOf(defined: DefinedCase, commits: number, compact = false): Promise<string> {
  const tablesPath = join(home.path, String(stores++));
  for (const [name, { table, rows }] of Object.entries(defined.tables)) {
    const delta = await createTable(join(tablesPath, name), table, { engine });
    for (let i = 0; i < commits; i++) {
      const [start, end] = [Math.floor((rows.length * i) / commits), Math.floor((rows.length * (i + 1)) / commits)];
      await delta.append(sliceColumns(rows, start, end));
    }
    if (compact) await delta.compact();
    await delta.close();
  }
  return tablesPath;
}

function expectOracle(joined: Awaited<ReturnType<typeof asOfJoin>>, given: AsOfCase): void {
  for (const view of given.views)
    expect(matchesOf(joined.columns as never, view)).toEqual(
      oracleJoin(given.spine, given.time, view, given.knownAt ?? "spine"),
    );
}

describe("asOfJoin", () => {
  it("gives what the oracle gives, for every option, plan and layout", async () => {
    const methods = { asof: 0, merge: 0 };
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createRandom(seed);
        const given = randomAsOfCase(random, { maxViews: 2 });
        const defined = defineCase(given);
        const tablesPath = await storeOf(defined, 1 + random.integer(3), random.integer(2) === 1);
        for (const method of ["auto", "merge"] as const) {
          const joined = await asOfJoin({
            spine: defined.spine,
            time: defined.time,
            views: defined.views,
            knownAt: defined.knownAt as never,
            tables: { tablesPath },
            engine,
            method,
            ...(random.integer(2) === 0 ? {} : { maxRowsInMemory: random.integer(20) }),
          });
          expectOracle(joined as never, given);
          methods.asof += joined.explain().split("ASOF").length - 1;
          methods.merge += joined.explain().split("merge:").length - 1;
        }
      }),
      { numRuns: 60 },
    );
    expect(methods.asof).toBeGreaterThan(3);
    expect(methods.merge).toBeGreaterThan(60);
  }, 120_000);
});
