import { describe, expect, it } from "vitest";
import { sampleOf } from "../bench/forecast/read-table.ts";
import { type Errors, errorsOf, score } from "../bench/forecast/score.ts";

const series = [
  { id: "a", train: Float64Array.of(1, 3, 1, 3, 1), test: Float64Array.of(2, 4) },
  { id: "b", train: Float64Array.of(5, 6, 7, 8, 9), test: Float64Array.of(10, 11) },
  { id: "constant", train: new Float64Array(5).fill(7), test: Float64Array.of(7, 8) },
];
const task = { horizon: 2, season: 1 };

describe("the figures of bench:forecast", () => {
  it("leave out series that were not forecast, and say so: they are no forecasts of 0", () => {
    const whole = errorsOf(series, [3, 5, 9, 12, 7, 7], task);
    expect(whole).toMatchObject({ unforecast: 0, unscaled: 1 });
    expect(whole.mase).toBeCloseTo((0.5 + 1) / 2, 12);
    const part = errorsOf(series, [3, 5, 9, null, 7, 7], task);
    expect(part).toMatchObject({ unforecast: 1, unscaled: 1 });
    expect(part.mase).toBeCloseTo(0.5, 12);
    const contender = { version: "any", seconds: 1, cpuSeconds: 1, peakMb: 1, mean: [3, 5, 9, null, 7, 7] };
    expect(score("any", series, contender, task, whole as Errors).unforecast).toBe(1);
  });

  it("scale intervals to hold exactly their level", () => {
    const ten = [
      {
        id: "a",
        train: Float64Array.of(0, 1, 2, 3),
        test: Float64Array.from({ length: 10 }, (_, h) => h + 1),
      },
    ];
    const zeros = new Array(10).fill(0);
    const bounds = {
      lo80: zeros.map(() => -1),
      hi80: zeros.map(() => 4),
      lo95: zeros.map(() => -1),
      hi95: zeros.map(() => 40),
    };
    const contender = { version: "any", seconds: 1, cpuSeconds: 3, peakMb: 1, mean: zeros, bounds };
    const task = { horizon: 10, season: 1 };
    const row = score("any", ten, contender, task, { smape: 1, mase: 1 });
    // Eight of ten outcomes, 1 to 8, are within twice what is above the forecast.
    expect(row.coverage80).toBeCloseTo(40, 12);
    expect(row.equal80).toEqual({ factor: 2, width: 10 });
    expect(row.equal95).toEqual({ factor: 0.25, width: 41 / 4 });
    expect(row.timesOurs).toBeUndefined();
    expect(
      score("peer", ten, { ...contender, cpuSeconds: 6 }, task, { smape: 1, mase: 1 }, row).timesOurs,
    ).toBe(2);
  });

  it("take an even sample", () => {
    expect(sampleOf([0, 1, 2, 3, 4, 5, 6], 3)).toEqual([0, 2, 4]);
    expect(sampleOf([0, 1], 3)).toEqual([0, 1]);
  });

  it("refuse forecasts of other series or steps", () => {
    expect(() => errorsOf(series, [1, 2, 3], task)).toThrow("There are 3 forecasts of 3 series and 2 steps.");
  });
});
