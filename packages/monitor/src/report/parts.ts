import { parseFrequency, type SeriesKey, seriesKeyText } from "@tsops/core";
import { performanceByWindow } from "../performance/by-window.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { metricsOf, type PerformanceMetrics } from "../performance/metrics.ts";
import { scaleNumbers } from "../performance/scales.ts";
import type { KeyValues } from "../quality/key-values.ts";
import type { ReportData } from "./data.ts";

/** How the champion did at one step of its horizon. */
export interface StepPart extends PerformanceMetrics {
  /** From 1. */
  readonly step: number;
}

/** How the champion did for one series. */
export interface KeyPart extends PerformanceMetrics {
  readonly key: SeriesKey;
  /** `city=washington`; empty for the only series of a panel without keys. */
  readonly name: string;
  /** The same over time, oldest first. */
  readonly windows: readonly {
    readonly start: bigint;
    readonly rows: number;
    readonly mae: number;
    readonly mase: number;
  }[];
}

/** Figures of each step, ascending. */
export function stepParts(served: JoinedOutcomes): readonly StepPart[] {
  return [...grouped(served, served.step)]
    .sort(([a], [b]) => a - b)
    .map(([step, rows]) => ({ step, ...metricsOf(served, Int32Array.from(rows), null) }));
}

const windowLengths = ["1h", "1d", "1w", "1mo", "3mo", "1y"] as const;
const mostWindows = 60;

/**
 * Figures of each series, those with the greatest error first: by MASE where every judged series has a scale, else by mean absolute error. Windows are as short as keeps them at
 * most 60.
 */
export function keyParts({ served, zone = "UTC", scale }: Pick<ReportData, "served" | "zone" | "scale">): {
  readonly window: string;
  /** What the series are ordered by. */
  readonly metric: "mase" | "mae";
  readonly parts: readonly KeyPart[];
} {
  const groups = grouped(served, served.seriesIndex);
  const window = windowLength(served, zone);
  const bySeries = new Map<string, { start: bigint; rows: number; mae: number; mase: number }[]>();
  const scales = scaleNumbers(served.series, scale);
  const split = performanceByWindow(served, {
    window,
    zone,
    split: ["key"],
    ...(scale === undefined ? {} : { scale }),
  });
  for (const { key, start, rows, mae, mase } of split) {
    const name = seriesKeyText(key ?? {});
    const known = bySeries.get(name);
    if (known === undefined) bySeries.set(name, [{ start, rows, mae, mase }]);
    else known.push({ start, rows, mae, mase });
  }
  const parts = [...groups].map(([series, rows]): KeyPart => {
    const key = served.series[series] ?? {};
    return {
      key,
      name: seriesText(key),
      windows: bySeries.get(seriesKeyText(key)) ?? [],
      ...metricsOf(served, Int32Array.from(rows), scales),
    };
  });
  const judged = parts.filter(({ rows }) => rows > 0);
  const metric = judged.length > 0 && judged.every(({ mase }) => !Number.isNaN(mase)) ? "mase" : "mae";
  return { window, metric, parts: parts.sort((a, b) => (b[metric] || 0) - (a[metric] || 0)) };
}

/** The shortest that the range of predicted instants has at most 60 of. */
function windowLength({ time, length }: JoinedOutcomes, zone: string): string {
  if (length === 0) return "1d";
  let [first, last] = [time[0] as bigint, time[0] as bigint];
  for (const micros of time) {
    if (micros < first) first = micros;
    if (micros > last) last = micros;
  }
  const counts = (window: string) => {
    const [from, to] = parseFrequency(window, { zone }).indexesOf(BigInt64Array.of(first, last));
    return Number(to) - Number(from) + 1;
  };
  return windowLengths.find((window) => counts(window) <= mostWindows) ?? "1y";
}

function grouped(served: JoinedOutcomes, by: Int32Array): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < served.length; row++) {
    if (served.sources[served.sourceIndex[row] as number]?.role !== "champion") continue;
    const rows = groups.get(by[row] as number);
    if (rows === undefined) groups.set(by[row] as number, [row]);
    else rows.push(row);
  }
  return groups;
}

/** A key for people: `site=A1, floor=2`. */
export function seriesText(key: SeriesKey | KeyValues): string {
  return Object.entries(key)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
