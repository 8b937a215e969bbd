import { TsopsError } from "@tsops/core";

/** A value as callers without types may write it. */
// biome-ignore lint/suspicious/noExplicitAny: the point is that the compiler does not look
export const untyped = (value: unknown): any => value;

/** The TsopsError that work throws or rejects with; any other error is thrown on. */
export async function errorOf(work: () => unknown): Promise<TsopsError> {
  try {
    await work();
  } catch (error) {
    if (TsopsError.is(error)) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}
