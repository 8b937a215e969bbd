import { TsopsError } from "@tsops/core";

/**
 * Makes something that MLflow makes anew at each request, once. When nobody knows what became of a request it is looked for, by a tag
 * that only this call gives it, before it is sent again.
 * @param make - Sends the request.
 * @param find - What an earlier try made, or null.
 */
export async function makeOnce<T>(
  tries: number,
  make: () => Promise<T>,
  find: () => Promise<T | null>,
): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await make();
    } catch (error) {
      if (!TsopsError.is(error, "ADAPTER_UNAVAILABLE")) throw error;
      // Looking waits until the server answers again; whatever it had begun is done by then.
      const found = await find();
      if (found !== null) return found;
      if (attempt > tries) throw error;
    }
}
