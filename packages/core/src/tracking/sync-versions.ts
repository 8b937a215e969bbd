import { throwIfAborted } from "../abort.ts";
import type { ModelVersion, Registry } from "../ports/registry.ts";
import type { Progress } from "../progress.ts";
import { formatInstant } from "../time/instant.ts";
import type { SyncedRuns } from "./sync-runs.ts";

/** The version that a version was copied from: its model and number, since a model may be registered more than once. */
const originModelTag = "tsops.origin_model";
const originVersionTag = "tsops.origin_version";
/** A registry stamps versions itself, so the time of the first registration is a tag. */
const registeredAtTag = "tsops.registered_at";

/** What became of the registered versions. */
export interface SyncedVersions {
  readonly registered: number;
  /** Versions whose tags were brought up to date. */
  readonly retagged: number;
  /** Aliases that were set or removed. */
  readonly aliases: number;
  /** Versions without a logged model of ours: another tool registered them. */
  readonly skipped: number;
}

interface SyncOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/** Copies all registered versions, in their order, and points the aliases at the copies as they point at the source. */
export async function syncVersions(
  from: Registry,
  to: Registry,
  runs: SyncedRuns,
  { signal, progress }: SyncOptions,
): Promise<SyncedVersions> {
  const calls = signal === undefined ? {} : { signal };
  const names = await from.listModels(calls);
  const counts = { registered: 0, retagged: 0, aliases: 0, skipped: 0 };
  for (const [done, name] of names.entries()) {
    progress?.({ task: "models", done, total: names.length, figures: { versions: counts.registered } });
    const standing = await to.listVersions(name, calls);
    const copies = new Map(standing.map((version) => [originOf(version.tags), version]));
    const wanted = new Map<string, number>();
    const mirrored = new Set<number>();
    for (const version of await from.listVersions(name, calls)) {
      throwIfAborted(signal);
      const { modelId, runId } = version;
      const tags = copyTags(version);
      let copy = copies.get(originOf(tags));
      if (copy === undefined) {
        const model = modelId === null || runId === null ? null : await runs.model(runId, modelId);
        if (model === null) {
          counts.skipped++;
          continue;
        }
        copy = await to.register(name, model, { tags, ...calls });
        counts.registered++;
      } else if (Object.entries(tags).some(([key, value]) => copy?.tags[key] !== value)) {
        await to.setTags(name, copy.version, tags, calls);
        counts.retagged++;
      }
      mirrored.add(copy.version);
      for (const alias of version.aliases) wanted.set(alias, copy.version);
    }
    const current = new Map(
      standing.flatMap(({ version, aliases }) => aliases.map((alias) => [alias, version] as const)),
    );
    for (const [alias, version] of wanted)
      if (current.get(alias) !== version) {
        await to.setAlias(name, alias, version, calls);
        counts.aliases++;
      }
    // An alias at a version that is no copy is somebody else's.
    for (const [alias, version] of current)
      if (!wanted.has(alias) && mirrored.has(version)) {
        await to.deleteAlias(name, alias, calls);
        counts.aliases++;
      }
  }
  progress?.({
    task: "models",
    done: names.length,
    total: names.length,
    figures: { versions: counts.registered },
  });
  return counts;
}

function copyTags(version: ModelVersion): Readonly<Record<string, string>> {
  return {
    ...version.tags,
    [originModelTag]: version.modelId ?? "",
    [originVersionTag]: String(version.version),
    [registeredAtTag]: version.tags[registeredAtTag] ?? formatInstant(version.createdAt),
  };
}

function originOf(tags: Readonly<Record<string, string>>): string {
  return `${tags[originModelTag] ?? ""} ${tags[originVersionTag] ?? ""}`;
}
