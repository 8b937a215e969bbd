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

/** A wall-clock time of a column that is no instant. */
export interface LocalProblem {
  readonly row: number;
  readonly kind: "repeated" | "skipped";
}

/**
 * Turns wall-clock times (microseconds counted as if in UTC) into instants, in place. Nothing is guessed: it stops at the
 * first time that the zone's clocks show twice or never.
 * @param isKnown - False for rows without a time, which are left alone.
 * @returns The time that is no instant; null when all are.
 */
export function localToInstants(
  values: BigInt64Array,
  zone: Zone,
  isKnown: (row: number) => boolean,
): LocalProblem | null {
  let period = zone.periodAt(0);
  for (let row = 0; row < values.length; row++) {
    if (!isKnown(row)) continue;
    const local = values[row] as bigint;
    const seconds = Math.floor(Number(local) / 1e6);
    let at = seconds - period.offset;
    // Far from a change of the clocks the period of the row before holds.
    if (!(at >= period.start + secondsOfDay && at < period.end - secondsOfDay)) {
      const found = resolveLocal(zone, seconds);
      if (found.kind !== "unique") return { row, kind: found.kind };
      at = found.earlier;
      period = zone.periodAt(at);
    }
    values[row] = local + BigInt(at - seconds) * 1_000_000n;
  }
  return null;
}
