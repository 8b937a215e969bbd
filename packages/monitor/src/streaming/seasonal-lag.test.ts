import { columnsFromArrays, createRandom, float64, timestamp } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { fitSeasonalLag, shiftLeft, withoutSeasonalLag } from "./seasonal-lag.ts";
import { loadStreamingDrift, streamingDrift } from "./streaming-drift.ts";

const day = 24;

/** Innovations of variance 1 of which each owes `weight` to the one a day before. */
function dayAfterDay(weight: number, length: number, seed: string): Float64Array {
  const random = createRandom(seed);
  const values = new Float64Array(length);
  for (let t = 0; t < length; t++)
    values[t] = weight * (values[t - day] ?? 0) + Math.sqrt(1 - weight ** 2) * random.normal();
  return values;
}

/** As a stream sees them: the mean of each hour is taken off. */
function withoutProfile(values: Float64Array): Float64Array {
  const days = values.length / day;
  const means = Array.from({ length: day }, (_, hour) => {
    let sum = 0;
    for (let t = hour; t < values.length; t += day) sum += values[t] as number;
    return sum / days;
  });
  return values.map((value, t) => value - (means[t % day] as number));
}

const variance = (values: Float64Array) =>
  values.reduce((sum, value) => sum + value * value, 0) / values.length;

describe("the lag of a season", () => {
  it("is found, and leaves independent innovations of the usual variance", () => {
    const values = dayAfterDay(0.5, 200 * day, "found");
    const lag = fitSeasonalLag(values, day);
    expect(lag.weight).toBeGreaterThan(0.42);
    expect(lag.weight).toBeLessThan(0.58);
    const left = values.map((value, t) => withoutSeasonalLag(lag, value, t)).subarray(day);
    expect(variance(left)).toBeGreaterThan(0.93);
    expect(variance(left)).toBeLessThan(1.07);
    let product = 0;
    for (let t = day; t < left.length; t++) product += (left[t] as number) * (left[t - day] as number);
    expect(Math.abs(product / left.length)).toBeLessThan(0.05);
  });

  it("is seldom found where there is none, and then changes nothing", () => {
    const lags = Array.from({ length: 200 }, (_, seed) =>
      fitSeasonalLag(withoutProfile(dayAfterDay(0, 28 * day, `none ${seed}`)), day),
    );
    const none = lags.filter(({ weight }) => weight === 0);
    expect(none.length).toBeGreaterThan(190);
    expect(withoutSeasonalLag(none[0] as (typeof lags)[number], 1.25, 7)).toBe(1.25);
  });

  it("takes a missing value a season before for one that says nothing", () => {
    const lag = fitSeasonalLag(dayAfterDay(0.5, 100 * day, "missing"), day);
    withoutSeasonalLag(lag, Number.NaN, 5);
    expect(withoutSeasonalLag(lag, 1.5, 5 + day)).toBe(1.5);
    expect(withoutSeasonalLag(lag, 1.5, 5 + 2 * day)).not.toBe(1.5);
    // A grid may begin before 1970.
    expect(withoutSeasonalLag(lag, 2, -3)).toBe(2);
  });

  it("leaves of a shift what it leaves of each value", () => {
    const lag = { weight: 0.6, last: new Float64Array(day).fill(0.5) };
    expect(withoutSeasonalLag(lag, 0.5, 3)).toBeCloseTo(0.5 * shiftLeft(lag), 12);
  });
});

describe("a stream whose days resemble the day before", () => {
  const hour = 3_600_000_000n;
  const length = 24 * 168;
  const first = 4 * 168;
  const at = BigInt64Array.from({ length }, (_, t) => BigInt(t) * hour);
  const series = (seed: string) => {
    const y = new Float64Array(length);
    const shocks = dayAfterDay(0.4, length, seed);
    for (let t = 0; t < length; t++) y[t] = 0.5 * (y[t - 1] ?? 0) + (shocks[t] as number);
    return y;
  };
  const detectorOf = (y: Float64Array) =>
    streamingDrift(
      columnsFromArrays(
        { at: timestamp(), y: float64() },
        { at: at.subarray(0, first), y: y.subarray(0, first) },
      ),
      { time: "at", column: "y", season: [day] },
    );

  it("does not alarm in twenty weeks without a change more often than alpha lets expect", () => {
    let alarms = 0;
    for (let repeat = 0; repeat < 20; repeat++) {
      const y = series(`quiet ${repeat}`);
      const detector = detectorOf(y);
      for (let t = first; t < length; t++) detector.update(at[t] as bigint, y[t] as number);
      alarms += Number(detector.alarm);
    }
    // Without the lag it is 19 of 20.
    expect(alarms).toBeLessThanOrEqual(4);
  });

  it("goes on after it was saved as if nothing had happened", () => {
    const y = series("saved");
    const whole = detectorOf(y);
    let part = detectorOf(y);
    for (let t = first; t < first + 100; t++) {
      whole.update(at[t] as bigint, y[t] as number);
      part.update(at[t] as bigint, y[t] as number);
      if (t % 7 === 0) part = loadStreamingDrift(part.save());
    }
    expect(part.eValue).toBe(whole.eValue);
    expect(part.save()).toEqual(whole.save());
  });
});
