import { parseFrequency } from "@tsops/core";
import { performanceByWindow, type WindowPerformance } from "../performance/by-window.ts";
import type { ReportData } from "./data.ts";
import { eventOf, type ReportEvent } from "./events.ts";
import { type ChartSize, chartWidth } from "./forecast-chart.ts";
import { day, evenFigures, percent } from "./format.ts";
import { type Html, html } from "./html.ts";
import type { ChartRenderer } from "./plot.ts";

/** One quarter of served predictions. */
export interface Quarter {
  /** `2012 Q3`. */
  readonly name: string;
  readonly performance: WindowPerformance;
  /** Mean absolute error of each comparison over the same instants; NaN without any. */
  readonly comparisons: readonly number[];
}

/** Served predictions by calendar quarter. */
export function quartersOf(data: ReportData): Quarter[] {
  const { served, zone = "UTC", comparisons = [], scale } = data;
  const windows = performanceByWindow(served, {
    window: "3mo",
    zone,
    ...(scale === undefined ? {} : { scale }),
  });
  const errors = comparisons.map(({ time, mean }) => errorsByQuarter(data, time, mean));
  return windows.map((performance) => {
    const [year, month] = day(performance.start, zone).split("-");
    return {
      name: `${year} Q${(Number(month) + 2) / 3}`,
      performance,
      comparisons: errors.map((byStart) => byStart.get(performance.start) ?? Number.NaN),
    };
  });
}

function errorsByQuarter(
  { served, zone = "UTC" }: ReportData,
  time: BigInt64Array,
  mean: Float64Array,
): Map<bigint, number> {
  const predicted = new Map(Array.from(time, (micros, row) => [micros, mean[row] as number]));
  const grid = parseFrequency("3mo", { zone });
  const totals = new Map<bigint, { sum: number; count: number }>();
  for (let row = 0; row < served.length; row++) {
    const other = predicted.get(served.time[row] as bigint) ?? Number.NaN;
    const error = Math.abs((served.y[row] as number) - other);
    const isFirstSeries = served.seriesIndex[row] === 0;
    const isChampion = served.sources[served.sourceIndex[row] as number]?.role === "champion";
    if (Number.isNaN(error) || !isFirstSeries || !isChampion) continue;
    const start = grid.floor(served.time[row] as bigint);
    const total = totals.get(start) ?? { sum: 0, count: 0 };
    totals.set(start, { sum: total.sum + error, count: total.count + 1 });
  }
  return new Map([...totals].map(([start, { sum, count }]) => [start, sum / count]));
}

/** Coverage of each level by quarter as points beside the line that they should lie on. */
export function coverageChart(
  { Plot, svg }: ChartRenderer,
  quarters: readonly Quarter[],
  size: ChartSize,
): string {
  const points = quarters.flatMap(({ name, performance }) =>
    performance.intervals
      .filter(({ coverage }) => !Number.isNaN(coverage))
      .map(({ level, coverage }) => ({ name, level, coverage: 100 * coverage })),
  );
  const levels = [...new Set(points.map(({ level }) => level))];
  const lowest = points.reduce((least, { coverage, level }) => Math.min(least, coverage, level - 10), 100);
  return svg(
    {
      width: size === "wide" ? chartWidth.wide : chartWidth.narrow,
      height: 220,
      marginLeft: 44,
      marginRight: 44,
      marginTop: 24,
      x: {
        type: "point",
        domain: quarters.map(({ name }) => name),
        label: null,
        ...(size === "narrow" && quarters.length > 4 ? { tickFormat: (name: string) => name.slice(2) } : {}),
      },
      y: {
        domain: [Math.max(0, Math.floor(lowest / 5) * 5), 100],
        grid: true,
        ticks: 5,
        label: "outcomes within the interval (%)",
      },
      symbol: { type: "identity" } as never,
      marks: [
        Plot.ruleY(levels, { stroke: "currentColor", strokeOpacity: 0.55, strokeDasharray: "4 3" }),
        Plot.text(levels, {
          y: (level: number) => level,
          text: (level: number) => `${level} %`,
          frameAnchor: "right",
          textAnchor: "start",
          dx: 6,
          fill: "currentColor",
        }),
        ...levels.flatMap((level, i) => [
          Plot.line(
            points.filter((point) => point.level === level),
            { x: "name", y: "coverage", stroke: `var(--level-${(i % 3) + 1})`, strokeWidth: 1.75 },
          ),
          Plot.dot(
            points.filter((point) => point.level === level),
            {
              x: "name",
              y: "coverage",
              r: 4.5,
              symbol: (["circle", "square", "triangle"] as const)[i % 3] as "circle",
              fill: `var(--level-${(i % 3) + 1})`,
              title: (point: (typeof points)[number]) =>
                `${point.name}: the ${point.level} % interval covered ${point.coverage.toFixed(1)} %`,
            },
          ),
        ]),
      ],
    },
    `Coverage of the ${levels.map((level) => `${level} %`).join(" and ")} intervals by quarter. The table below has the numbers.`,
  );
}

/** The figures of every quarter. */
export function quarterTable(data: ReportData, quarters: readonly Quarter[]): Html {
  const { comparisons = [], decisions = [], scale } = data;
  const levels = quarters[0]?.performance.intervals.map(({ level }) => level) ?? [];
  const within = ({ performance: { start, end } }: Quarter, event: ReportEvent) =>
    decisions.filter(
      (decision) => decision.time >= start && decision.time < end && eventOf(decision) === event,
    ).length;
  // Errors stand side by side to be compared, so they share their decimals.
  const error = evenFigures(quarters.flatMap((quarter) => [quarter.performance.mae, ...quarter.comparisons]));
  const bias = evenFigures(quarters.map(({ performance }) => performance.bias));
  const width = evenFigures(
    quarters.flatMap(({ performance }) => performance.intervals.map((interval) => interval.width)),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Figures by quarter"><table class="figures">
<caption>Mean absolute error${scale === undefined ? "" : " (MASE)"}, coverage and decisions by quarter</caption>
<thead><tr><th scope="col">Quarter</th><th scope="col">Served</th>${comparisons.map(({ name }) => html`<th scope="col">${name}</th>`)}<th scope="col">Bias</th>${levels.map((level) => html`<th scope="col">${level} % covers</th><th scope="col">width</th>`)}<th scope="col">Promoted</th><th scope="col">Rejected</th><th scope="col">Alerts</th></tr></thead>
<tbody>${quarters.map((quarter) => {
    const { performance } = quarter;
    return html`<tr><th scope="row">${quarter.name}</th><td><strong>${error(performance.mae)}</strong>${scale === undefined ? "" : html` <small>(${performance.mase.toFixed(2)})</small>`}</td>${quarter.comparisons.map((mae) => html`<td>${error(mae)}</td>`)}<td>${bias(performance.bias)}</td>${levels.map(
      (level) => {
        const interval = performance.intervals.find((found) => found.level === level);
        return html`<td>${percent(interval?.coverage ?? Number.NaN)}</td><td>${width(interval?.width ?? Number.NaN)}</td>`;
      },
    )}<td>${within(quarter, "promoted")}</td><td>${within(quarter, "rejected")}</td><td>${within(quarter, "alert")}</td></tr>`;
  })}</tbody></table></div>`;
}
