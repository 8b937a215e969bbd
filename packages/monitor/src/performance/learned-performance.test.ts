import { createRandom, type FeatureMatrix, gbdt, type Regressor } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import { estimatePerformance } from "./estimate-performance.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";
import { estimateLearnedPerformance } from "./learned-performance.ts";

const hour = 3_600_000_000n;
const stormy = (day: number) => (day * 7) % 5 < 2;
const wind = (row: number) => (stormy(Math.floor(row / 24)) ? 12 : 3) + (row % 3);

/** Days whose errors go with the wind, and intervals of one width; outcomes up to day `known`. */
function served(
  days: number,
  known: number,
  deviation: (row: number) => number = wind,
  seed = "learned",
): JoinedOutcomes {
  const random = createRandom(seed);
  const length = 24 * days;
  return joinedOf({
    step: Int32Array.from({ length }, (_, row) => 1 + (row % 24)),
    cutoff: BigInt64Array.from({ length }, (_, row) => hour * BigInt(24 * Math.floor(row / 24) - 1)),
    time: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row)),
    y: Float64Array.from({ length }, (_, row) => {
      const error = random.normal(0, deviation(row));
      return row < 24 * known ? error : Number.NaN;
    }),
    quantiles: [0.1, 0.9].map((probability) => ({
      probability,
      values: new Float64Array(length).fill(probability < 0.5 ? -8 : 8),
    })),
    carried: {
      wind: Array.from({ length }, (_, row) => wind(row)),
      row: Array.from({ length }, (_, row) => row),
      late: Array.from({ length }, (_, row) => (row < 24 * known ? wind(row) : null)),
    },
  });
}

describe("estimateLearnedPerformance", () => {
  it("foresees errors that go with a feature, where intervals of one width say nothing", async () => {
    const joined = served(63, 60);
    expect(estimatePerformance(joined, { window: "1d" }).usable).toBe(false);
    const { windows, measured, usable, sentence } = await estimateLearnedPerformance(joined, {
      window: "1d",
      features: ["wind"],
    });
    expect(usable).toBe(true);
    expect(measured.windows).toBeGreaterThanOrEqual(8);
    expect(measured.error).toBeLessThan(0.5 * measured.naiveError);
    expect(windows).toHaveLength(3);
    windows.forEach(({ mae, interval, rows, start }, i) => {
      const expected = ((stormy(60 + i) ? 13 : 4) as number) * Math.sqrt(2 / Math.PI);
      expect(start).toBe(hour * BigInt(24 * (60 + i)));
      expect(rows).toBe(24);
      expect(mae / expected).toBeGreaterThan(0.8);
      expect(mae / expected).toBeLessThan(1.25);
      expect(interval[0]).toBeLessThan(mae);
      expect(interval[1]).toBeGreaterThan(mae);
    });
    expect(sentence).toMatch(/^The mean absolute error of the next window is estimated at/);
  });

  it("is measured on time after what was learnt from, as far ahead as what waits", async () => {
    const seen: { readonly learnt: number; readonly asked: number[] }[] = [];
    const boosted = gbdt({ trees: 5, seed: 1 });
    const rowsOf = (x: FeatureMatrix) =>
      (x.columns.find(({ name }) => name === "row") as { values: Float64Array }).values;
    const spy: Regressor = {
      ...boosted,
      async fit(x, y, options) {
        const fitted = await boosted.fit(x, y, options);
        const fit = { learnt: Math.max(...rowsOf(x)), asked: [] as number[] };
        seen.push(fit);
        return {
          ...fitted,
          predict(of: FeatureMatrix) {
            fit.asked.push(Math.min(...rowsOf(of)));
            return fitted.predict(of);
          },
        };
      },
    };
    const { measured } = await estimateLearnedPerformance(served(42, 40), {
      window: "1d",
      features: ["row"],
      regressor: spy,
    });
    expect(seen).toHaveLength(13);
    for (const { learnt, asked } of seen) {
      // The first question is about the last known windows, for their level; the others about days after them.
      expect(asked[0]).toBeLessThan(learnt);
      for (const first of asked.slice(1)) expect([learnt + 1, learnt + 25]).toContain(first);
    }
    expect(measured.estimates).toBe(23);
  });

  it("does not say that it is usable where nothing tells of the errors", async () => {
    let claimed = 0;
    for (let run = 0; run < 10; run++) {
      const { usable } = await estimateLearnedPerformance(
        served(42, 40, () => 5, `same ${run}`),
        {
          window: "1d",
          features: ["wind"],
        },
      );
      if (usable) claimed++;
    }
    expect(claimed).toBeLessThanOrEqual(3);
  });

  it("refuses a feature that comes with the outcome, and one that was not carried", async () => {
    await expect(
      estimateLearnedPerformance(served(42, 40), { window: "1d", features: ["late"] }),
    ).rejects.toThrow(/"late" has no value in any of the 48 rows that wait/);
    await expect(
      estimateLearnedPerformance(served(42, 40), { window: "1d", features: ["sun"] }),
    ).rejects.toThrow(/"sun" is not beside the joined rows/);
  });

  it("has a defined answer without outcomes or rows, or with few, and without quantiles", async () => {
    for (const joined of [served(5, 0), served(0, 0), served(4, 3)])
      expect(await estimateLearnedPerformance(joined, { window: "1d" })).toMatchObject({
        windows: [],
        usable: false,
      });
    const plain = await estimateLearnedPerformance(
      { ...served(42, 40), quantiles: [] },
      { window: "1d", features: ["wind"] },
    );
    expect(plain.usable).toBe(true);
  });
});
