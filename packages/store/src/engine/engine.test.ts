import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  columnsFromArrays,
  columnsFromRows,
  float64,
  int64,
  type TsopsError,
  timestamp,
  toRows,
  utf8,
} from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { asEngineError } from "./duckdb-error.ts";
import { openEngine } from "./engine.ts";
import { quoteInstant, quoteName, quotePath, quoteText } from "./sql-text.ts";

const endless = "SELECT sum(a.i * b.i) FROM range(1000000) AS a(i), range(1000000) AS b(i)";

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => (error as TsopsError).code ?? String(error),
  );
}

describe("a session", () => {
  it("has temporary tables of its own, from columns and from Arrow", async () => {
    const engine = await openEngine({ threads: 1 });
    const columns = columnsFromRows({ k: utf8(), t: timestamp() }, [{ k: "a", t: "2026-01-01T00:00:00Z" }]);
    const [one, other] = [await engine.session(), await engine.session()];
    await one.load("rows", columns);
    await other.load("rows", toArrow(columns));
    await other.run("INSERT INTO rows SELECT * FROM rows");
    const count = async (session: typeof one) =>
      toRows(await session.columns("SELECT count(*) AS n FROM rows"));
    expect([await count(one), await count(other)]).toEqual([[{ n: 1n }], [{ n: 2n }]]);
    const arrow = await one.arrow("SELECT k, epoch_us(t) AS micros FROM rows");
    expect(arrow.get(0)?.toJSON()).toEqual({ k: "a", micros: 1_767_225_600_000_000n });
    await engine.close();
    await engine.close();
    expect(await codeOf(one.run("SELECT 1"))).toBe("STORE_UNAVAILABLE");
    expect(await codeOf(engine.session())).toBe("STORE_UNAVAILABLE");
  });

  it("reads instants in UTC, whatever zone the process runs in", async () => {
    const engine = await openEngine({ threads: 1 });
    const found = await engine.use((session) =>
      session.columns(`SELECT strftime(${quoteInstant(0n)}, '%H:%M') AS t, current_setting('TimeZone') AS z`),
    );
    expect(toRows(found)).toEqual([{ t: "00:00", z: "UTC" }]);
    await engine.close();
  });

  it("stops a query when aborted, and can be used again", async () => {
    const engine = await openEngine({ threads: 1 });
    await engine.use(async (session) => {
      for (const delayMs of [0, 1, 30]) {
        const aborting = new AbortController();
        const pending = session.columns(endless, { signal: aborting.signal });
        setTimeout(() => aborting.abort(), delayMs);
        expect(await codeOf(pending)).toBe("ABORTED");
        expect(await codeOf(session.run("SELECT 1", { signal: aborting.signal }))).toBe("ABORTED");
        expect(await codeOf(session.run("SELECT 1"))).toBe("done");
      }
      const aborting = new AbortController();
      const n = 600_000;
      const large = columnsFromArrays(
        { x: float64(), i: int64() },
        { x: new Float64Array(n), i: new BigInt64Array(n) },
      );
      const loading = session.load("large", large, { signal: aborting.signal });
      setTimeout(() => aborting.abort(), 0);
      expect(await codeOf(loading)).toBe("ABORTED");
    });
    await engine.close();
  });

  it("can leave a result unread", async () => {
    const engine = await openEngine({ threads: 1 });
    await engine.use(async (session) => {
      for await (const batch of session.batches("SELECT i FROM range(1000000) AS r(i)", {
        batchRows: 2048,
      })) {
        expect(batch.length).toBe(2048);
        break;
      }
      expect(toRows(await session.columns("SELECT 1 AS one"))).toEqual([{ one: 1n }]);
    });
    await engine.close();
  });

  it("raises what goes wrong after the first rows, and never gives a part as the whole", async () => {
    const engine = await openEngine({ threads: 2 });
    const late =
      "SELECT CASE WHEN i = 900000 THEN error('too late') ELSE i END AS v FROM range(1000000) AS r(i)";
    await engine.use(async (session) => {
      await expect(session.columns(late)).rejects.toThrow(/too late/);
      await expect(session.columns(`-- a remark\n(${late})`)).rejects.toThrow(/too late/);
      let rows = 0;
      const reading = async () => {
        for await (const batch of session.batches(late)) rows += batch.length;
      };
      await expect(reading()).rejects.toThrow(/too late/);
      expect(rows).toBeGreaterThan(0);
      expect((await session.columns("SELECT i FROM range(1000000) AS r(i)")).length).toBe(1_000_000);
    });
    await engine.close();
  });

  it("aborted between batches raises it, also when more rows are on their way", async () => {
    const engine = await openEngine({ threads: 2 });
    const slow = "SELECT i FROM range(10000000000) AS r(i) WHERE i < 1000000 OR hash(i) = 42";
    await engine.use(async (session) => {
      const aborting = new AbortController();
      let rows = 0;
      const reading = async () => {
        for await (const batch of session.batches(slow, { batchRows: 2048, signal: aborting.signal })) {
          rows += batch.length;
          setTimeout(() => aborting.abort(), 20);
        }
      };
      expect(await codeOf(reading())).toBe("ABORTED");
      expect(rows).toBeGreaterThan(0);
      expect(await codeOf(session.run("SELECT 1"))).toBe("done");
    });
    await engine.close();
  });

  it("says when memory does not suffice, and works with a directory to spill to", async () => {
    const sort =
      "SELECT hash(i)::VARCHAR AS h, repeat('x', 50) || i AS t FROM range(200000) AS r(i) ORDER BY h";
    const rowsWith = async (tempDirectory: string) => {
      const engine = await openEngine({ threads: 1, memoryLimit: "24MB", tempDirectory });
      try {
        return await engine.use(async (session) => {
          let rows = 0;
          for await (const batch of session.batches(sort)) rows += batch.length;
          return rows;
        });
      } finally {
        await engine.close();
      }
    };
    expect(await codeOf(rowsWith(""))).toBe("STORE_UNAVAILABLE");
    expect(await rowsWith(temporaryDirectory().path)).toBe(200_000);
  });

  it("gives mistakes in queries a code and one line, with DuckDB's own error as the cause", async () => {
    const engine = await openEngine({ threads: 1 });
    const { path } = temporaryDirectory();
    writeFileSync(join(path, "bad.csv"), "a\n1\nx\n");
    const failing = async (sql: string) =>
      engine.use((session) => session.columns(sql)).catch((error: unknown) => error as TsopsError);
    const csv = (name: string) => quotePath(join(path, name));
    for (const [sql, code] of [
      ["SELECT nonsense", "QUERY_INVALID"],
      ["SELECT FROM", "QUERY_INVALID"],
      ["", "QUERY_INVALID"],
      ["SELECT * FROM nowhere", "QUERY_INVALID"],
      [`SELECT * FROM read_csv(${csv("bad.csv")}, types = { a: BIGINT })`, "QUERY_INVALID"],
      [`SELECT * FROM read_csv(${csv("missing.csv")})`, "STORE_NOT_FOUND"],
    ] as const) {
      const error = await failing(sql);
      expect(error).toMatchObject({ code, hint: expect.any(String), cause: expect.any(Error) });
      expect((error as TsopsError).message).not.toContain("\n");
    }
    await engine.close();
  });
});

describe("SQL text", () => {
  it("of any name and text is read back as it was", async () => {
    const engine = await openEngine({ threads: 1 });
    const text = fc
      .string({ unit: "binary", minLength: 1, maxLength: 20 })
      .filter((one) => !one.includes("\u0000"));
    await engine.use((session) =>
      fc.assert(
        fc.asyncProperty(text, async (one) => {
          const found = await session.columns(`SELECT ${quoteText(one)} AS ${quoteName(one)}`);
          expect(Object.keys(found.types)).toEqual([one]);
          expect(toRows(found)).toEqual([{ [one]: one }]);
        }),
        // Once found by chance: rows lost the column.
        { numRuns: 60, examples: [["__proto__"]] },
      ),
    );
    await engine.close();
  });
});

describe("errors of DuckDB", () => {
  it.each([
    ["IO Error: Could not write all bytes to file: No space left on device", "STORE_FULL"],
    ["IO Error: Cannot open file: Read-only file system", "STORE_READ_ONLY"],
    ["Out of Memory Error: could not allocate block", "STORE_UNAVAILABLE"],
  ])("%s becomes %s", (message, code) => {
    expect(asEngineError(new Error(message))).toMatchObject({ code });
  });
});
