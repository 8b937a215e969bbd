import { checkList, checkOptions, checkWord, parseFrequency, type SeriesKey } from "@tsops/core";
import type { JoinedOutcomes, PredictionSource } from "./join-outcomes.ts";
import { metricsOf, type PerformanceMetrics } from "./metrics.ts";

/** Into what the rows of a window are divided further. */
export type PerformanceSplit = "step" | "version" | "key";

/** How to cut predictions into windows. */
export interface PerformanceOptions {
  /** Length of a window on the calendar of `zone`: `"1d"`, `"1w"` (from Monday), `"3mo"` (quarters), `"1h"`. */
  readonly window: string;
  /** Zone or offset in which days and months are counted. Default `"UTC"`. */
  readonly zone?: string;
  /** Instant that puts a prediction into a window: the predicted `time` (default) or its `cutoff`. */
  readonly by?: "time" | "cutoff";
  /** Default: none, one entry per window. */
  readonly split?: readonly PerformanceSplit[];
  /** Whose predictions. Default `"champion"`, so that shadow predictions do not mix in. */
  readonly role?: PredictionSource["role"];
  /** What absolute errors are divided by for MASE, e.g. from `seasonalNaiveScale`; one for all, or one per series. */
  readonly scale?: number | ((key: SeriesKey) => number);
}

/** Metrics of one window [start, end), or of a part of it. */
export interface WindowPerformance extends PerformanceMetrics {
  /** Microseconds UTC. */
  readonly start: bigint;
  readonly end: bigint;
  /** With split `step`. */
  readonly step?: number;
  /** With split `version`. */
  readonly source?: PredictionSource;
  /** With split `key`. */
  readonly key?: SeriesKey;
}

/**
 * Error, bias, coverage and width of served predictions over time, in ascending order of window, step, version, key. Windows
 * without predictions are not listed; windows whose outcomes are all missing have `rows: 0` and NaN metrics.
 * @throws TsopsError MONITOR_INVALID, FREQUENCY_INVALID, TIME_INVALID
 */
export function performanceByWindow(
  joined: JoinedOutcomes,
  options: PerformanceOptions,
): readonly WindowPerformance[] {
  checkOptions("MONITOR_INVALID", "performanceByWindow()", options, {
    window: true,
    zone: true,
    by: true,
    split: true,
    role: true,
    scale: true,
  });
  const { by = "time", split = [], role = "champion", scale } = options;
  checkWord("MONITOR_INVALID", "by", by, ["time", "cutoff"]);
  checkList("MONITOR_INVALID", "split", split);
  for (const word of split) checkWord("MONITOR_INVALID", "split", word, ["step", "version", "key"]);
  checkWord("MONITOR_INVALID", "role", role, ["champion", "challenger"]);
  const grid = parseFrequency(options.window, { zone: options.zone ?? "UTC" });
  const cells = grid.indexesOf(by === "time" ? joined.time : joined.cutoff);
  const scaleOf = scaleReader(joined, scale);
  const parts: ArrayLike<number>[] = [cells];
  if (split.includes("step")) parts.push(joined.step);
  if (split.includes("version")) parts.push(joined.sourceIndex);
  if (split.includes("key")) parts.push(joined.seriesIndex);

  const groups = new Map<string, number[]>();
  for (let row = 0; row < joined.length; row++) {
    if (joined.sources[joined.sourceIndex[row] as number]?.role !== role) continue;
    const name = parts.map((part) => part[row]).join();
    const rows = groups.get(name);
    if (rows === undefined) groups.set(name, [row]);
    else rows.push(row);
  }
  const ordered = [...groups.values()].sort((a, b) => {
    for (const part of parts) {
      const difference = (part[a[0] as number] as number) - (part[b[0] as number] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return ordered.map((rows) => {
    const first = rows[0] as number;
    const cell = cells[first] as number;
    return {
      start: grid.instantAt(cell),
      end: grid.instantAt(cell + 1),
      ...(split.includes("step") ? { step: joined.step[first] as number } : {}),
      ...(split.includes("version")
        ? { source: joined.sources[joined.sourceIndex[first] as number] as PredictionSource }
        : {}),
      ...(split.includes("key")
        ? { key: joined.series[joined.seriesIndex[first] as number] as SeriesKey }
        : {}),
      ...metricsOf(joined, Int32Array.from(rows), scaleOf),
    };
  });
}

function scaleReader(
  joined: JoinedOutcomes,
  scale: PerformanceOptions["scale"],
): ((series: number) => number) | null {
  if (scale === undefined) return null;
  if (typeof scale === "number") return () => scale;
  const scales = joined.series.map(scale);
  return (series) => scales[series] as number;
}
