import { seriesKeyText } from "@tsops/core";
import { levelsOf } from "../performance/metrics.ts";
import type { ForecastChartData } from "./data.ts";
import { wallClock } from "./format.ts";

/** One instant of a forecast chart. */
export interface ForecastPoint {
  readonly micros: bigint;
  /** The wall clock, as a Date that shows it in UTC. */
  readonly at: Date;
  readonly mean: number;
  /** NaN when it is not known (yet). */
  readonly y: number;
  /** By ascending level. */
  readonly intervals: readonly { readonly level: number; readonly lower: number; readonly upper: number }[];
}

/** More instants are no longer told apart on a screen, and make a page heavy. */
const mostInstants = 1_500;
const dayMicros = 86_400_000_000n;

/** What the champion said of one series over the last days (of its last 1,500 instants at most), by time: of each instant the forecast with the latest cutoff. */
export function forecastPoints(data: ForecastChartData): ForecastPoint[] {
  const { served, zone = "UTC", days = 21 } = data;
  const series =
    data.series === undefined
      ? 0
      : served.series.findIndex((key) => seriesKeyText(key) === seriesKeyText(data.series as typeof key));
  const latest = new Map<bigint, number>();
  let end: bigint | null = null;
  for (let row = 0; row < served.length; row++) {
    if (served.seriesIndex[row] !== series) continue;
    if (served.sources[served.sourceIndex[row] as number]?.role !== "champion") continue;
    const time = served.time[row] as bigint;
    const other = latest.get(time);
    if (other === undefined || (served.cutoff[row] as bigint) >= (served.cutoff[other] as bigint))
      latest.set(time, row);
    if (end === null || time > end) end = time;
  }
  if (end === null) return [];
  const start = end - dayMicros * BigInt(days);
  const levels = levelsOf(served.quantiles);
  return [...latest]
    .filter(([time]) => time > start)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(-mostInstants)
    .map(([micros, row]) => ({
      micros,
      at: wallClock(micros, zone),
      mean: served.mean[row] as number,
      y: served.y[row] as number,
      intervals: levels.map(({ level, lower, upper }) => ({
        level,
        lower: lower[row] as number,
        upper: upper[row] as number,
      })),
    }));
}
