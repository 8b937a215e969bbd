import { TsopsError } from "@tsops/core";

/** What an MLflow server answered when it did not do what it was asked. */
export interface Refusal {
  readonly status: number;
  /** MLflow's word, e.g. `"RESOURCE_DOES_NOT_EXIST"`; null where the answer is no JSON of MLflow's: 401, 403, unknown endpoints, proxies. */
  readonly errorCode: string | null;
  readonly message: string;
}

/** Whether an error is a refusal of the server with this word of MLflow's. */
export function isRefusal(error: unknown, errorCode: string): error is TsopsError {
  return TsopsError.is(error) && error.details["errorCode"] === errorCode;
}

/** Whether a request that got this answer may do better when it is sent again. */
export function isTransient({ status }: Refusal): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Reads the body of an answer that is no success. */
export function readRefusal(status: number, body: string): Refusal {
  try {
    const parsed = JSON.parse(body) as { error_code?: unknown; message?: unknown };
    if (typeof parsed.error_code === "string")
      return { status, errorCode: parsed.error_code, message: firstLine(String(parsed.message ?? "")) };
  } catch {
    // Text or HTML: of a proxy, of the authentication, or of a path that the server does not know.
  }
  return { status, errorCode: null, message: firstLine(body.replaceAll(/<[^>]*>/g, " ")) };
}

/** The error that a refusal becomes at the adapter's edge. */
export function refusalError(server: string, asked: string, refusal: Refusal): TsopsError {
  const { status, errorCode, message } = refusal;
  const details = { status, errorCode, request: asked };
  const said = message === "" ? `status ${status}` : `${status}: ${message}`;
  if (status === 401 || status === 403)
    return new TsopsError("CONFIG_INVALID", `MLflow at ${server} refuses the login (${said}).`, {
      hint: "Check user name, password or token, their rights, and that the server allows the host name in the URL (--allowed-hosts).",
      details,
    });
  if (isTransient(refusal))
    return new TsopsError("ADAPTER_UNAVAILABLE", `MLflow at ${server} failed on ${asked} (${said}).`, {
      hint: "See the server's log, and try again.",
      details,
    });
  if (errorCode === null)
    return new TsopsError("STORE_UNSUPPORTED", `The server at ${server} does not know ${asked} (${said}).`, {
      hint: "Check the URL; tsops speaks to MLflow 3 servers.",
      details,
    });
  const code =
    errorCode === "RESOURCE_ALREADY_EXISTS" || errorCode === "RESOURCE_CONFLICT"
      ? "STORE_CONFLICT"
      : errorCode === "RESOURCE_DOES_NOT_EXIST"
        ? "STORE_NOT_FOUND"
        : "VALUE_INVALID";
  return new TsopsError(code, `MLflow at ${server} refused ${asked}: ${message}`, { details });
}

function firstLine(text: string): string {
  const line = text.trim().split(/\s*\n\s*/)[0] ?? "";
  return line.length > 300 ? `${line.slice(0, 300)} ...` : line;
}
