import { TsopsError, type TsopsErrorCode } from "@tsops/core";
import type { FastifyError } from "fastify";

/** What a caller is told of a failure. Never a stack, a cause or a path. */
export interface Problem {
  readonly status: number;
  readonly body: { readonly code: string; readonly message: string; readonly hint?: string };
}

const callers: ReadonlySet<TsopsErrorCode> = new Set([
  "SCHEMA_INVALID",
  "SCHEMA_MISMATCH",
  "COLUMN_NOT_FOUND",
  "VALUE_INVALID",
  "TIME_INVALID",
  "TIME_ZONE_MISSING",
  "PANEL_INVALID",
  "KEY_UNKNOWN",
  "FUTURE_VALUES_MISSING",
  "MODEL_PARAMETER_INVALID",
]);
const passing: ReadonlySet<TsopsErrorCode> = new Set([
  "SERVE_CLOSED",
  "STORE_BUSY",
  "STORE_UNAVAILABLE",
  "ADAPTER_UNAVAILABLE",
  "ABORTED",
]);

/** The answer to a failed request: 422 when the caller can mend it, 503 when it may go well later, 500 otherwise. */
export function problemOf(error: FastifyError | TsopsError): Problem {
  if (TsopsError.is(error)) {
    const { code, message, hint } = error;
    if (callers.has(code)) return { status: 422, body: { code, message, ...(hint && { hint }) } };
    const status = passing.has(code) ? 503 : 500;
    return { status, body: { code, message: "The request failed; the app's log says why." } };
  }
  const status = error.statusCode ?? 500;
  return status < 500
    ? { status, body: { code: error.code, message: error.message } }
    : { status, body: { code: "OTHER", message: "The request failed; the app's log says why." } };
}

/** The code of an error, for answers that anybody may read. */
export function errorCode(error: unknown): string {
  return TsopsError.is(error) ? error.code : "OTHER";
}
