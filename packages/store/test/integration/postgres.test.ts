import { bool, float64, int64, nullable, type Table, table, timestamp, toMicros, utf8 } from "@tsops/core";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresSource, type PostgresSourceOptions, postgresSource } from "../../src/postgres/index.ts";
import { instantSql, localSql } from "../../src/postgres/sql-text.ts";
import {
  batchesOf,
  hasTimescale,
  type PostgresServer,
  postgres,
  rowsOf,
  sql,
  startPostgres,
} from "./postgres/server.ts";

const load = table({
  name: "load",
  columns: {
    station: utf8(),
    meter: int64(),
    at: timestamp(),
    mw: nullable(float64()),
    n: nullable(int64()),
    note: nullable(utf8()),
    holiday: nullable(bool()),
    known: nullable(timestamp()),
  },
  keys: ["station", "meter"],
  eventTime: "at",
});
interface Row {
  station: string;
  meter: bigint;
  at: bigint;
  mw: number | null;
  n: bigint | null;
  note: string | null;
  holiday: boolean | null;
  known: bigint | null;
}

type Key = Pick<Row, "station" | "meter">;

const start = toMicros("2024-03-01T00:00:00Z");
const hour = 3_600_000_000n;

/** Rows with a little of everything, out of order, some of them twice. */
const someRows: Row[] = Array.from({ length: 200 }, (_, i) => ({
  station: ["b", "a", "ü", "Z", "𝒶", "\uffee"][i % 6] as string,
  meter: [7n, 2n ** 60n + 1n, -3n][i % 3] as bigint,
  at: start + (BigInt((i * 37) % 50) * hour) / 7n + BigInt(i % 4),
  mw: i % 9 === 0 ? null : i % 31 === 0 ? Number.NaN : i % 10 === 0 ? -0 : i / 7,
  n: i % 5 === 0 ? null : BigInt(i) * 1_000_000_007n,
  note: i % 4 === 0 ? null : `it's "${i % 3}" \\ ${i % 3 === 0 ? "" : "x"}`,
  holiday: i % 7 === 0 ? null : i % 2 === 0,
  known: i % 6 === 0 ? null : start + BigInt(i),
}));

const bytesOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
const byKeys = (a: Key, b: Key): number => bytesOrder(a.station, b.station) || compare(a.meter, b.meter);
const byTimeAndKeys = (a: Key & { at: bigint }, b: Key & { at: bigint }): number =>
  compare(a.at, b.at) || byKeys(a, b);
const keyOf = ({ station, meter }: Row): Key => ({ station, meter });
/** Rows in an order that does not depend on how ties were broken. */
const sorted = (rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => byTimeAndKeys(a, b) || compare(a.n ?? -1n, b.n ?? -1n));

const databases = [
  { database: "PostgreSQL", isMissing: postgres.isMissing },
  { database: "TimescaleDB", isMissing: !hasTimescale },
];

describe.each(databases)("a table of $database", ({ database, isMissing }) => {
  describe.skipIf(isMissing)("on a real server", () => {
    const isTimescale = database === "TimescaleDB";
    let server: PostgresServer;
    let url: string;
    let pool: pg.Pool;
    let count = 0;
    const sources: PostgresSource[] = [];
    const open = (of: Table, options: Partial<PostgresSourceOptions> = {}): PostgresSource => {
      const source = postgresSource({ connection: pool, table: of, ...options });
      sources.push(source);
      return source;
    };
    /** A new table with these rows. */
    const filled = async (
      rows: readonly object[],
      of: Table = load,
      options: Partial<PostgresSourceOptions> = {},
    ): Promise<PostgresSource & { readonly relation: string }> => {
      const relation = `t${++count}`;
      const source = open(of, { relation, ...options });
      await source.createTable();
      await source.write(batchesOf(of, rows, 64));
      return Object.assign(source, { relation });
    };
    beforeAll(async () => {
      server = await startPostgres(...(isTimescale ? [] : (["--plain"] as const)));
      url = isTimescale ? server.timescaleUrl : server.url;
      pool = new pg.Pool({ connectionString: url });
    });
    afterAll(async () => {
      for (const source of sources) await source.close();
      await pool?.end();
      await server?.stop();
    });

    it("gives back what was written: every value, by (event time, keys), each row as often as it is there", async () => {
      const source = await filled([...someRows, ...someRows.slice(0, 20)], load, { batchRows: 17 });
      const found = await rowsOf<Row>(source.scan());
      expect(sorted(found)).toEqual(sorted([...someRows, ...someRows.slice(0, 20)]));
      expect(found.map((row) => [row.at, row.station, row.meter])).toEqual(
        sorted(found).map((row) => [row.at, row.station, row.meter]),
      );
      expect(await source.schema()).toBe(load);
      const [[told] = []] = await sql(url, `SELECT count(*) FROM ${source.relation}`);
      expect(told).toBe("220");
    });

    it("keeps every value of every kind, at random", { timeout: 120_000 }, async () => {
      const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 4 });
      const rows = fc.array(
        fc.record({
          station: fc.constantFrom("a", "b"),
          meter: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          at: fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }),
          mw: orNull(fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY))),
          n: orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
          note: orNull(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""))),
          holiday: orNull(fc.boolean()),
          known: orNull(fc.bigInt({ min: -210_866_803_200_000_000n, max: 8_640_000_000_000_000_000n })),
        }),
        { maxLength: 20 },
      );
      // One chunk of the hypertable holds all of time, or a few random rows would make a chunk each.
      const source = open(load, { relation: "anything" });
      await source.createTable({ chunk: "4000000d" });
      const keyed = (all: readonly object[]): string[] =>
        all
          .map((row) =>
            JSON.stringify(Object.values(row).map((value) => (Object.is(value, -0) ? "-0" : String(value)))),
          )
          .sort();
      await fc.assert(
        fc.asyncProperty(rows, async (all) => {
          await sql(url, "TRUNCATE anything");
          expect(await source.write(batchesOf(load, all, 7))).toEqual({ rows: all.length });
          expect(keyed(await rowsOf(source.scan()))).toEqual(keyed(all));
        }),
        { numRuns: 60 },
      );
    });

    it("writes instants as constants that the server reads as the same instants, over all of its time", async () => {
      // The last microsecond but one: the server itself takes the last one's epoch in floating point.
      const last = 2n ** 63n - 2n;
      const all = fc.bigInt({ min: -210_866_803_200_000_000n, max: last });
      const near = fc.bigInt({ min: -70_000_000_000_000_000n, max: 10n ** 16n });
      const micros = fc.sample(fc.oneof(all, near), 500).concat(-210_866_803_200_000_000n, last, -1n, 0n);
      const back = (constant: string) => `(extract(epoch FROM ${constant}) * 1000000)::numeric(30)::text`;
      const list = micros.map((each) => `(${back(instantSql(each))}, ${back(localSql(each))})`);
      const found = await sql(url, `SELECT * FROM (VALUES ${list.join(", ")}) v`);
      expect(found).toEqual(micros.map((each) => [String(each), String(each)]));
    });

    it("keeps to a half-open range, to the microsecond", async () => {
      const source = await filled(someRows);
      const times = [...new Set(someRows.map(({ at }) => at))].sort(compare);
      const [from, to] = [times[10] as bigint, times[30] as bigint];
      for (const range of [
        { start: from, end: to },
        { start: from, end: from },
        { start: from, end: from + 1n },
        { start: from + 1n, end: to + 1n },
        { start: -(2n ** 63n), end: to },
        { start: from, end: 2n ** 63n - 1n },
        { start: -(2n ** 63n), end: -(2n ** 62n) },
      ]) {
        const expected = someRows.filter(({ at }) => at >= range.start && at < range.end);
        expect(sorted(await rowsOf<Row>(source.scan({ range })))).toEqual(sorted(expected));
      }
    });

    it("reads the entities asked for, and nothing for none", async () => {
      const source = await filled(someRows);
      const keys = [someRows[3] as Row, someRows[4] as Row, someRows[3] as Row].map(keyOf);
      const expected = someRows.filter((row) =>
        keys.some((key) => key.station === row.station && key.meter === row.meter),
      );
      expect(expected.length).toBeGreaterThan(20);
      expect(sorted(await rowsOf<Row>(source.scan({ keys })))).toEqual(sorted(expected));
      expect(await rowsOf(source.scan({ keys: [] }))).toEqual([]);
      const odd = ["'; DROP TABLE load; --", "a\\", "a\0", "\ud800", "A"].map((station) => ({
        station,
        meter: 7n,
      }));
      expect(await rowsOf(source.scan({ keys: odd }))).toEqual([]);
      expect(() => source.scan({ keys: [{ station: "a" }] })).toThrow(
        expect.objectContaining({
          code: "VALUE_INVALID",
        }),
      );
      expect(() => source.scan({ keys: [{ station: 1n, meter: 1n }] })).toThrow(
        expect.objectContaining({
          code: "VALUE_INVALID",
          message: 'The key "station" is utf8, got bigint.',
        }),
      );
    });

    it("finds a single text key whatever it is made of", async () => {
      const named = table({
        name: "named",
        columns: { k: utf8(), at: timestamp() },
        keys: ["k"],
        eventTime: "at",
      });
      const texts = ["it's", 'a "b"', "back\\slash", "\\'", "$1", "ü👍", "", "{a,b}", "NULL"];
      const source = await filled(
        texts.map((k) => ({ k, at: start })),
        named,
      );
      for (const k of texts)
        expect(await rowsOf(source.scan({ keys: [{ k }, { k: "not there" }] }))).toEqual([{ k, at: start }]);
    });

    it("gives the columns asked for, in that order", async () => {
      const source = await filled(someRows);
      const [first] = await rowsOf(source.scan({ columns: ["n", "at", "station"] }));
      expect(Object.keys(first as object)).toEqual(["n", "at", "station"]);
      expect((await rowsOf(source.scan({ columns: ["holiday"] }))).length).toBe(200);
      expect(() => source.scan({ columns: ["nope"] })).toThrow(
        expect.objectContaining({
          code: "COLUMN_NOT_FOUND",
        }),
      );
    });

    it("says at the call what is wrong with the call", async () => {
      const source = open(load, { relation: "not.there" });
      const sum = (column: string, kind: string, every = "1h") =>
        source.aggregate({ every, aggregates: { s: { column, kind: kind as "sum" } } });
      const code = (expected: string) => expect.objectContaining({ code: expected });
      expect(() => source.scan({ colums: [] } as object)).toThrow(code("VALUE_INVALID"));
      expect(() => source.latest({ columns: ["at", "at"] })).toThrow(code("SCHEMA_INVALID"));
      expect(() => sum("note", "sum")).toThrow(code("VALUE_INVALID"));
      expect(() => sum("mw", "median")).toThrow(code("VALUE_INVALID"));
      expect(() => sum("nope", "sum")).toThrow(code("COLUMN_NOT_FOUND"));
      expect(() => sum("mw", "sum", "1mo")).toThrow(code("DURATION_INVALID"));
      expect(() => sum("mw", "sum", "0s")).toThrow(code("DURATION_INVALID"));
    });

    it("gives the last row of each entity, as of the range", async () => {
      const source = await filled(someRows);
      for (const scan of [
        {},
        { range: { start, end: start + 2n * hour } },
        { keys: [keyOf(someRows[3] as Row)] },
        { columns: ["at", "meter"] },
        { keys: [] },
      ]) {
        const { range, keys } = scan as { range?: { start: bigint; end: bigint }; keys?: Key[] };
        const last = new Map<string, Row>();
        for (const row of someRows) {
          if (range !== undefined && (row.at < range.start || row.at >= range.end)) continue;
          if (
            keys !== undefined &&
            !keys.some((key) => key.station === row.station && key.meter === row.meter)
          )
            continue;
          const id = `${row.station} ${row.meter}`;
          if ((last.get(id)?.at ?? -1n) < row.at) last.set(id, row);
        }
        const expected = [...last.values()].sort(byKeys);
        const found = await rowsOf(source.latest(scan));
        expect(found.map(({ at, meter }) => [at, meter])).toEqual(
          expected.map(({ at, meter }) => [at, meter]),
        );
      }
      const single = table({
        name: "single",
        columns: { at: timestamp(), x: float64() },
        keys: [],
        eventTime: "at",
      });
      const one = await filled(
        [1, 3, 2].map((x) => ({ at: start + BigInt(x), x })),
        single,
      );
      expect(await rowsOf(one.latest())).toEqual([{ at: start + 3n, x: 3 }]);
    });

    it("aggregates into buckets what a plain loop aggregates", async () => {
      // Also before 1970, and on the edges of buckets.
      const rows = someRows.map((row, i) => ({
        ...row,
        at: (row.at - start) * (i % 2 === 0 ? 1n : -1n),
        mw: i % 31 === 0 ? null : row.mw,
      }));
      const source = await filled(rows);
      const every = 15n * 60_000_000n;
      const found = await rowsOf(
        source.aggregate({
          every: "15m",
          range: { start: -8n * hour, end: 8n * hour },
          aggregates: {
            count: { column: "mw", kind: "count" },
            sum: { column: "n", kind: "sum" },
            mean: { column: "mw", kind: "mean" },
            min: { column: "n", kind: "min" },
            max: { column: "note", kind: "max" },
            first: { column: "n", kind: "first" },
            last: { column: "known", kind: "last" },
            any: { column: "holiday", kind: "max" },
          },
        }),
      );
      const groups = new Map<string, { at: bigint; rows: Row[] }>();
      for (const row of rows) {
        if (row.at < -8n * hour || row.at >= 8n * hour) continue;
        const bucket = row.at - (((row.at % every) + every) % every);
        const id = `${bucket} ${row.station} ${row.meter}`;
        groups.set(id, { at: bucket, rows: [...(groups.get(id)?.rows ?? []), row] });
      }
      const expected = [...groups.values()].map(({ at, rows: group }) => {
        const [{ station, meter }] = group as [Row];
        const inOrder = [...group].sort(byTimeAndKeys);
        const known = <T>(of: (row: Row) => T | null): T[] =>
          inOrder.map(of).filter((value): value is T & NonNullable<T> => value !== null);
        const mw = known((row) => row.mw);
        const n = known((row) => row.n);
        return {
          station,
          meter,
          at,
          count: BigInt(mw.length),
          sum: n.length === 0 ? null : n.reduce((a, b) => a + b, 0n),
          mean: mw.length === 0 ? null : expect.closeTo(mw.reduce((a, b) => a + b, 0) / mw.length, 9),
          min: n.length === 0 ? null : n.reduce((a, b) => (b < a ? b : a)),
          max:
            known((row) => row.note)
              .sort(bytesOrder)
              .at(-1) ?? null,
          first: n[0] ?? null,
          last: known((row) => row.known).at(-1) ?? null,
          any:
            known((row) => row.holiday)
              .sort()
              .at(-1) ?? null,
        };
      });
      expect(found.length).toBeGreaterThan(50);
      expect(found).toEqual(expected.sort(byTimeAndKeys));
    });

    it("asks the server for buckets, and TimescaleDB in its own words", async () => {
      const source = await filled(someRows);
      const aggregate = { every: "1h", aggregates: { mw: { column: "mw", kind: "last" } } } as const;
      const plan = await source.explain({ aggregate });
      expect(plan).toMatch(/Aggregate/);
      expect(plan.includes("time_bucket")).toBe(isTimescale);
      expect(await source.explain({ latest: {} })).toContain("Unique");
    });

    it.runIf(isTimescale)("leaves chunks outside the range out of the plan", async () => {
      const rows = Array.from({ length: 30 }, (_, day) => ({
        station: "a",
        meter: 1n,
        at: start + BigInt(day) * 24n * hour,
      }));
      const source = await filled(rows);
      const chunksOf = (plan: string): number => new Set(plan.match(/_hyper_\d+_\d+_chunk/g)).size;
      const all = chunksOf(await source.explain({ scan: {} }));
      expect(all).toBeGreaterThanOrEqual(5);
      const range = { start: start + 24n * hour, end: start + 25n * hour };
      for (const call of [
        { scan: { range } },
        { latest: { range } },
        { aggregate: { range, every: "1h", aggregates: {} } },
      ])
        expect(chunksOf(await source.explain(call))).toBe(1);
      expect(await rowsOf(source.scan({ range, columns: ["at"] }))).toEqual([{ at: start + 24n * hour }]);
      const [[isHyper] = []] = await sql(
        url,
        `SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_name = '${source.relation}'`,
      );
      expect(isHyper).toBe("1");
    });

    it("tells keys apart by their bytes, whatever the database takes for equal; reads domains over domains", async () => {
      await sql(
        url,
        `CREATE COLLATION IF NOT EXISTS loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         CREATE DOMAIN code AS text; CREATE DOMAIN site AS code;
         CREATE TABLE loosely (k site COLLATE loose, at timestamptz, v int);
         INSERT INTO loosely VALUES ('a', '2024-01-01Z', 1), ('A', '2024-01-01Z', 2)`,
      );
      const source = open(
        table({
          name: "loosely",
          columns: { k: utf8(), at: timestamp(), v: int64() },
          keys: ["k"],
          eventTime: "at",
        }),
      );
      const [upper, lower] = [
        { k: "A", v: 2n },
        { k: "a", v: 1n },
      ];
      expect(await rowsOf(source.scan({ columns: ["k", "v"] }))).toEqual([upper, lower]);
      expect(await rowsOf(source.scan({ columns: ["k", "v"], keys: [{ k: "a" }] }))).toEqual([lower]);
      expect(await rowsOf(source.latest({ columns: ["k", "v"] }))).toEqual([upper, lower]);
      const sums = source.aggregate({ every: "1d", aggregates: { v: { column: "v", kind: "sum" } } });
      expect((await rowsOf(sums)).map(({ k, v }) => ({ k, v }))).toEqual([upper, lower]);
    });

    it("reads uuid, enum, char and citext as text, told apart and ordered by its bytes", async () => {
      await sql(
        url,
        `CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE EXTENSION IF NOT EXISTS citext;
         CREATE TABLE odd (id uuid, m mood, c char(5), ci citext, at timestamptz);
         INSERT INTO odd VALUES ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'sad', 'x', 'A', '2024-01-01Z'),
           ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'glad', 'yy', 'a', '2024-01-01Z')`,
      );
      const columns = { id: utf8(), m: utf8(), c: utf8(), ci: utf8(), at: timestamp() };
      const one = { id: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", m: "glad", c: "yy", ci: "a" };
      const two = { id: "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", m: "sad", c: "x", ci: "A" };
      const asked = ["id", "m", "c", "ci"] as const;
      for (const [key, expected] of [
        ["id", [one, two]],
        ["m", [one, two]],
        ["c", [two, one]],
        ["ci", [two, one]],
      ] as const) {
        const source = open(table({ name: "odd", columns, keys: [key], eventTime: "at" }));
        expect(await rowsOf(source.scan({ columns: asked }))).toEqual(expected);
        expect(await rowsOf(source.latest({ columns: asked, keys: [{ [key]: one[key] }] as never }))).toEqual(
          [one],
        );
        const counts = source.aggregate({ every: "1d", aggregates: { n: { column: "at", kind: "count" } } });
        expect((await rowsOf(counts)).map((row) => row[key])).toEqual(expected.map((row) => row[key]));
      }
      const source = open(table({ name: "odd", columns, keys: ["id"], eventTime: "at" }));
      await expect(source.write([])).rejects.toMatchObject({ code: "SCHEMA_INVALID" });
    });

    it("reads narrower types and local times with a declared zone", async () => {
      await sql(
        url,
        `CREATE TABLE narrow (k varchar(9), at timestamp, day date, f real, i integer, s smallint, n smallint);
         INSERT INTO narrow VALUES ('x', '2024-07-01 12:00:00.000001', '2024-01-15', 0.5, 2147483647, -32768, 7), ('y', '2024-01-01 00:00', NULL, NULL, NULL, NULL, NULL)`,
      );
      const narrow = table({
        name: "narrow",
        columns: {
          k: utf8(),
          at: timestamp({ zone: "Europe/Berlin" }),
          day: nullable(timestamp({ zone: "-05:00" })),
          f: nullable(float64()),
          i: nullable(int64()),
          s: nullable(int64()),
          n: nullable(float64()),
        },
        keys: ["k"],
        eventTime: "at",
      });
      const source = open(narrow);
      const summer = toMicros("2024-07-01T10:00:00.000001Z");
      const x = {
        k: "x",
        at: summer,
        day: toMicros("2024-01-15T05:00Z"),
        f: 0.5,
        i: 2_147_483_647n,
        s: -32_768n,
        n: 7,
      };
      const y = { k: "y", at: toMicros("2023-12-31T23:00Z"), day: null, f: null, i: null, s: null, n: null };
      expect(await rowsOf(source.scan())).toEqual([y, x]);
      expect(await rowsOf(source.scan({ range: { start: summer, end: summer + 1n } }))).toEqual([x]);
      expect(await rowsOf(source.scan({ range: { start: summer + 1n, end: summer + 2n } }))).toEqual([]);
      const buckets = source.aggregate({ every: "1h", aggregates: { i: { column: "i", kind: "last" } } });
      expect((await rowsOf(buckets)).map(({ at, i }) => [at, i])).toEqual([
        [toMicros("2023-12-31T23:00Z"), null],
        [toMicros("2024-07-01T10:00Z"), 2_147_483_647n],
      ]);
      await expect(
        open({ ...narrow, columns: { ...narrow.columns, at: timestamp() } }).schema(),
      ).rejects.toMatchObject({
        code: "TIME_ZONE_MISSING",
      });
      const { day: _, n: __, ...writable } = narrow.columns;
      const writer = open(table({ name: "narrow", columns: writable, keys: ["k"], eventTime: "at" }));
      await writer.write(
        batchesOf({ ...narrow, columns: writable }, [
          { k: "z", at: summer - hour * 24n * 90n, f: 0.25, i: 1n, s: 2n },
        ]),
      );
      expect(await sql(url, "SELECT at::text, f::text, i::text, s::text FROM narrow WHERE k = 'z'")).toEqual([
        ["2024-04-02 12:00:00.000001", "0.25", "1", "2"],
      ]);
    });

    it("refuses local times that are two instants or none, read or written", async () => {
      await sql(
        url,
        "CREATE TABLE twice (at timestamp NOT NULL); INSERT INTO twice VALUES ('2024-10-26'), ('2024-10-27 02:30')",
      );
      const twice = table({
        name: "twice",
        columns: { at: timestamp({ zone: "Europe/Berlin" }) },
        keys: [],
        eventTime: "at",
      });
      const source = open(twice);
      await expect(rowsOf(source.scan())).rejects.toMatchObject({
        code: "TIME_INVALID",
        details: { column: "at", row: 1 },
      });
      const write = source.write(batchesOf(twice, [{ at: toMicros("2024-10-27T00:30Z") }]));
      await expect(write).rejects.toMatchObject({ code: "TIME_INVALID", details: { column: "at", row: 0 } });
      expect(await sql(url, "SELECT count(*) FROM twice")).toEqual([["2"]]);
    });

    it.each([
      ["numeric", float64(), "numeric has more digits"],
      ["bigint", float64(), "cannot be read as float64"],
      ["jsonb", utf8(), "jsonb, which cannot be read as utf8"],
      ["text[]", utf8(), "text[], which cannot be read as utf8"],
      ["double precision", int64(), "double precision, which cannot be read as int64"],
    ])(
      "refuses a column of type %s declared as %o, with its name and what to do",
      async (serverType, type, message) => {
        const relation = `u${++count}`;
        await sql(url, `CREATE TABLE ${relation} (at timestamptz, "the Value" ${serverType})`);
        const odd = table({
          name: "odd",
          columns: { at: timestamp(), "the Value": type },
          keys: [],
          eventTime: "at",
        });
        const error = await open(odd, { relation })
          .schema()
          .catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: "SCHEMA_INVALID", details: { column: "the Value" } });
        expect(`${(error as Error).message} ${(error as { hint: string }).hint}`).toContain(message);
      },
    );

    it("refuses infinity and nulls where none are declared, with the row", async () => {
      await sql(
        url,
        "CREATE TABLE edges (at timestamptz, x float8); INSERT INTO edges VALUES ('2024-01-01Z', 1), ('infinity', 2)",
      );
      const edges = table({
        name: "edges",
        columns: { at: timestamp(), x: float64() },
        keys: [],
        eventTime: "at",
      });
      const source = open(edges);
      await expect(rowsOf(source.scan())).rejects.toMatchObject({
        code: "TIME_INVALID",
        details: { column: "at", row: 1 },
      });
      await sql(url, "UPDATE edges SET at = '2024-01-02Z', x = NULL WHERE x = 2");
      await expect(rowsOf(source.scan())).rejects.toMatchObject({
        code: "VALUE_INVALID",
        details: { column: "x", row: 1 },
      });
    });

    it("says what is missing: table, column, database, password", async () => {
      await expect(open(load, { relation: "no.such" }).schema()).rejects.toMatchObject({
        code: "STORE_NOT_FOUND",
      });
      await sql(url, "CREATE TABLE few (at timestamptz)");
      await expect(open(load, { relation: "few" }).schema()).rejects.toMatchObject({
        code: "SCHEMA_INVALID",
        message: 'The table "few" has no column "station".',
      });
      const secret = new URL(url).password;
      const wrong = url.replace(secret, "wr0ng-secret");
      const refused = open(load, { connection: wrong });
      const error = (await refused.schema().catch((caught: unknown) => caught)) as Error;
      expect(error).toMatchObject({ code: "CONFIG_INVALID" });
      expect(JSON.stringify([error.message, error, (error.cause as Error).message])).not.toContain(
        "wr0ng-secret",
      );
      expect(await refused.health()).toMatchObject({
        isHealthy: false,
        detail: expect.not.stringContaining("wr0ng-secret"),
      });
      const elsewhere = open(load, { connection: url.replace(/:\d+\//, ":1/") });
      await expect(elsewhere.schema()).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
      expect(await open(load).health()).toMatchObject({
        isHealthy: true,
        detail: expect.stringMatching(isTimescale ? /^PostgreSQL 1.*TimescaleDB 2/ : /^PostgreSQL 1[^T]*$/),
      });
    });

    it("writes all rows or none", async () => {
      const source = await filled(someRows);
      await sql(url, `ALTER TABLE ${source.relation} ADD CONSTRAINT small CHECK (n IS DISTINCT FROM 12345)`);
      const rows = [...someRows, { ...(someRows[1] as Row), n: 12_345n }];
      const before = await rowsOf(source.scan());
      await expect(source.write(batchesOf(load, rows, 50))).rejects.toMatchObject({
        code: "VALUE_INVALID",
        details: { constraint: "small" },
      });
      const failing = async function* () {
        yield* batchesOf(load, someRows, 50);
        throw new RangeError("the caller's own error");
      };
      await expect(source.write(failing())).rejects.toThrow(new RangeError("the caller's own error"));
      await expect(source.write(batchesOf(load, [{ ...someRows[0], note: "a\0b" }]))).rejects.toMatchObject({
        code: "VALUE_INVALID",
        details: { column: "note", row: 0 },
      });
      expect(await rowsOf(source.scan())).toEqual(before);
      expect(await source.write([])).toEqual({ rows: 0 });
    });

    it("writes texts longer than a buffer", async () => {
      const long = table({
        name: "long",
        columns: { at: timestamp(), text: utf8() },
        keys: [],
        eventTime: "at",
      });
      const rows = [10, 3_000_000, 5, 262_000, 262_144].map((length, i) => ({
        at: BigInt(i),
        text: "ü".repeat(length),
      }));
      const source = await filled(rows, long);
      expect(await rowsOf(source.scan())).toEqual(rows);
    });

    it("goes on when the table is dropped and made anew, with its columns in another order", async () => {
      const source = await filled(someRows);
      await sql(
        url,
        `DROP TABLE ${source.relation}; CREATE TABLE ${source.relation} (extra int, known timestamptz, note text, mw real, n int8, meter int8, station text, at timestamptz, holiday bool)`,
      );
      expect(await rowsOf(source.scan())).toEqual([]);
      const row = { ...(someRows[1] as Row), mw: 0.5 };
      await source.write(batchesOf(load, [row]));
      expect(await rowsOf(source.scan())).toEqual([row]);
    });

    it("takes names as they are, and a pool of its own for a URL", async () => {
      await sql(url, 'CREATE SCHEMA IF NOT EXISTS "Odd ""Schema"');
      const odd = table({
        name: "odd",
        columns: { 'a "quoted" Name': utf8(), "when?": timestamp(), select: nullable(float64()) },
        keys: ['a "quoted" Name'],
        eventTime: "when?",
      });
      const source = open(odd, { relation: 'Odd "Schema.Some Table', connection: url });
      await source.createTable({ indexes: ["time", "keys"] });
      const row = { 'a "quoted" Name': "x", "when?": start, select: 1 };
      await source.write(batchesOf(odd, [row]));
      expect(await rowsOf(source.scan({ keys: [{ 'a "quoted" Name': "x" }] }))).toEqual([row]);
      expect(await rowsOf(source.latest())).toEqual([row]);
      await expect(source.createTable()).rejects.toMatchObject({ code: "STORE_EXISTS" });
      await source.close();
      await source.close();
      await expect(source.schema()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    });
  });
});
