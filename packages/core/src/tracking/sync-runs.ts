import { createHash } from "node:crypto";
import { throwIfAborted } from "../abort.ts";
import { canonicalJson } from "../canonical-json.ts";
import { sha256Hex } from "../hash.ts";
import type { ActiveRun, LoggedModel, Metric, Run, Tracker } from "../ports/tracker.ts";
import type { Progress } from "../progress.ts";

/** The run that a run was copied from. */
export const originRunTag = "tsops.origin_run";
/** What had been copied when the copy was last whole. */
const originHashTag = "tsops.origin_hash";

/** The copies that stand at the target. */
export interface SyncedRuns {
  readonly copied: number;
  readonly unchanged: number;
  /** A model of the source as it stands at the target; null when there is none. */
  model(runId: string, modelId: string): Promise<LoggedModel | null>;
}

interface SyncOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/** Copies all runs, the oldest first. A run is found again by the tag that names its origin, and left alone when nothing of it changed. */
export async function syncRuns(from: Tracker, to: Tracker, options: SyncOptions): Promise<SyncedRuns> {
  const { signal, progress } = options;
  const calls = signal === undefined ? {} : { signal };
  const all = Number.MAX_SAFE_INTEGER;
  const runs = [...(await from.searchRuns({ limit: all, ...calls }))].reverse();
  const copies = new Map<string, Run>();
  for (const experiment of new Set(runs.map((run) => run.experiment)))
    for (const run of await to.searchRuns({ experiment, limit: all, ...calls })) {
      const origin = run.tags[originRunTag];
      if (origin !== undefined) copies.set(origin, run);
    }

  const ids = new Map([...copies].map(([origin, copy]) => [origin, copy.runId]));
  let copied = 0;
  for (const [done, run] of runs.entries()) {
    throwIfAborted(signal);
    progress?.({ task: "runs", done, total: runs.length, figures: { copied } });
    const content = await contentOf(from, run, calls);
    const copy = copies.get(run.runId);
    if (copy?.tags[originHashTag] === content.hash) continue;
    ids.set(run.runId, await copyRun(from, to, content, copy?.runId ?? null, calls));
    copied++;
  }
  progress?.({ task: "runs", done: runs.length, total: runs.length, figures: { copied } });

  const models = new Map<string, readonly LoggedModel[]>();
  return {
    copied,
    unchanged: runs.length - copied,
    async model(runId, modelId) {
      const copy = ids.get(runId);
      if (copy === undefined) return null;
      const known = models.get(copy) ?? (await to.listModels(copy, calls));
      models.set(copy, known);
      return known.find((model) => model.key === modelId) ?? null;
    },
  };
}

interface RunContent {
  readonly run: Run;
  /** Those of the run's own, without what an earlier copy says of itself. */
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: readonly Required<Metric>[];
  readonly artifacts: readonly string[];
  readonly models: readonly LoggedModel[];
  /** sha256 of all of it. */
  readonly hash: string;
}

type Calls = { readonly signal?: AbortSignal };

/** What is compared with the last copy: all of it, as a run may be gone on with after it has ended. */
async function contentOf(from: Tracker, run: Run, calls: Calls): Promise<RunContent> {
  const { [originRunTag]: _run, [originHashTag]: _hash, ...tags } = run.tags;
  const artifacts = await from.listArtifacts(run.runId, calls);
  const models = await from.listModels(run.runId, calls);
  const { experiment, name, status, startTime, endTime, params, inputs } = run;
  const metrics = await historiesOf(from, run, calls);
  const counted = [
    { experiment, name, status, startTime, endTime, params, tags, inputs },
    metrics.map(({ key, value, time, step }) => [key, value, time, step]),
    await fileHashes(from, run, artifacts, calls),
    models.map(({ modelId }) => modelId),
  ];
  return { run, tags, metrics, artifacts, models, hash: sha256Hex(canonicalJson(counted)) };
}

async function historiesOf(from: Tracker, run: Run, calls: Calls): Promise<readonly Required<Metric>[]> {
  const metrics: Required<Metric>[] = [];
  for (const key of Object.keys(run.metrics))
    metrics.push(...(await from.metricHistory(run.runId, key, calls)));
  return metrics;
}

async function fileHashes(
  from: Tracker,
  { runId }: Run,
  paths: readonly string[],
  calls: Calls,
): Promise<readonly (readonly [path: string, sha256: string])[]> {
  const hashes: [string, string][] = [];
  for (const path of paths) {
    const hash = createHash("sha256");
    for await (const piece of from.streamArtifact(runId, path, calls)) hash.update(piece);
    hashes.push([path, hash.digest("hex")]);
  }
  return hashes;
}

/** Each call changes nothing when it is repeated, so a copy that was cut off is gone on with from the beginning. */
async function copyRun(
  from: Tracker,
  to: Tracker,
  { run, tags, metrics, artifacts, models, hash }: RunContent,
  copyId: string | null,
  calls: Calls,
): Promise<string> {
  const { experiment, name, startTime, endTime, status } = run;
  const origin = { ...tags, [originRunTag]: run.runId };
  let active: ActiveRun;
  if (copyId === null) active = await to.startRun({ experiment, name, startTime, tags: origin, ...calls });
  else {
    active = await to.resumeRun(copyId, calls);
    await active.setTags(origin, calls);
  }
  if (Object.keys(run.params).length > 0) await active.logParams(run.params, calls);
  if (run.inputs.length > 0) await active.logInputs(run.inputs, calls);
  if (metrics.length > 0) await active.logMetrics(metrics, calls);
  for (const path of artifacts)
    await active.logArtifact(path, () => from.streamArtifact(run.runId, path, calls), calls);
  for (const { modelId } of models)
    await active.logModel(await from.readModel(modelId, calls), { key: modelId, ...calls });
  if (status === "FINISHED" || status === "FAILED" || status === "KILLED")
    await active.end(status, { ...(endTime === null ? {} : { endTime }), ...calls });
  // Last, so that it says the truth whenever the copying stops; with the tags, some of which logging a model sets.
  await (await to.resumeRun(active.runId, calls)).setTags({ ...tags, [originHashTag]: hash }, calls);
  return active.runId;
}
