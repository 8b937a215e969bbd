import { setTimeout as wait } from "node:timers/promises";
import { abortedError, TsopsError } from "@tsops/core";
import type { MlflowSettings } from "./settings.ts";

/** Tag by which a run, a model or a version whose creation went unanswered is found again. */
export const requestTag = "tsops.request";

/** How something is made that MLflow makes anew at each request. */
export interface Making<T> {
  /** Sends the request, with a tag that no other call gives. */
  make(): Promise<T>;
  /** All that stands with that tag. */
  find(): Promise<readonly T[]>;
  /** Takes away one that was made too much. */
  discard(extra: T): Promise<unknown>;
}

/**
 * Makes it once. When nobody knows what became of a request it is looked for before it is sent again; and since a request that was cut off
 * may still be at work on the server while it is looked for, a second time after it was sent again.
 */
export async function makeOnce<T>(
  {
    retries = 5,
    retryDelayMs = 200,
    timeoutMs = 60_000,
  }: Pick<MlflowSettings, "retries" | "retryDelayMs" | "timeoutMs">,
  { make, find, discard }: Making<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt++)
    try {
      const made = await make();
      if (attempt === 0) return made;
      const [kept = made, ...extra] = await find();
      for (const one of extra)
        await discard(one).catch((error: unknown) => {
          // Gone already: the answer to this very request was lost.
          if (!TsopsError.is(error, "STORE_NOT_FOUND")) throw error;
        });
      return kept;
    } catch (error) {
      if (!TsopsError.is(error, "ADAPTER_UNAVAILABLE")) throw error;
      const asked = Number(error.details["retryAfterMs"] ?? 0);
      const delay = Math.max(Math.min(asked, timeoutMs), Math.min(10_000, retryDelayMs * 2 ** attempt));
      await wait(delay, undefined, signal && { signal }).catch((cause: unknown) => {
        throw signal?.aborted ? abortedError(signal) : cause;
      });
      const [found] = await find();
      if (found !== undefined) return found;
      if (attempt >= retries) throw error;
    }
}

/** How something is added that MLflow fails on when it is there already. */
export interface Adding {
  /** Sends the request. */
  add(): Promise<unknown>;
  isThere(): Promise<boolean>;
}

/** Adds it, also when nobody knows what became of a request. */
export async function addOnce(
  settings: Parameters<typeof makeOnce>[0],
  { add, isThere }: Adding,
  signal: AbortSignal | undefined,
): Promise<void> {
  const make = async () => {
    try {
      await add();
    } catch (error) {
      // Where a request that was cut off was still at work, the next one breaks a constraint of the database.
      if (!TsopsError.is(error, "VALUE_INVALID") || !(await isThere())) throw error;
    }
    return true;
  };
  const find = async () => ((await isThere()) ? [true] : []);
  await makeOnce(settings, { make, find, discard: async () => {} }, signal);
}
