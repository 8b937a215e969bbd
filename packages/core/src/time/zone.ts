import { Temporal } from "temporal-polyfill";
import { TsopsError } from "../errors.ts";

/** A stretch of time in which a zone keeps one offset: [start, end) in seconds since 1970 UTC. */
export interface OffsetPeriod {
  /** -Infinity when the zone has no earlier change. */
  readonly start: number;
  /** Infinity when the zone has no later change. */
  readonly end: number;
  /** Seconds to add to UTC to get local time. */
  readonly offset: number;
}

/** A time zone: a fixed offset or an IANA zone. */
export interface Zone {
  /** `"UTC"`, an offset such as `"-05:00"`, or the IANA name in its official spelling. */
  readonly id: string;
  /** Seconds east of UTC when the zone never changes; null for IANA zones. */
  readonly fixedOffset: number | null;
  /** The offset period that holds an instant (whole or fractional seconds since 1970 UTC). */
  periodAt(seconds: number): OffsetPeriod;
}

/** The largest and smallest instants that Date and Temporal can tell, in seconds. */
export const maxInstantSeconds = 8_640_000_000_000;

const offsetPattern = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/;
const known = new Map<string, Zone>();

/**
 * Looks a zone up by name: `"UTC"`, an offset (`"-05:00"`, `"+0530"`, `"+02"`), or an IANA name (`"Europe/Berlin"`).
 * Rules come from the run time's own time-zone data (ICU) through temporal-polyfill.
 * @throws TsopsError TIME_INVALID when there is no such zone.
 */
export function resolveZone(name: string): Zone {
  const found = known.get(name);
  if (found !== undefined) return found;
  const zone = createZone(name);
  known.set(name, zone);
  return zone;
}

function createZone(name: string): Zone {
  if (name === "UTC") return fixedZone("UTC", 0);
  const match = typeof name === "string" ? offsetPattern.exec(name) : null;
  if (match !== null) {
    const [, sign, hours, minutes = "00"] = match;
    const size = Number(hours) * 3600 + Number(minutes) * 60;
    const offset = sign === "-" ? 0 - size : size;
    return fixedZone(offset === 0 ? "+00:00" : `${sign}${hours}:${minutes}`, offset);
  }
  let id: string;
  try {
    id = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch (cause) {
    throw new TsopsError("TIME_INVALID", `There is no time zone ${JSON.stringify(name)}.`, {
      hint: 'Use an IANA name such as "Europe/Berlin", an offset such as "-05:00", or "UTC".',
      details: { zone: name },
      cause,
    });
  }
  return known.get(id) ?? ianaZone(id);
}

function fixedZone(id: string, offset: number): Zone {
  const period: OffsetPeriod = { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY, offset };
  return { id, fixedOffset: offset, periodAt: () => period };
}

function ianaZone(id: string): Zone {
  const periods: OffsetPeriod[] = [];
  let last = loadPeriod(id, 0);
  periods.push(last);
  const periodAt = (seconds: number): OffsetPeriod => {
    if (seconds >= last.start && seconds < last.end) return last;
    let low = 0;
    let high = periods.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((periods[middle] as OffsetPeriod).end > seconds) high = middle;
      else low = middle + 1;
    }
    const candidate = periods[low];
    if (candidate !== undefined && candidate.start <= seconds) last = candidate;
    else {
      last = loadPeriod(id, seconds);
      periods.splice(low, 0, last);
    }
    return last;
  };
  return { id, fixedOffset: null, periodAt };
}

function loadPeriod(id: string, seconds: number): OffsetPeriod {
  const at = (s: number) =>
    Temporal.Instant.fromEpochMilliseconds(
      Math.max(-maxInstantSeconds, Math.min(maxInstantSeconds, s)) * 1000,
    ).toZonedDateTimeISO(id);
  const whole = Math.floor(seconds);
  const here = at(whole);
  // "previous" is strictly before, so look from one second later to find a change at this very second.
  const previous = at(whole + 1).getTimeZoneTransition("previous");
  const next = here.getTimeZoneTransition("next");
  return {
    start: previous === null ? Number.NEGATIVE_INFINITY : previous.epochMilliseconds / 1000,
    end: next === null ? Number.POSITIVE_INFINITY : next.epochMilliseconds / 1000,
    offset: here.offsetNanoseconds / 1e9,
  };
}
