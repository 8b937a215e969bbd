import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { columnsFromArrays, TsopsError } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { load, rowsOf, scratch, steppingClock } from "../../test/delta/scratch.ts";
import { createTable, openOrCreateTable, openTable } from "./table.ts";

const { directory, engine } = scratch();
const row = (station: string, at: bigint) => ({ station, at, meter: 1 });

async function tableOf(appends: number) {
  const table = await createTable(await directory(), load, { clock: steppingClock(), engine: engine() });
  for (let i = 1; i <= appends; i++) await table.append([row(`s${i}`, BigInt(i))]);
  return table;
}

const commit = (table: { directory: string }, version: number) =>
  join(table.directory, "_delta_log", `${String(version).padStart(20, "0")}.json`);

async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string; details: object }> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!TsopsError.is(error)) throw new Error(`Expected a TsopsError, got ${String(error)}`);
  return { code: error.code, message: error.message, details: error.details };
}

describe("a damaged log", () => {
  it.each<[string, (path: string) => Promise<void>, number]>([
    ["garbage", (path) => writeFile(path, '{"commitInfo":{}}\n{"add":{"path":"x"\n'), 2],
    ["a line that is not an action", (path) => writeFile(path, '{"commitInfo":{}}\n\n[1]\n'), 3],
    ["an add without a size", (path) => writeFile(path, '{"add":{"path":"x"}}\n'), 1],
    ["text instead of an object", (path) => writeFile(path, '{"add":"x"}\n'), 1],
    ["an add without its time", (path) => writeFile(path, '{"add":{"path":"x","size":1}}\n'), 1],
    ["a transaction without a name", (path) => writeFile(path, '{"txn":{"version":1}}\n'), 1],
  ])("with %s is refused with file and line, when opened and when followed", async (_, damage, line) => {
    const table = await tableOf(2);
    const reader = await openTable(table.directory, { engine: engine() });
    await table.append([row("s3", 3n)]);
    await damage(commit(table, 3));
    for (const work of [() => reader.snapshot(), () => openTable(table.directory), () => reader.append([])]) {
      const { code, message, details } = await refusal(work());
      expect(code).toBe("STORE_CORRUPT");
      expect(message).toContain(`line ${line} of _delta_log/00000000000000000003.json`);
      expect(details).toMatchObject({ file: "_delta_log/00000000000000000003.json", line });
    }
    const before = await openTable(table.directory, { engine: engine() }).catch(() => null);
    expect(before).toBeNull();
  });

  it("cut anywhere inside a line is refused; cut between lines would be another commit", async () => {
    const table = await tableOf(1);
    const text = await readFile(commit(table, 1), "utf8");
    for (const length of [1, text.indexOf("\n") - 1, text.length - 2]) {
      await writeFile(commit(table, 1), text.slice(0, length));
      const { code, message } = await refusal(openTable(table.directory));
      expect([code, message]).toEqual(["STORE_CORRUPT", expect.stringMatching(/line [12] of _delta_log/)]);
    }
  });

  it("that is empty or has a gap is refused with the file", async () => {
    const table = await tableOf(4);
    await truncate(commit(table, 4), 0);
    expect(await refusal(openTable(table.directory))).toMatchObject({
      code: "STORE_CORRUPT",
      details: { file: "_delta_log/00000000000000000004.json" },
    });
    await rm(commit(table, 2));
    const gap = await refusal(openTable(table.directory));
    expect([gap.code, gap.message]).toEqual([
      "STORE_CORRUPT",
      expect.stringContaining("lacks 00000000000000000002.json"),
    ]);
  });

  it("does not let an old handle write into a gap that is behind a checkpoint", async () => {
    const table = await tableOf(1);
    const old = await openTable(table.directory, { engine: engine(), definition: load });
    await old.snapshot();
    for (let i = 2; i <= 103; i++) await table.append([row(`s${i}`, BigInt(i))]);
    for (let version = 0; version < 100; version++) await rm(commit(table, version));
    expect(await old.append([row("late", 1n)])).toMatchObject({ version: 104 });
    expect((await table.snapshot()).rows).toBe(104);
  });

  it("with nonsense in its numbers is refused, or read where they are only remarks", async () => {
    const table = await tableOf(1);
    const text = await readFile(commit(table, 1), "utf8");
    await writeFile(
      commit(table, 1),
      text.replace(/"tsopsTimestampMicros":"\d+"/, '"tsopsTimestampMicros":"soon"'),
    );
    expect((await (await openTable(table.directory, { engine: engine() })).snapshot()).rows).toBe(1);
    await writeFile(commit(table, 1), text.replace('"tsops.firstRow":"0"', '"tsops.firstRow":"first"'));
    expect(await refusal(openTable(table.directory))).toMatchObject({ code: "STORE_CORRUPT" });
    const schema = JSON.stringify(JSON.stringify({ type: "struct", fields: [null, 5] }));
    const metaData = `{"metaData":{"id":"x","format":{"provider":"parquet"},"schemaString":${schema}}}\n`;
    await writeFile(commit(table, 1), metaData);
    expect(await refusal(openTable(table.directory))).toMatchObject({ code: "STORE_CORRUPT" });
  });

  it("with a directory where a file should be, or a file where a directory should be, is refused", async () => {
    const table = await tableOf(2);
    await rm(commit(table, 1));
    await mkdir(commit(table, 1));
    const { code, message } = await refusal(openTable(table.directory));
    expect([code, message]).toEqual(["STORE_CORRUPT", expect.stringContaining("is a directory")]);
    const log = join(table.directory, "_delta_log");
    await rm(log, { recursive: true });
    await writeFile(log, "no directory");
    for (const work of [() => openTable(table.directory), () => table.snapshot(), () => table.append([])])
      expect(await refusal(work())).toMatchObject({ code: "STORE_CORRUPT" });
  });

  it("that was deleted takes no more rows from an open table, nor is another begun over its files", async () => {
    const table = await tableOf(3);
    const log = join(table.directory, "_delta_log");
    for (const name of await readdir(log)) await rm(join(log, name));
    for (const work of [() => table.append([row("lost", 9n)]), () => table.snapshot()])
      expect(await refusal(work())).toMatchObject({ code: "STORE_NOT_FOUND" });
    const again = () => openOrCreateTable(table.directory, load, { engine: engine() });
    expect(await refusal(again())).toMatchObject({ code: "STORE_CORRUPT", details: { count: 3 } });
    await rm(log, { recursive: true });
    expect(await refusal(again())).toMatchObject({ code: "STORE_CORRUPT", details: { count: 3 } });
    expect((await readdir(table.directory)).length).toBe(3);
  });

  it("that loses a commit under an open table gets no other in its place", async () => {
    const table = await tableOf(1);
    const old = await openTable(table.directory, { engine: engine(), definition: load });
    for (let i = 2; i <= 4; i++) await table.append([row(`s${i}`, BigInt(i))]);
    await rm(commit(table, 2));
    for (const work of [() => old.append([row("late", 9n)]), () => old.snapshot()])
      expect(await refusal(work())).toMatchObject({
        code: "STORE_CORRUPT",
        details: { file: "_delta_log/00000000000000000002.json" },
      });
  });

  it("with a data file in place of a checkpoint is read from its commits", async () => {
    const table = await tableOf(3);
    const data = (await (await table.snapshot()).scan()).files[0]?.path ?? "";
    await copyFile(data, join(table.directory, "_delta_log", "00000000000000000002.checkpoint.parquet"));
    expect((await (await openTable(table.directory, { engine: engine() })).snapshot()).rows).toBe(3);
  });

  it("with a damaged checkpoint is read from its commits", async () => {
    const table = await tableOf(101);
    const checkpoint = join(table.directory, "_delta_log", "00000000000000000100.checkpoint.parquet");
    await truncate(checkpoint, (await stat(checkpoint)).size - 20);
    expect((await (await openTable(table.directory, { engine: engine() })).snapshot()).rows).toBe(101);
    await rm(commit(table, 3));
    const { code, details } = await refusal(openTable(table.directory, { engine: engine() }));
    expect([code, details]).toEqual([
      "STORE_CORRUPT",
      { file: "_delta_log/00000000000000000100.checkpoint.parquet" },
    ]);
  });

  it("with damaged metadata is refused", async () => {
    const table = await tableOf(0);
    const text = await readFile(commit(table, 0), "utf8");
    await writeFile(commit(table, 0), text.replace('\\"type\\":\\"struct\\"', "struct"));
    expect(await refusal(openTable(table.directory))).toMatchObject({ code: "STORE_CORRUPT" });
    await writeFile(commit(table, 0), text.replace('"tsops.eventTime":"at"', '"tsops.eventTime":"when"'));
    const { code, message } = await refusal(openTable(table.directory));
    expect([code, message]).toEqual(["STORE_CORRUPT", expect.stringContaining("when")]);
  });

  it("ignores what writers left behind, and vacuum removes it once it is old", async () => {
    const table = await tableOf(1);
    const log = join(table.directory, "_delta_log");
    const left = [
      join(table.directory, "part-0.zstd.parquet"),
      join(log, ".00000000000000000002.json.x.tmp"),
    ];
    for (const path of left) await writeFile(path, "unfinished");
    expect(rowsOf(await (await table.snapshot()).read())).toHaveLength(1);
    expect(await table.append([row("b", 2n)])).toMatchObject({ version: 2 });
    expect((await table.vacuum()).files).toEqual([]);
    expect([...(await table.vacuum({ orphanAge: "0s" })).files].sort()).toEqual([
      "_delta_log/.00000000000000000002.json.x.tmp",
      "part-0.zstd.parquet",
    ]);
    expect((await readdir(log)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect((await (await table.snapshot()).read()).length).toBe(2);
  });
});

describe("a damaged data file", () => {
  it.each<[string, RegExp, (path: string) => Promise<void>]>([
    ["missing", /is missing/, (path) => rm(path)],
    ["cut", /has 10 bytes instead of/, (path) => truncate(path, 10)],
    ["longer than it was", /bytes instead of/, (path) => appendFile(path, "x")],
  ])("that is %s is refused by name where it is needed", async (_, problem, damage) => {
    const table = await tableOf(3);
    const path = (await (await table.snapshot()).scan()).files[1]?.path ?? "";
    const name = path.slice(table.directory.length + 1);
    await damage(path);
    const snapshot = await table.snapshot();
    for (const work of [() => snapshot.read(), () => snapshot.scan(), () => table.compact()]) {
      const { code, message, details } = await refusal(work());
      expect([code, details]).toEqual(["STORE_CORRUPT", { file: name, version: 3, files: 1 }]);
      expect(message).toMatch(problem);
      expect(message).toContain(name);
    }
    expect((await snapshot.read({ range: { start: 3n } })).length).toBeGreaterThan(0);
    expect(await table.append([row("d", 4n)])).toMatchObject({ version: 4 });
  });

  it("whose bytes were changed is refused by name", async () => {
    const table = await tableOf(2);
    const path = (await (await table.snapshot()).scan()).files[0]?.path ?? "";
    const bytes = await readFile(path);
    bytes.fill(0xff, 4, bytes.length - 8);
    await writeFile(path, bytes);
    const { code, message } = await refusal((await table.snapshot()).read());
    expect([code, message]).toEqual([
      "STORE_CORRUPT",
      expect.stringContaining(path.slice(table.directory.length + 1)),
    ]);
    expect(await refusal(table.compact())).toMatchObject({ code: "STORE_CORRUPT", message });
  });

  it("that is damaged far from its beginning is refused, after thousands of good rows, too", async () => {
    const table = await tableOf(0);
    const n = 400_000;
    const columns = columnsFromArrays(load.columns, {
      station: new Array<string>(n).fill("a"),
      at: BigInt64Array.from({ length: n }, (_, i) => BigInt(i)),
      known: new Array<null>(n).fill(null),
      mw: Float64Array.from({ length: n }, (_, i) => Math.sin(i)),
      meter: new BigInt64Array(n),
    });
    await table.append(columns);
    const path = (await (await table.snapshot()).scan()).files[0]?.path ?? "";
    const bytes = await readFile(path);
    bytes.fill(0xa5, Math.floor(bytes.length * 0.8), Math.floor(bytes.length * 0.85));
    await writeFile(path, bytes);
    let rows = 0;
    const reading = async () => {
      for await (const batch of (await table.snapshot()).batches()) rows += batch.length;
    };
    expect(await refusal(reading())).toMatchObject({ code: "STORE_CORRUPT" });
    expect(rows).toBeGreaterThan(0);
    expect(await refusal((await table.snapshot()).read())).toMatchObject({ code: "STORE_CORRUPT" });
  });
});
