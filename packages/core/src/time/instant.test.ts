import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import {
  formatInstant,
  type InstantInput,
  type InstantOptions,
  secondsOf,
  toDate,
  toMicros,
} from "./instant.ts";

const maxMicros = 8_640_000_000_000_000_000n;
const instants = fc.oneof(
  fc.bigInt({ min: -maxMicros, max: maxMicros }),
  fc.bigInt({ min: -3_000_000_000_000_000n, max: 7_000_000_000_000_000n }),
);

function failure(input: unknown, options?: InstantOptions): { code: string; message: string; hint: string } {
  try {
    toMicros(input as InstantInput, options);
  } catch (error) {
    if (TsopsError.is(error)) return { code: error.code, message: error.message, hint: error.hint ?? "" };
    throw error;
  }
  throw new Error(`${String(input)} was accepted`);
}

describe("toMicros", () => {
  it("reads Date, bigint, text and Temporal alike", () => {
    const expected = 1_330_837_567_890_000n;
    expect(toMicros(new Date("2012-03-04T05:06:07.890Z"))).toBe(expected);
    expect(toMicros(expected)).toBe(expected);
    expect(toMicros("2012-03-04T05:06:07.89Z")).toBe(expected);
    expect(toMicros(Temporal.Instant.from("2012-03-04T05:06:07.890Z"))).toBe(expected);
    expect(toMicros(Temporal.ZonedDateTime.from("2012-03-04T06:06:07.890+01:00[Europe/Berlin]"))).toBe(
      expected,
    );
  });

  it.each([
    ["1970-01-01T00:00:00Z", 0n],
    ["1970-01-01T00:00Z", 0n],
    ["1970-01-01t00:00z", 0n],
    ["1970-01-01 00:00:00+00", 0n],
    ["1970-01-01T05:30:00+05:30", 0n],
    ["1970-01-01T05:30:00+0530", 0n],
    ["1969-12-31T19:00:00-05:00", 0n],
    ["1970-01-01T00:53:28+00:53:28", 0n],
    ["1969-12-31T23:59:59.999999Z", -1n],
    ["1970-01-01T00:00:00,000001Z", 1n],
    ["1970-01-01T00:00:00.0000010000Z", 1n],
    ["1970-01-01T01:00:00+01:00[Europe/Berlin]", 0n],
    ["1970-01-01T01:00:00[Europe/Berlin]", 0n],
    ["1970-01-01T00:00:00Z[Europe/Berlin]", 0n],
    ["+010000-01-01T00:00:00Z", 253_402_300_800_000_000n],
    ["-000001-01-01T00:00:00Z", -62_198_755_200_000_000n],
    ["0000-02-29T00:00:00Z", -62_162_121_600_000_000n],
    ["-271821-04-20T00:00:00Z", -maxMicros],
    ["+275760-09-13T00:00:00Z", maxMicros],
  ])("reads %s", (text, expected) => {
    expect(toMicros(text)).toBe(expected);
  });

  it("agrees with Date.parse wherever Date can tell the instant", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(toMicros(date.toISOString())).toBe(BigInt(date.getTime()) * 1000n);
      }),
    );
  });

  it("agrees with Temporal on offsets and microseconds", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -maxMicros / 2n, max: maxMicros / 2n }),
        fc.integer({ min: -1439, max: 1439 }),
        (micros, minutes) => {
          const size = Math.abs(minutes);
          const offset = `${minutes < 0 ? "-" : "+"}${String(Math.floor(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
          const text = new Temporal.Instant(micros * 1000n).toString({ timeZone: offset });
          expect(toMicros(text)).toBe(micros);
        },
      ),
    );
  });

  it("uses the declared zone for zone-less text only", () => {
    const zone = "-05:00";
    expect(toMicros("2011-01-01 00:00", { zone })).toBe(toMicros("2011-01-01T05:00Z"));
    expect(toMicros("2011-01-01", { zone })).toBe(toMicros("2011-01-01T05:00Z"));
    expect(toMicros("2011-01-01T00:00Z", { zone })).toBe(toMicros("2011-01-01T00:00Z"));
    expect(toMicros("2011-07-01T00:00", { zone: "Europe/Berlin" })).toBe(toMicros("2011-06-30T22:00Z"));
  });

  it("refuses zone-less text without a declared zone", () => {
    for (const text of ["2011-01-01", "2011-01-01 00:00", "2011-01-01T00:00:00.5"])
      expect(failure(text)).toMatchObject({ code: "TIME_ZONE_MISSING" });
    expect(failure("2011-01-01 00:00")).toEqual({
      code: "TIME_ZONE_MISSING",
      message: '"2011-01-01 00:00" has neither an offset nor a declared zone, so it is not an instant.',
      hint: 'Add an offset ("Z", "-05:00"), or declare the zone of the data, e.g. timestamp({ zone: "-05:00" }).',
    });
  });

  it("never picks one of two occurrences by itself", () => {
    const zone = "Europe/Berlin";
    const text = "2026-10-25T02:30";
    expect(failure(text, { zone }).message).toBe(
      `"${text}" happens twice in Europe/Berlin, as clocks go back.`,
    );
    const [first, second] = [toMicros("2026-10-25T00:30Z"), toMicros("2026-10-25T01:30Z")];
    expect(toMicros(text, { zone, disambiguation: "earlier" })).toBe(first);
    expect(toMicros(text, { zone, disambiguation: "later" })).toBe(second);
    expect(toMicros(`${text}#0`, { zone })).toBe(first);
    expect(toMicros(`${text}#1`, { zone })).toBe(second);
    expect(toMicros(`${text}[Europe/Berlin]#1`)).toBe(second);
    expect(toMicros(`${text}+02:00[Europe/Berlin]`)).toBe(first);
    expect(failure(`${text}#2`, { zone }).code).toBe("TIME_INVALID");
    expect(failure("2026-07-01T02:30#1", { zone }).message).toContain("has this time once");
    expect(toMicros("2026-07-01T02:30#0", { zone })).toBe(toMicros("2026-07-01T00:30Z"));
  });

  it("never moves a wall-clock time that does not exist by itself", () => {
    const zone = "Europe/Berlin";
    const text = "2026-03-29T02:30";
    expect(failure(text, { zone }).message).toBe(
      `"${text}" does not exist in Europe/Berlin, as clocks go forward.`,
    );
    expect(toMicros(text, { zone, disambiguation: "later" })).toBe(toMicros("2026-03-29T01:30Z"));
    expect(toMicros(text, { zone, disambiguation: "earlier" })).toBe(toMicros("2026-03-29T00:30Z"));
    expect(failure(`${text}#0`, { zone }).code).toBe("TIME_INVALID");
  });

  it.each([
    ["2012-03-04T05:06:07.1234567Z", "finer than a microsecond"],
    ["2012-02-30T00:00Z", "a day that does not exist"],
    ["2011-02-29T00:00Z", "a day that does not exist"],
    ["2012-13-01T00:00Z", "a day that does not exist"],
    ["2012-00-01T00:00Z", "a day that does not exist"],
    ["2012-01-01T24:00Z", "time of day"],
    ["2012-01-01T00:60Z", "time of day"],
    ["2016-12-31T23:59:60Z", "leap second"],
    ["2012-01-01T00:00:61Z", "seconds outside"],
    ["2012-01-01T00:00:00.Z", "decimal point without digits"],
    ["2012-01-01T00:00:00+25:00", "offset"],
    ["2012-01-01T00:00:00+01:00[Europe/London]", "does not have at that instant"],
    ["2012-01-01T00:00:00[Europe/Nowhere]", "does not exist"],
    ["2012-01-01T00:00:00Z#0", "both an offset and #0"],
    ["2012-01-01T00:00:00 UTC", 'has " UTC" after the time'],
    ["2012-01-01T00:00:00Zjunk", 'has "junk" after the time'],
    ["2012-01-01Z", 'has "Z" after the time'],
    ["2012-01-01T00:00:00[", "bracket"],
    ["-000000-01-01T00:00Z", "year zero"],
    ["+275760-09-13T00:00:00.000001Z", "outside the years"],
    ["+275760-09-14T00:00:00Z", "outside the years"],
    ["-271821-04-19T23:59:59Z", "outside the years"],
    ["+999999-01-01T00:00", "outside the years"],
    ["01/02/2012", "is not ISO 8601"],
    ["20120101T000000Z", "is not ISO 8601"],
    ["2012-1-1", "is not ISO 8601"],
    ["", "is not ISO 8601"],
    ["now", "is not ISO 8601"],
  ])("refuses %s", (text, reason) => {
    const { code, message } = failure(text, { zone: "UTC" });
    expect(code).toBe("TIME_INVALID");
    expect(message).toContain(reason);
  });

  it.each([
    [1_330_837_567, "does not say its unit"],
    [new Date(Number.NaN), "invalid"],
    [null, "got null"],
    [undefined, "got undefined"],
    [{}, "got object"],
    [{ epochNanoseconds: 1n }, "finer than a microsecond"],
    [{ epochNanoseconds: 5 }, "got object"],
    [maxMicros + 1n, "outside the years"],
    [-maxMicros - 1n, "outside the years"],
  ])("refuses the value %s", (value, reason) => {
    const { code, message } = failure(value);
    expect(code).toBe("TIME_INVALID");
    expect(message).toContain(reason);
  });

  it("throws nothing but its own errors, whatever the text", () => {
    const near = fc
      .tuple(
        fc.constantFrom("2012-03-04T05:06:07.89+01:00[Europe/Berlin]#1", "2012-03-04"),
        fc.nat(50),
        fc.string(),
      )
      .map(([text, at, junk]) => text.slice(0, at) + junk + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        try {
          expect(typeof toMicros(text, { zone: "Europe/Berlin" })).toBe("bigint");
        } catch (error) {
          if (!TsopsError.is(error, "TIME_INVALID")) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("formatInstant", () => {
  it("is read back exactly, in every zone", () => {
    const zone = fc.constantFrom(
      undefined,
      "UTC",
      "-05:00",
      "+05:45",
      "Europe/Berlin",
      "America/New_York",
      "Africa/Monrovia",
      "Pacific/Apia",
    );
    fc.assert(
      fc.property(instants, zone, (micros, id) => {
        const text = formatInstant(micros, id === undefined ? {} : { zone: id });
        expect(toMicros(text)).toBe(micros);
      }),
      { numRuns: 1000 },
    );
  });

  it("shows as many digits as there are", () => {
    expect(formatInstant(0n)).toBe("1970-01-01T00:00:00Z");
    expect(formatInstant(-1_000n)).toBe("1969-12-31T23:59:59.999Z");
    expect(formatInstant(1n)).toBe("1970-01-01T00:00:00.000001Z");
    expect(formatInstant(0n, { zone: "UTC" })).toBe("1970-01-01T00:00:00Z");
    expect(formatInstant(0n, { zone: "-05:00" })).toBe("1969-12-31T19:00:00-05:00");
    expect(formatInstant(0n, { zone: "Europe/Berlin" })).toBe("1970-01-01T01:00:00+01:00[Europe/Berlin]");
    expect(formatInstant(-maxMicros)).toBe("-271821-04-20T00:00:00Z");
  });

  it("equals Date's text on whole milliseconds", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const expected = date.toISOString().replace(".000Z", "Z");
        expect(formatInstant(BigInt(date.getTime()) * 1000n)).toBe(expected);
      }),
    );
  });
});

describe("toDate", () => {
  it("gives the same instant or refuses to cut", () => {
    expect(toDate(-1_000n)).toEqual(new Date(-1));
    expect(() => toDate(1_001n)).toThrow("has microseconds, which a Date would cut");
    expect(() => toDate(maxMicros + 1000n)).toThrow("outside the years");
  });
});

describe("secondsOf", () => {
  it("rounds down, exactly, over all 64 bits", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          fc.bigInt({ min: -9_100_000_000n, max: 9_100_000_000n }).map((s) => s * 1_000_000n - 1n),
          fc.bigInt({ min: -9_100_000_000n, max: 9_100_000_000n }).map((s) => s * 1_000_000n),
        ),
        (micros) => {
          const expected = micros >= 0n ? micros / 1_000_000n : -((-micros + 999_999n) / 1_000_000n);
          expect(BigInt(secondsOf(micros))).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
