import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  isLeapYear,
  packedDay,
  packedMonth,
  packedYear,
  weekdayOfDays,
} from "./civil.ts";

describe("dates and day numbers", () => {
  it("agree with Date over all of its range, both ways", () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const date = new Date(days * 86_400_000);
        const packed = civilFromDays(days);
        expect([packedYear(packed), packedMonth(packed), packedDay(packed)]).toEqual([
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
        ]);
        expect(daysFromCivil(packedYear(packed), packedMonth(packed), packedDay(packed))).toBe(days);
        expect(weekdayOfDays(days)).toBe((date.getUTCDay() + 6) % 7);
      }),
      { numRuns: 2000 },
    );
  });

  it("know the length of every month", () => {
    for (const year of [1900, 1999, 2000, 2024, -4, 0])
      for (let month = 1; month <= 12; month++) {
        const next = month === 12 ? daysFromCivil(year + 1, 1, 1) : daysFromCivil(year, month + 1, 1);
        expect(daysInMonth(year, month), `${year}-${month}`).toBe(next - daysFromCivil(year, month, 1));
      }
    expect([1900, 2000, 2023, 2024].map(isLeapYear)).toEqual([false, true, false, true]);
  });
});
