import { TsopsError, type TsopsErrorCode } from "./errors.ts";

/**
 * Does work whose errors of one code mean another one to those who asked for it.
 * @param code - What they become; message, hint and details stay, and the error is the cause.
 * @param instead - The code that does.
 * @param about - What their messages begin with, e.g. which of many the work was about.
 */
export function withCode<T>(code: TsopsErrorCode, instead: TsopsErrorCode, work: () => T, about = ""): T {
  try {
    return work();
  } catch (error) {
    if (!TsopsError.is(error, instead)) throw error;
    const { message, hint, details } = error;
    throw new TsopsError(code, `${about}${message}`, {
      details,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
