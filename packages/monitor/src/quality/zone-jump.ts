import { clockChange } from "./clock-changes.ts";
import { correlation, type Day, daysOf, hours, patternOf, wanderOf } from "./day-pattern.ts";
import { counted, findingOf, type QualityFinding, rowCounter } from "./finding.ts";
import type { NumberColumn, NumberSeries } from "./number-series.ts";
import type { DayPattern } from "./rules.ts";

/** Days that have to be moved, and the share of them that have to look so. */
const leastDays = 3;
const leastShare = 0.85;
/** Days of a pattern that wanders, as that of the weather. */
const leastWandering = 6;
/** Days of which a pattern is taken when there is no reference. */
const leastOwnDays = 12;
/** Part of the usual correlation that moved days have to have, and to gain. */
const [leastFit, leastGain] = [0.6, 0.25];

/** Days `from` to `to` (not included) that look `shift` hours late. */
interface Moved {
  readonly from: number;
  readonly to: number;
  readonly shift: number;
}

/** Days that look like those of the reference, some hours earlier or later. */
export function movedDays(column: NumberColumn, zone: string): QualityFinding | null {
  const { name, parts, rules, write } = column;
  const found = rowCounter();
  let first: {
    readonly shift: number;
    readonly day: number;
    readonly series: string;
    readonly days: number;
  } | null = null;
  for (const part of parts) {
    const days = daysOf(part.series, part.values, zone);
    const moved = rules === null ? movedAmongThemselves(days) : moveAgainst(days, rules.day);
    if (moved === null) continue;
    addRows(found, part, days, moved);
    const start = days[moved.from] as Day;
    first ??= {
      shift: moved.shift,
      day: start.number,
      series: part.series.name,
      days: moved.to - moved.from,
    };
  }
  if (first === null) return null;
  const { shift, day } = first;
  const change = [day - 1, day, day + 1].map(clockChange).find((one) => one !== null) ?? null;
  const isClockChange = Math.abs(shift) === 1 && change !== null;
  const size = counted(Math.abs(shift), "hour");
  return findingOf(found, write, {
    check: "zone_jump",
    column: name,
    severity: isClockChange ? "info" : Math.abs(shift) === 1 ? "warning" : "error",
    reason: isClockChange
      ? "so it looks when people follow clocks that change and the times do not"
      : Math.abs(shift) === 1
        ? "habits can move by an hour with the season"
        : "no habit moves by hours from one day to the next; every hour of the day means another",
    sentence: `The day of ${name} looks ${size} ${shift > 0 ? "later" : "earlier"} than usual in ${counted(found.count, "row")}, for ${counted(first.days, "day")} from ${new Date(day * 86_400_000).toISOString().slice(0, 10)}${first.series} on.`,
    cause: isClockChange
      ? `Clocks changed that day (${change?.where}): the column follows a wall clock, the times do not.`
      : Math.abs(shift) === 1
        ? "Times in another offset by an hour, e.g. of a wall clock that was read as UTC, or a real change of habit."
        : "The source, or what reads it, changed its time zone; or its clock was set.",
    hint: isClockChange
      ? "Say the zone of the clock as `zone`, so that hours of the day are those of the people."
      : `Move these times by ${size} ${shift > 0 ? "back" : "on"} if so, and make the source write an offset.`,
  });
}

function addRows(
  found: ReturnType<typeof rowCounter>,
  { series }: NumberSeries,
  days: readonly Day[],
  { from, to }: Moved,
): void {
  const end = to < days.length ? (days[to] as Day).first : series.rows.length;
  for (let i = (days[from] as Day).first; i < end; i++) found.addAt(series, i);
}

/** Without a reference most days, or the first half of them, say what is usual. */
function movedAmongThemselves(days: readonly Day[]): Moved | null {
  if (days.length < leastOwnDays) return null;
  const half = Math.ceil(days.length / 2);
  for (const pattern of [patternOf(days), patternOf(days.slice(0, half))]) {
    const moved = moveAgainst(days, pattern === null ? null : { ...pattern, wander: 0 });
    if (moved === null || pattern === null) continue;
    const others = days.filter((_, i) => i < moved.from || i >= moved.to);
    if (!isBeyond(moved.shift, wanderOf(others, pattern))) continue;
    // Most days moved alike: the others, before them, are the ones that look different.
    const [start, end] = [moved.from === 0, moved.to === days.length];
    if (start && !end) return { from: moved.to, to: days.length, shift: -moved.shift };
    return start && end ? null : moved;
  }
  return null;
}

function moveAgainst(days: readonly Day[], pattern: DayPattern | null): Moved | null {
  if (pattern === null || days.length < leastDays) return null;
  const patternOfDay = (day: Day) => (day.isWeekend ? pattern.weekend : pattern.weekday);
  const still = Float64Array.from(days, (day) => correlation(day.shape, patternOfDay(day)));
  let best: (Moved & { readonly gain: number }) | null = null;
  for (let shift = 1 - hours / 2; shift <= hours / 2; shift++) {
    if (!isBeyond(shift, pattern.wander)) continue;
    const gains = Float64Array.from(
      days,
      (day, i) => correlation(day.shape, patternOfDay(day), shift) - (still[i] as number),
    );
    const stretch = greatestSum(gains);
    if (stretch === null || (best !== null && stretch.sum <= best.gain)) continue;
    best = { from: stretch.from, to: stretch.to, shift, gain: stretch.sum };
  }
  return best !== null && isSure(best, days, still, pattern, patternOfDay) ? best : null;
}

/** Whether days are moved by more than they wander by themselves, as temperatures do with the weather. */
function isBeyond(shift: number, wander: number): boolean {
  return Math.abs(shift) > (wander === 0 ? 0 : wander + 1);
}

/** The stretch whose sum is greatest (Kadane). */
function greatestSum(
  values: Float64Array,
): { readonly from: number; readonly to: number; readonly sum: number } | null {
  let best: { from: number; to: number; sum: number } | null = null;
  let [from, sum] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (sum <= 0) [from, sum] = [i, 0];
    sum += values[i] as number;
    if (sum > 0 && (best === null || sum > best.sum)) best = { from, to: i + 1, sum };
  }
  return best;
}

function isSure(
  { from, to, shift, gain }: Moved & { readonly gain: number },
  days: readonly Day[],
  still: Float64Array,
  pattern: DayPattern,
  patternOfDay: (day: Day) => readonly number[],
): boolean {
  const count = to - from;
  // A pattern that days follow less closely, or that wanders, needs more of them.
  const needed = Math.max(
    leastDays,
    Math.ceil(2 / pattern.correlation),
    pattern.wander === 0 ? 0 : leastWandering,
  );
  if (count < needed || gain < leastGain * pattern.correlation * count) return false;
  let [better, fit] = [0, 0];
  for (let i = from; i < to; i++) {
    const day = days[i] as Day;
    const moved = correlation(day.shape, patternOfDay(day), shift);
    fit += moved;
    if (moved > (still[i] as number)) better++;
  }
  return better >= leastShare * count && fit >= leastFit * pattern.correlation * count;
}
