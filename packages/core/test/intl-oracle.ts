const formats = new Map<string, Intl.DateTimeFormat>();

/** Wall-clock fields by the run time's own Intl: the oracle that zone tests compare with. Years after 0 only. */
export function intlFields(
  zone: string,
  seconds: number,
): { year: number; month: number; day: number; hour: number; minute: number; second: number } {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  const fields: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(seconds * 1000))
    if (type !== "literal") fields[type] = Number(value);
  return fields as ReturnType<typeof intlFields>;
}

/** Seconds to add to UTC to get local time, by Intl. */
export function intlOffset(zone: string, seconds: number): number {
  const { year, month, day, hour, minute, second } = intlFields(zone, seconds);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
}
