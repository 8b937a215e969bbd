import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { intlOffset } from "../../test/intl-oracle.ts";
import { TsopsError } from "../errors.ts";
import { instantOfLocal, resolveLocal } from "./local.ts";
import { resolveZone } from "./zone.ts";

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "America/Sao_Paulo",
  "Antarctica/Troll",
];
const seconds = fc.integer({ min: -3_000_000_000, max: 7_000_000_000 });

describe("zones", () => {
  it("have the offsets that Intl has, also on both sides of every change", () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), seconds, (id, at) => {
        const zone = resolveZone(id);
        const { start, end } = zone.periodAt(at);
        for (const probe of [at, start - 1, start, end - 1, end])
          if (Number.isFinite(probe))
            expect(zone.periodAt(probe).offset, `${id} ${probe}`).toBe(intlOffset(id, probe));
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    ["America/Noronha", "2000-09-20", "2000-10-30", "two changes within eight days"],
    ["America/Boa_Vista", "2000-09-20", "2000-10-30", "two changes within eight days"],
    ["Africa/Casablanca", "2012-07-01", "2012-10-15", "summer time without Ramadan"],
    ["Asia/Manila", "1844-12-01", "1845-01-31", "a day left out at the date line"],
    ["Europe/Dublin", "2200-01-01", "2200-12-31", "the far future"],
    ["America/Santiago", "+275760-08-20", "+275760-09-13", "the end of time"],
  ])("keep up with %s, %s .. %s: %s", (id, from, to) => {
    const zone = resolveZone(id);
    for (let at = Date.parse(`${from}T00:00Z`) / 1000; at < Date.parse(`${to}T00:00Z`) / 1000; at += 3600)
      expect(zone.periodAt(at).offset, `${at}`).toBe(intlOffset(id, at));
  });

  it("are found by offset, IANA name in any case, and UTC", () => {
    expect(resolveZone("UTC")).toMatchObject({ id: "UTC", fixedOffset: 0 });
    expect(resolveZone("-05:00")).toMatchObject({ id: "-05:00", fixedOffset: -18_000 });
    expect(resolveZone("+0530")).toMatchObject({ id: "+05:30", fixedOffset: 19_800 });
    expect(resolveZone("-00:00")).toMatchObject({ id: "+00:00", fixedOffset: 0 });
    expect(resolveZone("europe/berlin")).toBe(resolveZone("Europe/Berlin"));
    expect(resolveZone("Europe/Berlin").fixedOffset).toBeNull();
  });

  it("refuse names that do not exist", () => {
    for (const name of ["Europe/Nowhere", "+5", "-05:00:30", "+24:00", "", "Z", "local"]) {
      const error = catchError(() => resolveZone(name));
      expect(TsopsError.is(error, "TIME_INVALID"), name).toBe(true);
      expect(String(error)).toContain(JSON.stringify(name));
    }
  });
});

describe("local times", () => {
  it("resolve as Temporal resolves them", () => {
    const nearChange = fc
      .tuple(fc.constantFrom(...zones), seconds, fc.integer({ min: -90_000, max: 90_000 }))
      .map(([id, at, delta]) => {
        const { end } = resolveZone(id).periodAt(at);
        return [id, (Number.isFinite(end) ? end + resolveZone(id).periodAt(at).offset : at) + delta] as const;
      });
    fc.assert(
      fc.property(fc.oneof(nearChange, fc.tuple(fc.constantFrom(...zones), seconds)), ([id, local]) => {
        const plain = Temporal.PlainDateTime.from(new Date(local * 1000).toISOString().slice(0, -1));
        const by = (disambiguation: "earlier" | "later" | "compatible") =>
          plain.toZonedDateTime(id, { disambiguation }).epochMilliseconds / 1000;
        const found = resolveLocal(resolveZone(id), local);
        expect({ earlier: found.earlier, later: found.later }).toEqual({
          earlier: by("earlier"),
          later: by("later"),
        });
        expect(instantOfLocal(resolveZone(id), local)).toBe(by("compatible"));
        const shown = new Set([found.earlier, found.later].filter((at) => at + intlOffset(id, at) === local))
          .size;
        expect(shown).toBe({ unique: 1, repeated: 2, skipped: 0 }[found.kind]);
      }),
      { numRuns: 1500 },
    );
  });

  it("handle a zone that left a whole day out", () => {
    const apia = resolveZone("Pacific/Apia");
    const local = Date.UTC(2011, 11, 30, 12) / 1000;
    expect(resolveLocal(apia, local).kind).toBe("skipped");
    expect(instantOfLocal(apia, local)).toBe(Date.UTC(2011, 11, 30, 22) / 1000);
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
