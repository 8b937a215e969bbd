import { TsopsError } from "../errors.ts";
import { subtractDuration } from "../time/duration.ts";
import { toMicros } from "../time/instant.ts";

/**
 * What `--since` and its like say: an instant (`2012-06-01T00:00Z`), or how long ago (`7d`).
 * @throws TsopsError TIME_INVALID, TIME_ZONE_MISSING, DURATION_INVALID
 */
export function when(option: string, text: string, now: bigint): bigint {
  if (/^\d+[a-z]+$/.test(text)) return subtractDuration(now, text);
  try {
    return toMicros(text);
  } catch (error) {
    if (!TsopsError.is(error)) throw error;
    throw new TsopsError(error.code, `${option} ${error.message}`, {
      hint: "Give an instant with an offset (2012-06-01T00:00Z), or how long ago (7d).",
      cause: error,
    });
  }
}
