import { TsopsError, type TsopsErrorCode } from "../../errors.ts";
import type { LocalFit, LocalModel, SeriesToFit } from "./local-model.ts";

/** Why a model could not be fitted to a series. Can be sent between threads. */
export interface Refused {
  readonly code: TsopsErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  /** What was thrown, unless it was an error of tsops, which is told whole. */
  readonly cause: unknown;
}

/** Fits one series; what is thrown is no end of the others. */
export function tryFit(model: LocalModel, { y, regressors }: SeriesToFit): LocalFit | Refused {
  try {
    return model.fit(y, regressors);
  } catch (error) {
    if (TsopsError.is(error))
      return { code: error.code, message: error.message, hint: error.hint, cause: undefined };
    const message = error instanceof Error ? error.message : String(error);
    return { code: "FIT_FAILED", message, hint: undefined, cause: error };
  }
}

/** Whether there is a reason rather than a fit. */
export function isRefused(one: LocalFit | Refused): one is Refused {
  return "code" in one;
}
