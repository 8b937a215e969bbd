import type { Zone } from "./zone.ts";

/** How a wall-clock time maps to instants. */
export interface LocalResolution {
  /** `repeated`: it happens twice (clocks go back); `skipped`: never (clocks go forward). */
  readonly kind: "unique" | "repeated" | "skipped";
  /** Seconds since 1970 UTC. For skipped times: read with the offset after the change. */
  readonly earlier: number;
  /** For skipped times: read with the offset before the change. Equal to `earlier` when unique. */
  readonly later: number;
}

const secondsOfDay = 86_400;

/** Finds the instants at which a zone's clocks show `localSeconds` (wall-clock seconds counted as if in UTC). */
export function resolveLocal(zone: Zone, localSeconds: number): LocalResolution {
  if (zone.fixedOffset !== null) {
    const at = localSeconds - zone.fixedOffset;
    return { kind: "unique", earlier: at, later: at };
  }
  // Offsets stay within a day, so only the periods around [local - 1 day, local + 1 day] can matter.
  const matches: number[] = [];
  let period = zone.periodAt(localSeconds - secondsOfDay);
  let before = period.offset;
  let after = period.offset;
  for (;;) {
    const at = localSeconds - period.offset;
    if (at >= period.start && at < period.end) matches.push(at);
    if (period.end > localSeconds + secondsOfDay) break;
    const next = zone.periodAt(period.end);
    if (localSeconds - period.offset >= period.end && localSeconds - next.offset < next.start) {
      before = period.offset;
      after = next.offset;
    }
    period = next;
  }
  const first = matches[0];
  if (first === undefined)
    return { kind: "skipped", earlier: localSeconds - after, later: localSeconds - before };
  const second = matches[matches.length - 1] as number;
  return { kind: matches.length === 1 ? "unique" : "repeated", earlier: first, later: second };
}

/**
 * Resolution as calendars do it ("compatible" in Temporal): the first of two occurrences; a skipped time moves forward
 * by the length of the gap.
 */
export function instantOfLocal(zone: Zone, localSeconds: number): number {
  if (zone.fixedOffset !== null) return localSeconds - zone.fixedOffset;
  const found = resolveLocal(zone, localSeconds);
  return found.kind === "skipped" ? found.later : found.earlier;
}
