import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { calibrationOf } from "./calibration.ts";

const day = 86_400_000_000n;
const hour = 3_600_000_000n;

/** Forecasts of 0 for `steps` hours at each of `cutoffs` midnights; the 80 % interval lies between plus and minus `bound`. */
function served(
  cutoffs: number,
  steps: number,
  y: (cutoff: number, step: number) => number,
  bound = 1.2815515655,
): JoinedOutcomes {
  const length = cutoffs * steps;
  const row = <T>(make: (cutoff: number, step: number) => T) =>
    Array.from({ length }, (_, i) => make(Math.floor(i / steps), i % steps));
  return joinedOf({
    predictionIds: [],
    predictionIndex: Int32Array.from(row((cutoff) => cutoff)),
    step: Int32Array.from(row((_, step) => step + 1)),
    time: BigInt64Array.from(row((cutoff, step) => day * BigInt(cutoff) + hour * BigInt(step + 1))),
    cutoff: BigInt64Array.from(row((cutoff) => day * BigInt(cutoff))),
    y: Float64Array.from(row(y)),
    quantiles: [
      { probability: 0.1, values: new Float64Array(length).fill(-bound) },
      { probability: 0.9, values: new Float64Array(length).fill(bound) },
    ],
  });
}

/** Standard normal errors of hours that go together within a day (rho) and from day to day (phi). */
function dependent(seed: string, rho: number, phi: number) {
  const random = createRandom(seed);
  let [common, last] = [random.normal(), -1];
  return (cutoff: number) => {
    if (cutoff !== last) {
      common = phi * common + Math.sqrt(1 - phi ** 2) * random.normal();
      last = cutoff;
    }
    return Math.sqrt(rho) * common + Math.sqrt(1 - rho) * random.normal();
  };
}

describe("calibrationOf", () => {
  // Binomial: 300 repetitions of a 95 % range hold the truth between 92 % and 98 % of the time, nearly surely.
  it.each([
    ["independent hours", 0, 0],
    ["hours of a day that go together", 0.7, 0],
    ["days that go together as well", 0.7, 0.5],
  ])("holds the true share about 95 times of 100 with %s", (_, rho, phi) => {
    let held = 0;
    const repetitions = 300;
    for (let i = 0; i < repetitions; i++) {
      const [point] = calibrationOf(served(120, 24, dependent(`${rho} ${phi} ${i}`, rho, phi))).intervals;
      if (point !== undefined && point.lower <= 0.8 && point.upper >= 0.8) held++;
    }
    expect(held / repetitions).toBeGreaterThan(0.91);
    expect(held / repetitions).toBeLessThan(0.99);
  });

  it("calls intervals that are half as wide as they should be too narrow, and quantiles by their side", () => {
    const { intervals, quantiles } = calibrationOf(served(60, 24, dependent("narrow", 0.3, 0.2), 0.64));
    expect(intervals[0]).toMatchObject({ nominal: 0.8, verdict: "below", rows: 1440 });
    expect(quantiles.map(({ verdict }) => verdict)).toEqual(["above", "below"]);
  });

  it("counts hours that are all alike as one", () => {
    const random = createRandom("alike");
    const daily = Array.from({ length: 200 }, () => random.normal());
    const [point] = calibrationOf(served(200, 24, (cutoff) => daily[cutoff] as number)).intervals;
    expect(point?.rows).toBe(4800);
    expect(point?.effectiveRows).toBeLessThan(500);
  });

  it("has a range where every outcome is inside, none is, or there is one forecast", () => {
    const [all] = calibrationOf(served(50, 24, () => 0)).intervals;
    expect(all).toMatchObject({ observed: 1, upper: 1, effectiveRows: 50, verdict: "above" });
    const [none] = calibrationOf(served(50, 24, () => 5)).intervals;
    expect(none).toMatchObject({ observed: 0, lower: 0, verdict: "below" });
    const [one] = calibrationOf(served(1, 24, (_, step) => (step < 20 ? 0 : 5))).intervals;
    expect(one).toMatchObject({ effectiveRows: 1, verdict: "as promised" });
  });

  it("leaves out what has no outcome or no bound, and says nothing of nothing", () => {
    const [point] = calibrationOf(served(10, 24, (_, step) => (step === 0 ? Number.NaN : 0))).intervals;
    expect(point?.rows).toBe(230);
    const [empty] = calibrationOf(served(10, 24, () => Number.NaN)).intervals;
    expect(empty).toMatchObject({ rows: 0, observed: Number.NaN, verdict: null });
    expect(calibrationOf({ ...served(10, 24, () => 0), quantiles: [] })).toEqual({
      intervals: [],
      quantiles: [],
    });
  });
});
