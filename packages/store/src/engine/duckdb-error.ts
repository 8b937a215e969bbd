import { TsopsError } from "@tsops/core";
import { ResultCutError } from "../arrow/read.ts";

const full = /No space left on device|Disk quota exceeded|File too large|failed to offload data block/;
const readOnly = /Read-only file system|Permission denied|Operation not permitted/;
const missing = /^(IO Error: )?No files found that match/;
// The last is all that it says of a text without a statement.
const refused =
  /^(?:Failed to extract statements: )?(Parser|Binder|Catalog|Conversion|Invalid Input|Out of Range|Constraint|Not implemented) Error|^Error in native callback$/i;
const memory = /^Out of Memory Error/;

/** Whether DuckDB gave up on a query itself, which a damaged or missing file may have caused. */
export function isQueryFailure(error: unknown): boolean {
  return (
    !TsopsError.is(error) ||
    error instanceof ResultCutError ||
    error.code === "QUERY_INVALID" ||
    error.code === "STORE_NOT_FOUND"
  );
}

/**
 * The error to throw for whatever DuckDB threw: a full or read-only disk, too little memory, a missing file and a query that
 * cannot be run get a code, and DuckDB's own error is the cause.
 */
export function asEngineError(error: unknown): unknown {
  if (TsopsError.is(error) || !(error instanceof Error)) return error;
  const { message } = error;
  if (full.test(message))
    return new TsopsError("STORE_FULL", "There is no room to write on the disk; nothing was changed.", {
      hint: "Free space on that disk (or raise its quota) and try again.",
      cause: error,
    });
  if (readOnly.test(message))
    return new TsopsError("STORE_READ_ONLY", "A file cannot be opened: its directory or file is read-only.", {
      hint: "Make the directory and its files accessible for this user.",
      cause: error,
    });
  if (memory.test(message))
    return new TsopsError("STORE_UNAVAILABLE", "The query needs more memory than the engine may use.", {
      hint: "Open the engine with a larger memoryLimit, or with a tempDirectory on a disk with room.",
      cause: error,
    });
  const [summary = ""] = message.split("\n");
  if (missing.test(message))
    return new TsopsError("STORE_NOT_FOUND", summary, {
      hint: "Check the path; it is taken from the working directory.",
      cause: error,
    });
  if (refused.test(message))
    return new TsopsError("QUERY_INVALID", `DuckDB refuses the query: ${summary}`, {
      hint: "The cause has DuckDB's whole message, with the place in the query or in the file.",
      cause: error,
    });
  return error;
}
