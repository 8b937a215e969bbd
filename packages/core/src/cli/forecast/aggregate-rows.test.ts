import { describe, expect, it } from "vitest";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import { toRows } from "../../schema/to-rows.ts";
import { type Aggregate, aggregateRows, aggregationOf } from "./aggregate-rows.ts";

const columns = (rows: readonly (readonly [shop: string, at: string, y: number | null])[]) =>
  columnsFromRows(
    { shop: utf8(), at: timestamp(), y: nullable(float64()) },
    rows.map(([shop, at, y]) => ({ shop, at: new Date(`2026-01-01T${at}Z`), y })),
  );
const steps = (rows: Parameters<typeof columns>[0], how: Aggregate, zone = "UTC") => {
  const roles = { time: "at", target: "y", keys: ["shop"] };
  const made = aggregateRows(columns(rows), roles, { how, frequency: "1h" }, zone);
  return {
    ...made,
    rows: toRows(made.columns).map(({ shop, at, y }) => [shop, (at as Date).toISOString().slice(11, 16), y]),
  };
};

describe("rows of a step", () => {
  const rows = [
    ["b", "00:00", 1],
    ["a", "01:50", 4],
    ["a", "01:10", 2],
    ["a", "01:20", null],
    ["a", "02:00", null],
    ["b", "02:30", 8],
    ["a", "02:59", 5],
    ["b", "02:40", 6],
  ] as const;

  it("become one of their series, at its beginning, in any order, without values that are unknown", () => {
    expect(steps(rows, "mean").rows).toEqual([
      ["b", "00:00", 1],
      ["a", "01:00", 3],
      ["a", "02:00", 5],
      ["b", "02:00", 7],
    ]);
    expect(steps(rows, "sum").rows.map(([, , y]) => y)).toEqual([1, 6, 5, 14]);
    expect(steps(rows, "last").rows.map(([, , y]) => y)).toEqual([1, 4, 5, 6]);
    expect([...steps(rows, "mean").firstRows]).toEqual([0, 1, 4, 5]);
  });

  it("are unknown where all of them are", () => {
    expect(
      steps(
        [
          ["a", "01:00", null],
          ["a", "01:30", null],
          ["a", "02:00", 1],
          ["a", "02:30", 1],
        ],
        "sum",
      ).rows,
    ).toEqual([
      ["a", "01:00", null],
      ["a", "02:00", 2],
    ]);
  });

  it("are left out at the ends where they do not fill them, and that is said", () => {
    const quarters = Array.from(
      { length: 16 },
      (_, i) => `0${Math.floor(i / 4)}:${i % 4 === 0 ? "00" : 15 * (i % 4)}`,
    );
    const of = (from: number, to: number) =>
      steps(
        quarters.slice(from, to).map((at) => ["a", at, 1] as const),
        "sum",
      );
    expect([of(0, 16).leftOut, of(0, 16).rows.length]).toEqual([[], 4]);
    expect([of(1, 16).leftOut, of(1, 16).rows[0]]).toEqual([["first"], ["a", "01:00", 4]]);
    expect([of(0, 15).leftOut, of(0, 15).rows.at(-1)]).toEqual([["last"], ["a", "02:00", 4]]);
    expect(() => of(1, 3)).toThrow("The 2 rows do not fill one step of 1h.");
  });
});

describe("the option", () => {
  it("takes a length of steps, and no other file", () => {
    expect(aggregationOf({ freq: "auto" })).toBeNull();
    expect(aggregationOf({ freq: "1h", aggregate: "sum" })).toEqual({ how: "sum", frequency: "1h" });
    for (const freq of ["auto", "step"])
      expect(() => aggregationOf({ freq, aggregate: "sum" })).toThrow("takes the length of the steps");
    expect(() => aggregationOf({ freq: "1h", aggregate: "sum", future: "f.csv" })).toThrow("--future");
  });
});
