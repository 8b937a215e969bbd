import { fc, it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { nullable, timestamp } from "../../schema/column-type.ts";
import type { Columns, TimestampColumn } from "../../schema/columns.ts";
import { resolveLocal } from "../../time/local.ts";
import { resolveZone } from "../../time/zone.ts";
import { instantsOfWallClock, zoneOfChanges } from "./wall-clock.ts";

const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "-05:00", "UTC"];

function columnsOf(values: readonly bigint[]): Columns {
  return {
    length: values.length,
    types: { at: nullable(timestamp({ zone: "UTC" })) },
    data: { at: { kind: "timestamp", values: BigInt64Array.from(values), valid: null } },
  };
}

describe("times of a wall clock", () => {
  it.prop([
    fc.constantFrom(...zones),
    fc.integer({ min: 0, max: 500_000 }),
    fc.constantFrom(15, 30, 60),
    fc.integer({ min: 1, max: 10_000 }),
    fc.boolean(),
  ])(
    "are the instants that they were made of, whichever way the rows run",
    (name, start, minutes, count, runsBack) => {
      const zone = resolveZone(name);
      const instants = Array.from({ length: count }, (_, i) => 1800 * start + 60 * minutes * i);
      const clocks = instants.map((seconds) => seconds + zone.periodAt(seconds).offset);
      // Where clocks are put back by half an hour, an hourly series meets it once and cannot tell which half.
      fc.pre(name !== "Australia/Lord_Howe" || minutes <= 30);
      // Half of a repeated hour at an end may be either half.
      for (const end of [clocks[0], clocks.at(-1)])
        fc.pre(resolveLocal(zone, end as number).kind === "unique");
      const ordered = (seconds: readonly number[]) => {
        const micros = seconds.map((one) => BigInt(one) * 1_000_000n);
        return runsBack ? micros.reverse() : micros;
      };
      const found = instantsOfWallClock(columnsOf(ordered(clocks)), "at", [], name, String);
      expect([...(found.data["at"] as TimestampColumn).values]).toEqual(ordered(instants));
    },
  );

  it.prop([
    fc.constantFrom("Europe/Berlin", "Europe/London", "America/New_York"),
    fc.integer({ min: 2007, max: 2035 }),
  ])("betray the zone in which they are shown twice or never", (name, year) => {
    const zone = resolveZone(name);
    const hours = Array.from({ length: 8760 }, (_, h) => Date.UTC(year, 0, 1, h) / 1000);
    for (const kind of ["repeated", "skipped"] as const) {
      const times = hours
        .filter((seconds) => resolveLocal(zone, seconds).kind === kind)
        .map((seconds) => BigInt(seconds) * 1_000_000n);
      expect(times).toHaveLength(1);
      expect(zoneOfChanges(times, kind)).toBe(name);
      expect(zoneOfChanges([...times, 0n], kind)).toBeNull();
    }
  });
});
