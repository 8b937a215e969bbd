import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import { parseFrequency } from "./frequency.ts";
import { formatInstant, toMicros } from "./instant.ts";

const zones = fc.constantFrom(
  "UTC",
  "-05:00",
  "+05:45",
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "Pacific/Apia",
  "Australia/Lord_Howe",
);
const texts = fc.constantFrom(
  "1us",
  "7s",
  "15m",
  "1h",
  "6h",
  "1d",
  "2d",
  "1b",
  "3b",
  "1w",
  "1mo",
  "3mo",
  "1y",
);
const instants = fc.bigInt({ min: -2_000_000_000_000_000n, max: 5_000_000_000_000_000n });
const micros = (zoned: Temporal.ZonedDateTime) => zoned.epochNanoseconds / 1000n;

describe("a frequency", () => {
  it("puts every instant into the one cell that holds it", () => {
    fc.assert(
      fc.property(texts, zones, instants, (text, zone, at) => {
        const grid = parseFrequency(text, { zone });
        const index = grid.indexOf(at);
        expect(Number.isSafeInteger(index)).toBe(true);
        expect(grid.instantAt(index) <= at && at < grid.instantAt(index + 1)).toBe(true);
        expect(grid.floor(at)).toBe(grid.instantAt(index));
        expect(grid.isOnGrid(grid.floor(at))).toBe(true);
        expect(grid.isOnGrid(at)).toBe(grid.floor(at) === at);
      }),
      { numRuns: 1000 },
    );
  });

  it("has the local midnights of Temporal as its days, weeks, months and years", () => {
    const units = fc.constantFrom(
      ["1d", { days: 1 }],
      ["2d", { days: 2 }],
      ["1w", { weeks: 1 }],
      ["1mo", { months: 1 }],
      ["3mo", { months: 3 }],
      ["1y", { years: 1 }],
    ) as fc.Arbitrary<[string, Temporal.DurationLike]>;
    fc.assert(
      fc.property(units, zones, fc.integer({ min: -600, max: 1200 }), ([text, unit], zone, index) => {
        const origin = Temporal.PlainDate.from(/mo|y/.test(text) ? "2000-01-01" : "2000-01-03");
        const [[name, size]] = Object.entries(unit) as [[string, number]];
        const date = origin.add({ [name]: size * index });
        const expected = date.toPlainDateTime("00:00").toZonedDateTime(zone);
        expect(formatInstant(parseFrequency(text, { zone }).instantAt(index))).toBe(
          formatInstant(micros(expected)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("counts the grid points between two instants as a walk over the grid does", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("1h", "1d", "1b", "2b", "1w", "1mo"),
        zones,
        instants,
        fc.integer({ min: 0, max: 40 }),
        fc.boolean(),
        (text, zone, from, steps, isOnGrid) => {
          const grid = parseFrequency(text, { zone });
          const start = isOnGrid ? grid.floor(from) : from;
          const end = grid.add(start, steps);
          let walked = 0;
          for (let i = grid.indexOf(start); grid.instantAt(i) < end; i++)
            if (grid.instantAt(i) >= start) walked++;
          expect(grid.count(start, end)).toBe(walked);
          expect(grid.count(end, start)).toBe(0 - walked);
        },
      ),
    );
  });

  it("steps days and months as Temporal does, on the grid and off it", () => {
    fc.assert(
      fc.property(zones, instants, fc.integer({ min: -500, max: 500 }), (zone, at, steps) => {
        const start = new Temporal.Instant(at * 1000n).toZonedDateTimeISO(zone);
        expect(parseFrequency("1d", { zone }).add(at, steps)).toBe(micros(start.add({ days: steps })));
        expect(parseFrequency("1w", { zone }).add(at, steps)).toBe(micros(start.add({ weeks: steps })));
        expect(parseFrequency("1mo", { zone }).add(at, steps)).toBe(micros(start.add({ months: steps })));
        expect(parseFrequency("1h", { zone }).add(at, steps)).toBe(micros(start.add({ hours: steps })));
      }),
      { numRuns: 500 },
    );
  });

  it("makes ranges and bulk indexes that equal the single calls", () => {
    fc.assert(
      fc.property(texts, zones, instants, (text, zone, from) => {
        const grid = parseFrequency(text, { zone });
        const times = grid.range(from, 30);
        const singly = Array.from({ length: 30 }, (_, i) => grid.add(from, i));
        expect(Array.from(times)).toEqual(singly);
        const mixed = BigInt64Array.from([...singly.slice(10), ...singly.slice(0, 10), from - 1n]);
        expect(Array.from(grid.indexesOf(mixed))).toEqual(Array.from(mixed, grid.indexOf));
      }),
    );
  });

  it("has days of 23 and 25 hours where clocks change, and hours that never repeat", () => {
    const zone = "Europe/Berlin";
    const days = parseFrequency("1d", { zone });
    const start = toMicros("2026-03-28T00:00", { zone });
    const hours = Array.from({ length: 220 }, (_, i) =>
      Number((days.add(start, i + 1) - days.add(start, i)) / 3_600_000_000n),
    );
    expect(hours.filter((h) => h !== 24)).toEqual([23, 25]);
    const hourly = parseFrequency("1h", { zone }).range(toMicros("2026-10-25T00:00", { zone }), 25);
    expect(new Set(hourly).size).toBe(25);
    expect(hourly[24]).toBe(toMicros("2026-10-25T23:00", { zone }));
  });

  it("has a day of no length where a zone left one out, so that weekdays keep their places in the week", () => {
    const zone = "Pacific/Apia";
    const days = parseFrequency("1d", { zone });
    const thursday = days.indexOf(toMicros("2011-12-29T00:00", { zone }));
    const saturday = toMicros("2011-12-31T00:00", { zone });
    expect([1, 2].map((steps) => days.instantAt(thursday + steps))).toEqual([saturday, saturday]);
    expect([days.indexOf(saturday), days.indexOf(saturday - 1n)]).toEqual([thursday + 2, thursday]);
    expect(days.instantAt(thursday + 7)).toBe(toMicros("2012-01-05T00:00", { zone }));
  });

  it("starts weeks on Monday, quarters in January, and shifts fixed steps to local hours", () => {
    const floor = (text: string, zone: string, at: string) =>
      formatInstant(parseFrequency(text, { zone }).floor(toMicros(at)), { zone });
    expect(floor("1w", "UTC", "2026-07-31T12:00Z")).toBe("2026-07-27T00:00:00Z");
    expect(floor("3mo", "UTC", "2026-06-30T12:00Z")).toBe("2026-04-01T00:00:00Z");
    expect(floor("1h", "+05:45", "2026-07-31T12:00Z")).toBe("2026-07-31T17:00:00+05:45");
    expect(floor("1d", "-05:00", "2026-07-31T02:00Z")).toBe("2026-07-30T00:00:00-05:00");
  });

  it("has Mondays to Fridays as its business days, and weekends in the cell of the Friday before", () => {
    fc.assert(
      fc.property(
        zones,
        fc.integer({ min: -3000, max: 6000 }),
        fc.integer({ min: 1, max: 4 }),
        (zone, index, step) => {
          const week = Math.floor((index * step) / 5);
          const date = Temporal.PlainDate.from("2000-01-03").add({
            days: 7 * week + index * step - 5 * week,
          });
          expect(date.dayOfWeek).toBeLessThan(6);
          const expected = micros(date.toPlainDateTime("00:00").toZonedDateTime(zone));
          expect(parseFrequency(`${step}b`, { zone }).instantAt(index)).toBe(expected);
        },
      ),
    );
    const days = parseFrequency("1b");
    const after = (from: string, steps: number) => formatInstant(days.add(toMicros(from), steps));
    expect(days.isOnGrid(toMicros("2026-08-01T00:00Z"))).toBe(false);
    expect(formatInstant(days.floor(toMicros("2026-08-02T23:00Z")))).toBe("2026-07-31T00:00:00Z");
    expect(after("2026-07-31T15:00Z", 1)).toBe("2026-08-03T15:00:00Z");
    expect(after("2026-08-01T15:00Z", 1)).toBe("2026-08-03T15:00:00Z");
    expect(after("2026-08-01T15:00Z", -1)).toBe("2026-07-31T15:00:00Z");
    expect(after("2026-08-03T15:00Z", -1)).toBe("2026-07-31T15:00:00Z");
    expect(days.count(toMicros("2026-01-01T00:00Z"), toMicros("2027-01-01T00:00Z"))).toBe(261);
    expect(parseFrequency("2b")).toMatchObject({ kind: "businessDays", step: 2n, text: "2b" });
    expect(() => parseFrequency("0b")).toThrow("is not a frequency");
  });

  it("tells those who write a frequency as pandas does how it is written", () => {
    const hintOf = (text: string) => {
      try {
        parseFrequency(text);
      } catch (error) {
        if (TsopsError.is(error)) return error.hint;
      }
      return null;
    };
    expect(["B", "D", "h", "MS", "W-MON", "QE"].map(hintOf)).toEqual(
      ["1b", "1d", "1h", "1mo", "1w", "3mo"].map((text) => `Write "${text}".`),
    );
    expect(hintOf("fortnight")).toMatch(/"1b" \(Mondays to Fridays\)/);
  });

  it("takes an origin for data with a phase of its own", () => {
    const origin = toMicros("2026-01-01T00:07Z");
    const grid = parseFrequency("1h", { origin });
    expect(grid.isOnGrid(toMicros("2026-05-01T15:07Z"))).toBe(true);
    expect(grid.isOnGrid(toMicros("2026-05-01T15:00Z"))).toBe(false);
    expect(() => parseFrequency("1mo", { origin })).toThrow("no origin of its own");
    expect(() => parseFrequency("1d", { origin, zone: "Europe/Berlin" })).toThrow("no origin of its own");
  });

  it("says what it is", () => {
    expect(parseFrequency("15m")).toMatchObject({
      text: "15m",
      zone: "UTC",
      kind: "fixed",
      step: 900_000_000n,
    });
    expect(parseFrequency("1w")).toMatchObject({ kind: "days", step: 7n });
    expect(parseFrequency("1w", { zone: "Europe/Berlin" })).toMatchObject({ kind: "days", step: 7n });
    expect(parseFrequency("1y")).toMatchObject({ kind: "months", step: 12n });
  });

  it("refuses what is no frequency", () => {
    for (const text of ["0h", "0mo", "hourly", "1ns", "-1h", ""]) {
      let error: unknown;
      try {
        parseFrequency(text);
      } catch (caught) {
        error = caught;
      }
      expect(TsopsError.is(error, "FREQUENCY_INVALID"), text).toBe(true);
    }
    expect(() => parseFrequency("1h", { zone: "Mars/Olympus" })).toThrow("no time zone");
  });
});
