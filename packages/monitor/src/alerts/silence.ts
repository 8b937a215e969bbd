import { checkList, checkOptions, shown, TsopsError, toMicros } from "@tsops/core";
import { checkMatcher, type LabelMatcher, matchesLabels } from "./matcher.ts";

/** A stretch of time in which some series raise no message, as plain data: who wants that, and why. */
export interface AlertSilence {
  /** Which series: labels, and `rule`, `subject`, `severity`. Empty: all. */
  readonly where: LabelMatcher;
  /** ISO 8601 with an offset; `until` is not part of it. */
  readonly from: string;
  readonly until: string;
  readonly by: string;
  readonly why: string;
}

/** A silence with its instants in microseconds UTC. */
export interface ReadSilence {
  readonly silence: AlertSilence;
  readonly from: bigint;
  readonly until: bigint;
}

/** @throws TsopsError MONITOR_INVALID, TIME_INVALID, TIME_ZONE_MISSING */
export function readSilences(silences: readonly AlertSilence[]): readonly ReadSilence[] {
  checkList("MONITOR_INVALID", "silences", silences);
  return silences.map((silence) => {
    checkOptions("MONITOR_INVALID", "silence", silence, {
      where: true,
      from: true,
      until: true,
      by: true,
      why: true,
    });
    checkMatcher("silence.where", silence.where);
    for (const name of ["by", "why"] as const)
      if (typeof silence[name] !== "string" || silence[name] === "")
        throw new TsopsError("MONITOR_INVALID", `silence.${name} is ${shown(silence[name])}.`, {
          hint: "Say who silences and why: it is kept with what was not told.",
        });
    const [from, until] = [toMicros(silence.from), toMicros(silence.until)];
    if (until <= from)
      throw new TsopsError(
        "MONITOR_INVALID",
        `The silence ends at ${silence.until}, not after it begins at ${silence.from}.`,
        { hint: "Give an end that is later." },
      );
    return { silence, from, until };
  });
}

/** The first silence that holds for these labels at an instant; null when none does. */
export function silenceOf(
  silences: readonly ReadSilence[],
  labels: Readonly<Record<string, string>>,
  now: bigint,
): AlertSilence | null {
  const found = silences.find(
    ({ silence, from, until }) => from <= now && now < until && matchesLabels(silence.where, labels),
  );
  return found?.silence ?? null;
}
