import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { toMicros } from "../../time/instant.ts";
import { axisOf, type FileTimes, guessAxis } from "./guess-axis.ts";
import { fixedScale, stepScale } from "./scales.ts";
import { timeAxis } from "./time-axis.ts";
import { timeText } from "./time-text.ts";

/** Times of one series. */
function timesOf(values: readonly bigint[], zone = "UTC", isSteps = false): FileTimes {
  return {
    values: BigInt64Array.from(values),
    isSteps,
    isWallClock: false,
    seriesOf: new Int32Array(values.length),
    seriesNames: ["the series"],
    zone,
    text: (value) => timeText(value, isSteps ? "steps" : "instant", zone),
    placeOf: (row) => `row ${row + 1}`,
  };
}

const hour = 3_600_000_000n;
const zones = ["UTC", "-05:00", "Europe/Berlin", "America/New_York"] as const;
/** Days of a zone at a time of day, found by noon, which no clock skips. */
function localDays(zone: (typeof zones)[number], first: number, count: number, everyDays: number): bigint[] {
  const axis = axisOf(timesOf([toMicros("2024-01-01T12:00", { zone })], zone), `${everyDays}d`).axis();
  const start = axis.toPanel(toMicros("2024-01-01T12:00", { zone })) as bigint;
  return Array.from({ length: count }, (_, i) =>
    axis.fromPanel(start + BigInt((first + i) * everyDays) * 24n * hour),
  );
}

describe("an axis", () => {
  it.prop([
    fc.constantFrom(...zones),
    fc.integer({ min: -400, max: 400 }),
    fc.integer({ min: 3, max: 60 }),
    fc.constantFrom(1, 2, 7),
  ])(
    "of days gives every time back, a step apart, whatever the clocks do",
    (zone, first, count, everyDays) => {
      const values = localDays(zone, first, count, everyDays);
      const axis = guessAxis(timesOf(values, zone)).axis();
      const times = values.map((value) => axis.toPanel(value) as bigint);
      expect(times.map((time) => axis.fromPanel(time))).toEqual(values);
      for (let i = 1; i < times.length; i++)
        expect((times[i] as bigint) - (times[i - 1] as bigint)).toBe(BigInt(everyDays) * 24n * hour);
      // All at the same time of day.
      const clocks = values.map((value) => timeText(value, "localTime", zone).slice(11));
      expect(new Set(clocks).size).toBe(1);
    },
  );

  it.prop([
    fc.integer({ min: 1, max: 31 }),
    fc.integer({ min: 0, max: 600 }),
    fc.integer({ min: 4, max: 40 }),
    fc.constantFrom(1, 3, 12),
  ])(
    "of one day in each month gives every time back, also in months that are too short for it",
    (day, first, count, everyMonths) => {
      const values = Array.from({ length: count }, (_, i) => {
        const month = first + i * everyMonths;
        const last = new Date(Date.UTC(1990, month + 1, 0)).getUTCDate();
        return BigInt(Date.UTC(1990, month, Math.min(day, last))) * 1000n;
      });
      const { step, axis } = guessAxis(timesOf(values));
      expect(step).toBe(everyMonths);
      const found = axis();
      expect(values.map((value) => found.fromPanel(found.toPanel(value) as bigint))).toEqual(values);
    },
  );

  it.prop([
    fc.integer({ min: 1, max: 100_000 }),
    fc.integer({ min: -1_000_000, max: 1_000_000 }),
    fc.integer({ min: 3, max: 50 }),
  ])("of steps gives every number back", (step, first, count) => {
    const values = Array.from({ length: count }, (_, i) => BigInt(first + i * step));
    const guess = guessAxis(timesOf(values, "UTC", true));
    expect(guess.step).toBe(step);
    const axis = timeAxis(stepScale, step, BigInt(first), "1h", "UTC");
    const times = values.map((value) => axis.toPanel(value) as bigint);
    expect(times.map((time) => axis.fromPanel(time))).toEqual(values);
    expect((times[1] as bigint) - (times[0] as bigint)).toBe(hour);
    if (step > 1) expect(axis.toPanel(BigInt(first + 1))).toBeNull();
  });

  it.prop([fc.constantFrom(1, 5, 15, 60, 360), fc.integer({ min: 0, max: 359 }), fc.constantFrom(...zones)])(
    "of fixed steps keeps where in the step the times are",
    (minutes, phase, zone) => {
      const start = toMicros("2024-03-30T00:00Z") + BigInt(phase) * 60_000_000n;
      const values = Array.from({ length: 50 }, (_, i) => start + BigInt(i * minutes) * 60_000_000n);
      const axis = guessAxis(timesOf(values, zone)).axis();
      expect(axis.scale).toBe(fixedScale);
      expect(values.map((value) => axis.fromPanel(axis.toPanel(value) as bigint))).toEqual(values);
      if (minutes > 1) expect(axis.toPanel(start + 60_000_000n)).toBeNull();
    },
  );

  it.prop([fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: 15, max: 60 })])(
    "of business days has no days between a Friday and its Monday",
    (first, count) => {
      const days = Array.from({ length: 2 * count }, (_, i) => BigInt(first + i) * 24n * hour).filter(
        (value) => ![0, 6].includes(new Date(Number(value / 1000n)).getUTCDay()),
      );
      const axis = guessAxis(timesOf(days)).axis();
      expect(axis.text).toBe("business days");
      const times = days.map((value) => axis.toPanel(value) as bigint);
      expect(times.map((time) => axis.fromPanel(time))).toEqual(days);
      // The panel has the days of the file.
      expect(axis.frequency).toBe("1b");
      expect(times.map((time) => time / (24n * hour))).toEqual(days.map((value) => value / (24n * hour)));
    },
  );

  it.prop([fc.array(fc.boolean(), { minLength: 60, maxLength: 60 })])(
    "is found although times are missing",
    (isThere) => {
      const all = Array.from({ length: 60 }, (_, i) => toMicros("2024-01-01T06:30Z") + BigInt(i) * hour);
      // Two that are neighbours, so that the step is there at all.
      const values = all.filter((_, i) => i < 2 || isThere[i] || i === 59);
      fc.pre(values.length >= 40);
      expect(guessAxis(timesOf(values)).axis().frequency).toBe("1h");
    },
  );
});
