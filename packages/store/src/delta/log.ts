import { randomUUID } from "node:crypto";
import { link, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { TsopsError } from "@tsops/core";
import { asFileError, syncDirectory } from "../home/files.ts";
import { type Action, formatCommit, parseCommit } from "./actions.ts";

/** Where a table's log lies. */
export function logDirectory(table: string): string {
  return join(table, "_delta_log");
}

/** File name of a commit. */
export function commitName(version: number): string {
  return `${String(version).padStart(20, "0")}.json`;
}

/** File name of a checkpoint in one part. */
export function checkpointName(version: number): string {
  return `${String(version).padStart(20, "0")}.checkpoint.parquet`;
}

/** Ending of names of files that are being written; nobody reads them. */
export const temporarySuffix = ".tmp";

/** What a log directory holds. */
export interface LogListing {
  /** Versions with a commit file, ascending. */
  readonly commits: readonly number[];
  /** Complete checkpoints by version: their files' names, in order of parts. */
  readonly checkpoints: ReadonlyMap<number, readonly string[]>;
}

/** Lists a log directory; null when there is none. */
export async function listLog(table: string): Promise<LogListing | null> {
  let names: string[];
  try {
    names = await readdir(logDirectory(table));
  } catch (error) {
    if (isMissing(error)) return null;
    throw asFileError(error, logDirectory(table));
  }
  const commits: number[] = [];
  const parts = new Map<number, { names: string[]; wanted: number }>();
  for (const name of names.sort()) {
    const commit = /^(\d{20})\.json$/.exec(name);
    if (commit !== null) commits.push(Number(commit[1]));
    const checkpoint = /^(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet$/.exec(name);
    if (checkpoint === null) continue;
    const version = Number(checkpoint[1]);
    const wanted = checkpoint[3] === undefined ? 1 : Number(checkpoint[3]);
    const found = parts.get(version);
    if (wanted === 1 || found === undefined) parts.set(version, { names: [name], wanted });
    else if (found.wanted === wanted && wanted > 1) found.names.push(name);
  }
  const complete = [...parts].filter(([, part]) => part.names.length === part.wanted);
  return { commits, checkpoints: new Map(complete.map(([version, part]) => [version, part.names])) };
}

/**
 * Reads a commit; null when it does not exist.
 * @throws TsopsError STORE_CORRUPT naming file and line
 */
export async function readCommit(table: string, version: number): Promise<Action[] | null> {
  const name = commitName(version);
  let text: string;
  try {
    text = await readFile(join(logDirectory(table), name), "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw asFileError(error, join(logDirectory(table), name));
  }
  return parseCommit(text, `_delta_log/${name}`);
}

/** Whether a commit exists. */
export async function hasCommit(table: string, version: number): Promise<boolean> {
  const path = join(logDirectory(table), commitName(version));
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw asFileError(error, path);
  }
}

/**
 * Writes a commit so that it appears whole or not at all, and is on disk when this resolves to true.
 * @returns False when the version exists already; nothing was changed then.
 * @throws TsopsError STORE_FULL, STORE_READ_ONLY, STORE_UNSUPPORTED on a file system without hard links
 */
export async function tryCommit(
  table: string,
  version: number,
  actions: readonly Action[],
): Promise<boolean> {
  const directory = logDirectory(table);
  const name = commitName(version);
  const temporary = join(directory, `.${name}.${randomUUID()}${temporarySuffix}`);
  try {
    await writeNew(temporary, formatCommit(actions));
    // Unlike a rename, a link never replaces: of two writers exactly one creates the version.
    await link(temporary, join(directory, name)).catch((error: unknown) => {
      throw asLinkError(error);
    });
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw asFileError(error, join(directory, name));
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  try {
    await syncDirectory(directory);
    return true;
  } catch (cause) {
    throw new TsopsError(
      "STORE_UNAVAILABLE",
      `Commit ${version} was written, but the disk did not confirm it: it may be lost if the machine stops now.`,
      {
        hint: "Check the disk, then look whether the version is there.",
        details: { version, isCommitted: true },
        cause,
      },
    );
  }
}

/** Version of the newest checkpoint according to `_last_checkpoint`; null when there is none or it cannot be read. */
export async function lastCheckpointVersion(table: string): Promise<number | null> {
  try {
    const text = await readFile(join(logDirectory(table), "_last_checkpoint"), "utf8");
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === "number" ? version : null;
  } catch {
    // Only a hint for readers: without it the directory is listed.
    return null;
  }
}

/** Replaces `_last_checkpoint`. */
export async function writeLastCheckpoint(
  table: string,
  content: { readonly version: number; readonly size: number },
): Promise<void> {
  const directory = logDirectory(table);
  const temporary = join(directory, `._last_checkpoint.${randomUUID()}${temporarySuffix}`);
  try {
    await writeNew(temporary, JSON.stringify(content));
    await rename(temporary, join(directory, "_last_checkpoint"));
    await syncDirectory(directory);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Flushes a file's content to disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeNew(path: string, content: string): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a failed link means. Linux says EPERM where the file system has no hard links (vfat, some network shares). */
export function asLinkError(error: unknown): unknown {
  if (!["ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EPERM"].includes(errorCode(error) ?? "")) return error;
  return new TsopsError("STORE_UNSUPPORTED", "The file system cannot make hard links, which commits need.", {
    hint: "Keep the table on a local file system such as ext4, xfs, apfs or ntfs.",
    cause: error,
  });
}

function errorCode(error: unknown): string | null {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : null;
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT";
}
