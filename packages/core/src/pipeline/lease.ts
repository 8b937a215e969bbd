import { TsopsError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ledger, LedgerKey } from "../ports/ledger.ts";

/** A lease that is renewed until it is let go. */
export interface HeldLease {
  /** Fires with the error as its reason when the lease is lost. */
  readonly signal: AbortSignal;
  /** Ends the renewing; resolves when no renewal is under way any more. */
  stop(): Promise<void>;
}

/**
 * Renews a run's lease three times per lease time. A renewal that fails for another reason than loss (a busy database,
 * say) is tried again until the lease has run out.
 */
export function holdLease(options: {
  readonly ledger: Ledger;
  readonly key: LedgerKey;
  readonly owner: string;
  readonly clock: Clock;
  readonly leaseMicros: bigint;
}): HeldLease {
  const { ledger, key, owner, clock, leaseMicros } = options;
  const lost = new AbortController();
  const stopped = new AbortController();
  const renewing = (async () => {
    let leaseUntil = clock.now() + leaseMicros;
    for (;;) {
      await clock.sleepUntil(clock.now() + leaseMicros / 3n, stopped.signal);
      const now = clock.now();
      try {
        await ledger.renew(key, owner, now + leaseMicros, now);
        leaseUntil = now + leaseMicros;
      } catch (error) {
        if (!TsopsError.is(error, "LEASE_LOST") && clock.now() < leaseUntil) continue;
        lost.abort(error);
        return;
      }
    }
  })().catch((error: unknown) => {
    if (!stopped.signal.aborted) lost.abort(error);
  });
  return {
    signal: lost.signal,
    async stop() {
      stopped.abort();
      await renewing;
    },
  };
}
