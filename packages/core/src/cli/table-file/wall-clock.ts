import { TsopsError } from "../../errors.ts";
import { groupByKey } from "../../forecast/panel/rows.ts";
import { nullable, timestamp } from "../../schema/column-type.ts";
import { type Columns, isValid, type TimestampColumn } from "../../schema/columns.ts";
import { type LocalResolution, resolveLocal } from "../../time/local.ts";
import { resolveZone, type Zone } from "../../time/zone.ts";
import { timeText } from "./time-text.ts";

/** Zones whose clocks change at times of their own: one for each way to change them that many people live with. */
const usualZones = [
  "Europe/Berlin",
  "Europe/London",
  "Europe/Helsinki",
  "America/New_York",
  "Australia/Sydney",
];

/** Zones for times that have an offset: days and months begin by their clocks, each at hours of its own. */
const zonesOfOffsets = [
  ...usualZones,
  "America/Chicago",
  "America/Denver",
  "America/Los_Angeles",
  "America/Sao_Paulo",
  "Pacific/Auckland",
];

/** The first of these zones for which a claim holds; null when there is none. */
export function zoneOfDays(isGrid: (zone: string) => boolean): string | null {
  return zonesOfOffsets.find(isGrid) ?? null;
}

const secondMicros = 1_000_000n;

function resolution(zone: Zone, wallClock: bigint): LocalResolution {
  return resolveLocal(zone, Math.floor(Number(wallClock) / 1e6));
}

/**
 * The zone in which clocks show all these times twice, or never.
 * @param wallClocks - Microseconds as if in UTC.
 * @returns Null when there is none, or no time.
 */
export function zoneOfChanges(wallClocks: readonly bigint[], kind: "repeated" | "skipped"): string | null {
  if (wallClocks.length === 0) return null;
  return (
    usualZones.find((name) => {
      const zone = resolveZone(name);
      return wallClocks.every((time) => resolution(zone, time).kind === kind);
    }) ?? null
  );
}

/**
 * Wall-clock times as the instants of a zone. A time that its clocks show twice is the earlier instant in the first of a series' rows with it and the later one in the next, as the rows
 * of the series run on in the file, and the other way round where they run back.
 * @param columns - With times as if they were in UTC.
 * @throws TsopsError TIME_INVALID: times that the clocks never show, listed
 */
export function instantsOfWallClock(
  columns: Columns,
  time: string,
  keys: readonly string[],
  zoneName: string,
  placeOf: (row: number) => string,
): Columns {
  const zone = resolveZone(zoneName);
  const { values: wallClocks, valid } = columns.data[time] as TimestampColumn;
  const { seriesOf } = groupByKey(columns, keys);
  const runsBack = directions(wallClocks, seriesOf);
  const values = wallClocks.slice();
  const skipped: number[] = [];
  /** Rows that showed a repeated time before, by series and time. */
  const shown = new Map<string, number>();
  wallClocks.forEach((wallClock, row) => {
    if (!isValid(valid, row)) return;
    const { kind, earlier, later } = resolution(zone, wallClock);
    if (kind === "skipped") skipped.push(row);
    let seconds = earlier;
    if (kind === "repeated") {
      const series = seriesOf[row] as number;
      const name = `${series} ${wallClock}`;
      const before = shown.get(name);
      shown.set(name, row);
      if (before !== undefined) {
        seconds = later;
        if (runsBack[series] === true)
          [values[before], seconds] = [BigInt(later) * secondMicros + fraction(wallClock), earlier];
      }
    }
    values[row] = BigInt(seconds) * secondMicros + fraction(wallClock);
  });
  const [first] = skipped;
  if (first !== undefined)
    throw new TsopsError(
      "TIME_INVALID",
      `${skipped.length} ${skipped.length === 1 ? "time is" : "times are"} never shown by the clocks of ${zoneName}, which are put forward over ${skipped.length === 1 ? "it" : "them"}: ${timeText(wallClocks[first] as bigint, "localTime", "UTC")} in ${placeOf(first)}${skipped.length === 1 ? "" : ", and more"}.`,
      {
        hint: "Say the zone that the file is written in with --zone; leave it out if its clocks do not change.",
        details: { count: skipped.length, places: skipped.slice(0, 20).map(placeOf) },
      },
    );
  return {
    length: columns.length,
    types: { ...columns.types, [time]: nullable(timestamp({ zone: zoneName })) },
    data: { ...columns.data, [time]: { kind: "timestamp", values, valid } },
  };
}

function fraction(micros: bigint): bigint {
  return ((micros % secondMicros) + secondMicros) % secondMicros;
}

/** Whether the rows of each series run back in time. */
function directions(wallClocks: BigInt64Array, seriesOf: Int32Array): boolean[] {
  const first = new Map<number, bigint>();
  const runsBack: boolean[] = [];
  wallClocks.forEach((value, row) => {
    const series = seriesOf[row] as number;
    const begun = first.get(series);
    if (begun === undefined) first.set(series, value);
    else runsBack[series] = value < begun;
  });
  return runsBack;
}
