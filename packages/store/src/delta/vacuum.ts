import { randomUUID } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkOptions, durationMicros, throwIfAborted } from "@tsops/core";
import { asFileError } from "../home/files.ts";
import { logDirectory, temporarySuffix } from "./log.ts";
import type { TableLog } from "./table-log.ts";

/** What to keep. */
export interface VacuumOptions {
  /**
   * How long files that a commit removed are kept for readers of older versions, by the table's clock. Default `"7d"`;
   * shorter than the longest read is unsafe.
   */
  readonly retention?: string;
  /**
   * How old a file that no commit refers to must be, by the file system's own clock, to count as left behind by a writer
   * that died. Default `"1d"`; shorter than the longest append is unsafe.
   */
  readonly orphanAge?: string;
  /** Only lists what would be removed. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** What vacuuming removed, or would remove. */
export interface VacuumResult {
  /** Names within the table's directory. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Removes data files that the newest version does not use: those removed longer ago than `retention`, and those of writers
 * that died. Versions that used them can no longer be read.
 * @throws TsopsError STORE_READ_ONLY, ABORTED
 */
export async function vacuumTable(log: TableLog, options: VacuumOptions = {}): Promise<VacuumResult> {
  checkOptions("VALUE_INVALID", "vacuum()", options, {
    retention: true,
    orphanAge: true,
    dryRun: true,
    signal: true,
  });
  const retention = durationMicros(options.retention ?? "7d");
  const orphanAgeMs = Number(durationMicros(options.orphanAge ?? "1d") / 1000n);
  const { directory } = log;
  // Listed before the state is read: a file committed in between is then in the state.
  const candidates = await listCandidates(directory);
  const nowMs = Number(log.clock.now() / 1000n);
  const { used, removed } = await log.head((state) => ({
    used: new Set(state.files.keys()),
    removed: new Map(
      [...state.tombstones].map(([path, { deletionTimestamp }]) => [path, deletionTimestamp ?? 0]),
    ),
  }));
  const diskNowMs = await fileSystemNow(directory);
  const files: string[] = [];
  let bytes = 0;
  for (const { name, size, modifiedMs } of candidates) {
    throwIfAborted(options.signal);
    if (used.has(name)) continue;
    const removedMs = removed.get(name);
    const isDue =
      removedMs === undefined
        ? diskNowMs - modifiedMs >= orphanAgeMs
        : BigInt(nowMs - removedMs) * 1000n >= retention;
    if (!isDue) continue;
    files.push(name);
    bytes += size;
    if (options.dryRun === true) continue;
    try {
      await rm(join(directory, name), { force: true });
    } catch (error) {
      throw asFileError(error, join(directory, name));
    }
  }
  return { files, bytes };
}

interface Candidate {
  readonly name: string;
  readonly size: number;
  readonly modifiedMs: number;
}

async function listCandidates(directory: string): Promise<Candidate[]> {
  const data = (await readdir(directory)).filter(
    (name) => name.endsWith(".parquet") && !name.startsWith("_"),
  );
  const log = (await readdir(logDirectory(directory))).filter((name) => name.endsWith(temporarySuffix));
  const found: Candidate[] = [];
  for (const name of [...data, ...log.map((file) => join("_delta_log", file))]) {
    const info = await stat(join(directory, name)).catch(() => null);
    if (info !== null) found.push({ name, size: info.size, modifiedMs: info.mtimeMs });
  }
  return found;
}

/** The file system's clock: ages of files are judged by the clock that stamped them, even on a network disk. */
async function fileSystemNow(directory: string): Promise<number> {
  const probe = join(logDirectory(directory), `.clock.${randomUUID()}${temporarySuffix}`);
  try {
    const handle = await open(probe, "wx");
    try {
      return (await handle.stat()).mtimeMs;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asFileError(error, probe);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}
