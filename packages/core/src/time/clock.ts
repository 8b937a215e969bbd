import { abortedError, throwIfAborted } from "../abort.ts";
import type { Clock } from "../ports/clock.ts";
import { formatInstant } from "./instant.ts";

// Longer timeouts overflow setTimeout's 32 bits and would fire at once.
const longestTimeoutMs = 2 ** 31 - 1;

/** The machine's clock, to the millisecond. */
export function systemClock(): Clock {
  const now = () => BigInt(Date.now()) * 1000n;
  return {
    now,
    sleepUntil: (until, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(abortedError(signal));
        let timer: NodeJS.Timeout | undefined;
        const onAbort = () => {
          clearTimeout(timer);
          reject(abortedError(signal as AbortSignal));
        };
        const wait = () => {
          const left = until - now();
          if (left > 0n) {
            const ms = Number((left + 999n) / 1000n);
            timer = setTimeout(wait, Math.min(ms, longestTimeoutMs));
          } else {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          }
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        wait();
      }),
  };
}

/** A clock that moves only when told. */
export interface VirtualClock extends Clock {
  /**
   * Moves to an instant. Sleepers due on the way wake in order of their instants (equal ones: first come, first
   * served), each with `now()` at its own instant, and what they do synchronously or in promise callbacks happens before
   * the next wakes, including new sleeps.
   * @throws RangeError when the instant is in the past.
   */
  advanceTo(until: bigint): Promise<void>;
  /** Moves by microseconds; see `advanceTo`. */
  advanceBy(micros: bigint): Promise<void>;
  /** The instant at which the next sleeper wakes, or null when none sleeps. */
  nextWakeUp(): bigint | null;
}

interface Sleeper {
  readonly until: bigint;
  readonly order: number;
  readonly wake: () => void;
}

/** A virtual clock that starts at an instant, microseconds since 1970 UTC. */
export function virtualClock(start: bigint): VirtualClock {
  let present = start;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  const next = (): Sleeper | null => {
    let first: Sleeper | null = null;
    for (const sleeper of sleepers)
      if (
        first === null ||
        sleeper.until < first.until ||
        (sleeper.until === first.until && sleeper.order < first.order)
      )
        first = sleeper;
    return first;
  };

  const advanceTo = async (until: bigint): Promise<void> => {
    if (until < present)
      throw new RangeError(
        `The clock is at ${formatInstant(present)} and cannot go back to ${formatInstant(until)}.`,
      );
    await settled();
    for (let sleeper = next(); sleeper !== null && sleeper.until <= until; sleeper = next()) {
      sleepers.delete(sleeper);
      if (sleeper.until > present) present = sleeper.until;
      sleeper.wake();
      await settled();
    }
    if (until > present) present = until;
  };

  return {
    now: () => present,
    async sleepUntil(until, signal) {
      throwIfAborted(signal);
      if (until <= present) return;
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(abortedError(signal as AbortSignal));
        };
        const sleeper: Sleeper = {
          until,
          order: order++,
          wake() {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
    advanceTo,
    advanceBy: (micros) => advanceTo(present + micros),
    nextWakeUp: () => next()?.until ?? null,
  };
}

/** Lets every promise callback that is ready run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
