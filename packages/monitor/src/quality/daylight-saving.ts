import { resolveZone } from "@tsops/core";
import { type ClockChange, clockChange } from "./clock-changes.ts";
import { counted, findingOf, type QualityFinding, rowCounter, type WriteInstant } from "./finding.ts";
import { medianGap, type TimedRows } from "./series.ts";

const hour = 3_600_000_000;
/** Clocks change in the first hours of a day. */
const latestHour = 4;

/** An hour that is missing where clocks go forward, or there twice where they go back: times of a wall clock that were read as if of one offset. */
export function daylightSaving(
  series: readonly TimedRows[],
  column: string,
  zone: string,
  write: WriteInstant,
): QualityFinding | null {
  const found = rowCounter();
  const where = new Set<ClockChange>();
  let [missing, doubled] = [0, 0];
  const { periodAt } = resolveZone(zone);
  for (const { rows, times, key } of series) {
    const step = medianGap(times);
    if (!(step > 0 && step <= hour)) continue;
    for (let i = 1; i < times.length; i++) {
      const gap = Number((times[i] as bigint) - (times[i - 1] as bigint));
      const isMissing = gap === hour + step;
      if (!isMissing && gap !== 0) continue;
      const seconds = Number(times[i] as bigint) / 1e6;
      const local = seconds + periodAt(seconds).offset;
      const day = Math.floor(local / 86_400);
      const change = local - day * 86_400 < latestHour * 3600 ? clockChange(day) : null;
      if (change === null || change.forward !== isMissing) continue;
      found.add(rows[i] as number, times[i] as bigint, key);
      where.add(change.where);
      if (isMissing) missing++;
      else doubled++;
    }
  }
  if (found.count === 0 || !isPlausible(series, missing, doubled)) return null;
  const parts = [
    ...(missing > 0 ? [`an hour is missing ${missing === 1 ? "once" : `${missing} times`}`] : []),
    ...(doubled > 0
      ? [`${counted(doubled, "row")} of a night ${doubled === 1 ? "is" : "are"} there twice`]
      : []),
  ];
  const names = [...where].sort().join(" and ");
  return findingOf(found, write, {
    check: "daylight_saving",
    column,
    severity: "warning",
    reason: "half of the year is an hour off, if the times are those of a wall clock",
    sentence: `${parts.join(" and ")}, on ${names} days on which clocks change, in the hours in which they do.`,
    cause: `Times of a wall clock that goes forward and back, read as ${zone}.`,
    hint: 'Read the times in the zone of the clock, e.g. timestamp({ zone: "Europe/Berlin" }).',
  });
}

/** Whether gaps and repetitions are rare elsewhere: where every night has some, those of one night say nothing. */
function isPlausible(series: readonly TimedRows[], missing: number, doubled: number): boolean {
  let [gaps, repeats] = [0, 0];
  for (const { times } of series) {
    const step = medianGap(times);
    for (let i = 1; i < times.length; i++) {
      const gap = Number((times[i] as bigint) - (times[i - 1] as bigint));
      if (gap === 0) repeats++;
      else if (gap === hour + step) gaps++;
    }
  }
  return (missing === 0 || 2 * missing >= gaps) && (doubled === 0 || 2 * doubled >= repeats);
}
