import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Columns } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { service } from "../../../../test/services.ts";
import { createTable, openTable } from "../../src/delta/table.ts";
import { load, rowsOf, scratch, steppingClock } from "./scratch.ts";

const deltalake = service("deltalake");
const tool = fileURLToPath(new URL("./deltalake_tool.py", import.meta.url));

async function python(...args: readonly string[]): Promise<string> {
  const options = { maxBuffer: 64 * 1024 * 1024 };
  return (await promisify(execFile)(deltalake.program, [tool, ...args], options)).stdout;
}

const { directory, engine } = scratch();

/** Values as the Python script prints them. */
function exact(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return typeof value === "number" ? hexOf(value) : value;
}

/** Python's `float.hex`. */
function hexOf(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const raw = bits.getBigUint64(0);
  const [exponent, fraction] = [
    Number(raw >> 52n),
    (raw & ((1n << 52n) - 1n)).toString(16).padStart(13, "0"),
  ];
  if (value === 0) return `${sign}0x0.0p+0`;
  const power = exponent === 0 ? -1022 : exponent - 1023;
  return `${sign}0x${exponent === 0 ? 0 : 1}.${fraction}p${power < 0 ? "" : "+"}${power}`;
}

function exactRows(columns: Columns): Record<string, unknown>[] {
  return rowsOf(columns).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, exact(value)])),
  );
}

const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

const special = [
  { station: "", at: -1n, known: 253_402_300_799_999_999n, mw: Number.NaN, meter: 2n ** 63n - 1n },
  { station: null, at: 0n, known: null, mw: Number.NEGATIVE_INFINITY, meter: -(2n ** 63n) },
  {
    station: "žluťoučký 😀 kůň",
    at: 1_700_000_000_123_457n,
    known: -62_135_596_800_000_000n,
    mw: -0,
    meter: 2n ** 53n + 1n,
  },
  { station: "a", at: 5n, known: 5n, mw: 5e-324, meter: 0n },
  { station: "a", at: 6n, known: 6n, mw: null, meter: 0n },
];

describe.skipIf(deltalake.isMissing)("Python's deltalake", () => {
  it("reads every value of every version that tsops wrote, before and after compaction and checkpoints", async () => {
    const table = await createTable(await directory(), load, { engine: engine(), clock: steppingClock() });
    await table.append(special, { txn: { appId: "app", version: 5 } });
    await table.append(
      Array.from({ length: 5000 }, (_, i) => ({ station: `s${i % 9}`, at: BigInt(i), mw: i / 3, meter: i })),
    );
    const names = ["station", "at", "known", "mw", "meter"] as const;
    const check = async (version: number) => {
      const wanted = exactRows(await (await table.snapshot({ version })).read({ columns: names }));
      const found = JSON.parse(await python("dump", table.directory, String(version))) as Record<
        string,
        unknown
      >[];
      const seen = found.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
      expect(sorted(seen)).toEqual(sorted(wanted));
      return found;
    };
    for (const version of [0, 1, 2]) await check(version);
    await table.compact();
    const compacted = await check(3);
    expect(new Set(compacted.map((row) => row["_ingest_version"]))).toEqual(new Set(["1", "2"]));
    for (let i = 4; i <= 101; i++) await table.append([{ station: "late", at: BigInt(i), meter: i }]);
    await check(101);
    expect(JSON.parse(await python("info", table.directory))).toEqual({
      version: 101,
      fields: [
        ["station", "string", true],
        ["at", "timestamp", false],
        ["known", "timestamp", true],
        ["mw", "double", true],
        ["meter", "long", false],
        ["_ingest_time", "timestamp", true],
        ["_ingest_version", "long", true],
        ["_ingest_row", "long", true],
      ],
      records: 5103,
      minAt: "-1",
      maxAt: "1700000000123457",
      transaction: 5,
    });
  });

  it("appends to a table of tsops, which reads on and keeps its own rows' identity", async () => {
    const table = await createTable(await directory(), load, { engine: engine() });
    await table.append([{ station: "node", at: 1n, meter: 1 }]);
    await python("append", table.directory);
    await table.append([{ station: "node", at: 2n, meter: 2 }]);
    await python("maintain", table.directory);
    const names = ["station", "at", "known", "mw", "meter", "_ingest_version"] as const;
    const wanted = [
      { station: "node", at: 1n, known: null, mw: null, meter: 1n, _ingest_version: 1n },
      { station: "python", at: 1n, known: null, mw: 0.1, meter: 2n ** 53n + 1n, _ingest_version: 2n },
      { station: null, at: 2n, known: 3n, mw: null, meter: -1n, _ingest_version: 2n },
      { station: "node", at: 2n, known: null, mw: null, meter: 2n, _ingest_version: 3n },
    ];
    expect(rowsOf(await (await table.snapshot()).read({ columns: names }))).toEqual(wanted);
    expect(rowsOf(await (await table.snapshot()).read({ columns: ["at"], range: { start: 2n } }))).toEqual([
      { at: 2n },
      { at: 2n },
    ]);
    await table.compact();
    const opened = await openTable(table.directory, { engine: engine(), definition: load });
    expect(rowsOf(await (await opened.snapshot()).read({ columns: names }))).toEqual(wanted);
  });

  it("and tsops append to one table at once, and lose nothing", async () => {
    const table = await createTable(await directory(), load, { engine: engine() });
    const writing = python("append", table.directory, "25");
    let isWriting = true;
    const ended = writing.finally(() => {
      isWriting = false;
    });
    let appends = 0;
    // Not for ever: on a slow machine Python would hardly get a turn.
    while (isWriting && appends < 300)
      await table.append([{ station: "node", at: BigInt(appends), meter: appends++ }]);
    await ended;
    const snapshot = await table.snapshot();
    expect([snapshot.version, snapshot.rows]).toEqual([25 + appends, 50 + appends]);
    const own = await snapshot.read({ keys: [{ station: "node" }], columns: ["meter"] });
    expect(rowsOf(own).map(({ meter }) => Number(meter))).toEqual([...Array(appends).keys()]);
    await python("info", table.directory);
  });

  it("writes tables that tsops reads value by value, and appends to", async () => {
    const path = await directory();
    await python("create", path);
    const table = await openTable(path, { engine: engine() });
    const snapshot = await table.snapshot();
    expect(Object.entries(snapshot.types).map(([name, { kind }]) => [name, kind])).toEqual([
      ["at", "timestamp"],
      ["f64", "float64"],
      ["f32", "float64"],
      ["i64", "int64"],
      ["i32", "int64"],
      ["i16", "int64"],
      ["i8", "int64"],
      ["text", "utf8"],
      ["flag", "bool"],
      ["day", "timestamp"],
      ["price", "float64"],
    ]);
    const day = 86_400_000_000n;
    const row = (i: number) => {
      const or = <T>(value: T) => (i % 7 === 0 ? null : value);
      return {
        at: BigInt(i) * 1_000_003n,
        f64: or(i / 7),
        f32: or(i / 8),
        i64: or(2n ** 62n + BigInt(i)),
        i32: or(BigInt(-i)),
        i16: or(BigInt(i)),
        i8: or(BigInt((i % 256) - 128)),
        text: or(`name ${i % 50} žluťoučký`),
        flag: or(i % 2 === 0),
        day: or(BigInt(i - 365) * day),
        price: or(i / 100),
      };
    };
    const wanted = [...Array.from({ length: 3000 }, (_, i) => row(i)), row(0)];
    const byTime = (rows: readonly { at?: unknown }[]) =>
      [...rows].sort((a, b) => Number((a.at as bigint) - (b.at as bigint)));
    const found = rowsOf(await snapshot.read());
    expect(byTime(found)).toEqual(byTime(wanted));
    expect((await (await table.snapshot({ version: 3 })).read()).length).toBe(1750);
    for (let version = 0; version <= 8; version++)
      await rm(join(path, "_delta_log", `${String(version).padStart(20, "0")}.json`));
    const checkpointed = await (await openTable(path, { engine: engine() })).snapshot({ version: 8 });
    const old = rowsOf(await checkpointed.read({ columns: ["at", "_ingest_version", "_ingest_row"] }));
    expect(byTime(old).map(({ at }) => at)).toEqual(wanted.slice(0, 3000).map(({ at }) => at));
    expect(new Set(old.map((one) => one["_ingest_version"]))).toEqual(new Set([-1n]));
    expect(new Set(old.map((one) => one["_ingest_row"])).size).toBe(3000);
    await table.append([{ ...row(8), at: 9_000_000_000_000n }]);
    const version = (await table.snapshot()).version;
    const dumped = JSON.parse(await python("dump", path, String(version))) as { at: string; i32: string }[];
    expect(dumped.filter(({ at }) => at === "9000000000000").map(({ i32 }) => i32)).toEqual(["-8"]);
  });
});
