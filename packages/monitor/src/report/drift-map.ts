import type { DatedDrift } from "../retrain/evaluate.ts";
import type { ColumnHistory } from "./drift-histories.ts";
import { type ChartSize, chartWidth } from "./forecast-chart.ts";
import { day, figure, minute } from "./format.ts";
import type { ChartRenderer } from "./plot.ts";

/** Columns that are drawn; those that drifted most come first. */
const mostColumns = 30;
/** Windows that are drawn, the newest ones. */
export const mostWindows: Readonly<Record<ChartSize, number>> = { wide: 60, narrow: 18 };

/** Steps of the colour scale: adjusted p-values up to this, from certain to quiet. */
export const heatSteps = [
  { upTo: 1e-4, name: "p ≤ 0.0001", colour: "var(--heat-5)" },
  { upTo: 1e-3, name: "p ≤ 0.001", colour: "var(--heat-4)" },
  { upTo: 0.05, name: "p ≤ 0.05", colour: "var(--heat-3)" },
  { upTo: 0.5, name: "p ≤ 0.5", colour: "var(--heat-2)" },
  { upTo: 1, name: "p > 0.5", colour: "var(--heat-1)" },
] as const;

/** Columns by windows: the darker, the less the reference explains the window; a dot marks drift. */
export function driftMap(
  { Plot, svg }: ChartRenderer,
  reports: readonly DatedDrift[],
  histories: readonly ColumnHistory[],
  zone: string,
  size: ChartSize,
): string {
  const columns = histories.slice(0, mostColumns).map(({ column }) => column);
  const shown = reports.slice(-mostWindows[size]);
  // A window is its instant: of several on one day each has cells of its own.
  const windows = [...new Set(shown.map(({ time }) => String(time)))];
  const isDaily = new Set(shown.map(({ time }) => day(time, zone))).size === windows.length;
  const nameOf = (window: string) => (isDaily ? day : minute)(BigInt(window), zone);
  const cells = shown.flatMap(({ time, report }) =>
    report.columns
      .filter(({ column }) => columns.includes(column))
      .map((found) => ({
        column: found.column,
        window: String(time),
        drift: found.drift,
        fill: heatSteps.find(({ upTo }) => found.adjustedPValue <= upTo)?.colour ?? "var(--heat-1)",
        title: `${found.column}, ${nameOf(String(time))}: ${found.drift ? (found.tests[0]?.sentence ?? "drift") : `no drift (adjusted p = ${figure(found.adjustedPValue)})`}`,
      })),
  );
  const flagged = cells.filter(({ drift }) => drift);
  const labels = size === "wide" ? (isDaily ? 8 : 5) : isDaily ? 3 : 2;
  const labelled = Math.ceil(windows.length / labels);
  const longest = columns.reduce((length, column) => Math.max(length, shortName(column, size).length), 0);
  return svg(
    {
      width: chartWidth[size],
      height: 34 + columns.length * 26,
      marginLeft: 12 + 6.3 * longest,
      marginRight: 4,
      marginTop: 4,
      marginBottom: 28,
      x: {
        type: "band",
        domain: windows,
        label: null,
        padding: 0.06,
        ticks: windows.filter((_, i) => i % labelled === 0),
        tickFormat: nameOf,
        tickSize: 3,
      },
      y: {
        type: "band",
        domain: columns,
        label: null,
        padding: 0.08,
        tickSize: 0,
        tickFormat: (column: string) => shortName(column, size),
      },
      color: { type: "identity" },
      marks: [
        Plot.cell(cells, { x: "window", y: "column", fill: "fill", title: "title", rx: 2 }),
        Plot.dot(flagged, {
          x: "window",
          y: "column",
          r: 2.2,
          fill: "var(--heat-dot)",
          pointerEvents: "none",
        }),
      ],
    },
    `Heat map of ${columns.length} columns over ${windows.length} windows; ${flagged.length} of ${cells.length} cells show drift. A table follows.`,
  );
}

/** How many columns were left out of the drawing. */
export function hiddenColumns(histories: readonly ColumnHistory[]): number {
  return Math.max(0, histories.length - mostColumns);
}

function shortName(column: string, size: ChartSize): string {
  const most = size === "wide" ? 28 : 16;
  return column.length > most ? `${column.slice(0, most - 1)}…` : column;
}
