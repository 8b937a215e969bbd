import { TsopsError } from "@tsops/core";
import type {
  Action,
  AddAction,
  MetaDataAction,
  ProtocolAction,
  RemoveAction,
  TxnAction,
} from "./actions.ts";
import { refuseUnreadable } from "./features.ts";

/** Names of our tags of data files. */
export const fileTags = {
  /** Commit version whose rows the file holds (the oldest, after compaction). */
  version: "tsops.version",
  /** Number of the file's first row within that commit. */
  firstRow: "tsops.firstRow",
  /** What rows carry in the file: `time`, their ingest time; `all`, also their ingest version and number. */
  ingest: "tsops.ingest",
  /** `time`: the rows are in order of event time. */
  order: "tsops.order",
} as const;

/** A data file of a table, with what is needed to number its rows. */
export interface DataFile {
  readonly add: AddAction;
  /** Path within the table's directory, decoded. */
  readonly path: string;
  /** Commit version of the file's rows; -1 when it is no longer known. */
  readonly version: number;
  /** Number of the file's first row within its commit. */
  readonly firstRow: bigint;
  /** Instant of the commit in microseconds UTC. */
  readonly ingestMicros: bigint;
  /** What each row carries of its ingest identity: nothing, its time (`time`), or time, version and number (`all`). */
  readonly ingest: "none" | "time" | "all";
  readonly isTimeOrdered: boolean;
}

/** Rows that a file of another tool may have, at most: its rows are numbered from (place in commit) times this. */
const rowsPerForeignFile = 2n ** 40n;

/** A table's log replayed up to a version. Changes as later commits are applied. */
export class TableState {
  version = -1;
  /** Instant of the last commit in microseconds UTC; never before that of an earlier commit. */
  timestampMicros = 0n;
  readonly files = new Map<string, DataFile>();
  readonly tombstones = new Map<string, RemoveAction>();
  readonly txns = new Map<string, TxnAction>();
  #protocol: ProtocolAction | null = null;
  #metaData: MetaDataAction | null = null;
  #ordered: readonly DataFile[] | null = null;

  /** Highest reader version and features asked for so far. */
  get protocol(): ProtocolAction {
    return this.#protocol ?? { minReaderVersion: 1, minWriterVersion: 2 };
  }

  get metaData(): MetaDataAction {
    if (this.#metaData !== null) return this.#metaData;
    throw new TsopsError("STORE_CORRUPT", "The table's log has no metaData action.", {
      hint: "Restore the _delta_log directory from a copy of the table.",
    });
  }

  /**
   * Applies the actions of a commit.
   * @throws TsopsError STORE_UNSUPPORTED when it needs a feature that tsops cannot read
   */
  apply(version: number, actions: readonly Action[]): void {
    const micros = instantOf(actions);
    if (micros !== null && micros > this.timestampMicros) this.timestampMicros = micros;
    this.#applyAll(actions, version, this.timestampMicros);
    this.version = version;
  }

  /** Replaces everything by the actions of a checkpoint. */
  applyCheckpoint(version: number, actions: readonly Action[]): void {
    const orphans = actions
      .flatMap(({ add }) => (add && add.tags?.[fileTags.version] === undefined ? [add] : []))
      .sort((a, b) => a.modificationTime - b.modificationTime || (a.path < b.path ? -1 : 1));
    const place = new Map(orphans.map((add, index) => [add, index]));
    const known = actions.filter(({ add }) => !add || !place.has(add));
    this.#applyAll(known, -1, 0n);
    for (const [add, index] of place) this.#add(add, -1, index, BigInt(add.modificationTime) * 1000n);
    this.version = version;
  }

  #applyAll(actions: readonly Action[], version: number, micros: bigint): void {
    let place = 0;
    this.#ordered = null;
    for (const { protocol, metaData } of actions) {
      if (protocol) this.#protocol = protocol;
      if (metaData) this.#metaData = metaData;
      if (protocol || metaData) refuseUnreadable(this.protocol, metaData ?? null);
    }
    // A commit may name a path once in a remove and once in an add: the add stands.
    for (const { remove } of actions) if (remove) this.#remove(remove);
    for (const { add, txn } of actions) {
      if (add) this.#add(add, version, place++, micros);
      if (txn) this.txns.set(txn.appId, txn);
    }
  }

  #remove(remove: RemoveAction): void {
    const path = decodePath(remove.path);
    this.files.delete(path);
    this.tombstones.set(path, remove);
  }

  #add(add: AddAction, version: number, place: number, micros: bigint): void {
    if (add.deletionVector)
      throw new TsopsError("STORE_UNSUPPORTED", "The table uses the Delta feature deletionVectors.", {
        hint: "Rewrite the table without deletion vectors in the tool that wrote it.",
        details: { features: ["deletionVectors"] },
      });
    const path = decodePath(add.path);
    const tags = add.tags ?? {};
    const taggedVersion = tags[fileTags.version];
    const taggedRow = tags[fileTags.firstRow];
    const taggedIngest = tags[fileTags.ingest];
    this.tombstones.delete(path);
    this.files.set(path, {
      add,
      path,
      version: taggedVersion === undefined ? version : Number(wholeTag(add, taggedVersion)),
      firstRow: taggedRow === undefined ? BigInt(place) * rowsPerForeignFile : wholeTag(add, taggedRow),
      ingestMicros: version < 0 ? BigInt(add.modificationTime) * 1000n : micros,
      ingest: taggedIngest === "all" || taggedIngest === "time" ? taggedIngest : "none",
      isTimeOrdered: tags[fileTags.order] === "time",
    });
  }

  /** The files in order of ingest: by commit, then by place in it. */
  orderedFiles(): readonly DataFile[] {
    this.#ordered ??= [...this.files.values()].sort(
      (a, b) =>
        a.version - b.version ||
        (a.firstRow < b.firstRow ? -1 : a.firstRow > b.firstRow ? 1 : a.path < b.path ? -1 : 1),
    );
    return this.#ordered;
  }
}

/** The instant that a commit names, in microseconds UTC. */
export function commitMicros(actions: readonly Action[]): bigint | null {
  for (const { commitInfo } of actions) {
    if (!commitInfo) continue;
    // Free-form: what cannot be an instant is as good as absent.
    const { tsopsTimestampMicros: micros, timestamp: millis } = commitInfo;
    if (typeof micros === "string" && isWhole(micros)) return BigInt(micros);
    if (Number.isSafeInteger(millis)) return BigInt(millis as number) * 1000n;
  }
  return null;
}

/** The instant of a commit: as it says itself, else that of its newest file. */
export function instantOf(actions: readonly Action[]): bigint | null {
  const named = commitMicros(actions);
  if (named !== null) return named;
  const times = actions.flatMap(({ add }) => (add ? [add.modificationTime] : []));
  return times.length === 0 ? null : BigInt(Math.max(...times)) * 1000n;
}

function decodePath(path: string): string {
  if (/^([A-Za-z][A-Za-z0-9+.-]*:|\/)/.test(path))
    throw new TsopsError(
      "STORE_UNSUPPORTED",
      "The table uses absolute paths: it refers to files outside its directory.",
      {
        hint: "Copy the table with the tool that made it (it is probably a shallow clone).",
        details: { features: ["absolute paths"], path },
      },
    );
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function isWhole(text: string): boolean {
  return /^-?\d{1,18}$/.test(text);
}

/** A whole number among a file's tags. */
function wholeTag({ path }: AddAction, text: string): bigint {
  if (typeof text === "string" && isWhole(text)) return BigInt(text);
  throw new TsopsError(
    "STORE_CORRUPT",
    `The table's log is damaged: a tag of the file ${path} is ${JSON.stringify(text)}, not a whole number.`,
    { hint: "Restore the _delta_log directory from a copy of the table.", details: { file: path } },
  );
}
