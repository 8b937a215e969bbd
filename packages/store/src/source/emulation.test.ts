import { float64, int64, table, timestamp, utf8 } from "@tsops/core";
import type { Source, SourceAggregation } from "@tsops/core/arrow";
import { memorySource, type SourceSubject, sourceCases } from "@tsops/core/testing/source";
import { describe, expect, it } from "vitest";
import { emulated } from "../../test/source/emulated.ts";
import { aggregateOf } from "./aggregate-of.ts";
import { latestOf } from "./latest-of.ts";

const open = async (): Promise<SourceSubject> => ({
  async open(definition) {
    const source = memorySource({ table: definition, batchRows: 37 });
    return {
      source: emulated(source),
      drop: async () => source.drop(),
      recreate: async () => source.recreate(),
    };
  },
  close: async () => {},
});

describe("latest and aggregate made from scans keep the promises of a source", () => {
  const cases = sourceCases(open).filter(({ name }) => /^(latest|aggregate)/.test(name));
  it("of which the kit has some", () => expect(cases.length).toBeGreaterThanOrEqual(3));
  for (const { name, run } of cases) it(name, { timeout: 60_000 }, run);
});

describe("a source's own powers and the emulation", () => {
  const load = table({
    name: "load",
    columns: { station: utf8(), at: timestamp(), mw: float64(), n: int64() },
    keys: ["station"],
    eventTime: "at",
  });
  const rows = (count: number, entities = 3) =>
    Array.from({ length: count }, (_, i) => ({
      station: `s${i % entities}`,
      at: BigInt(i) * 1_000_000n,
      mw: i,
      n: 2n ** 62n,
    }));
  const hidden = (count: number, entities?: number) =>
    memorySource({
      table: load,
      rows: rows(count, entities),
      batchRows: 50,
      capabilities: { latest: false, aggregate: false },
    });
  const hourly: SourceAggregation = { every: "1m", aggregates: { mw: { column: "mw", kind: "sum" } } };

  it("uses what the source can do", async () => {
    const source = memorySource({ table: load, rows: rows(1000) });
    let answers = 0;
    for await (const batch of latestOf(source)) answers += batch.numRows;
    expect([answers, source.rowsRead]).toEqual([3, 3]);
    for await (const batch of aggregateOf(source, { ...hourly, every: "1h" })) answers += batch.numRows;
    expect([answers, source.rowsRead]).toEqual([6, 6]);
  });

  it("reads only the columns that it needs", async () => {
    const source = hidden(10);
    const seen: (readonly string[] | undefined)[] = [];
    const spied: Source = {
      ...source,
      scan: (scan) => {
        seen.push(scan?.columns);
        return source.scan(scan);
      },
    };
    for await (const batch of latestOf(spied, { columns: ["mw"] }))
      expect(batch.schema.names).toEqual(["mw"]);
    for await (const batch of aggregateOf(spied, hourly))
      expect(batch.schema.names).toEqual(["station", "at", "mw"]);
    expect(seen).toEqual([
      ["mw", "station"],
      ["station", "at", "mw"],
    ]);
  });

  it("gives answers out before the source has been read to its end, and stops it when it is left", async () => {
    const source = hidden(150_000);
    for await (const batch of aggregateOf(source, { ...hourly, every: "1s" })) {
      expect(batch.numRows).toBeGreaterThan(0);
      break;
    }
    expect(source.rowsRead).toBeLessThan(100_000);
  });

  it("the latest rows of many entities are kept in as much memory as they need", async () => {
    // Entities come again and again: what is held is cut down to the last of each in between.
    const source = hidden(140_000, 1000);
    const found: number[] = [];
    for await (const batch of latestOf(source, { columns: ["mw"] }))
      found.push(...batch.getChild("mw")!.toArray());
    const newest = Array.from({ length: 1000 }, (_, i) => 139_000 + i);
    const byText = (a: number, b: number) => (`s${a % 1000}` < `s${b % 1000}` ? -1 : 1);
    expect(found).toEqual(newest.sort(byText));
  });

  it("stops when aborted", async () => {
    for (const make of [
      (signal: AbortSignal, source: Source) => latestOf(source, { signal }),
      (signal: AbortSignal, source: Source) => aggregateOf(source, { ...hourly, signal }),
    ]) {
      const source = hidden(10_000);
      const controller = new AbortController();
      const halfway: Source = {
        ...source,
        async *scan(scan) {
          for await (const batch of source.scan(scan)) {
            if (source.rowsRead > 1000) controller.abort();
            yield batch;
          }
        },
      };
      await expect(make(controller.signal, halfway).next()).rejects.toMatchObject({ code: "ABORTED" });
      expect(source.rowsRead).toBeLessThan(2000);
    }
  });

  it("a sum that int64 cannot hold is refused, as the source in memory refuses it", async () => {
    const sum: SourceAggregation = { every: "1h", aggregates: { n: { column: "n", kind: "sum" } } };
    await expect(aggregateOf(hidden(30), sum).next()).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });
});
