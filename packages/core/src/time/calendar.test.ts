import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { intlFields } from "../../test/intl-oracle.ts";
import { calendarFields } from "./calendar.ts";
import { parseFrequency } from "./frequency.ts";
import { toMicros } from "./instant.ts";

const zones = fc.constantFrom(
  "UTC",
  "-05:00",
  "+05:45",
  "Europe/Berlin",
  "America/New_York",
  "Pacific/Apia",
  "Australia/Lord_Howe",
);

describe("calendarFields", () => {
  it("equals Temporal's fields row by row", () => {
    const times = fc.array(fc.bigInt({ min: -8_640_000_000_000_000_000n, max: 8_640_000_000_000_000_000n }));
    const near = fc
      .tuple(
        fc.bigInt({ min: -3_000_000_000_000_000n, max: 5_000_000_000_000_000n }),
        fc.array(fc.bigInt({ min: 0n, max: 40_000_000_000_000n }), { maxLength: 30 }),
      )
      .map(([start, deltas]) => deltas.map((delta) => start + delta));
    fc.assert(
      fc.property(fc.oneof(times, near), zones, (instants, zone) => {
        const fields = calendarFields(BigInt64Array.from(instants), zone);
        instants.forEach((micros, i) => {
          const local = new Temporal.Instant(micros * 1000n).toZonedDateTimeISO(zone);
          expect([
            fields.year[i],
            fields.month[i],
            fields.dayOfMonth[i],
            fields.dayOfYear[i],
            fields.week[i],
            fields.weekday[i],
            fields.hour[i],
            fields.minute[i],
          ]).toEqual([
            local.year,
            local.month,
            local.day,
            local.dayOfYear,
            local.weekOfYear,
            local.dayOfWeek - 1,
            local.hour,
            local.minute,
          ]);
        });
      }),
    );
  });

  it("shows the hours that Intl shows around both clock changes of a year", () => {
    const zone = "Europe/Berlin";
    for (const day of ["2026-03-29", "2026-10-25"]) {
      const times = parseFrequency("15m").range(toMicros(day, { zone }), 120);
      const { hour, minute } = calendarFields(times, zone);
      times.forEach((micros, i) => {
        const expected = intlFields(zone, Number(micros / 1_000_000n));
        expect([hour[i], minute[i]]).toEqual([expected.hour, expected.minute]);
      });
    }
  });

  it("refuses unknown zones and instants that no calendar has", () => {
    expect(() => calendarFields(BigInt64Array.of(0n), "Nowhere")).toThrow("no time zone");
    for (const zone of ["UTC", "Europe/Berlin"])
      for (const micros of [2n ** 63n - 1n, -(2n ** 63n)])
        expect(() => calendarFields(BigInt64Array.of(0n, micros), zone)).toThrow("outside the years");
  });

  it("takes no rows", () => {
    expect(calendarFields(new BigInt64Array(0)).hour).toHaveLength(0);
  });
});
