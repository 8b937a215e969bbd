import { TsopsError } from "../errors.ts";
import type { AnyPipeline } from "../pipeline/pipeline.ts";
import { parseSchedule } from "../pipeline/schedule.ts";
import { parseDuration } from "../time/duration.ts";
import { resolveZone, type Zone } from "../time/zone.ts";

/** A schedule as Airflow's `CronDataIntervalTimetable` takes it. */
export interface CronTimetable {
  readonly cron: string;
  readonly zone: string;
}

/**
 * The timetable with the same data intervals as a pipeline's schedule; null when it has none.
 * @throws TsopsError PIPELINE_INVALID for a schedule that cron cannot say
 */
export function cronTimetable({ name, schedule, ticks }: AnyPipeline): CronTimetable | null {
  if (schedule === null || ticks === null) return null;
  const refuse = (problem: string, hint: string): never => {
    throw new TsopsError("PIPELINE_INVALID", `Airflow cannot run "${name}": ${problem}`, { hint });
  };
  const zone = resolveZone(schedule.zone ?? "UTC");
  const named = ianaName(zone);
  if (named === null)
    refuse(
      `its schedule has the zone ${zone.id}, an offset that no IANA zone has at all times.`,
      "Give a named zone, e.g. Europe/Berlin, an offset of whole hours, or UTC.",
    );
  if ("cron" in schedule) {
    if (schedule.cron.trim().split(/\s+/).length === 6)
      refuse("its cron pattern has seconds.", "Write five fields: Airflow's cron begins with minutes.");
    return { cron: schedule.cron.trim(), zone: named as string };
  }
  const cron = cronOf(schedule.every);
  if (cron === null || !hasSameTicks(cron, schedule.every, zone.id))
    refuse(
      `cron has no pattern with the ticks of every: "${schedule.every}".`,
      "Take a step that divides its unit (15m, 6h, 1d, 1w, 3mo), or give the schedule as cron.",
    );
  return { cron: cron as string, zone: named as string };
}

/** Airflow takes no offsets, but IANA has a zone for most whole hours; its names count hours west of UTC. */
function ianaName({ id, fixedOffset }: Zone): string | null {
  if (fixedOffset === null || fixedOffset === 0) return fixedOffset === null ? id : "UTC";
  const west = -fixedOffset / 3600;
  if (!Number.isInteger(west) || west < -14 || west > 12) return null;
  return `Etc/GMT${west > 0 ? "+" : ""}${west}`;
}

function cronOf(every: string): string | null {
  const duration = parseDuration(every);
  if (duration.kind === "calendar") {
    const { months } = duration;
    if (months < 1 || 12 % months !== 0) return null;
    return months === 12 ? "0 0 1 1 *" : `0 0 1 ${stepOf(months)} *`;
  }
  const minutes = Number(duration.micros) / 60e6;
  if (minutes === 7 * 1440) return "0 0 * * 1";
  if (minutes === 1440) return "0 0 * * *";
  const hours = minutes / 60;
  if (Number.isInteger(hours) && hours > 0 && 24 % hours === 0) return `0 ${stepOf(hours)} * * *`;
  return Number.isInteger(minutes) && minutes > 0 && 60 % minutes === 0 ? `${stepOf(minutes)} * * * *` : null;
}

function stepOf(count: number): string {
  return count === 1 ? "*" : `*/${count}`;
}

/** Compared over two years, so that a change of clocks shows. */
function hasSameTicks(cron: string, every: string, zone: string): boolean {
  const [a, b] = [parseSchedule({ cron, zone }), parseSchedule({ every, zone })];
  const from = 1_704_067_200_000_000n;
  const hour = 3_600_000_000n;
  for (let at = from; at < from + 2n * 366n * 24n * hour; at += 7n * hour)
    if (a.after(at) !== b.after(at)) return false;
  return true;
}
