import { TsopsError, type TsopsErrorCode } from "@tsops/core";

interface ServerError extends Error {
  readonly code: string;
  readonly column?: string;
  readonly constraint?: string;
}

/** Codes of PostgreSQL, or the classes that are their first two characters, that mean more than a wrong statement. */
const meanings: Readonly<Record<string, readonly [code: TsopsErrorCode, hint: string]>> = {
  "08": ["ADAPTER_UNAVAILABLE", "Call again when the connection is good."],
  "22": ["VALUE_INVALID", "Correct the value, or change the column's type in the database."],
  "23": ["VALUE_INVALID", "Correct the rows, or change the constraint in the database. Nothing was written."],
  "25006": ["STORE_READ_ONLY", "Write to the primary server."],
  "28": ["CONFIG_INVALID", "Check the user and the password, and the server's pg_hba.conf."],
  "3D000": ["CONFIG_INVALID", "Check the database's name, or create it."],
  "3F000": ["STORE_NOT_FOUND", "Create the schema, or correct its name."],
  "40": ["STORE_CONFLICT", "Run it again: another transaction was in the way."],
  "42501": ["CONFIG_INVALID", "Grant the user what it lacks."],
  "42P01": ["STORE_NOT_FOUND", "Create the table with createTable(), or name it by `relation`."],
  "42P07": ["STORE_EXISTS", "Drop it first, or use it as it is."],
  "53": ["ADAPTER_UNAVAILABLE", "Call again later: the server lacks memory or connections."],
  "53100": ["STORE_FULL", "Make room on the server's disk."],
  "55P03": ["STORE_BUSY", "Call again when the lock is free."],
  "57": [
    "ADAPTER_UNAVAILABLE",
    "Call again when the server is up; a statement timeout may need to be longer.",
  ],
  "58": ["ADAPTER_UNAVAILABLE", "Look into the server's log."],
  XX: ["ADAPTER_UNAVAILABLE", "Look into the server's log."],
};

/**
 * An error of the client library as a TsopsError: what the server refuses by its code, and whatever else happens as
 * ADAPTER_UNAVAILABLE, because then the server did not answer. The server's `detail` is left out: it shows rows.
 */
export function asTsopsError(error: unknown, name: string): TsopsError {
  if (TsopsError.is(error)) return error;
  if (isServerError(error)) {
    const [code, hint] = meanings[error.code] ??
      meanings[error.code.slice(0, 2)] ?? [
        "QUERY_INVALID",
        "Check the table's definition against the database's table.",
      ];
    const { column, constraint } = error;
    return new TsopsError(code, `PostgreSQL answers for ${name}: ${error.message} (${error.code}).`, {
      hint,
      details: {
        sqlState: error.code,
        ...(column === undefined ? {} : { column }),
        ...(constraint === undefined ? {} : { constraint }),
      },
      cause: error,
    });
  }
  const message = error instanceof Error && error.message !== "" ? error.message : causesOf(error);
  return new TsopsError("ADAPTER_UNAVAILABLE", `The connection for ${name} failed: ${message}.`, {
    hint: "Check that the server runs and can be reached, then call again.",
    cause: error,
  });
}

function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    "code" in error &&
    "severity" in error &&
    /^[0-9A-Z]{5}$/.test(String(error.code))
  );
}

/** Node tries each address of a host and gives one error without a message of its own. */
function causesOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
