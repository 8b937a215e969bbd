import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import { observeEstimate } from "../alerts/observe-watches.ts";
import { estimatePerformance } from "./estimate-performance.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";

const hour = 3_600_000_000n;

/** Days whose errors have the deviation `actual`, and intervals of 80 % for the deviation `served`; outcomes up to day `known`. */
function served(
  days: number,
  known: number,
  actual: (day: number) => number,
  told: (day: number) => number,
): JoinedOutcomes {
  const random = createRandom("estimate");
  const length = 24 * days;
  const dayOf = (row: number) => Math.floor(row / 24);
  return joinedOf({
    step: Int32Array.from({ length }, (_, row) => 1 + (row % 24)),
    cutoff: BigInt64Array.from({ length }, (_, row) => hour * BigInt(24 * dayOf(row) - 1)),
    time: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row)),
    y: Float64Array.from({ length }, (_, row) => {
      const error = random.normal(0, actual(dayOf(row)));
      return dayOf(row) < known ? error : Number.NaN;
    }),
    quantiles: [0.1, 0.9].map((probability) => ({
      probability,
      values: Float64Array.from(
        { length },
        (_, row) => (probability < 0.5 ? -1.28 : 1.28) * told(dayOf(row)),
      ),
    })),
  });
}
const wave = (day: number) => 3 + 2 * Math.sin(day * 1.7);

describe("estimatePerformance", () => {
  it("foresees errors from intervals that are right but for their scale, better than the last known error does", () => {
    const joined = served(63, 60, wave, (day) => 0.5 * wave(day));
    const { windows, measured, usable, sentence } = estimatePerformance(joined, { window: "1d" });
    expect(usable).toBe(true);
    expect(measured.error).toBeLessThan(0.6 * measured.naiveError);
    expect(windows).toHaveLength(3);
    windows.forEach(({ mae, interval, rows }, i) => {
      expect(rows).toBe(24);
      expect(mae / (wave(60 + i) * Math.sqrt(2 / Math.PI))).toBeCloseTo(1, 0);
      expect(interval[0]).toBeLessThan(mae);
      expect(interval[1]).toBeGreaterThan(mae);
    });
    expect(sentence).toMatch(/^The mean absolute error of the next window is estimated at/);
  });

  it("measures itself as it would have done at the time", () => {
    const joined = served(12, 11, wave, wave);
    const { measured, windows } = estimatePerformance(joined, { window: "1d", recent: 3 });
    const mae = Array.from(
      { length: 11 },
      (_, day) => joined.y.slice(24 * day, 24 * day + 24).reduce((sum, y) => sum + Math.abs(y), 0) / 24,
    );
    const sum = (days: readonly number[], of: (day: number) => number) =>
      days.reduce((total, day) => total + of(day), 0);
    let error = 0;
    let naive = 0;
    for (let day = 1; day < 11; day++) {
      const past = [day - 3, day - 2, day - 1].filter((other) => other >= 0);
      const known = sum(past, (other) => mae[other] as number);
      error += Math.abs((known / sum(past, wave)) * wave(day) - (mae[day] as number));
      naive += Math.abs(known / past.length - (mae[day] as number));
    }
    expect(measured.estimates).toBe(10);
    expect(measured.error).toBeCloseTo(error / 10, 10);
    expect(measured.naiveError).toBeCloseTo(naive / 10, 10);
    expect(windows[0]?.naive).toBeCloseTo(sum([8, 9, 10], (day) => mae[day] as number) / 3, 10);
  });

  it("is an observation of the mean over all windows that wait, and none where it is not usable", () => {
    const estimate = estimatePerformance(
      served(63, 60, wave, (day) => 0.5 * wave(day)),
      { window: "1d" },
    );
    const [one] = observeEstimate(estimate, { subject: "load" });
    const [first, second, third] = estimate.windows.map(({ mae }) => mae) as [number, number, number];
    expect(one).toMatchObject({ signal: "estimated_mae", subject: "load", sentence: estimate.sentence });
    expect(one?.value).toBeCloseTo((first + second + third) / 3, 10);
    for (const nothing of [
      { ...estimate, usable: false },
      { ...estimate, windows: [] },
    ])
      expect(observeEstimate(nothing, { subject: "load" })).toMatchObject([{ value: Number.NaN }]);
  });

  it("says that it is not usable when intervals tell nothing of the errors, or little is known", () => {
    const wrong = estimatePerformance(
      served(40, 38, () => 3, wave),
      { window: "1d" },
    );
    expect(wrong.usable).toBe(false);
    expect(wrong.sentence).toMatch(/^Not usable: such estimates were/);
    expect(estimatePerformance(served(8, 6, wave, wave), { window: "1d" }).sentence).toMatch(
      /the estimates of 5 windows could be compared/,
    );
  });

  it("has a defined answer without outcomes, quantiles or rows, and refuses what is no number of windows", () => {
    for (const joined of [
      served(5, 0, wave, wave),
      served(0, 0, wave, wave),
      { ...served(20, 15, wave, wave), quantiles: [] },
      served(20, 15, wave, () => 0),
    ])
      expect(estimatePerformance(joined, { window: "1d" })).toMatchObject({ windows: [], usable: false });
    expect(() => estimatePerformance(served(5, 0, wave, wave), { window: "1d", recent: 0 })).toThrow(
      /not a number of windows/,
    );
  });
});
