import { TsopsError } from "@tsops/core";

const full = /No space left on device|Disk quota exceeded|File too large|failed to offload data block/;
const readOnly = /Read-only file system|Permission denied|Operation not permitted/;
const memory = /^Out of Memory Error/;

/**
 * The error to throw for whatever DuckDB threw: a full or read-only disk and too little memory get a code; mistakes in
 * SQL stay what they are.
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
  return error;
}
