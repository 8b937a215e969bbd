import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import { addDuration, durationMicros, formatDuration, parseDuration, subtractDuration } from "./duration.ts";
import { formatInstant, toMicros } from "./instant.ts";

const instants = fc.bigInt({ min: -3_000_000_000_000_000n, max: 7_000_000_000_000_000n });

describe("parseDuration", () => {
  it.each([
    ["5us", 5n],
    ["250ms", 250_000n],
    ["1s", 1_000_000n],
    ["15m", 900_000_000n],
    ["24h", 86_400_000_000n],
    ["7d", 604_800_000_000n],
    ["1w", 604_800_000_000n],
    ["0s", 0n],
  ])("reads %s as %s µs", (text, micros) => {
    expect(parseDuration(text)).toEqual({ kind: "fixed", text, micros });
    expect(durationMicros(text)).toBe(micros);
  });

  it("reads months and years as months", () => {
    expect(parseDuration("1mo")).toEqual({ kind: "calendar", text: "1mo", months: 1 });
    expect(parseDuration("2y")).toEqual({ kind: "calendar", text: "2y", months: 24 });
    expect(() => durationMicros("1mo")).toThrow("1mo has no fixed length");
  });

  it.each([
    ["10ns", "the finest unit is us"],
    ["-5m", "not negative"],
    ["PT15M", '"PT15M"'],
    ["1.5h", "smaller unit"],
    ["1h30m", "one unit"],
    ["15 m", "whole number"],
    ["15M", "whole number"],
    ["m", "whole number"],
    ["", "whole number"],
    ["15", "whole number"],
    ["99999999999999d", "Leave the limit out"],
    ["99999999y", "Leave the limit out"],
  ])("refuses %s with a hint", (text, hint) => {
    let error: unknown;
    try {
      parseDuration(text);
    } catch (caught) {
      error = caught;
    }
    expect(TsopsError.is(error, "DURATION_INVALID")).toBe(true);
    expect((error as TsopsError).hint).toContain(hint);
  });

  it("refuses what is not text", () => {
    expect(() => parseDuration(15 as never)).toThrow("15 is not a duration.");
  });
});

describe("formatDuration", () => {
  it("is read back exactly and is the shortest whole unit", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (micros) => {
        expect(durationMicros(formatDuration(micros))).toBe(micros);
      }),
    );
    expect([0n, 5_400_000_000n, 86_400_000_000n, 1_209_600_000_000n, 1n, 1_000n].map(formatDuration)).toEqual(
      ["0s", "90m", "1d", "2w", "1us", "1ms"],
    );
  });
});

describe("addDuration", () => {
  it("adds fixed durations exactly and takes them back", () => {
    fc.assert(
      fc.property(instants, fc.bigInt({ min: 0n, max: 10n ** 15n }), (at, micros) => {
        const text = formatDuration(micros);
        expect(addDuration(at, text, "Europe/Berlin")).toBe(at + micros);
        expect(subtractDuration(addDuration(at, text), text)).toBe(at);
      }),
    );
  });

  it("adds and subtracts months as Temporal does in the zone", () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: 0, max: 600 }),
        fc.constantFrom("UTC", "-05:00", "Europe/Berlin", "America/New_York", "Pacific/Apia"),
        (at, months, zone) => {
          const start = new Temporal.Instant(at * 1000n).toZonedDateTimeISO(zone);
          const micros = (zoned: Temporal.ZonedDateTime) => zoned.epochNanoseconds / 1000n;
          expect(addDuration(at, `${months}mo`, zone)).toBe(micros(start.add({ months })));
          expect(subtractDuration(at, `${months}mo`, zone)).toBe(micros(start.subtract({ months })));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("ends on the last day of shorter months and keeps the local hour over clock changes", () => {
    const shift = (text: string, duration: string) =>
      formatInstant(addDuration(toMicros(text), duration, "Europe/Berlin"), { zone: "Europe/Berlin" });
    expect(shift("2024-01-31T12:00[Europe/Berlin]", "1mo")).toBe("2024-02-29T12:00:00+01:00[Europe/Berlin]");
    expect(shift("2024-03-15T12:00[Europe/Berlin]", "1mo")).toBe("2024-04-15T12:00:00+02:00[Europe/Berlin]");
    expect(shift("2024-02-29T12:00[Europe/Berlin]", "1y")).toBe("2025-02-28T12:00:00+01:00[Europe/Berlin]");
    expect(shift("2024-03-30T12:00[Europe/Berlin]", "1d")).toBe("2024-03-31T13:00:00+02:00[Europe/Berlin]");
  });

  it("refuses results outside of time", () => {
    const end = toMicros("+275760-09-13T00:00Z");
    for (const duration of ["1us", "1mo", "540000y"])
      expect(() => addDuration(end, duration), duration).toThrow("outside the years");
  });
});
