import { TsopsError } from "@tsops/core";
import { readCheckpoint } from "./checkpoint.ts";
import { commitName, hasCommit, type LogListing, lastCheckpointVersion, listLog, readCommit } from "./log.ts";
import { schemaOf } from "./schema.ts";
import type { SessionSource } from "./session-source.ts";
import { instantOf, TableState } from "./state.ts";

/**
 * Replays a table's log.
 * @param version - Up to which version; default the newest.
 * @returns Null when there is no table.
 * @throws TsopsError STORE_CORRUPT naming the file (and line), STORE_NOT_FOUND when the version does not exist (any more)
 */
export async function replay(
  directory: string,
  sessions: SessionSource,
  version?: number,
): Promise<TableState | null> {
  const listing = await listLog(directory);
  if (listing === null) return null;
  const newest = Math.max(listing.commits.at(-1) ?? -1, ...listing.checkpoints.keys());
  if (newest < 0) return null;
  const wanted = version ?? newest;
  if (wanted > newest || wanted < 0 || !Number.isInteger(wanted))
    throw new TsopsError("STORE_NOT_FOUND", `The table has no version ${wanted}; its newest is ${newest}.`, {
      details: { version: wanted, newest },
    });
  const starts = [...listing.checkpoints.keys()].filter((at) => at <= wanted).sort((a, b) => b - a);
  let problem: unknown = null;
  for (const start of [...starts, -1]) {
    const gap = missingCommit(listing, start, wanted);
    if (gap !== null) {
      problem ??= missingError(gap, listing, wanted);
      continue;
    }
    const state = new TableState();
    if (start >= 0) {
      const names = listing.checkpoints.get(start) as readonly string[];
      try {
        state.applyCheckpoint(start, await readCheckpoint(directory, names, sessions));
        schemaOf(state.metaData);
        state.timestampMicros = instantOf((await readCommit(directory, start)) ?? []) ?? 0n;
      } catch (error) {
        if (TsopsError.is(error, "STORE_UNSUPPORTED")) throw error;
        // A damaged checkpoint only summarises the commits: an older one, or the commits alone, do as well.
        problem ??= error;
        continue;
      }
    }
    await applyCommits(directory, state, wanted);
    return state;
  }
  throw problem;
}

/** Applies the commits after a state's version, up to `wanted` or the newest. */
export async function applyCommits(directory: string, state: TableState, wanted?: number): Promise<void> {
  for (;;) {
    const next = state.version + 1;
    if (wanted !== undefined && next > wanted) return;
    let actions = await readCommit(directory, next);
    if (actions === null) {
      if (wanted === undefined && !(await hasCommit(directory, next + 1))) return;
      // It may have come in between; else it was lost, and a commit in its place would contradict those after it.
      actions = await readCommit(directory, next);
    }
    if (actions === null)
      throw new TsopsError("STORE_CORRUPT", `The table's log lacks ${commitName(next)}.`, {
        hint: "Restore the file from a copy of the table.",
        details: { file: `_delta_log/${commitName(next)}` },
      });
    state.apply(next, actions);
  }
}

/** Whether a state may be brought up to date by reading the commits after it: they are still there. */
export async function canAdvance(directory: string, state: TableState): Promise<boolean> {
  // Without the state's own commit the log was deleted, or what another tool left of it begins later.
  if (!(await hasCommit(directory, state.version))) return false;
  // Another tool may have deleted old commits behind a checkpoint; the next commit would then seem not to exist.
  const checkpoint = await lastCheckpointVersion(directory);
  return (
    checkpoint === null ||
    checkpoint <= state.version ||
    (await readCommit(directory, state.version + 1)) !== null
  );
}

function missingCommit(listing: LogListing, start: number, wanted: number): number | null {
  const there = new Set(listing.commits);
  for (let version = start + 1; version <= wanted; version++) if (!there.has(version)) return version;
  return null;
}

function missingError(version: number, listing: LogListing, wanted: number): TsopsError {
  const oldest = Math.min(...listing.commits, ...listing.checkpoints.keys());
  if (version < oldest && wanted < oldest)
    return new TsopsError(
      "STORE_NOT_FOUND",
      `Version ${wanted} is no longer in the table's log; it begins at ${oldest}.`,
      {
        details: { version: wanted, oldest },
      },
    );
  return new TsopsError("STORE_CORRUPT", `The table's log lacks ${commitName(version)}.`, {
    hint: "Restore the file from a copy of the table.",
    details: { file: `_delta_log/${commitName(version)}` },
  });
}
