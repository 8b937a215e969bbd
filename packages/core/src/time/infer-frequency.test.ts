import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import { calendarFields } from "./calendar.ts";
import { parseFrequency } from "./frequency.ts";
import { inferFrequency } from "./infer-frequency.ts";
import { toMicros } from "./instant.ts";

describe("inferFrequency", () => {
  it("finds the frequency that made the instants, in any order, with gaps and repetitions", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("1us", "30s", "5m", "15m", "1h", "6h", "1d", "1w", "1mo", "3mo", "1y"),
        fc.constantFrom("UTC", "-05:00", "Europe/Berlin", "America/New_York"),
        fc.integer({ min: -300, max: 300 }),
        fc.array(fc.nat(60), { maxLength: 30 }),
        (text, zone, first, further) => {
          const grid = parseFrequency(text, { zone });
          const steps = [...further, 1, 0, 2, 1];
          const times = BigInt64Array.from(steps, (step) => grid.instantAt(first + step));
          if (text === "1d")
            fc.pre(
              calendarFields(times, zone).weekday.some((weekday) => weekday > 4) || new Set(steps).size < 10,
            );
          const found = inferFrequency(times, zone);
          expect(found.text).toBe(text);
          expect(found.zone).toBe(grid.zone);
          expect(times.every((at) => found.isOnGrid(at))).toBe(true);
        },
      ),
    );
  });

  it.each(["UTC", "-05:00", "America/New_York"])(
    "takes two weeks without a weekend for business days in %s",
    (zone) => {
      const grid = parseFrequency("1b", { zone });
      const textOf = (indexes: readonly number[]) =>
        inferFrequency(
          BigInt64Array.from(indexes, (i) => grid.instantAt(6000 + i)),
          zone,
        ).text;
      const twoWeeks = Array.from({ length: 10 }, (_, i) => i);
      expect(textOf(twoWeeks)).toBe("1b");
      // A holiday is a gap.
      expect(textOf([...twoWeeks, 10, 12, 13])).toBe("1b");
      expect(textOf(twoWeeks.slice(1))).toBe("1d");
      // Few days of a year may lie on no weekend by chance.
      expect(textOf(twoWeeks.map((i) => i * i))).toBe("1d");
    },
  );

  it("keeps the phase of data beside the round hours", () => {
    const times = parseFrequency("1h").range(toMicros("2026-01-01T00:07Z"), 5);
    const found = inferFrequency(times);
    expect(found.text).toBe("1h");
    expect(found.isOnGrid(times[4] as bigint)).toBe(true);
    expect(found.isOnGrid(toMicros("2026-01-01T01:00Z"))).toBe(false);
  });

  it.each([
    ["too few instants", [0n, 1n, 1n], "at least 3 distinct instants, found 2"],
    ["no common step", [0n, 60_000_000n, 150_000_000n], "neighbours are 1m to 90s apart"],
    ["a step that never occurs", [0n, 7_200_000_000n, 18_000_000_000n], "neighbours are 2h to 3h apart"],
  ])("refuses %s", (_, times, message) => {
    let error: unknown;
    try {
      inferFrequency(BigInt64Array.from(times));
    } catch (caught) {
      error = caught;
    }
    expect(TsopsError.is(error, "FREQUENCY_INVALID")).toBe(true);
    expect(String(error)).toContain(message);
  });
});
