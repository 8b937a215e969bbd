import { closest } from "../did-you-mean.ts";
import { TsopsError } from "../errors.ts";
import { holdLease } from "../pipeline/lease.ts";
import { uniqueOwner } from "../pipeline/run-attempt.ts";
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
    const lease = await claimSync(io, session, options.to);
    const bar = progressBar({ stream: io.stderr, clock: session.clock });
    try {
      const signals = [lease?.signal, io.signal].filter((signal) => signal !== undefined);
      const target = await open();
      try {
        const done = await syncTracking(from, target, { signal: AbortSignal.any(signals), progress: bar });
        bar.stop();
        writeResult(io, options, { to: options.to, ...done }, syncText(options.to, done));
        return exitCodes.done;
      } finally {
        await target.tracker.close();
        await target.registry.close();
      }
    } finally {
      bar.stop();
      await lease?.end();
    }
  });
}

/** How long a sync whose process died keeps the next one waiting. */
const leaseMicros = 15_000_000n;

/** Two at once would both copy what neither finds at the target: the second waits. */
async function claimSync(io: CommandIo, { config, clock, contract }: Session, to: string) {
  const ledger = await contract("ledger").catch((error: unknown) => {
    // A configuration without a ledger has nobody to ask.
    if (TsopsError.is(error, "CONFIG_INVALID")) return null;
    throw error;
  });
  if (ledger === null) return null;
  const key = { pipeline: "tsops sync", partition: to, start: 0n, end: 0n };
  const owner = uniqueOwner();
  const { codeVersion } = config;
  const claim = () =>
    ledger.claim(key, {
      owner,
      now: clock.now(),
      leaseUntil: clock.now() + leaseMicros,
      force: true,
      ...(codeVersion === undefined ? {} : { codeVersion }),
      signal: io.signal,
    });
  for (let found = await claim(), isTold = false; found.outcome !== "claimed"; found = await claim()) {
    if (!isTold) io.stderr.write(`${found.entry.owner} is copying to "${to}"; waiting until it is done\n`);
    isTold = true;
    await clock.sleepUntil(clock.now() + 500_000n, io.signal);
  }
  const lease = holdLease({ ledger, key, owner, clock, leaseMicros });
  return {
    signal: lease.signal,
    async end() {
      await lease.stop();
      if (!lease.signal.aborted) await ledger.finish(key, owner, { status: "succeeded", now: clock.now() });
    },
  };
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
