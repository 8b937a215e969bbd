import { type Calibration, type CalibrationPoint, calibrationOf } from "./calibration.ts";
import type { ReportData } from "./data.ts";
import { type ChartSize, chartWidth } from "./forecast-chart.ts";
import { percent, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { figureOf, legend, swatch } from "./legend.ts";
import type { ChartRenderer } from "./plot.ts";

const kinds = [
  { name: "within a central interval", colour: "var(--level-1)", symbol: "circle", swatch: "band" },
  { name: "at or below a quantile", colour: "var(--level-3)", symbol: "diamond", swatch: "dot" },
] as const;

/** Promised against observed shares, as a chart and a table. */
export function calibrationSection(charts: ChartRenderer, data: ReportData): Html {
  const calibration = calibrationOf(data.served);
  const points = [...calibration.intervals, ...calibration.quantiles];
  if (points.every(({ rows }) => rows === 0))
    return html`<p class="empty">No forecast with intervals has its outcome yet.</p>`;
  return html`<p class="note">Across: the share that was promised. Up: the share of the outcomes. On the dashed line promises are kept. A bar holds the true share with 95 % confidence; it allows for outcomes of one forecast, of one time, and of forecasts after each other going together.</p>
${legend(kinds.map(({ name, colour, swatch: kind }) => [swatch(colour, kind), name] as const))}
${figureOf((size) => calibrationChart(charts, calibration, size))}
<div class="scroll" tabindex="0" role="region" aria-label="Calibration by level"><table class="figures"><caption>Promised and observed shares</caption>
<thead><tr><th scope="col">Promise</th><th scope="col">Observed</th><th scope="col">95 % range</th><th scope="col">Outcomes</th><th scope="col">Worth</th><th scope="col">Verdict</th></tr></thead>
<tbody>${calibration.intervals.map((point) => row(`${percentOf(point.nominal)} interval`, point, intervalVerdicts))}${calibration.quantiles.map((point) => row(`${percentOf(point.nominal)} quantile`, point, quantileVerdicts))}</tbody></table></div>
<p class="note">“Worth” is how many independent outcomes would say as much.</p>`;
}

const intervalVerdicts = { below: "too narrow", above: "too wide", "as promised": "as promised" } as const;
const quantileVerdicts = { below: "too low", above: "too high", "as promised": "as promised" } as const;

function row(
  name: string,
  point: CalibrationPoint,
  verdicts: typeof intervalVerdicts | typeof quantileVerdicts,
): Html {
  const { observed, lower, upper, rows, effectiveRows, verdict } = point;
  const range = rows === 0 ? "–" : `${(100 * lower).toFixed(1)} to ${(100 * upper).toFixed(1)} %`;
  return html`<tr><th scope="row">${name}</th><td>${percent(observed)}</td><td>${range}</td><td>${whole(rows)}</td><td>${whole(effectiveRows)}</td><td>${verdict === null ? "–" : html`<span class="badge ${verdict === "as promised" ? "plain" : "warn"}">${verdicts[verdict]}</span>`}</td></tr>`;
}

function percentOf(share: number): string {
  return `${Number((100 * share).toFixed(4))} %`;
}

function calibrationChart(
  { Plot, svg }: ChartRenderer,
  { intervals, quantiles }: Calibration,
  size: ChartSize,
): string {
  const drawn = [intervals, quantiles].map((points) =>
    points
      .filter(({ rows }) => rows > 0)
      .map(({ nominal, observed, lower, upper }) => ({
        nominal: 100 * nominal,
        observed: 100 * observed,
        lower: 100 * lower,
        upper: 100 * upper,
      })),
  );
  const kept = intervals.filter(({ verdict }) => verdict === "as promised").length;
  return svg(
    {
      width: chartWidth[size],
      height: size === "wide" ? 340 : 300,
      marginLeft: 44,
      marginRight: 12,
      marginTop: 24,
      marginBottom: 38,
      symbol: { type: "identity" } as never,
      x: { domain: [0, 100], grid: true, label: "promised %", ticks: 5 },
      y: { domain: [0, 100], grid: true, label: "observed %", ticks: 5 },
      marks: [
        Plot.line(
          [
            [0, 0],
            [100, 100],
          ],
          { stroke: "currentColor", strokeOpacity: 0.6, strokeDasharray: "4 3" },
        ),
        ...kinds.flatMap(({ name, colour, symbol }, i) => [
          Plot.ruleX(drawn[i] ?? [], {
            x: "nominal",
            y1: "lower",
            y2: "upper",
            stroke: colour,
            strokeWidth: 2,
          }),
          Plot.dot(drawn[i] ?? [], {
            x: "nominal",
            y: "observed",
            r: 3.5,
            symbol,
            fill: colour,
            title: (point: { nominal: number; observed: number; lower: number; upper: number }) =>
              `${name}: ${point.nominal.toFixed(1)} % promised, ${point.observed.toFixed(1)} % observed (${point.lower.toFixed(1)} to ${point.upper.toFixed(1)} %)`,
          }),
        ]),
      ],
    },
    `Calibration: promised against observed shares; ${kept} of ${intervals.length} central intervals are as promised. The table below has the numbers.`,
  );
}
