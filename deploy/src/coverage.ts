import { durationMicros } from "@tsops/core";
import { type CoverageState, type CoverageWatch, coverageWatch, loadCoverageWatch } from "@tsops/monitor";
import type { Home } from "@tsops/store";

type Snapshots = Home["snapshots"];

/** Whether the intervals of a champion cover what they say, kept in the home: neither a restart nor a second instance loses evidence. */
export interface Coverage {
  /** How far before the last observation forecasts are needed, microseconds: a block that is complete is whole among them. */
  readonly lookBack: bigint;
  /** The watch of a level, which begins with the first call. */
  watch(level: number): CoverageWatch;
  watches(): readonly CoverageWatch[];
  /** Writes what has become known. */
  save(signal: AbortSignal): Promise<void>;
}

/** What is known of a version; nothing where the home knows of another one. */
export async function openCoverage(
  snapshots: Snapshots,
  { deployment, version }: { readonly deployment: string; readonly version: number },
  signal: AbortSignal,
): Promise<Coverage> {
  const name = `coverage/${deployment}`;
  const bytes = await snapshots.get(name, { signal });
  let kept = bytes === null ? "" : new TextDecoder().decode(bytes);
  const saved = kept === "" ? null : (JSON.parse(kept) as { version: number; watches: CoverageState[] });
  const states = saved?.version === version ? saved.watches : [];
  const watches = new Map(states.map((state) => [state.level, loadCoverageWatch(state)]));
  const longestBlock = Math.max(0, ...states.map(({ block }) => block ?? 0));
  const days = durationMicros("14d");
  const blocks = BigInt(2 * longestBlock);
  return {
    lookBack: blocks > days ? blocks : days,
    watch(level) {
      const watch = watches.get(level) ?? coverageWatch({ level, modelVersion: version });
      watches.set(level, watch);
      return watch;
    },
    watches: () => [...watches.values()],
    async save(signal) {
      const text = JSON.stringify({ version, watches: [...watches.values()].map((watch) => watch.save()) });
      if (text === kept) return;
      await snapshots.put(name, new TextEncoder().encode(text), { signal });
      kept = text;
    },
  };
}
