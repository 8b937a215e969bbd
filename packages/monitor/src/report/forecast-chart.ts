import type { DecisionRecord } from "@tsops/core";
import type { ForecastChartData } from "./data.ts";
import { wallClock } from "./format.ts";
import { intervalBands } from "./interval-bands.ts";
import type { ChartRenderer } from "./plot.ts";
import { type ForecastPoint, forecastPoints } from "./rows.ts";

/** Sizes that a chart is drawn in: one is shown on a desk, the other on a phone. */
export type ChartSize = "wide" | "narrow";

/** Width in CSS pixels by size; a drawing is never scaled up. */
export const chartWidth: Readonly<Record<ChartSize, number>> = { wide: 960, narrow: 360 };

/** The forecast with its intervals and the outcomes. A phone gets the last third of the days. */
export function forecastChart(
  { Plot, svg }: ChartRenderer,
  data: ForecastChartData,
  size: ChartSize,
  promotions: readonly DecisionRecord[] = [],
  series = "",
): string {
  const points = drawnPoints(data, size);
  const { zone = "UTC", target } = data;
  const swaps = promotions
    .filter(({ time }) => points.length > 0 && time >= (points[0] as ForecastPoint).micros)
    .filter(({ time }) => time <= (points.at(-1) as ForecastPoint).micros)
    .map(({ time }) => wallClock(time, zone));
  return svg(
    {
      width: chartWidth[size],
      height: size === "wide" ? 320 : 240,
      marginLeft: 44,
      marginRight: 8,
      marginTop: 24,
      marginBottom: 44,
      x: {
        type: "utc",
        label: timeLabel(points, zone),
        labelArrow: "none",
        ...(size === "narrow" ? { ticks: 4 } : {}),
      },
      y: { grid: true, nice: true, zero: true, label: axisLabel(target), ticks: 5 },
      marks: [
        ...intervalBands(Plot, points, { x: "at" }),
        Plot.ruleX(swaps, { stroke: "var(--good)", strokeWidth: 1.5, strokeDasharray: "4 3" }),
        Plot.lineY(points, { x: "at", y: "mean", stroke: "var(--forecast)", strokeWidth: 1.75 }),
        Plot.lineY(points, { x: "at", y: "y", stroke: "currentColor", strokeWidth: 1.25 }),
        Plot.ruleY([0], { strokeOpacity: 0.4 }),
      ],
    },
    forecastLabel(data, points, series),
  );
}

/** The instants that a size shows. */
export function drawnPoints(data: ForecastChartData, size: ChartSize): readonly ForecastPoint[] {
  const all = forecastPoints(data);
  return size === "wide" ? all : all.slice(-Math.ceil(all.length / 3));
}

/** What the chart shows, for people who cannot see it. */
function forecastLabel(
  { target }: ForecastChartData,
  points: readonly ForecastPoint[],
  series: string,
): string {
  const what = series === "" ? target.name : `${target.name} of ${series}`;
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return `No forecast of ${what} yet`;
  const known = points.filter(({ y }) => !Number.isNaN(y));
  const error = known.reduce((sum, { y, mean }) => sum + Math.abs(y - mean), 0) / known.length;
  const outcomes =
    known.length === 0
      ? "no outcome is known yet"
      : `the mean absolute error over ${known.length} outcomes is ${error.toPrecision(3)}`;
  const text = (at: Date) => at.toISOString().slice(0, 10);
  return `Line chart of forecast, intervals and outcomes of ${what} from ${text(first.at)} to ${text(last.at)}; ${outcomes}`;
}

/** What the ticks leave unsaid: the year or years, and the zone. */
function timeLabel(points: readonly ForecastPoint[], zone: string): string | null {
  const first = points[0]?.at.getUTCFullYear();
  const last = points.at(-1)?.at.getUTCFullYear();
  if (first === undefined || last === undefined) return null;
  return `${first === last ? first : `${first}–${last}`}, ${zone}`;
}

/** Name and unit on an axis. */
export function axisLabel({ name, unit }: ForecastChartData["target"]): string {
  return unit === undefined ? name : `${name} (${unit})`;
}
