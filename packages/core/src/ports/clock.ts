/** Tells and waits for time. Passed in wherever time matters, so that tests and replays run on a virtual one. */
export interface Clock {
  /** The present instant, microseconds since 1970 UTC. */
  now(): bigint;
  /** Resolves once `now() >= until`. Rejects with TsopsError ABORTED when the signal fires first. */
  sleepUntil(until: bigint, signal?: AbortSignal): Promise<void>;
}
