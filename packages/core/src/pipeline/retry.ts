import { TsopsError } from "../errors.ts";
import { checkOptions, shown } from "../options.ts";
import { createRandom } from "../random.ts";
import { durationMicros } from "../time/duration.ts";

/** When a failed run is tried again. */
export interface RetryOptions {
  /** Attempts in all, the first included. Default 3. */
  readonly attempts?: number;
  /** Wait before the second attempt. Default `"30s"`. */
  readonly delay?: string;
  /** By what each wait is longer than the one before. Default 2. */
  readonly factor?: number;
  /** Longest wait. Default `"1h"`. */
  readonly maxDelay?: string;
  /** Share of the wait, 0 to 1, that is taken off at random, so that runs that failed together do not return together. Default 0.2. */
  readonly jitter?: number;
}

/** Retry options with their defaults filled in. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delayMicros: bigint;
  readonly factor: number;
  readonly maxDelayMicros: bigint;
  readonly jitter: number;
}

/** @throws TsopsError PIPELINE_INVALID, DURATION_INVALID */
export function parseRetry(options: RetryOptions = {}): RetryPolicy {
  checkOptions("PIPELINE_INVALID", "retry", options, {
    attempts: true,
    delay: true,
    factor: true,
    maxDelay: true,
    jitter: true,
  });
  const { attempts = 3, delay = "30s", factor = 2, maxDelay = "1h", jitter = 0.2 } = options;
  const problem =
    !Number.isSafeInteger(attempts) || attempts < 1
      ? `attempts must be a whole number of at least 1, got ${shown(attempts)}`
      : !(typeof factor === "number" && factor >= 1 && factor < Number.POSITIVE_INFINITY)
        ? `factor must be a number of at least 1, got ${shown(factor)}`
        : !(typeof jitter === "number" && jitter >= 0 && jitter <= 1)
          ? `jitter must lie in [0, 1], got ${shown(jitter)}`
          : null;
  if (problem !== null) throw new TsopsError("PIPELINE_INVALID", `The retry option ${problem}.`);
  return {
    attempts,
    delayMicros: durationMicros(delay),
    factor,
    maxDelayMicros: durationMicros(maxDelay),
    jitter,
  };
}

/**
 * Wait after a failed attempt in microseconds: min(maxDelay, delay x factor^(attempt - 1)) less a random share. Depends
 * on the policy, the attempt and the seed only.
 */
export function retryDelay(policy: RetryPolicy, attempt: number, seed: string): bigint {
  const full = Math.min(
    Number(policy.maxDelayMicros),
    Number(policy.delayMicros) * policy.factor ** (attempt - 1),
  );
  return BigInt(Math.round(full * (1 - policy.jitter * createRandom(`${seed}/${attempt}`).uniform())));
}

/** Codes whose cause is in the code or the configuration, which waiting does not change. */
const permanent: ReadonlySet<string> = new Set([
  "PIPELINE_INVALID",
  "CONFIG_INVALID",
  "CONFIG_NOT_FOUND",
  "ADAPTER_MISSING_DEPENDENCY",
]);

/** Whether another attempt can help. */
export function isWorthRetrying(error: unknown): boolean {
  return !(TsopsError.is(error) && permanent.has(error.code));
}
