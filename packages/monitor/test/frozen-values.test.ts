import {
  columnsFromArrays,
  createRandom,
  float64,
  nullable,
  sliceColumns,
  TsopsError,
  table,
  timestamp,
  toMicros,
  utf8,
} from "@tsops/core";
import { bikeSharing } from "@tsops/store/datasets";
import { describe, expect, it } from "vitest";
import { checkQuality, type QualityOptions } from "../src/quality/check-quality.ts";

const hour = 3_600_000_000n;
const start = toMicros("2024-03-01T00:00:00Z");
const load = table({
  name: "load",
  columns: { city: utf8(), at: timestamp(), mw: nullable(float64()), sky: utf8() },
  keys: ["city"],
  eventTime: "at",
});

/** Hourly rows of one or more cities, one after the other. */
function rows(...cities: readonly (readonly (number | null)[])[]) {
  return columnsFromArrays(load.columns, {
    city: cities.flatMap((values, i) => values.map(() => `c${i}`)),
    at: BigInt64Array.from(cities.flatMap((values) => values.map((_, step) => start + hour * BigInt(step)))),
    mw: cities.flat(),
    sky: cities.flat().map(() => "clear"),
  });
}

const frozen = (data: ReturnType<typeof rows>, options: Partial<QualityOptions> = {}) =>
  checkQuality(data, { table: load, ...options }).filter(({ check }) => check === "frozen");

/** Values that repeat the one before them with a probability, else are one of many. */
function values(count: number, repeats: number, seed: string): number[] {
  const random = createRandom(seed);
  const all: number[] = [];
  for (let i = 0; i < count; i++)
    all.push(i > 0 && random.uniform() < repeats ? (all[i - 1] as number) : 1 + random.integer(1000));
  return all;
}

describe("values that stand still", () => {
  it("are found where a number lasts far longer than the rest of the column does", () => {
    const mw = values(400, 0.05, "a").fill(22, 100, 141);
    expect(frozen(rows(mw))).toMatchObject([
      {
        column: "mw",
        severity: "warning",
        count: 41,
        rows: [100],
        sentence: expect.stringContaining(
          "the longest is 22 in 41 rows from 2024-03-05T04:00:00Z to 2024-03-06T20:00:00Z",
        ),
      },
    ]);
  });

  it("are found although the same happened elsewhere, by series", () => {
    const one = values(300, 0.05, "b").fill(7, 50, 90).fill(9, 200, 220);
    const [finding] = frozen(rows(values(300, 0.05, "c"), one));
    expect(finding).toMatchObject({ count: 60, rows: [350, 500] });
    expect(finding?.sentence).toContain('of {"city":"c1"}');
    // The end of one series and the beginning of the next are no stretch.
    expect(frozen(rows(values(300, 0, "d").fill(5, 292), values(300, 0, "e").fill(5, 0, 8)))).toEqual([]);
  });

  it("are no news in columns that often repeat, in nothing but zeros, and in short data", () => {
    const steps = Array.from({ length: 600 }, (_, i) => 10 + Math.floor(i / 24));
    expect(frozen(rows(steps))).toEqual([]);
    expect(frozen(rows(steps.map(() => 5)))).toEqual([]);
    expect(frozen(rows(values(400, 0.05, "f").fill(0, 100, 141)))).toEqual([]);
    expect(frozen(rows([1, 2, 2, 2, 3]))).toEqual([]);
    expect(frozen(rows([]))).toEqual([]);
  });

  it("a null or NaN between them ends a stretch", () => {
    const mw: (number | null)[] = values(300, 0.05, "g").fill(3, 100, 121);
    mw[110] = null;
    expect(frozen(rows(mw))).toEqual([]);
    mw[110] = Number.NaN;
    expect(frozen(rows(mw))).toEqual([]);
  });

  it("are rarely found by chance", () => {
    let alarms = 0;
    for (let i = 0; i < 400; i++) alarms += frozen(rows(values(500, 0.1 * (i % 5), `chance ${i}`))).length;
    expect(alarms).toBe(0);
  });

  it("are found by a time that is asked for, in any column and of any value", () => {
    const mw = values(40, 0, "h").fill(0, 10, 17);
    expect(frozen(rows(mw), { frozen: { mw: "6h" } })).toMatchObject([{ count: 7, rows: [10] }]);
    expect(frozen(rows(mw), { frozen: { mw: "7h" } })).toEqual([]);
    expect(frozen(rows(mw), { frozen: { sky: "1d" } })).toMatchObject([{ column: "sky", count: 40 }]);
    const still = rows(values(400, 0.05, "i").fill(22, 100, 141));
    expect(frozen(still, { frozen: false })).toEqual([]);
    expect(frozen(still, { frozen: { mw: false } })).toEqual([]);
    expect(() => frozen(still, { frozen: { mww: "6h" } })).toThrow(TsopsError);
  });

  it("are found in the bike data on the day of the hurricane, whose rows were filled in", async () => {
    const bikes = await bikeSharing();
    const names = (from: number, to: number) =>
      checkQuality(sliceColumns(bikes, from, to), { table: { keys: [], eventTime: "at" } })
        .filter(({ check }) => check === "frozen")
        .map(({ column, count }) => [column, count]);
    expect(names(15_900, 16_200)).toContainEqual(["users", 37]);
    // Two ordinary months.
    expect(names(10_000, 11_440)).toEqual([]);
  });
});
