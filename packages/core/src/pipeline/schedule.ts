import { Cron } from "croner";
import { TsopsError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { durationMicros } from "../time/duration.ts";
import { parseFrequency } from "../time/frequency.ts";
import { formatInstant } from "../time/instant.ts";
import type { Interval } from "../time/interval.ts";
import { resolveZone } from "../time/zone.ts";

/**
 * When a pipeline runs. Ticks of the schedule cut time into data intervals [tick, next tick); the run of an interval is
 * due once the interval has ended, plus `delay` for data that arrives late.
 */
export type Schedule =
  /** A cron pattern of 5 or 6 fields (6 begin with seconds) or `@daily` and the like, in `zone` (default UTC). */
  | { readonly cron: string; readonly zone?: string; readonly delay?: string }
  /** A frequency, e.g. `"15m"`, `"1h"`, `"1d"`, `"1mo"`: ticks on its grid in `zone` (default UTC). */
  | { readonly every: string; readonly zone?: string; readonly delay?: string };

/** A schedule as it may come from a configuration. */
interface ScheduleParts {
  readonly cron?: string;
  readonly every?: string;
  readonly zone?: string;
  readonly delay?: string;
}

/** The ticks of a schedule, all in microseconds UTC. */
export interface Ticks {
  /** The first tick after an instant; null when there is none. */
  after(micros: bigint): bigint | null;
  /** The last tick at or before an instant; null when there is none. */
  atOrBefore(micros: bigint): bigint | null;
  /** How long after the end of its interval a run is due. */
  readonly delayMicros: bigint;
}

/**
 * Reads a schedule. Cron follows Vixie's rules where clocks change: a daily job runs once on both days, after the gap or at
 * the first occurrence.
 * @throws TsopsError PIPELINE_INVALID, FREQUENCY_INVALID, DURATION_INVALID, TIME_INVALID (unknown zone)
 */
export function parseSchedule(schedule: Schedule): Ticks {
  checkOptions("PIPELINE_INVALID", "schedule", schedule as ScheduleParts, {
    cron: true,
    every: true,
    zone: true,
    delay: true,
  });
  const { cron, every } = schedule as ScheduleParts;
  if ((cron === undefined) === (every === undefined))
    throw new TsopsError(
      "PIPELINE_INVALID",
      `The schedule has ${cron === undefined ? "neither cron nor every" : "both cron and every"}.`,
      { hint: 'Give one of them: { every: "1d" } or { cron: "0 3 * * *" }.' },
    );
  const zone = resolveZone(schedule.zone ?? "UTC");
  const delayMicros = schedule.delay === undefined ? 0n : durationMicros(schedule.delay);
  if (cron !== undefined) return { ...cronTicks(cron, zone.id, zone.fixedOffset), delayMicros };
  const grid = parseFrequency(every as string, { zone: zone.id });
  return {
    after: (micros) => grid.instantAt(grid.indexOf(micros) + 1),
    atOrBefore: (micros) => grid.floor(micros),
    delayMicros,
  };
}

function cronTicks(pattern: string, zone: string, fixedOffset: number | null): Omit<Ticks, "delayMicros"> {
  // croner takes IANA names or an offset in minutes.
  const place = fixedOffset === null || zone === "UTC" ? { timezone: zone } : { utcOffset: fixedOffset / 60 };
  let cron: Cron;
  try {
    cron = new Cron(pattern, { ...place, mode: "5-or-6-parts", paused: true });
  } catch (cause) {
    throw new TsopsError("PIPELINE_INVALID", `${JSON.stringify(pattern)} is not a cron pattern.`, {
      hint: 'Write five fields (minute hour day month weekday), e.g. "0 6 * * *" for every day at 6.',
      cause,
    });
  }
  // Cron ticks are whole seconds, so cutting an instant to milliseconds passes none.
  return {
    after: (micros) => toMicros(cron.nextRun(new Date(Number(floorDiv(micros, 1000n))))),
    atOrBefore(micros) {
      const [date] = cron.previousRuns(1, new Date(Number(floorDiv(micros, 1000n)) + 1));
      return toMicros(date ?? null);
    },
  };
}

function toMicros(date: Date | null): bigint | null {
  return date === null ? null : BigInt(date.getTime()) * 1000n;
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

/** The data intervals of a schedule that lie wholly in [from, to), in order. */
export function* intervalsBetween(ticks: Ticks, from: bigint, to: bigint): Generator<Interval> {
  let start = ticks.after(from - 1n);
  while (start !== null) {
    const end = ticks.after(start);
    if (end === null || end > to) return;
    yield { start, end };
    start = end;
  }
}

/** Whether an interval is one of the schedule's data intervals. */
export function isTicked(ticks: Ticks, { start, end }: Interval): boolean {
  return ticks.atOrBefore(start) === start && ticks.after(start) === end;
}

/** The last data interval that is due (ended at least `delay` ago) at an instant; null when there is none. */
export function latestDueInterval(ticks: Ticks, now: bigint): Interval | null {
  const end = ticks.atOrBefore(now - ticks.delayMicros);
  const start = end === null ? null : ticks.atOrBefore(end - 1n);
  return end === null || start === null ? null : { start, end };
}

/**
 * Refuses intervals that are none of the schedule's, or not over: their runs would stand in the way of the scheduled ones.
 * @param otherwise - What the caller can do about it all the same, for the hint.
 * @throws TsopsError PIPELINE_INVALID
 */
export function refuseUnscheduled(
  { name, ticks }: { readonly name: string; readonly ticks: Ticks | null },
  given: Interval,
  now: bigint,
  otherwise: string,
): void {
  if (ticks === null) return;
  const refuse = (problem: string, hint: string): never => {
    throw new TsopsError(
      "PIPELINE_INVALID",
      `The interval ${formatInstant(given.start)}/${formatInstant(given.end)} of "${name}" ${problem}`,
      { hint: `${hint} ${otherwise}` },
    );
  };
  if (!isTicked(ticks, given)) {
    const start = ticks.atOrBefore(given.start);
    const end = start === null ? null : ticks.after(start);
    const near =
      start === null || end === null
        ? "Take one of its schedule's."
        : `Its schedule has ${formatInstant(start)}/${formatInstant(end)}.`;
    refuse("is none of its schedule's.", near);
  }
  if (given.end > now)
    refuse(`is not over: it is ${formatInstant(now)}.`, "Wait until it has ended, or take an earlier one.");
}
