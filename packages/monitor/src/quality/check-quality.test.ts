import { fc, test } from "@fast-check/vitest";
import {
  bool,
  columnsFromArrays,
  float64,
  int64,
  nullable,
  TsopsError,
  table,
  timestamp,
  toMicros,
  utf8,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { checkQuality, type QualityOptions } from "./check-quality.ts";

const hour = 3_600_000_000n;
const start = toMicros("2024-03-01T00:00:00Z");
const at = (step: number) => start + hour * BigInt(step);
const load = table({
  name: "load",
  columns: {
    city: nullable(utf8()),
    at: timestamp(),
    known: nullable(timestamp()),
    mw: nullable(float64({ unit: "MW" })),
    sky: nullable(utf8()),
  },
  keys: ["city"],
  eventTime: "at",
});

type Row = readonly [
  city: string | null,
  step: number,
  mw?: number | null,
  sky?: string | null,
  known?: number,
];
function rows(...list: readonly Row[]) {
  return columnsFromArrays(load.columns, {
    city: list.map(([city]) => city),
    at: BigInt64Array.from(list, ([, step]) => at(step)),
    known: list.map(([, step, , , known = step]) => at(known)),
    mw: list.map(([, , mw = 1]) => mw),
    sky: list.map(([, , , sky = "clear"]) => sky),
  });
}

const check = (data: ReturnType<typeof rows>, options: Partial<QualityOptions> = {}) =>
  checkQuality(data, { table: load, ...options });

describe("checkQuality", () => {
  it("finds nothing wrong with good rows of several series", () => {
    const data = rows(["a", 0], ["b", 0], ["a", 1], ["b", 1]);
    expect(
      check(data, {
        frequency: "1h",
        now: at(2),
        maxAge: "2h",
        interval: { start: at(0), end: at(2) },
        ranges: { mw: { min: 0, max: 2 }, sky: { oneOf: ["clear"] } },
      }),
    ).toEqual([]);
  });

  it("says that a table is empty, and what the interval lacks", () => {
    expect(check(rows())).toMatchObject([{ check: "empty", severity: "error", count: 0 }]);
    const findings = check(rows(), {
      frequency: "1h",
      interval: { start: at(0), end: at(5) },
      now: at(9),
      maxAge: "1h",
    });
    expect(findings).toMatchObject([{ check: "empty" }, { check: "gaps", count: 5, rows: [] }]);
  });

  it("grades missing values: errors in keys and required columns, else by the share that is tolerated", () => {
    const data = rows(["a", 0, null], ["a", 1], ["a", 2], [null, 3]);
    expect(check(data)).toMatchObject([
      { check: "missing", column: "city", severity: "error", count: 1, rows: [3] },
      {
        check: "missing",
        column: "mw",
        severity: "warning",
        count: 1,
        rows: [0],
        sentence: "mw is missing in 1 of 4 rows (25 %), more than the 10 % that are tolerated.",
      },
    ]);
    const graded = (options: Partial<QualityOptions>) =>
      check(data, options).find(({ column }) => column === "mw")?.severity;
    expect(graded({ maxMissing: { mw: 0.25 } })).toBe("info");
    expect(graded({ maxMissing: { sky: 0.25 } })).toBe("warning");
    expect(graded({ maxMissing: 0.25, required: ["mw"] })).toBe("error");
    expect(check(rows(["a", 0, null]), { maxMissing: 1 })).toMatchObject([
      { column: "mw", severity: "error" },
    ]);
  });

  it("counts NaN and infinities but not what lies under nulls", () => {
    const columns = columnsFromArrays(
      { at: timestamp(), x: nullable(float64()) },
      {
        at: [at(0), at(1), at(2), at(3)],
        x: {
          kind: "float64",
          values: Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 1),
          valid: Uint8Array.of(0b1011),
        },
      },
    );
    expect(checkQuality(columns, { table: { keys: [], eventTime: "at" }, maxMissing: 0.5 })).toMatchObject([
      {
        check: "non_finite",
        severity: "error",
        count: 2,
        rows: [0, 1],
        sentence: "x has 2 values that are no finite numbers (1 NaN, 1 infinite).",
      },
      { check: "missing", severity: "info", count: 1 },
    ]);
  });

  it("compares values with what they can be: bounds included, NaN and null left to others", () => {
    const data = rows(
      ["a", 0, -1],
      ["a", 1, 0],
      ["a", 2, 10],
      ["a", 3, 11],
      ["a", 4, Number.NaN],
      ["a", 5, null],
    );
    expect(check(data, { ranges: { mw: { min: 0, max: 10 } } })).toContainEqual({
      check: "range",
      column: "mw",
      key: null,
      severity: "error",
      reason: "the range says that such values cannot be",
      count: 2,
      rows: [0, 3],
      from: "2024-03-01T00:00:00Z",
      to: "2024-03-01T03:00:00Z",
      sentence: "mw lies outside 0 .. 10 MW in 2 of 6 rows, from -1 to 11.",
      cause: "A broken sensor, a mistyped value, another unit, or a range that is too narrow.",
      hint: "Set the values to null, or widen the range.",
    });
    const skies = rows(["a", 0, 1, "hail"], ["a", 1, 1, null], ["a", 2]);
    expect(check(skies, { ranges: { sky: { oneOf: ["clear"] } } })).toContainEqual(
      expect.objectContaining({
        check: "range",
        column: "sky",
        severity: "warning",
        count: 1,
        rows: [0],
        sentence: 'sky has 1 unexpected value in 1 row: "hail".',
      }),
    );
  });

  it("compares integers beyond 2^53 exactly", () => {
    const columns = columnsFromArrays(
      { at: timestamp(), n: int64() },
      { at: [at(0), at(1)], n: [2n ** 53n, 2n ** 53n + 1n] },
    );
    expect(
      checkQuality(columns, { table: { keys: [], eventTime: "at" }, ranges: { n: { max: 2 ** 53 } } }),
    ).toMatchObject([{ check: "range", rows: [1] }]);
  });

  it("tells duplicates from revisions", () => {
    const data = rows(["a", 0, 1, "clear", 5], ["a", 0, 2, "clear", 6], ["a", 0, 3, "clear", 5], ["b", 0]);
    expect(check(data)).toMatchObject([{ check: "duplicates", severity: "error", count: 2, rows: [1, 2] }]);
    const versioned = { keys: ["city"], eventTime: "at", availableAt: "known" };
    expect(checkQuality(data, { table: versioned })).toMatchObject([
      { check: "duplicates", count: 1, rows: [2] },
    ]);
  });

  it("notes rows out of order within a series, not between series", () => {
    expect(check(rows(["a", 5], ["b", 1], ["a", 6], ["b", 2]))).toEqual([]);
    expect(check(rows(["a", 5], ["a", 7], ["a", 6], ["a", 8]))).toMatchObject([
      { check: "unsorted", severity: "info", count: 1, rows: [2] },
    ]);
  });

  it("counts steps without a row, between rows or in the whole interval", () => {
    const data = rows(["a", 1], ["a", 2], ["a", 6], ["b", 1], ["b", 3]);
    expect(check(data, { frequency: "1h" })).toMatchObject([
      {
        check: "gaps",
        severity: "warning",
        count: 4,
        rows: [1, 3],
        sentence:
          '4 steps of 1h have no row, in 2 gaps; the longest has 3 from 2024-03-01T03:00:00Z of {"city":"a"}.',
      },
    ]);
    expect(check(data, { frequency: "1h", interval: { start: at(0), end: at(8) } })).toMatchObject([
      { check: "gaps", count: 1 + 3 + 1 + 1 + 1 + 4 },
    ]);
  });

  it("counts days on the zone's calendar: a day of 23 hours is no gap", () => {
    const midnights = ["2024-03-30", "2024-03-31", "2024-04-01"].map((day) =>
      toMicros(`${day}T00:00:00`, { zone: "Europe/Berlin" }),
    );
    const data = columnsFromArrays({ at: timestamp() }, { at: BigInt64Array.from(midnights) });
    const options = { table: { keys: [], eventTime: "at" }, frequency: "1d" };
    expect(checkQuality(data, { ...options, zone: "Europe/Berlin" })).toEqual([]);
    expect(checkQuality(data, options)).toMatchObject([{ check: "off_grid", count: 3 }]);
  });

  it("finds stale series and rows after now", () => {
    const data = rows(["a", 0], ["a", 5], ["b", 0], ["b", 3]);
    expect(check(data, { now: at(4), maxAge: "30m" })).toMatchObject([
      {
        check: "staleness",
        severity: "error",
        count: 1,
        rows: [3],
        sentence:
          '1 of 2 series have nothing newer than 30m before 2024-03-01T04:00:00Z; the oldest ends at 2024-03-01T03:00:00Z of {"city":"b"}.',
        hint: "Look at the job that loads it; raise maxAge if rows always come this late.",
      },
      { check: "future", severity: "error", count: 1, rows: [1] },
    ]);
    expect(check(data, { now: at(4), allowFuture: true })).toEqual([]);
    expect(check(data, { now: at(5), maxAge: "2h" })).toEqual([]);
  });

  it("refuses what cannot be checked", () => {
    const data = rows(["a", 0]);
    const code = (options: Partial<QualityOptions>) => {
      try {
        check(data, options);
        return null;
      } catch (error) {
        return TsopsError.is(error) ? error.code : error;
      }
    };
    expect(code({ ranges: { gone: { min: 0 } } })).toBe("COLUMN_NOT_FOUND");
    expect(code({ required: ["gone"] })).toBe("COLUMN_NOT_FOUND");
    expect(code({ ranges: { sky: { min: 0 } } })).toBe("SCHEMA_MISMATCH");
    expect(code({ ranges: { mw: { oneOf: ["1"] } } })).toBe("SCHEMA_MISMATCH");
    expect(code({ table: { keys: ["mw"], eventTime: "at" } })).toBe("SCHEMA_MISMATCH");
    expect(code({ table: { keys: [], eventTime: "city" } })).toBe("SCHEMA_MISMATCH");
    expect(code({ frequency: "hourly" })).toBe("FREQUENCY_INVALID");
    expect(code({ now: at(1), maxAge: "long" })).toBe("DURATION_INVALID");
  });

  it("takes bool and int64 keys", () => {
    const columns = columnsFromArrays(
      { id: int64(), on: bool(), at: timestamp() },
      { id: [1n, 1n, 1n], on: [true, false, true], at: [at(0), at(0), at(0)] },
    );
    expect(checkQuality(columns, { table: { keys: ["id", "on"], eventTime: "at" } })).toMatchObject([
      { check: "duplicates", count: 1, rows: [2] },
    ]);
  });

  const row = fc.tuple(
    fc.constantFrom("a", "b"),
    fc.integer({ min: 0, max: 8 }),
    fc.constantFrom(1, 2, null),
  );
  test.prop([fc.array(row, { maxLength: 20 })])(
    "agrees with counting by hand, whatever the order",
    (list) => {
      const findings = check(rows(...list), { frequency: "1h", interval: { start: at(2), end: at(6) } });
      const counted = new Map(findings.map(({ check: name, count }) => [name, count]));
      const distinct = new Set(list.map(([city, step]) => `${city}${step}`));
      let gaps = list.length === 0 ? 4 : 0;
      for (const city of new Set(list.map(([name]) => name)))
        for (let step = 2; step < 6; step++) if (!distinct.has(`${city}${step}`)) gaps++;
      let unsorted = 0;
      list.forEach(([city, step], i) => {
        if (list.some(([other, before], j) => j < i && other === city && before > step)) unsorted++;
      });
      expect(counted.get("duplicates") ?? 0).toBe(list.length - distinct.size);
      expect(counted.get("gaps") ?? 0).toBe(gaps);
      expect(counted.get("unsorted") ?? 0).toBe(unsorted);
      expect(counted.get("missing") ?? 0).toBe(list.filter(([, , mw]) => mw === null).length);
    },
  );
});
