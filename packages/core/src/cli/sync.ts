import { closest } from "../did-you-mean.ts";
import { TsopsError } from "../errors.ts";
import { syncTracking, type TrackingStore, type TrackingSync } from "../tracking/sync-tracking.ts";
import { exitCodes } from "./exit-codes.ts";
import { progressBar } from "./progress-bar.ts";
import { type CommandIo, type GlobalOptions, type Session, withSession, writeResult } from "./session.ts";

/** Options of `tsops sync`. */
export interface SyncCommandOptions extends GlobalOptions {
  readonly to: string;
}

/** `tsops sync --to <name>`: copies what the home tracked to a place of `syncTo`. */
export async function syncCommand(io: CommandIo, options: SyncCommandOptions): Promise<number> {
  return withSession(io, options, async (session) => {
    const open = findTarget(session, options.to);
    const from = { tracker: await session.contract("tracker"), registry: await session.contract("registry") };
    const target = await open();
    const bar = progressBar({ stream: io.stderr, clock: session.clock });
    try {
      const done = await syncTracking(from, target, { signal: io.signal, progress: bar });
      bar.stop();
      writeResult(io, options, { to: options.to, ...done }, syncText(options.to, done));
      return exitCodes.done;
    } finally {
      bar.stop();
      await target.tracker.close();
      await target.registry.close();
    }
  });
}

function findTarget(
  { config, path }: Session,
  name: string,
): () => TrackingStore | PromiseLike<TrackingStore> {
  const targets = config.syncTo ?? {};
  const found = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(targets);
  const near = closest(name, names);
  throw new TsopsError("CONFIG_INVALID", `The configuration ${path} has no place "${name}" to sync to.`, {
    hint:
      near !== null
        ? `Did you mean "${near}"?`
        : names.length === 0
          ? `Add syncTo: { ${name}: () => ({ tracker: mlflowTracker(settings), registry: mlflowRegistry(settings) }) }.`
          : `Its syncTo has ${names.join(", ")}.`,
  });
}

function syncText(to: string, done: TrackingSync): string {
  const parts = [
    `${done.copiedRuns} runs copied, ${done.unchangedRuns} unchanged`,
    `${done.registeredVersions} model versions registered`,
    ...(done.retaggedVersions > 0 ? [`${done.retaggedVersions} with new tags`] : []),
    `${done.changedAliases} aliases changed`,
    ...(done.skippedVersions > 0 ? [`${done.skippedVersions} versions of other tools left out`] : []),
  ];
  return `${to}: ${parts.join("; ")}`;
}
