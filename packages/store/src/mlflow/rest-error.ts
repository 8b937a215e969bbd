import { TsopsError } from "@tsops/core";

/** What an MLflow server answered when it did not do what it was asked. */
export interface Refusal {
  readonly status: number;
  /** MLflow's word, e.g. `"RESOURCE_DOES_NOT_EXIST"`; null where the answer is no JSON of MLflow's: 401, 403, unknown endpoints, proxies. */
  readonly errorCode: string | null;
  readonly message: string;
  /** How long the server asks to be left alone; 0 where it does not say. */
  readonly retryAfterMs: number;
}

/** Headers of an answer, their names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Answers that may be others later; those at which MLflow's own client tries again. 501, or 505, stay as they are. */
const transientStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Whether an error is a refusal of the server with this word of MLflow's. */
export function isRefusal(error: unknown, errorCode: string): error is TsopsError {
  return TsopsError.is(error) && error.details["errorCode"] === errorCode;
}

/** Whether a request that got this answer may do better when it is sent again. */
export function isTransient({ status }: Refusal): boolean {
  return transientStatuses.has(status);
}

/** Reads an answer that is no success. */
export function readRefusal(status: number, body: string, headers: AnswerHeaders = {}): Refusal {
  const retryAfterMs = waitOf(headers["retry-after"]);
  const refusal = (errorCode: string | null, message: string): Refusal => ({
    status,
    errorCode,
    message: shortened(message),
    retryAfterMs,
  });
  if (status >= 300 && status < 400) return refusal(null, `it redirects to ${place(headers["location"])}`);
  try {
    const { error_code, message, detail } = JSON.parse(body) as Record<string, unknown>;
    if (typeof error_code === "string") return refusal(error_code, firstLine(String(message ?? "")));
    if (typeof detail === "string") return refusal(null, firstLine(detail));
  } catch {
    // Text or HTML: of a proxy, of the authentication, or of a path that the server does not know.
  }
  return refusal(null, /<(?:!doctype|html|head|title|body)\b/i.test(body) ? pageText(body) : firstLine(body));
}

/** The error that a refusal becomes at the adapter's edge. */
export function refusalError(server: string, asked: string, refusal: Refusal): TsopsError {
  const { status, errorCode, message, retryAfterMs } = refusal;
  const details = { status, errorCode, request: asked, ...(retryAfterMs === 0 ? {} : { retryAfterMs }) };
  const said = message.startsWith(`${status}`)
    ? message
    : [status, message].filter((part) => part !== "").join(": ");
  const at = `MLflow at ${server}`;
  const invalid = (sentence: string, hint: string) =>
    new TsopsError("CONFIG_INVALID", sentence, { hint, details });
  if (status === 401)
    return invalid(`${at} refuses the login (${said}).`, "Check user name and password, or the token.");
  if (status === 403) {
    if (/host header/i.test(message))
      return invalid(
        `${at} does not take requests for that host name (${said}).`,
        `Start the server with --allowed-hosts "${new URL(server).host}", or use a URL with a name that it takes.`,
      );
    if (/cross-origin/i.test(message))
      return invalid(
        `${at} takes ${asked} for a web page of another origin (${said}).`,
        "tsops sends no Origin: a proxy adds it. Start the server with --cors-allowed-origins, or take the header off there.",
      );
    return invalid(
      `${at} does not allow ${asked} (${said}).`,
      "Check the login and its rights. If something before the server refuses, check what it lets pass.",
    );
  }
  if (isTransient(refusal))
    return new TsopsError("ADAPTER_UNAVAILABLE", `${at} failed on ${asked} (${said}).`, {
      hint: "See the server's log, and try again.",
      details,
    });
  if (status === 413)
    return new TsopsError("VALUE_INVALID", `What ${asked} sends is too large for ${server} (${said}).`, {
      hint: "Raise the limit of the proxy before the server, e.g. client_max_body_size of nginx.",
      details,
    });
  if (errorCode === null || errorCode === "ENDPOINT_NOT_FOUND" || errorCode === "NOT_IMPLEMENTED")
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
  return new TsopsError(code, `${at} refused ${asked}: ${message}`, { details });
}

/** Seconds, or a date. */
function waitOf(header: AnswerHeaders[string]): number {
  const text = typeof header === "string" ? header.trim() : "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  return Math.max(0, Date.parse(text) - Date.now() || 0);
}

/** Where a redirect leads, without the query: a login page's holds secrets. */
function place(location: AnswerHeaders[string]): string {
  return typeof location === "string" ? (location.split(/[?#]/)[0] as string) : "another place";
}

/** What a person reads first on a page: its title, or else its text. */
function pageText(html: string): string {
  const [, title] = /<title[^>]*>([^<]*)/i.exec(html) ?? [];
  const text = title?.trim() || html.replaceAll(/<(style|script)\b.*?<\/\1>|<[^>]*>/gis, " ");
  return text.replaceAll(/\s+/g, " ").trim();
}

function firstLine(text: string): string {
  return text.trim().split(/\s*\n\s*/)[0] ?? "";
}

function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)} ...` : text;
}
