import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
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
          const found = inferFrequency(times, zone);
          expect(found.text).toBe(text);
          expect(found.zone).toBe(grid.zone);
          expect(times.every((at) => found.isOnGrid(at))).toBe(true);
        },
      ),
    );
  });

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
