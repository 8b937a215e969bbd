import { describe, expect, it } from "vitest";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { historyOf, scaleFrom, seasonOf } from "./scale.ts";

const hour = 3_600_000_000n;
const day = 24n * hour;

describe("scaleFrom", () => {
  const length = 200;
  const rows = columnsFromArrays(
    { site: utf8(), at: timestamp(), mw: float64() },
    {
      site: Array.from({ length }, (_, i) => (i < 100 ? "north" : i < 195 ? "south" : "short")),
      at: BigInt64Array.from({ length }, (_, i) => hour * BigInt(i % 100)),
      // North grows by 1 an hour, south repeats every day.
      mw: Float64Array.from({ length }, (_, i) => (i < 100 ? i : i % 24 === 100 % 24 ? 5 : 1)),
    },
  );
  const scale = scaleFrom(rows, { keys: ["site"], time: "at", target: "mw" }, seasonOf(hour));

  it("is the mean difference to the season before, series by series", () => {
    expect(scale({ site: "north" })).toBe(24);
  });

  it("is NaN for a series that repeats, that is too short, or that is not there", () => {
    expect(scale({ site: "south" })).toBeNaN();
    expect(scale({ site: "short" })).toBeNaN();
    expect(scale({ site: "west" })).toBeNaN();
  });
});

describe("seasonOf", () => {
  it("is the usual season of the step: a day of hours, a week of days, a year of weeks", () => {
    expect(seasonOf(hour)).toBe(day);
    expect(seasonOf(900_000_000n)).toBe(day);
    expect(seasonOf(day)).toBe(7n * day);
    expect(seasonOf(7n * day)).toBe(364n * day);
    expect(seasonOf(7n * hour)).toBe(7n * hour);
    expect(historyOf(hour)).toBe(1_000n * hour);
    expect(historyOf(60_000_000n)).toBe(4n * day);
  });
});
