import { parseFrequency, type SeriesKey, seriesKeyText } from "@tsops/core";
import { performanceByWindow } from "../performance/by-window.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { metricsOf, type PerformanceMetrics } from "../performance/metrics.ts";
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
  readonly windows: readonly { readonly start: bigint; readonly rows: number; readonly mae: number }[];
}

/** Figures of each step, ascending. */
export function stepParts(served: JoinedOutcomes): readonly StepPart[] {
  return [...grouped(served, served.step)]
    .sort(([a], [b]) => a - b)
    .map(([step, rows]) => ({ step, ...metricsOf(served, Int32Array.from(rows), null) }));
}

const windowLengths = ["1h", "1d", "1w", "1mo", "3mo", "1y"] as const;
const mostWindows = 60;

/** Figures of each series, those with the greatest error first; windows are as short as keeps them at most 60. */
export function keyParts({ served, zone = "UTC" }: Pick<ReportData, "served" | "zone">): {
  readonly window: string;
  readonly parts: readonly KeyPart[];
} {
  const groups = grouped(served, served.seriesIndex);
  const window = windowLength(served, zone);
  const bySeries = new Map<string, { start: bigint; rows: number; mae: number }[]>();
  for (const { key, start, rows, mae } of performanceByWindow(served, { window, zone, split: ["key"] })) {
    const name = seriesKeyText(key ?? {});
    bySeries.set(name, [...(bySeries.get(name) ?? []), { start, rows, mae }]);
  }
  const parts = [...groups].map(([series, rows]): KeyPart => {
    const key = served.series[series] ?? {};
    return {
      key,
      name: seriesText(key),
      windows: bySeries.get(seriesKeyText(key)) ?? [],
      ...metricsOf(served, Int32Array.from(rows), null),
    };
  });
  return { window, parts: parts.sort((a, b) => (b.mae || 0) - (a.mae || 0)) };
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

function seriesText(key: SeriesKey): string {
  return Object.entries(key)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
