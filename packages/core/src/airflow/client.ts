import { abortedError, throwIfAborted } from "../abort.ts";
import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import { type RetryPolicy, retryDelay } from "../pipeline/retry.ts";
import type { Clock } from "../ports/clock.ts";
import type { AirflowAuth } from "./auth.ts";

/** A request to Airflow's REST API v2. */
export interface AirflowRequest {
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request and gives the answer's JSON. */
export type AirflowCall = <T>(path: string, request?: AirflowRequest) => Promise<T>;

/** One path segment of a name: `daily/2`, say, is one. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

/** Makes calls to a server; nothing is sent twice, except once more with a new token when the server refuses the old one: see `askedAgain`. */
export function airflowCalls(settings: {
  readonly url: string;
  readonly auth: AirflowAuth;
  readonly timeoutMs: number;
}): AirflowCall {
  const { auth, timeoutMs } = settings;
  const url = settings.url.replace(/\/+$/, "");
  return async <T>(path: string, request: AirflowRequest = {}): Promise<T> => {
    throwIfAborted(request.signal);
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
    try {
      const first = await send(url, await auth({ url, isRefused: false, signal }), path, request, signal);
      const response =
        first.status === 401
          ? await send(url, await auth({ url, isRefused: true, signal }), path, request, signal)
          : first;
      const text = await response.text();
      if (!response.ok) throw refusal(request, path, response.status, text);
      return (text === "" ? null : JSON.parse(text)) as T;
    } catch (cause) {
      if (request.signal?.aborted) throw abortedError(request.signal);
      if (TsopsError.is(cause)) throw cause;
      const why = timeout.aborted ? `did not answer within ${timeoutMs} ms` : "could not be reached";
      throw new TsopsError("ADAPTER_UNAVAILABLE", `Airflow ${why}: ${request.method ?? "GET"} ${path}.`, {
        hint: "Check that its API server runs, and the url.",
        cause,
      });
    }
  };
}

/**
 * The same calls, which ask again where that cannot do anything twice: after a question (GET) that the server failed to answer, and after
 * anything that it refused because its database was locked; on SQLite it gives up at once while its scheduler writes, and has made nothing.
 */
export function askedAgain(
  call: AirflowCall,
  { clock, policy }: { readonly clock: Clock; readonly policy: RetryPolicy },
): AirflowCall {
  return async <T>(path: string, request: AirflowRequest = {}): Promise<T> => {
    for (let attempt = 1; ; attempt++)
      try {
        return await call<T>(path, request);
      } catch (error) {
        if (attempt >= policy.attempts || !changesNothingTwice(error, request)) throw error;
        await clock.sleepUntil(clock.now() + retryDelay(policy, attempt, path), request.signal);
      }
  };
}

function changesNothingTwice(error: unknown, { method = "GET" }: AirflowRequest): boolean {
  if (!TsopsError.is(error, "ADAPTER_UNAVAILABLE")) return false;
  const isAnswer = error.details["status"] !== undefined;
  return isAnswer && (method === "GET" || /Database is locked/i.test(error.message));
}

function send(
  url: string,
  authorization: string,
  path: string,
  { method = "GET", query = {}, body }: AirflowRequest,
  signal: AbortSignal,
): Promise<Response> {
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)] as [string, string]],
    ),
  );
  return fetch(`${url}/api/v2${path}${search.size === 0 ? "" : `?${search}`}`, {
    method,
    headers: {
      authorization,
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
  });
}

const codes: Readonly<Record<number, TsopsErrorCode>> = {
  400: "PIPELINE_INVALID",
  401: "CONFIG_INVALID",
  403: "CONFIG_INVALID",
  404: "RUN_NOT_FOUND",
  409: "STORE_CONFLICT",
  422: "PIPELINE_INVALID",
};

function refusal({ method = "GET" }: AirflowRequest, path: string, status: number, text: string): TsopsError {
  const code =
    codes[status] ?? (status >= 500 || status === 429 ? "ADAPTER_UNAVAILABLE" : "PIPELINE_INVALID");
  return new TsopsError(code, `Airflow answered ${status} to ${method} ${path}: ${detailOf(text)}`, {
    hint:
      status === 401 || status === 403
        ? "Check the credentials and what the user may do."
        : status === 409
          ? "A run of this id or logical date is there already: clear it, or ask for its results."
          : "Look at the answer, and at the server's log.",
    details: { status },
  });
}

/** What the server says, in a line; pages of HTML are left out. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return (typeof detail === "string" ? detail : JSON.stringify(detail)).slice(0, 400);
  } catch {
    return "(no reason given)";
  }
}
