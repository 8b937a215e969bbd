import { formatInstant, parseFrequency, shown, TsopsError, toMicros } from "@tsops/core";
import { checkMicros } from "../micros.ts";
import type { RetrainEvidence } from "./evidence.ts";
import type { RetrainPolicy } from "./policy.ts";

/** An attempt of a policy. */
export interface RetrainAttempt {
  /** When the policy asked, microseconds UTC. */
  readonly at: bigint;
  /** How long training and comparison took; null when that is not known, which counts as nothing. */
  readonly seconds: number | null;
}

/** The instant that a length of the calendar lies after another. */
export function lengthAfter(length: string, { zone }: RetrainPolicy, instant: bigint): bigint {
  return parseFrequency(length, { zone }).add(instant, 1);
}

/**
 * What was spent, and when enough of it is so long ago that the budget allows another attempt; null when it does.
 * @throws TsopsError MONITOR_INVALID when there is a budget and the attempts are not given
 */
export function spentBudget(
  policy: RetrainPolicy,
  attempts: readonly RetrainAttempt[] | undefined,
  now: bigint,
): { readonly attempts: number; readonly seconds: number; readonly until: bigint | null } | null {
  const { budget } = policy;
  if (budget === null) return null;
  if (!Array.isArray(attempts))
    throw new TsopsError("MONITOR_INVALID", `The state has the attempts ${shown(attempts)}.`, {
      hint: "The policy has a budget: give retrainAttempts(decisions, subject).",
    });
  const counted = (attempts as readonly RetrainAttempt[])
    .map(({ at, seconds }) => {
      checkMicros("attempts: at", at);
      return { at, endsAt: lengthAfter(budget.per, policy, at), seconds: seconds ?? 0 };
    })
    // Also those after the present, which a clock that was set back leaves.
    .filter(({ endsAt }) => endsAt > now)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const spent = {
    attempts: counted.length,
    seconds: counted.reduce((sum, { seconds }) => sum + seconds, 0),
  };
  let left = { ...spent };
  let until: bigint | null = null;
  for (const { endsAt, seconds } of counted) {
    const isSpent =
      (budget.attempts !== null && left.attempts >= budget.attempts) ||
      (budget.seconds !== null && left.seconds >= budget.seconds);
    if (!isSpent) break;
    until = endsAt;
    left = { attempts: left.attempts - 1, seconds: left.seconds - seconds };
  }
  return { ...spent, until };
}

/** The rows that a training of now takes. */
export function trainingRange({ train, zone }: RetrainPolicy, now: bigint): RetrainEvidence["train"] {
  const windowStart = train.window === "all" ? null : parseFrequency(train.window, { zone }).add(now, -1);
  const from = train.from === null ? null : toMicros(train.from);
  const start = windowStart === null || (from !== null && from > windowStart) ? from : windowStart;
  return {
    start: start === null ? null : formatInstant(start),
    end: formatInstant(now),
    models: train.models,
  };
}
