import { resolveZone } from "../../time/zone.ts";
import type { Guesses } from "./guessed.ts";
import type { FileColumn } from "./table-files.ts";

/** How the times of a file are written. */
export type FileTimeStyle = "steps" | "instant" | "localTime" | "date";

/** How times are written, by their column and the form that they have. */
export function styleOf(time: FileColumn, format: string | null): FileTimeStyle {
  if (format === "unix" || format === "unix-ms") return "instant";
  if (format === "quarter" || format === "week") return "date";
  if (format !== null) return /%[HIMS]/.test(format) ? "localTime" : "date";
  if (time.kind === "integer") return "steps";
  if (time.kind === "instant") return "instant";
  return time.isDate ? "date" : "localTime";
}

/** The zone of times: the one that was asked for, the offset that all have, else UTC; a guess is told. */
export function zoneOf(
  time: FileColumn,
  style: FileTimeStyle,
  asked: string | undefined,
  guesses: Guesses,
): string {
  if (asked !== undefined || style === "steps") return asked ?? "UTC";
  if (style !== "instant") {
    guesses.add("time zone", "UTC", "the times have no offset", "--zone");
    return "UTC";
  }
  const zone = time.offset === null || time.offset === "+00:00" ? "UTC" : time.offset;
  const several = `the times have ${time.offsets} offsets, as of clocks that change; hours of UTC do not follow them`;
  const because =
    time.offsets > 1
      ? several
      : time.offset === null
        ? "days and months begin at midnight there"
        : "the offset of all times";
  guesses.add("time zone", zone, because, "--zone");
  return zone;
}

/**
 * The zone in which times are counted: dates are days of a calendar, also those on which clocks are put forward at midnight.
 * @param zone - The zone of the times.
 * @param styles - How they are written, in all files.
 * @throws TsopsError TIME_INVALID when there is no such zone
 */
export function countingZone(zone: string, styles: readonly FileTimeStyle[]): string {
  const { id } = resolveZone(zone);
  return styles.every((style) => style === "date") ? "UTC" : id;
}
