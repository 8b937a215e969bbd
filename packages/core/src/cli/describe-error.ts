import { TsopsError } from "../errors.ts";

/** An error as data, for `--json`. Causes are chained. */
export function errorData(error: unknown): Readonly<Record<string, unknown>> {
  const cause = error instanceof Error && error.cause !== undefined ? { cause: errorData(error.cause) } : {};
  if (TsopsError.is(error))
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(Object.keys(error.details).length === 0 ? {} : { details: plain(error.details) }),
      ...cause,
    };
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof Error ? error.name : "UNKNOWN", message, ...cause };
}

/** An error for people: code and sentence, details, causes, and the hint last. Errors that are not ours show their stack. */
export function errorText(error: unknown): string {
  if (!TsopsError.is(error))
    return `error ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  const lines = [`error ${error.code}: ${error.message}`];
  for (const [name, value] of Object.entries(error.details)) lines.push(`  ${name}: ${inline(value)}`);
  let said = error.message;
  for (let cause: unknown = error.cause; cause !== undefined && cause !== null; ) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const text = causeText(cause, said.includes(message));
    if (text !== "") lines.push(`  caused by ${text}`);
    said = message;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  if (error.hint !== undefined) lines.push(`  hint: ${error.hint}`);
  return lines.join("\n");
}

/** Message and the place where it was thrown; what the line above has said already is not said again. */
function causeText(cause: unknown, isSaid: boolean): string {
  if (!(cause instanceof Error)) return isSaid ? "" : String(cause);
  // Our own errors need no place.
  const place = TsopsError.is(cause) ? undefined : placeOf(cause);
  const code = TsopsError.is(cause) ? cause.code : cause.name;
  if (isSaid) return place === undefined ? "" : `${code} at ${place}`;
  const prefix = code === "Error" ? "" : `${code}: `;
  // Node's list of the modules that asked for a missing one says nothing to the one who types a command.
  const [sentence] = cause.message.split("\nRequire stack:");
  return `${prefix}${sentence}${place === undefined ? "" : ` (at ${place})`}`;
}

/** Where an error was thrown, or the place in the file that could not be read; undefined when only Node itself is there. */
export function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = error.stack?.split("\n") ?? [];
  if (/^(file:\/\/)?\/.*:\d+$/.test(lines[0] ?? "")) return lines[0];
  return lines.find((line) => /^\s+at /.test(line) && !line.includes("node:"))?.replace(/^\s+at /, "");
}

function inline(value: unknown): string {
  if (typeof value === "string") return value;
  const text = JSON.stringify(plain(value)) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** What JSON can hold; the rest as text. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol")
    return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)
    return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
