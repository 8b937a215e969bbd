import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bool,
  type Columns,
  type ColumnTypes,
  columnsFromArrays,
  columnsFromRows,
  emptyColumns,
  float64,
  int64,
  nullable,
  type ProgressEvent,
  TsopsError,
  table,
  timestamp,
  utf8,
} from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import { Table as ArrowTable, tableFromIPC, tableToIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { load, rowsOf, scratch, steppingClock } from "../../test/delta/scratch.ts";
import { quoteName } from "../engine/sql-text.ts";
import { createTable, openOrCreateTable, openTable } from "./table.ts";

const { directory, engine } = scratch();
const hour = 3_600_000_000n;
const everyKind = {
  f: nullable(float64({ unit: "MW" })),
  i: nullable(int64()),
  u: nullable(utf8()),
  b: nullable(bool()),
  at: timestamp({ zone: "Europe/Berlin" }),
  t: nullable(timestamp()),
} as const;
const kinds = table({ name: "kinds", columns: everyKind, keys: ["u"], eventTime: "at" });

async function failure(promise: Promise<unknown>): Promise<TsopsError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!TsopsError.is(error)) throw new Error(`Expected a TsopsError, got ${String(error)}`);
  return error;
}

async function newTable(options: { clock?: { now(): bigint } } = {}) {
  const path = await directory();
  return createTable(path, load, { clock: steppingClock(), engine: engine(), ...options });
}

const row = (station: string | null, at: bigint, meter: bigint | number = 0) => ({ station, at, meter });

describe("column names", () => {
  it.each([
    ["file_index", "file_row_number", "filename"],
    ["FILE_INDEX", "File_Row_Number", "tsops_0"],
    ['a"b', "a.b", "a\nb"],
    ["constructor", "toString", "select"],
    ["tsops_keys", "tsops_append", "x,y 'z'"],
  ])("such as %j, %j and %j are nothing special", async (key, whole, real) => {
    const columns = { [key]: utf8(), [whole]: int64(), at: timestamp(), [real]: nullable(float64()) };
    const definition = table({ name: "named", columns, keys: [key], eventTime: "at" });
    const created = await createTable(await directory(), definition, { engine: engine() });
    const rowOf = (i: number) => ({ [key]: `k${i}`, [whole]: BigInt(i), at: BigInt(10 - i), [real]: i / 2 });
    for (let i = 0; i < 3; i++) await created.append([rowOf(i)]);
    await created.compact();
    await created.append([rowOf(3)]);
    const snapshot = await created.snapshot();
    expect(rowsOf(await snapshot.read())).toEqual([0, 1, 2, 3].map(rowOf));
    expect(rowsOf(await snapshot.read({ order: "time", range: { start: 7n, end: 10n } }))).toEqual(
      [3, 2, 1].map(rowOf),
    );
    expect(rowsOf(await snapshot.read({ columns: [whole], keys: [{ [key]: "k2" }] }))).toEqual([
      { [whole]: 2n },
    ]);
    const ingest = await snapshot.read({ columns: ["_ingest_version", "_ingest_row"] });
    expect(rowsOf(ingest).map((one) => `${one["_ingest_version"]} ${one["_ingest_row"]}`)).toEqual([
      "1 0",
      "2 0",
      "3 0",
      "5 0",
    ]);
  });

  it("are asked for: none is refused", async () => {
    const created = await newTable();
    expect((await failure((await created.snapshot()).read({ columns: [] }))).code).toBe("COLUMN_NOT_FOUND");
  });
});

describe("values", () => {
  it("of every kind come back exactly", async () => {
    const rows = [
      { f: Number.NaN, i: 2n ** 63n - 1n, u: "", b: true, at: 0n, t: 253_402_300_799_999_999n },
      { f: Number.POSITIVE_INFINITY, i: -(2n ** 63n), u: "a\u0000b", b: false, at: -1n, t: null },
      { f: -0, i: 2n ** 53n + 1n, u: "\uFEFFž😀".repeat(50), b: null, at: 1n, t: -62_135_596_800_000_000n },
      { f: null, i: null, u: null, b: null, at: 1_700_000_000_123_457n, t: 1n },
      { f: 5e-324, i: 0n, u: "x", b: true, at: 2n ** 60n, t: -(2n ** 60n) },
    ];
    const created = await createTable(await directory(), kinds, { engine: engine() });
    await created.append(rows);
    expect(rowsOf(await (await created.snapshot()).read())).toEqual(rows);
    const again = await openTable(created.directory, { engine: engine() });
    const snapshot = await again.snapshot();
    expect(rowsOf(await snapshot.read())).toEqual(rows);
    expect(snapshot.definition).toEqual(kinds);
    await again.compact();
    expect(rowsOf(await (await again.snapshot()).read())).toEqual(rows);
  });

  it("can be appended as rows, columns and Arrow alike", async () => {
    const created = await newTable();
    const rows = [row("a", 1n, 1), row("b", 2n, 2)].map((one) => ({ ...one, known: null, mw: 1.5 }));
    const columns = columnsFromRows(load.columns, rows);
    await created.append(rows);
    await created.append(columns);
    await created.append(toArrow(columns));
    const [batch] = toArrow(columns).batches;
    if (batch !== undefined) await created.append(batch);
    const found = rowsOf(await (await created.snapshot()).read());
    const wanted = rows.map((one) => ({ ...one, meter: BigInt(one.meter) }));
    expect(found).toEqual([...wanted, ...wanted, ...wanted, ...wanted]);
  });

  it("of columns in another order, or not called nullable, are put where they belong", async () => {
    const created = await newTable();
    const columns = columnsFromArrays(
      { meter: int64(), at: timestamp(), mw: float64(), station: utf8(), known: timestamp() },
      {
        meter: BigInt64Array.of(7n),
        at: BigInt64Array.of(1n),
        mw: Float64Array.of(2),
        station: ["a"],
        known: BigInt64Array.of(3n),
      },
    );
    await created.append(columns as unknown as Columns<typeof load.columns>);
    expect(rowsOf(await (await created.snapshot()).read())).toEqual([
      { station: "a", at: 1n, known: 3n, mw: 2, meter: 7n },
    ]);
  });

  it("keep their order and numbers through a big append of several row groups", async () => {
    const created = await newTable();
    const n = 300_000;
    const meter = BigInt64Array.from({ length: n }, (_, i) => BigInt((i * 7919) % n));
    const columns = columnsFromArrays(load.columns, {
      station: Array.from({ length: n }, (_, i) => `s${i % 100}`),
      at: BigInt64Array.from({ length: n }, (_, i) => BigInt(n - i)),
      known: new Array<null>(n).fill(null),
      mw: new Array<null>(n).fill(null),
      meter,
    });
    await created.append(columns);
    const found = await (await created.snapshot()).read({
      columns: ["meter", "_ingest_row", "_ingest_version"],
    });
    const [{ values: meters }, { values: numbers }, { values: versions }] = [
      found.data.meter,
      found.data._ingest_row,
      found.data._ingest_version,
    ];
    const wrong = meter.findIndex(
      (value, i) => meters[i] !== value || numbers[i] !== BigInt(i) || versions[i] !== 1n,
    );
    expect([found.length, wrong]).toEqual([n, -1]);
  });
});

describe("an append of several files", () => {
  it("is one commit whose rows are numbered through", async () => {
    const created = await newTable();
    const rows = Array.from({ length: 1000 }, (_, i) => row(`s${i % 7}`, BigInt(i), i));
    const done: [string, number, number | undefined][] = [];
    const progress = (event: ProgressEvent) => void done.push([event.task, event.done, event.total]);
    expect(await created.append(rows, { rowsPerFile: 300, progress })).toEqual({
      version: 1,
      rows: 1000,
      duplicate: false,
    });
    const snapshot = await created.snapshot();
    expect([snapshot.fileCount, snapshot.rows]).toEqual([4, 1000]);
    const read = async () =>
      rowsOf(await (await created.snapshot()).read({ columns: ["meter", "_ingest_row", "_ingest_version"] }));
    const wanted = rows.map(({ meter }) => ({
      meter: BigInt(meter),
      _ingest_row: BigInt(meter),
      _ingest_version: 1n,
    }));
    expect(await read()).toEqual(wanted);
    await created.compact({ progress });
    expect(done).toEqual([
      ["append", 300, 1000],
      ["append", 600, 1000],
      ["append", 900, 1000],
      ["append", 1000, 1000],
      ["compact", 4, 4],
    ]);
    await expect(created.compact({ targetByte: 1 } as never)).rejects.toMatchObject({
      code: "VALUE_INVALID",
    });
    await expect(created.vacuum({ retain: "1d" } as never)).rejects.toMatchObject({ code: "VALUE_INVALID" });
    expect(await read()).toEqual(wanted);
    await expect(created.append([], { rowsPerFile: 0 })).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });

  it("refuses what callers without types write", async () => {
    const created = await newTable();
    await created.append([row("a", 1n)]);
    const { read } = await created.snapshot();
    const refusals: [() => Promise<unknown>, string, RegExp][] = [
      [() => created.append(undefined as never), "SCHEMA_MISMATCH", /takes rows, got undefined/],
      [() => created.append([], { rowPerFile: 5 } as never), "VALUE_INVALID", /"rowPerFile"/],
      [() => created.append([], { txn: { appid: "a", version: 1 } } as never), "VALUE_INVALID", /"appid"/],
      [() => created.snapshot({ versoin: 0 } as never), "VALUE_INVALID", /"versoin"/],
      [() => read({ range: { from: new Date(0) } } as never), "TIME_INVALID", /range has no option "from"/],
      [() => read({ range: { start: new Date(1), end: new Date(0) } }), "TIME_INVALID", /after its end/],
      [() => read({ column: ["u"] } as never), "VALUE_INVALID", /"column"/],
      [() => read({ columns: "u" } as never), "VALUE_INVALID", /columns must be a list/],
      [() => read({ order: "tim" } as never), "VALUE_INVALID", /order is one of/],
    ];
    for (const [refused, code, message] of refusals) {
      const error = await failure(refused());
      expect(error.message).toMatch(message);
      expect(error.code).toBe(code);
    }
  });
});

describe("bad input", () => {
  it("is refused with what is wrong, and changes nothing", async () => {
    const created = await newTable();
    await created.append([row("a", 1n)]);
    const before = await readdir(created.directory);
    const { length: _, ...someTypes } = {
      length: 0,
      station: utf8(),
      at: timestamp(),
      mw: utf8(),
      extra: bool(),
    };
    const nullTime = columnsFromRows({ ...load.columns, at: nullable(timestamp()) }, [
      { ...row("a", 1n) },
      { ...row("a", 1n), at: null },
    ]);
    const cases: [unknown, string, RegExp][] = [
      [[{ station: "a", at: null, meter: 1 }], "VALUE_INVALID", /row 0, column "at"/],
      [[row("a", 1n), { at: 2n, station: "b" }], "VALUE_INVALID", /row 1, column "meter"/],
      [[{ ...row("a", 1n), at: "2020-01-01 00:00" }], "TIME_ZONE_MISSING", /row 0, column "at"/],
      [[{ ...row("a", 1n), meter: 2 ** 53 }], "VALUE_INVALID", /2\^53/],
      [emptyColumns(someTypes), "SCHEMA_MISMATCH", /missing known, meter; not expected extra; wrong type mw/],
      [nullTime, "VALUE_INVALID", /"at" is not nullable and has 1 null, first in row 1/],
      [toArrow(emptyColumns({ ...load.columns, more: bool() })), "SCHEMA_MISMATCH", /not expected more/],
      [{ ...emptyColumns(load.columns), length: 2 }, "SCHEMA_MISMATCH", /has 0 values for 2 rows/],
    ];
    for (const [input, code, message] of cases) {
      const error = await failure(created.append(input as never));
      expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    }
    expect(await readdir(created.directory)).toEqual(before);
    expect((await created.snapshot()).version).toBe(1);
  });

  it("in a definition is refused", async () => {
    const reserved = table({
      name: "t",
      columns: { at: timestamp(), _ingest_row: int64() },
      keys: [],
      eventTime: "at",
    });
    expect((await failure(createTable(await directory(), reserved))).code).toBe("SCHEMA_INVALID");
    const cases = table({ name: "t", columns: { at: timestamp(), At: int64() }, keys: [], eventTime: "at" });
    expect((await failure(createTable(await directory(), cases))).message).toMatch(/differ only in case/);
  });

  it("in a read is refused", async () => {
    const snapshot = await (await newTable()).snapshot();
    const codes = [
      await failure(snapshot.read({ columns: ["nope"] as never })),
      await failure(snapshot.read({ keys: [{ nope: 1 }] as never })),
      await failure(snapshot.read({ keys: [{ station: "a" }, { meter: 1n }] })),
      await failure(snapshot.read({ keys: [{ station: 1 }] as never })),
      await failure(snapshot.read({ range: { start: "2020-01-01" } })),
    ].map(({ code }) => code);
    expect(codes).toEqual([
      "COLUMN_NOT_FOUND",
      "COLUMN_NOT_FOUND",
      "VALUE_INVALID",
      "VALUE_INVALID",
      "TIME_ZONE_MISSING",
    ]);
  });
});

describe("opening", () => {
  it("says when there is no table, or one already", async () => {
    const path = await directory();
    expect((await failure(openTable(path))).code).toBe("STORE_NOT_FOUND");
    await createTable(path, load, { engine: engine() });
    expect((await failure(createTable(path, load))).code).toBe("STORE_EXISTS");
  });

  it("lists how the stored definition differs from the expected one", async () => {
    const created = await newTable();
    const other = table({
      name: "load",
      columns: {
        station: utf8(),
        at: timestamp(),
        known: nullable(timestamp()),
        mw: nullable(utf8()),
        meter: nullable(int64()),
        more: bool(),
      },
      keys: [],
      eventTime: "at",
      availableAt: "at",
    });
    const { code, details } = await failure(openTable(created.directory, { definition: other }));
    expect(code).toBe("SCHEMA_MISMATCH");
    expect(details["differences"]).toEqual([
      "the stored table lacks more",
      "mw is stored as float64, not utf8",
      "meter is stored as not nullable",
      "keys is stored as station, not none",
      "availableAt is stored as known, not at",
    ]);
  });

  it("or creating gives everyone the same table, however many try at once", async () => {
    const path = await directory();
    const tables = await Promise.all(
      Array.from({ length: 8 }, () => openOrCreateTable(path, load, { engine: engine() })),
    );
    await Promise.all(tables.map((one, i) => one.append([row(`s${i}`, 1n)])));
    const snapshot = await (await openOrCreateTable(path, load, { engine: engine() })).snapshot();
    expect([snapshot.version, snapshot.rows]).toEqual([8, 8]);
  });
});

describe("appending", () => {
  it("once per transaction version, also when two writers try at once", async () => {
    const created = await newTable();
    const other = await openTable(created.directory, { engine: engine(), definition: load });
    const txn = { appId: "app", version: 3 };
    const results = await Promise.all(
      [created, other, created, other].map((one) => one.append([row("a", 1n)], { txn })),
    );
    expect(results.filter(({ duplicate }) => !duplicate)).toEqual([
      { version: 1, rows: 1, duplicate: false },
    ]);
    expect(await created.append([row("b", 1n)], { txn: { appId: "app", version: 2 } })).toMatchObject({
      duplicate: true,
    });
    expect(await created.append([row("c", 1n)], { txn: { appId: "other", version: 1 } })).toMatchObject({
      version: 2,
    });
    expect(await other.append([row("d", 1n)], { txn: { appId: "app", version: 4 } })).toMatchObject({
      version: 3,
    });
    expect((await created.snapshot()).rows).toBe(3);
    expect((await readdir(created.directory)).filter((name) => name.endsWith(".parquet"))).toHaveLength(3);
  });

  it("refuses a transaction without a name, which would make the log unreadable", async () => {
    const created = await newTable();
    for (const appId of [undefined, null, "", 5])
      await expect(
        created.append([row("a", 1n)], { txn: { appId: appId as string, version: 1 } }),
      ).rejects.toMatchObject({ code: "VALUE_INVALID" });
    expect((await (await openTable(created.directory, { engine: engine() })).snapshot()).version).toBe(0);
  });

  it("nothing commits nothing, unless it has a transaction to remember", async () => {
    const created = await newTable();
    expect(await created.append([])).toEqual({ version: 0, rows: 0, duplicate: false });
    const txn = { appId: "app", version: 1 };
    expect(await created.append(emptyColumns(load.columns), { txn })).toEqual({
      version: 1,
      rows: 0,
      duplicate: false,
    });
    expect(await created.append([row("a", 1n)], { txn })).toEqual({ version: 1, rows: 0, duplicate: true });
    expect(rowsOf(await (await created.snapshot()).read())).toEqual([]);
  });

  it("stops when aborted and leaves nothing behind", async () => {
    const created = await newTable();
    const n = 400_000;
    const columns = columnsFromArrays(load.columns, {
      station: new Array<string>(n).fill("a"),
      at: new BigInt64Array(n),
      known: new Array<null>(n).fill(null),
      mw: Float64Array.from({ length: n }, (_, i) => Math.sin(i)),
      meter: new BigInt64Array(n),
    });
    const aborting = new AbortController();
    const pending = created.append(columns, { signal: aborting.signal });
    setTimeout(() => aborting.abort(), 5);
    expect((await failure(pending)).code).toBe("ABORTED");
    expect(await readdir(created.directory)).toEqual(["_delta_log"]);
    expect(await failure(created.append([], { signal: aborting.signal }))).toMatchObject({ code: "ABORTED" });
    expect((await created.append([row("a", 1n)])).version).toBe(1);
  });

  it("writes counts and exact bounds of keys and times into the log", async () => {
    const created = await newTable();
    await created.append([
      { station: "b", at: 1n, known: 5n, meter: 1 },
      { station: "a\u{1F600}", at: -1n, known: null, meter: 2 },
      { station: "a\uFFFD", at: 0n, known: 7n, meter: 3 },
    ]);
    const text = await readFile(join(created.directory, "_delta_log", "00000000000000000001.json"), "utf8");
    const add = text
      .split("\n")
      .flatMap((line) => (line.startsWith('{"add"') ? [JSON.parse(line).add] : []))[0];
    expect(JSON.parse(add.stats)).toEqual({
      numRecords: 3,
      minValues: {
        station: "a\uFFFD",
        at: "1969-12-31T23:59:59.999999Z",
        known: "1970-01-01T00:00:00.000005Z",
      },
      maxValues: { station: "b", at: "1970-01-01T00:00:00.000001Z", known: "1970-01-01T00:00:00.000007Z" },
      nullCount: { station: 0, at: 0, known: 1 },
    });
  });
});

describe("reading", () => {
  it("by event time opens only the files that can hold it", async () => {
    const created = await newTable();
    for (let day = 0n; day < 5n; day++)
      await created.append([row("a", day * 24n * hour), row("b", (day * 24n + 23n) * hour)]);
    const snapshot = await created.snapshot();
    const range = { start: 24n * hour, end: 72n * hour };
    const scan = await snapshot.scan({ range });
    expect(scan.files.map(({ rows, eventTimes }) => [rows, eventTimes?.min])).toEqual([
      [2, 24n * hour],
      [2, 48n * hour],
    ]);
    const found = await snapshot.read({
      range: { start: 24n * hour + 1n, end: 71n * hour },
      columns: ["at"],
    });
    expect(rowsOf(found)).toEqual([{ at: 47n * hour }, { at: 48n * hour }]);
    expect((await snapshot.read({ range: { start: 9999n * hour } })).length).toBe(0);
    expect((await snapshot.read({ range: { end: 1n } })).length).toBe(1);
  });

  it("by keys matches them exactly, and null never", async () => {
    const created = await newTable();
    await created.append([
      row("a", 1n, 1),
      row("A", 2n, 1),
      row(null, 3n, 1),
      row("a", 4n, 2),
      row("", 5n, 1),
    ]);
    const snapshot = await created.snapshot();
    const at = async (keys: readonly { station?: string; meter?: number }[]) =>
      rowsOf(await snapshot.read({ keys, columns: ["at"] })).map((one) => one["at"]);
    expect(await at([{ station: "a" }])).toEqual([1n, 4n]);
    expect(
      await at([
        { station: "a", meter: 1 },
        { station: "", meter: 1 },
      ]),
    ).toEqual([1n, 5n]);
    expect(await at([{ station: "a" }, { station: "a" }])).toEqual([1n, 4n]);
    expect(await at([{ meter: 1 }])).toEqual([1n, 2n, 3n, 5n]);
  });

  it("in order of event time breaks ties by order of ingest", async () => {
    const created = await newTable();
    await created.append([row("a", 2n, 1), row("b", 1n, 2)]);
    await created.append([row("c", 1n, 3), row("d", 0n, 4), row("e", 1n, 5)]);
    const meters = async () =>
      rowsOf(await (await created.snapshot()).read({ order: "time", columns: ["meter"] })).map(
        (one) => one["meter"],
      );
    expect(await meters()).toEqual([4n, 2n, 3n, 5n, 1n]);
    await created.compact();
    expect(await meters()).toEqual([4n, 2n, 3n, 5n, 1n]);
  });

  it("as Arrow batches gives the same rows, with one schema for all", async () => {
    const created = await newTable();
    const n = 10_000;
    await created.append(
      Array.from({ length: n }, (_, i) => row(`station number ${Math.floor(i / 999)}`, BigInt(i), i)),
    );
    const batches = [];
    for await (const batch of (await created.snapshot()).recordBatches({ batchRows: 2000 }))
      batches.push(batch);
    expect(batches.length).toBeGreaterThan(3);
    const arrow = tableFromIPC(tableToIPC(new ArrowTable(batches), "stream"));
    expect(arrow.numRows).toBe(n);
    expect([arrow.get(998)?.["station"], arrow.get(n - 1)?.["station"]]).toEqual([
      "station number 0",
      "station number 10",
    ]);
  });

  it("in batches can be left early or aborted", async () => {
    const created = await newTable();
    await created.append(Array.from({ length: 20_000 }, (_, i) => row("a", BigInt(i), i)));
    const snapshot = await created.snapshot();
    for await (const batch of snapshot.batches({ batchRows: 2048 })) {
      expect(batch.length).toBe(2048);
      break;
    }
    const aborting = new AbortController();
    const reading = (async () => {
      for await (const batch of snapshot.batches({ batchRows: 2048, signal: aborting.signal })) {
        expect(batch.length).toBeGreaterThan(0);
        aborting.abort();
      }
    })();
    expect((await failure(reading)).code).toBe("ABORTED");
    expect((await snapshot.read()).length).toBe(20_000);
  });

  it("a scan can be joined in a session, with instants or microseconds", async () => {
    const created = await newTable();
    await created.append([row("a", 5n, 1)]);
    await created.append([row("b", 6n, 2), row("c", 7n, 3)]);
    const snapshot = await created.snapshot();
    const micros = await snapshot.scan({ timestamps: "micros", columns: ["meter"] });
    const found = await engine().use((session) =>
      session.columns(
        `SELECT meter, _ingest_version AS v, _ingest_row AS r, _ingest_time AS t FROM ${micros.sql} ORDER BY ALL`,
      ),
    );
    const times = rowsOf(found).map(({ t }) => t);
    expect(rowsOf(found)).toEqual([
      { meter: 1n, v: 1n, r: 0n, t: times[0] },
      { meter: 2n, v: 2n, r: 0n, t: times[1] },
      { meter: 3n, v: 2n, r: 1n, t: times[1] },
    ]);
    expect((times[0] as bigint) < (times[1] as bigint)).toBe(true);
    const instants = await snapshot.scan({ range: { start: 6n } });
    const typed = await engine().use((session) =>
      session.columns(`SELECT ${quoteName("at")}, typeof(${quoteName("at")}) AS k FROM ${instants.sql}`),
    );
    expect(rowsOf(typed)).toEqual([
      { at: 6n, k: "TIMESTAMP WITH TIME ZONE" },
      { at: 7n, k: "TIMESTAMP WITH TIME ZONE" },
    ]);
  });

  it("works where the path has quotes, spaces and pattern characters", async () => {
    const path = join(await directory(), "it's [a] *wild* %20 ?path");
    const created = await createTable(path, load, { engine: engine() });
    await created.append([row("a", 1n)]);
    await created.append([row("b", 2n)]);
    await created.compact();
    expect((await (await openTable(path, { engine: engine() })).snapshot()).rows).toBe(2);
    expect((await (await created.snapshot()).read()).length).toBe(2);
  });
});

describe("older versions", () => {
  it("are found by number and by time", async () => {
    const clock = steppingClock(1_000_000n);
    const created = await newTable({ clock });
    const times: bigint[] = [(await created.snapshot()).timestampMicros];
    for (let i = 0; i < 5; i++) {
      clock.move(1000n);
      await created.append([row("a", BigInt(i))]);
      times.push((await created.snapshot()).timestampMicros);
    }
    for (const [version, time] of times.entries()) {
      expect((await created.snapshot({ version })).rows).toBe(version);
      expect((await created.snapshot({ timestamp: time })).version).toBe(version);
      if (version > 0) expect((await created.snapshot({ timestamp: time - 1n })).version).toBe(version - 1);
    }
    expect((await created.snapshot({ timestamp: 2n ** 60n })).version).toBe(5);
    expect((await failure(created.snapshot({ timestamp: 1n }))).code).toBe("STORE_NOT_FOUND");
    expect((await failure(created.snapshot({ version: 6 }))).message).toMatch(
      /no version 6; its newest is 5/,
    );
    await expect(created.snapshot({ version: 1, timestamp: 1n })).rejects.toMatchObject({
      code: "VALUE_INVALID",
    });
  });

  it("have times that never go back, even when the clock does", async () => {
    let now = 5000n;
    const created = await newTable({ clock: { now: () => now } });
    now = 1000n;
    await created.append([row("a", 1n)]);
    expect((await created.snapshot()).timestampMicros).toBe(5000n);
  });

  it("are told in the history", async () => {
    const created = await newTable();
    await created.append([row("a", 1n)], { txn: { appId: "app", version: 7 } });
    await created.append([row("a", 2n), row("a", 3n)]);
    await created.compact();
    const history = await created.history();
    expect(
      history.map(({ version, operation, filesAdded, filesRemoved, txn, metrics }) => [
        version,
        operation,
        filesAdded,
        filesRemoved,
        txn?.version ?? null,
        metrics["numOutputRows"] ?? null,
      ]),
    ).toEqual([
      [3, "OPTIMIZE", 1, 2, null, null],
      [2, "WRITE", 1, 0, null, "2"],
      [1, "WRITE", 1, 0, 7, "1"],
      [0, "CREATE TABLE", 0, 0, null, null],
    ]);
    expect((await created.history({ limit: 2 })).map(({ version }) => version)).toEqual([3, 2]);
  });
});

it("keeps 0 and -0 apart in a column that holds both many times, also through compaction", async () => {
  const at = (row: number) => BigInt(row) * hour;
  const signs = table({
    name: "signs",
    columns: { at: timestamp(), v: float64() },
    keys: [],
    eventTime: "at",
  });
  const created = await createTable(await directory(), signs, { clock: steppingClock(), engine: engine() });
  const zeros = Array.from({ length: 3000 }, (_, row) => (row % 3 === 0 ? -0 : 0));
  const append = (from: number, to: number) =>
    created.append(
      columnsFromArrays(signs.columns, {
        at: BigInt64Array.from(zeros.slice(from, to), (_, row) => at(from + row)),
        v: Float64Array.from(zeros.slice(from, to)),
      }),
    );
  await append(0, 2000);
  await append(2000, 3000);
  const values = async () => [...(await (await created.snapshot()).read()).data.v.values];
  expect(await values()).toEqual(zeros);
  await created.compact();
  expect(await values()).toEqual(zeros);
});

describe("compaction", () => {
  it("keeps every row, its ingest time, version and number, also when done twice", async () => {
    const created = await newTable();
    for (let i = 0; i < 6; i++)
      await created.append([row("b", BigInt(10 - i), i), row("a", BigInt(i), i + 100)]);
    const everything = ["station", "at", "meter", "_ingest_time", "_ingest_version", "_ingest_row"] as const;
    const read = async () => rowsOf(await (await created.snapshot()).read({ columns: everything }));
    const before = await read();
    expect(await created.compact()).toEqual({ version: 7, removed: 6, added: 1 });
    expect(await read()).toEqual(before);
    const [file] = (await (await created.snapshot()).scan()).files;
    expect(file).toMatchObject({ rows: 12, isTimeOrdered: true });
    expect(file?.eventTimes?.min).toBe(0n);
    await created.append([row("c", 5n, 7)]);
    const appended = await read();
    expect(appended.slice(0, 12)).toEqual(before);
    expect(appended[12]).toMatchObject({ _ingest_version: 8n, _ingest_row: 0n });
    await created.compact();
    expect(await read()).toEqual(appended);
    expect(await created.compact()).toEqual({ version: 9, removed: 0, added: 0 });
    expect(rowsOf(await (await created.snapshot({ version: 6 })).read({ columns: everything }))).toEqual(
      before,
    );
  });

  it("gathers files up to the target and leaves large ones alone", async () => {
    const created = await newTable();
    for (let i = 0; i < 6; i++) await created.append([row("a", BigInt(i), i)]);
    const { files } = await (await created.snapshot()).scan();
    const bytes = files[0]?.bytes as number;
    expect(await created.compact({ targetBytes: bytes * 3 + 10 })).toMatchObject({ removed: 6, added: 2 });
    expect(await created.compact({ targetBytes: bytes })).toMatchObject({ removed: 0, added: 0 });
  });

  it("goes on beside appends and refuses to undo another's compaction", async () => {
    const created = await newTable();
    const other = await openTable(created.directory, { engine: engine(), definition: load });
    for (let i = 0; i < 20; i++) await created.append([row("a", BigInt(i), i)]);
    await Promise.all([
      created.compact(),
      other.compact(),
      ...Array.from({ length: 5 }, (_, i) => other.append([row("b", BigInt(i), 100 + i)])),
    ]);
    const snapshot = await created.snapshot();
    const meters = rowsOf(await snapshot.read({ columns: ["meter"] })).map(({ meter }) =>
      Number(meter as bigint),
    );
    expect(meters.sort((a, b) => a - b)).toEqual([...Array(20).keys(), 100, 101, 102, 103, 104]);
  });
});

describe("vacuum", () => {
  it("removes what compaction replaced, but only after its retention", async () => {
    const clock = steppingClock();
    const created = await newTable({ clock });
    for (let i = 0; i < 3; i++) await created.append([row("a", BigInt(i), i)]);
    await created.compact();
    expect((await created.vacuum()).files).toEqual([]);
    clock.move(6n * 24n * hour);
    expect((await created.vacuum()).files).toEqual([]);
    clock.move(2n * 24n * hour);
    const planned = await created.vacuum({ dryRun: true });
    expect(planned.files).toHaveLength(3);
    expect((await (await created.snapshot({ version: 3 })).read()).length).toBe(3);
    expect((await created.vacuum()).files.slice().sort()).toEqual([...planned.files].sort());
    expect((await (await created.snapshot()).read()).length).toBe(3);
    const gone = await failure((await created.snapshot({ version: 3 })).read());
    expect([gone.code, gone.details["version"], gone.details["files"]]).toEqual(["STORE_CORRUPT", 3, 3]);
    expect(gone.hint).toMatch(/vacuumed/);
  });

  it("keeps to a retention that is longer than checkpoints remember removals", async () => {
    const clock = steppingClock();
    const created = await newTable({ clock });
    const first = join(created.directory, "_delta_log", "00000000000000000000.json");
    const often = (await readFile(first, "utf8")).replace(
      '"configuration":{',
      '"configuration":{"delta.checkpointInterval":"5",',
    );
    await writeFile(first, often);
    const table = await openTable(created.directory, { clock, engine: engine(), definition: load });
    for (let i = 0; i < 3; i++) await table.append([row("a", BigInt(i), i)]);
    await table.compact();
    clock.move(8n * 24n * hour);
    await table.append([row("a", 9n)]);
    const later = await openTable(created.directory, { clock, engine: engine(), definition: load });
    expect((await later.vacuum({ retention: "30d", orphanAge: "0s" })).files).toEqual([]);
    expect((await (await later.snapshot({ version: 3 })).read()).length).toBe(3);
    expect((await later.vacuum({ orphanAge: "1d" })).files).toHaveLength(3);
    for (let i = 0; i < 5; i++) await later.append([row("b", BigInt(i))]);
    const checkpoint = join(created.directory, "_delta_log", "00000000000000000010.checkpoint.parquet");
    const { data } = await engine().use((session) =>
      session.columns(`SELECT count(remove) AS n FROM read_parquet('${checkpoint}')`),
    );
    expect(data).toMatchObject({ n: { values: BigInt64Array.of(0n) } });
  });
});

describe("the log", () => {
  it("is summarised in checkpoints from which the table opens", async () => {
    const created = await newTable();
    for (let i = 0; i < 101; i++)
      await created.append([row(`s${i}`, BigInt(i), i)], { txn: { appId: "loop", version: i } });
    await created.compact();
    for (let i = 101; i < 205; i++)
      await created.append([row(`s${i}`, BigInt(i), i)], { txn: { appId: "loop", version: i } });
    const names = await readdir(join(created.directory, "_delta_log"));
    expect(names.filter((name) => name.includes("checkpoint")).sort()).toEqual([
      "00000000000000000100.checkpoint.parquet",
      "00000000000000000200.checkpoint.parquet",
      "_last_checkpoint",
    ]);
    const columns = ["meter", "_ingest_version", "_ingest_row"] as const;
    const wanted = rowsOf(await (await created.snapshot()).read({ columns }));
    expect(wanted.map(({ meter }) => Number(meter))).toEqual([...Array(205).keys()]);
    for (const name of names.filter(
      (one) => /^0+[01]?\d?\d\.json$/.test(one) && Number.parseInt(one, 10) < 150,
    ))
      await rm(join(created.directory, "_delta_log", name));
    const opened = await openTable(created.directory, { engine: engine(), definition: load });
    expect(rowsOf(await (await opened.snapshot()).read({ columns }))).toEqual(wanted);
    expect(await opened.append([row("x", 1n)], { txn: { appId: "loop", version: 204 } })).toMatchObject({
      duplicate: true,
    });
    expect((await failure(opened.snapshot({ version: 50 }))).code).toBe("STORE_NOT_FOUND");
    expect((await opened.snapshot({ version: 203 })).rows).toBe(202);
  });

  it("is followed by a table that was opened earlier", async () => {
    const created = await newTable();
    const reader = await openTable<ColumnTypes>(created.directory, { engine: engine() });
    for (let i = 1; i <= 3; i++) {
      await created.append([row("a", BigInt(i))]);
      expect((await reader.snapshot()).version).toBe(i);
    }
  });
});
