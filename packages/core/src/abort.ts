import { TsopsError } from "./errors.ts";

/** The error of work that was cancelled; the signal's reason is its cause. */
export function abortedError(signal: AbortSignal): TsopsError {
  return new TsopsError("ABORTED", "The work was cancelled before it was done.", { cause: signal.reason });
}

/** @throws TsopsError ABORTED when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

/**
 * Waits for a promise, but not beyond the signal: it then rejects with TsopsError ABORTED. The work behind the promise
 * goes on unless it listens to the signal itself; its late failure is swallowed.
 */
export async function abortable<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else {
      signal.addEventListener("abort", onAbort, { once: true });
      stop = () => signal.removeEventListener("abort", onAbort);
    }
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    stop();
  }
}
