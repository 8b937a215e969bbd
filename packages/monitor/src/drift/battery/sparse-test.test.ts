import { columnsFromArrays, createRandom, float64, timestamp } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { driftTest } from "../drift-test.ts";
import { usualValue } from "./sparse-test.ts";

const hour = 3_600_000_000n;
type Draw = (random: ReturnType<typeof createRandom>) => number;

function window(from: number, rows: number, value: () => number) {
  return columnsFromArrays(
    { at: timestamp(), y: float64() },
    {
      at: BigInt64Array.from({ length: rows }, (_, i) => hour * BigInt(from + i)),
      y: Float64Array.from({ length: rows }, value),
    },
  );
}

/** In how many of 100 runs a week of hours is told from the four before it. */
function found(before: Draw, now: Draw): number {
  let count = 0;
  for (let run = 0; run < 100; run++) {
    const random = createRandom(`sparse ${run}`);
    const [reference, current] = [window(0, 672, () => before(random)), window(672, 168, () => now(random))];
    if (driftTest(reference, current, { time: "at" }).drift) count++;
  }
  return count;
}

const demand =
  (rate: number, size = 1): Draw =>
  (random) =>
    random.uniform() < rate ? -size * Math.log(random.uniform()) : 0;

describe("drift of columns that have one value in nearly all rows", () => {
  it.each<[string, Draw]>([
    ["errors in one of 100 rows", (random) => (random.uniform() < 0.01 ? 5 : 0)],
    ["counts in one of 20 rows", (random) => (random.uniform() < 0.05 ? 1 + random.integer(4) : 0)],
    ["demand in one of 10 rows", demand(0.1)],
    ["demand in one of 5 rows", demand(0.2)],
    ["one event in 500 rows", (random) => (random.uniform() < 0.002 ? 5 : 0)],
  ])("is seldom found of %s that stay as they were", (_, draw) => {
    expect(found(draw, draw)).toBeLessThanOrEqual(8);
  });

  it("is found when events become more frequent, or larger", () => {
    expect(found(demand(0.05), demand(0.2))).toBeGreaterThan(90);
    expect(found(demand(0.2), demand(0.2, 8))).toBeGreaterThan(80);
  });

  it("is told by the value whose share changed, and is no news where too few differ", () => {
    const quiet = window(0, 672, () => 0);
    quiet.data.y.values[7] = 5;
    const still = driftTest(
      quiet,
      window(672, 168, () => 0),
      { time: "at" },
    );
    expect(still.untested).toEqual([
      { column: "y", reason: "Nearly all rows have one value, and the others are too rare to tell." },
    ]);
    const moved = driftTest(
      quiet,
      window(672, 168, () => 3),
      { time: "at" },
    );
    expect(moved.columns[0]).toMatchObject({ drift: true, tests: [{ test: "categories" }] });
    expect(moved.columns[0]?.tests[0]?.sentence).toContain('"0" of y has 99.9 points less of the rows');
  });
});

describe("beside a constant reference", () => {
  const still = window(0, 672, () => 4);
  const pValue = (values: (i: number) => number) => {
    let i = 0;
    return driftTest(
      still,
      window(672, 168, () => values(i++)),
      { time: "at" },
    ).columns[0]?.pValue;
  };

  it("one other value, or one stretch of them, is as likely as the share of rows, and a new level is beyond doubt", () => {
    expect(pValue((i) => (i === 50 ? 9 : 4))).toBeCloseTo(168 / 840, 12);
    expect(pValue((i) => (i > 50 && i < 60 ? 9 : 4))).toBeCloseTo(168 / 840, 12);
    expect(pValue(() => 4)).toBe(1);
    expect(pValue(() => 9)).toBe(1e-6);
  });
});

describe("usualValue", () => {
  it("is what three quarters of the known rows have", () => {
    expect(usualValue(Float64Array.of(1, 0, 0, Number.NaN, 0))).toBe(0);
    expect(usualValue(Float64Array.of(1, 0, 2, 0, 0))).toBeNull();
    expect(usualValue(Float64Array.of())).toBeNull();
  });
});
