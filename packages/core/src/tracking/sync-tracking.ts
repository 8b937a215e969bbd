import { checkOptions } from "../options.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { Registry } from "../ports/registry.ts";
import type { Tracker } from "../ports/tracker.ts";
import type { Progress } from "../progress.ts";
import { syncRuns } from "./sync-runs.ts";
import { type SyncedVersions, syncVersions } from "./sync-versions.ts";

/** A tracker and the registry beside it: those of a home, or those of an MLflow server. */
export interface TrackingStore {
  readonly tracker: Tracker;
  readonly registry: Registry;
}

/** How to copy what was tracked. */
export interface SyncTrackingOptions extends CallOptions {
  readonly progress?: Progress;
}

/** What `syncTracking` did; all zero but `unchangedRuns` and `skippedVersions` when there was nothing new. */
export interface TrackingSync {
  /** Runs that are new or were brought up to date. */
  readonly copiedRuns: number;
  readonly unchangedRuns: number;
  readonly registeredVersions: number;
  /** Versions whose tags were brought up to date. */
  readonly retaggedVersions: number;
  /** Aliases that were set or removed. */
  readonly changedAliases: number;
  /** Versions of another tool, which have no logged model of ours to copy. */
  readonly skippedVersions: number;
}

/**
 * Copies runs (with the times at which they began, ended and measured), their files and models, and the registered versions with
 * their aliases from one store to another. Calling it again copies only what is new, also after it was stopped or killed in the
 * middle: copies carry tags that name their origin. Nothing at the target is deleted but aliases that the source took off a copy.
 * One sync at a time.
 * @returns What was done.
 * @throws TsopsError ABORTED, and what the stores throw
 */
export async function syncTracking(
  from: TrackingStore,
  to: TrackingStore,
  options: SyncTrackingOptions = {},
): Promise<TrackingSync> {
  checkOptions("VALUE_INVALID", "syncTracking()", options, { progress: true, signal: true });
  const runs = await syncRuns(from.tracker, to.tracker, options);
  const versions: SyncedVersions = await syncVersions(from.registry, to.registry, runs, options);
  return {
    copiedRuns: runs.copied,
    unchangedRuns: runs.unchanged,
    registeredVersions: versions.registered,
    retaggedVersions: versions.retagged,
    changedAliases: versions.aliases,
    skippedVersions: versions.skipped,
  };
}
