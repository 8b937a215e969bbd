import {
  checkList,
  checkOptions,
  checkWord,
  parseFrequency,
  type SeriesKey,
  shown,
  TsopsError,
} from "@tsops/core";
import type { CarriedValue } from "./carried.ts";
import { checkJoined } from "./check-joined.ts";
import type { JoinedOutcomes, PredictionSource } from "./join-outcomes.ts";
import { type DetailedMetrics, metricsOf, type PerformanceMetrics } from "./metrics.ts";
import { pickRows, type RowChoice } from "./pick-rows.ts";
import { groupRows, type Segments, segmentCodes } from "./row-groups.ts";
import { type ScaleOption, scaleNumbers } from "./scales.ts";

/** Into what the rows of a window are divided further. */
export type PerformanceSplit = "step" | "version" | "key";

/** How to cut predictions into windows. */
export interface PerformanceOptions extends RowChoice {
  /** Length of a window on the calendar of `zone`: `"1d"`, `"1w"` (from Monday), `"3mo"` (quarters), `"1h"`. */
  readonly window: string;
  /** Zone or offset in which days and months are counted. Default `"UTC"`. */
  readonly zone?: string;
  /** Instant that puts a prediction into a window: the predicted `time` (default) or its `cutoff`. */
  readonly by?: "time" | "cutoff";
  /** Default: none, one entry per window. */
  readonly split?: readonly PerformanceSplit[];
  /** Divides by every combination of these as well: key columns, carried columns, or functions of a row. */
  readonly segments?: Segments;
  /** What errors are divided by for MASE (and RMSSE): one number, one per series, or `trainingScales(panel)` for both. */
  readonly scale?: ScaleOption;
  /** Groups of fewer rows with an outcome are marked `isSmall`: their figures are mostly chance. Default 30. */
  readonly smallBelow?: number;
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
  /** With segments: the value of each, by its name; null where it is not known. */
  readonly segment?: Readonly<Record<string, CarriedValue>>;
}

/** What `performanceByWindow` says of one group of rows: everything that is measured. */
export interface PerformanceGroup extends WindowPerformance, DetailedMetrics {
  /** Fewer rows than `smallBelow`. */
  readonly isSmall: boolean;
}

/**
 * Error, bias, coverage and width of served predictions over time, in ascending order of window, step, version, key, segments. Windows
 * without predictions are not listed; windows whose outcomes are all missing have `rows: 0` and NaN metrics.
 * @throws TsopsError MONITOR_INVALID, FREQUENCY_INVALID, TIME_INVALID
 */
export function performanceByWindow(
  joined: JoinedOutcomes,
  options: PerformanceOptions,
): readonly PerformanceGroup[] {
  checkJoined("performanceByWindow()", joined);
  checkOptions("MONITOR_INVALID", "performanceByWindow()", options, {
    window: true,
    zone: true,
    by: true,
    split: true,
    segments: true,
    role: true,
    modelVersion: true,
    from: true,
    to: true,
    scale: true,
    smallBelow: true,
  });
  const { by = "time", split = [], segments = [], smallBelow = 30 } = options;
  checkWord("MONITOR_INVALID", "by", by, ["time", "cutoff"]);
  checkSplit(split);
  if (!(typeof smallBelow === "number" && smallBelow >= 0))
    throw new TsopsError("MONITOR_INVALID", `smallBelow is ${shown(smallBelow)}, not a number of rows.`, {
      hint: "Write 30 to mark groups of fewer than 30 outcomes.",
      details: { option: "smallBelow" },
    });
  const grid = parseFrequency(options.window, { zone: options.zone ?? "UTC" });
  const cells = grid.indexesOf(by === "time" ? joined.time : joined.cutoff);
  const scales = scaleNumbers(joined.series, options.scale);
  const coded = segmentCodes(joined, segments);
  const parts = [cells, ...splitParts(joined, split), ...coded.map(({ codes }) => codes)];
  return groupRows(pickRows(joined, options), parts).map((rows) => {
    const first = rows[0] as number;
    const cell = cells[first] as number;
    const metrics = metricsOf(joined, rows, scales);
    return {
      start: grid.instantAt(cell),
      end: grid.instantAt(cell + 1),
      ...splitValues(joined, split, first),
      ...(coded.length === 0
        ? {}
        : {
            segment: Object.fromEntries(
              coded.map(({ name, values, codes }) => [name, values[codes[first] as number] as CarriedValue]),
            ),
          }),
      ...metrics,
      isSmall: metrics.rows < smallBelow,
    };
  });
}

/** @throws TsopsError MONITOR_INVALID when it is no list of the words there are */
export function checkSplit(split: readonly PerformanceSplit[]): void {
  checkList("MONITOR_INVALID", "split", split);
  for (const word of split) checkWord("MONITOR_INVALID", "split", word, ["step", "version", "key"]);
}

/** What the rows are divided by, in the order of the output whatever the order of the words. */
export function splitParts(
  joined: JoinedOutcomes,
  split: readonly PerformanceSplit[],
): readonly ArrayLike<number>[] {
  return [
    ...(split.includes("step") ? [joined.step] : []),
    ...(split.includes("version") ? [joined.sourceIndex] : []),
    ...(split.includes("key") ? [joined.seriesIndex] : []),
  ];
}

/** What the rows of a group share with the row given. */
export function splitValues(
  joined: JoinedOutcomes,
  split: readonly PerformanceSplit[],
  row: number,
): Pick<WindowPerformance, "step" | "source" | "key"> {
  return {
    ...(split.includes("step") ? { step: joined.step[row] as number } : {}),
    ...(split.includes("version")
      ? { source: joined.sources[joined.sourceIndex[row] as number] as PredictionSource }
      : {}),
    ...(split.includes("key") ? { key: joined.series[joined.seriesIndex[row] as number] as SeriesKey } : {}),
  };
}
