import { TsopsError } from "@tsops/core";

/** A data file that is part of the table from this commit on. */
export interface AddAction {
  /** Relative to the table's directory, percent-encoded. */
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
  /** Milliseconds since 1970 UTC. */
  readonly modificationTime: number;
  /** False when the commit only rearranges rows that were in the table before. */
  readonly dataChange: boolean;
  /** JSON text: numRecords, minValues, maxValues, nullCount. */
  readonly stats?: string | null;
  readonly tags?: Readonly<Record<string, string>> | null;
  readonly deletionVector?: unknown;
}

/** A data file that is no longer part of the table. */
export interface RemoveAction {
  readonly path: string;
  /** Milliseconds since 1970 UTC. */
  readonly deletionTimestamp?: number | null;
  readonly dataChange: boolean;
  readonly extendedFileMetadata?: boolean | null;
  readonly partitionValues?: Readonly<Record<string, string | null>> | null;
  readonly size?: number | null;
}

/** How far an application has written; makes its appends idempotent. */
export interface TxnAction {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number | null;
}

/** The table's schema and settings. */
export interface MetaDataAction {
  readonly id: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly format: { readonly provider: string; readonly options?: Readonly<Record<string, string>> | null };
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly createdTime?: number | null;
}

/** What a program must support to read and to write the table. */
export interface ProtocolAction {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[] | null;
  readonly writerFeatures?: readonly string[] | null;
}

/** Provenance of a commit; free-form. */
export interface CommitInfoAction {
  /** Milliseconds since 1970 UTC. */
  readonly timestamp?: number | null;
  readonly operation?: string | null;
  readonly operationParameters?: Readonly<Record<string, unknown>> | null;
  readonly operationMetrics?: Readonly<Record<string, unknown>> | null;
  readonly engineInfo?: string | null;
  /** Ours: the commit's instant in microseconds since 1970 UTC. */
  readonly tsopsTimestampMicros?: string | null;
}

/** One line of a commit: exactly one of these is set. Actions that tsops does not know are skipped. */
export interface Action {
  readonly add?: AddAction | null;
  readonly remove?: RemoveAction | null;
  readonly txn?: TxnAction | null;
  readonly metaData?: MetaDataAction | null;
  readonly protocol?: ProtocolAction | null;
  readonly commitInfo?: CommitInfoAction | null;
}

/**
 * Reads the lines of a commit.
 * @param file - Named in errors.
 * @throws TsopsError STORE_CORRUPT naming the file and line
 */
export function parseCommit(text: string, file: string): Action[] {
  const actions: Action[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] as string).trim();
    if (line !== "") actions.push(parseAction(line, `line ${i + 1} of ${file}`, { file, line: i + 1 }));
  }
  if (actions.length === 0)
    throw new TsopsError("STORE_CORRUPT", `The commit ${file} is empty.`, {
      hint: "Restore the file from a copy of the table.",
      details: { file },
    });
  return actions;
}

/** Reads one action. `where` and `details` name it in errors. */
export function parseAction(json: string, where: string, details: Readonly<Record<string, unknown>>): Action {
  const corrupt = (problem: string, cause?: unknown) =>
    new TsopsError("STORE_CORRUPT", `The table's log is damaged: ${where} ${problem}.`, {
      hint: "Restore the file from a copy of the table.",
      details,
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw corrupt("is not JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw corrupt("is not an action");
  for (const [kind, fields] of Object.entries(requiredFields)) {
    const body = (value as Record<string, unknown>)[kind];
    if (body === undefined || body === null) continue;
    for (const [name, type] of Object.entries(fields)) {
      const value = (body as Record<string, unknown>)[name];
      const fits = type === "integer" ? Number.isInteger(value) : typeof value === type && value !== null;
      if (typeof body !== "object" || !fits) throw corrupt(`has "${kind}" without a valid "${name}"`);
    }
  }
  return value as Action;
}

const requiredFields = {
  add: { path: "string", size: "integer", modificationTime: "integer" },
  remove: { path: "string" },
  txn: { appId: "string", version: "integer" },
  metaData: { id: "string", schemaString: "string", format: "object" },
  protocol: { minReaderVersion: "integer", minWriterVersion: "integer" },
} as const;

/** The text of a commit. */
export function formatCommit(actions: readonly Action[]): string {
  return actions.map((action) => `${JSON.stringify(action)}\n`).join("");
}
