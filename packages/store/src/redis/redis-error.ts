import { TsopsError } from "@tsops/core";

/**
 * What went wrong with Redis, in the terms of tsops.
 * @param server - For messages: where it is, without credentials.
 */
export function redisError(cause: unknown, server: string): TsopsError {
  if (TsopsError.is(cause)) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  // Replies begin with a word in capitals.
  switch (/^[A-Z]+/.exec(message)?.[0]) {
    case "OOM":
      return new TsopsError(
        "STORE_FULL",
        `Redis at ${server} has used the memory it may use; nothing was written.`,
        {
          hint: "Raise its maxmemory, call advance() to drop what no lookup sees, or set entityTtl.",
          cause,
        },
      );
    case "WRONGPASS":
    case "NOAUTH":
    case "NOPERM":
      return new TsopsError("CONFIG_INVALID", `Redis at ${server} refuses the user or the password.`, {
        hint: "Give them in the connection: redis://user:password@host:6379.",
        cause,
      });
    case "OTHERVIEWS":
      return new TsopsError(
        "FEATURE_INVALID",
        `The namespace at ${server} holds rows for other feature views.`,
        {
          hint: "Use another namespace and observe the history again, or open it with the views it was filled for.",
          cause,
        },
      );
    case "WRONGTYPE":
      return new TsopsError(
        "STORE_CORRUPT",
        `A key of the namespace at ${server} is not what tsops keeps there.`,
        {
          hint: "Use a namespace that no other program uses.",
          cause,
        },
      );
    case "READONLY":
      return new TsopsError("STORE_READ_ONLY", `Redis at ${server} is a replica and takes no writes.`, {
        hint: "Connect to the primary.",
        cause,
      });
    default:
      return new TsopsError(
        "ADAPTER_UNAVAILABLE",
        `Redis at ${server} does not answer: ${summary(cause, message)}.`,
        {
          hint: "Start the server or try again: a repeated call changes nothing.",
          cause,
        },
      );
  }
}

function summary(cause: unknown, message: string): string {
  const code = (cause as { readonly code?: unknown } | null)?.code;
  const text = message === "" && typeof code === "string" ? code : message;
  return text.slice(0, 200).replace(/\.$/, "");
}
