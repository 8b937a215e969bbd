import type { DrawForecasts, DrawnSeries, ForecastDrawing } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import { bandLegend, intervalBands, levelsOf } from "./interval-bands.ts";
import { swatch } from "./legend.ts";
import { type ChartRenderer, loadCharts } from "./plot.ts";
import { caption, legendLine, picture, placed } from "./svg-pieces.ts";

const [width, margin, head] = [960, 8, 52];

/**
 * History, forecast and intervals of one or several series as an SVG file of its own, small charts side by side where there are several. It follows the
 * reader's light or dark setting where the viewer tells it, and needs no font or network.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY
 */
export const drawForecasts: DrawForecasts = async (drawing) => {
  checkMade("drawForecasts()", "{ title, target, scale, series }", drawing, {
    title: "text",
    target: "text",
    series: "list",
  });
  const charts = await loadCharts();
  const across = Math.min(3, drawing.series.length);
  const size = {
    width: Math.floor((width - margin * (across - 1)) / Math.max(1, across)),
    height: across === 1 ? 320 : 200,
  };
  const pieces = drawing.series.map((series, i) => {
    const x = (i % across) * (size.width + margin);
    const y = head + Math.floor(i / across) * (size.height + 22);
    const name = across === 1 ? "" : caption(series.name, x, y, size.width);
    return `${name}${placed(chart(charts, drawing, series, size), x, y + (across === 1 ? 0 : 18))}`;
  });
  const height = head + Math.ceil(drawing.series.length / Math.max(1, across)) * (size.height + 22);
  return picture(
    { width, height, title: drawing.title, label: labelOf(drawing) },
    `${legend(drawing)}${pieces.join("")}`,
  );
};

function chart(
  { Plot, svg }: ChartRenderer,
  { scale, target }: ForecastDrawing,
  { name, history, forecast, folds = [] }: DrawnSeries,
  size: { readonly width: number; readonly height: number },
): string {
  const at = (point: { readonly at: number }) => (scale === "time" ? new Date(point.at) : point.at);
  // The line goes on from the last known value, so that no gap is seen where there is none.
  const last = history.findLast(({ y }) => !Number.isNaN(y));
  const line = [...(last === undefined ? [] : [{ at: last.at, mean: last.y }]), ...forecast];
  // What was forecast of the past, fainter than what is forecast now.
  const judged = folds.flatMap((steps, fold) => steps.map((step) => ({ ...step, fold })));
  const begins = folds.flatMap(([first]) => (first === undefined ? [] : [at(first)]));
  return svg(
    {
      ...size,
      marginLeft: 54,
      marginRight: 10,
      marginTop: 22,
      marginBottom: 26,
      x: { type: scale === "time" ? "utc" : "linear", label: null, ticks: Math.round(size.width / 110) },
      y: { grid: true, nice: true, label: size.width > 500 ? target : null, ticks: 5 },
      marks: [
        ...intervalBands(Plot, forecast, { x: at }),
        ...intervalBands(Plot, judged, { x: at, z: "fold" }),
        Plot.ruleX(begins, { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.lineY(history, { x: at, y: "y", stroke: "currentColor", strokeWidth: 1.25 }),
        Plot.lineY(judged, {
          x: at,
          y: "mean",
          z: "fold",
          stroke: "var(--forecast)",
          strokeWidth: 1.25,
          strokeDasharray: "5 2",
        }),
        // A line of one point is none.
        ...(judged.length === begins.length
          ? [Plot.dot(judged, { x: at, y: "mean", r: 2, fill: "var(--forecast)" })]
          : []),
        Plot.lineY(line, { x: at, y: "mean", stroke: "var(--forecast)", strokeWidth: 1.75 }),
      ],
    },
    name,
  );
}

function hasFolds(series: readonly DrawnSeries[]): boolean {
  return series.some(({ folds = [] }) => folds.length > 0);
}

function legend({ series }: ForecastDrawing): string {
  const entries = [
    [swatch("var(--text)", "line"), "history"],
    [swatch("var(--forecast)", "line"), "forecast"],
    ...(hasFolds(series)
      ? [[swatch("var(--forecast)", "line", "5 2"), "forecasts of the backtest"] as const]
      : []),
    ...bandLegend(levelsOf(series[0]?.forecast ?? [])),
  ] as const;
  return legendLine(entries, 8, 28);
}

/** What the picture shows, for people who cannot see it. */
function labelOf({ target, series }: ForecastDrawing): string {
  const steps = series[0]?.forecast.length ?? 0;
  return `Line ${series.length === 1 ? "chart" : "charts"} of ${target}: history${hasFolds(series) ? " with the forecasts of a backtest" : ""}, then a forecast of ${steps} steps with intervals, for ${series.map(({ name }) => name).join(", ")}`;
}
