import { checkOptions } from "@tsops/core";
import { checkMicros } from "../micros.ts";
import type { DatedDrift } from "../retrain/evaluate.ts";
import { calibrationSection } from "./calibration-section.ts";
import { challengersSection } from "./challengers-section.ts";
import { checkReportData } from "./check-chart-data.ts";
import { columnHeads } from "./column-heads.ts";
import type { ReportData } from "./data.ts";
import { decisionTable, filterRules } from "./decision-table.ts";
import { driftColumns } from "./drift-columns.ts";
import { type ColumnHistory, columnHistories, driftReports } from "./drift-histories.ts";
import { driftMap, heatSteps, hiddenColumns, mostWindows } from "./drift-map.ts";
import { errorChart, errorLines, expectations, promiseDash, smoothingDays } from "./error-over-time.ts";
import { eventOf, type ReportEvent } from "./events.ts";
import { forecastCharts, forecastSection, seriesRules } from "./forecast-section.ts";
import { day, minute, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { figureOf, legend, swatch } from "./legend.ts";
import { lineageFlow } from "./lineage.ts";
import { observedTable } from "./observed-table.ts";
import { htmlPage } from "./page.ts";
import { partsSection } from "./parts-section.ts";
import { type ChartRenderer, loadCharts } from "./plot.ts";
import { qualityTable } from "./quality-table.ts";
import { coverageChart, quartersOf, quarterTable } from "./quarters.ts";
import { type ReportSize, reportSizes } from "./report-sizes.ts";
import { tiles } from "./tiles.ts";

/**
 * One HTML page about a deployed model: forecast and outcomes, error over time with what was decided, coverage by quarter, calibration, error by step and series, comparisons with challengers, drift with a
 * drill-down by column, quality, lineage, decision log. Self-contained: no script, no request, light and dark, for desk and phone. Below 1 MB: what is left out to that end is
 * said where it would be, and `reportJson` has all of it. The same data give the same bytes.
 *
 * Needs the optional peers `@observablehq/plot` and `linkedom`, which draw the charts; the page itself does not.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY, MONITOR_INVALID
 */
export async function renderReport(data: ReportData): Promise<string> {
  checkOptions("MONITOR_INVALID", "renderReport()", data, {
    served: true,
    series: true,
    target: true,
    zone: true,
    days: true,
    title: true,
    subtitle: true,
    now: true,
    scale: true,
    comparisons: true,
    decisions: true,
    drift: true,
    quality: true,
    observations: true,
    champion: true,
  });
  checkMicros("now", data.now);
  checkReportData("renderReport()", data);
  const charts = await loadCharts();
  const parts = wholeParts(charts, data);
  let page = "";
  for (const size of reportSizes) {
    page = pageOf(data, parts, size);
    if (Buffer.byteLength(page) < mostBytes) break;
  }
  return page;
}

/** Columns in the table of drift. */
const mostListed = 200;
/** What a page weighs at most. */
const mostBytes = 1_000_000;

/** What every size of the page shows alike. */
function wholeParts(charts: ChartRenderer, data: ReportData) {
  const { decisions = [], quality, champion, zone = "UTC" } = data;
  const drift = data.drift ?? driftReports(decisions);
  const histories = columnHistories(drift);
  return {
    histories,
    tiles: tiles(data),
    forecasts: forecastCharts(charts, data),
    error: errorSection(charts, data),
    quarters: quarterSection(charts, data),
    calibration: calibrationSection(charts, data),
    challengers: challengersSection(data),
    drift: driftSection(charts, drift, histories, zone),
    quality: qualityTable(quality),
    watches: observedTable(data),
    lineage:
      champion === undefined
        ? html`<p class="empty">No model version serves yet.</p>`
        : lineageFlow(champion, data.served, zone),
  };
}

function pageOf(data: ReportData, parts: ReturnType<typeof wholeParts>, size: ReportSize): string {
  const { title, subtitle, decisions = [], zone = "UTC" } = data;
  return htmlPage({
    title,
    lead: subtitle,
    style: `${filterRules(decisions)}\n@media screen{\n${seriesRules}\n}`,
    tiles: parts.tiles,
    sections: [
      ["forecast", "Forecast", forecastSection(data, parts.forecasts, size.series)],
      ["error", "Error over time", parts.error],
      ["quarters", "By quarter", parts.quarters],
      ["calibration", "Calibration", parts.calibration],
      ["parts", "By step and series", partsSection(data, size.keys)],
      ["challengers", "Challengers", parts.challengers],
      ["drift", "Drift", html`${parts.drift}${driftColumns(parts.histories, zone, size.drift)}`],
      ["watches", "Watches", parts.watches],
      ["quality", "Data quality", parts.quality],
      ["lineage", "Lineage", parts.lineage],
      ["decisions", "Decisions", decisionTable(decisions, zone, size.decisions)],
    ],
    footer: `As of ${minute(data.now, zone)}, times in ${zone}. Written by tsops; this file needs no network.${size.note}`,
  });
}

function errorSection(charts: ChartRenderer, data: ReportData): Html {
  const { decisions = [] } = data;
  const lines = errorLines(data);
  if (lines.every(({ points }) => points.length === 0))
    return html`<p class="empty">Fewer than ${smoothingDays / 2} days have outcomes so far.</p>`;
  const has = (event: ReportEvent) => decisions.some((decision) => eventOf(decision) === event);
  return html`<p class="note">Mean absolute error, averaged over the last ${smoothingDays} days.</p>
${legend([
  ...lines.map(({ name, colour, dash }) => [swatch(colour, "line", dash), name] as const),
  ...(expectations(data, lines).length > 0
    ? [[swatch("var(--forecast)", "line", promiseDash), "promised by the champion’s backtest"] as const]
    : []),
  ...(has("promoted") ? [[swatch("var(--good)", "triangle"), "promoted"] as const] : []),
  ...(has("rejected") ? [[swatch("var(--bad)", "cross"), "rejected by the gate"] as const] : []),
  ...(has("alert") ? [[swatch("var(--warn)", "dot"), "alert"] as const] : []),
])}
${figureOf((size) => errorChart(charts, data, size))}
<p class="note">The same by quarter is in the table below.</p>`;
}

function quarterSection(charts: ChartRenderer, data: ReportData): Html {
  const quarters = quartersOf(data);
  if (quarters.length === 0) return html`<p class="empty">Nothing has been predicted yet.</p>`;
  const levels = quarters[0]?.performance.intervals.map(({ level }) => level) ?? [];
  return html`${
    levels.length > 0 &&
    html`<p class="note">Share of outcomes that fell within the intervals. On the dashed line they keep their promise.</p>
${legend(levels.map((level, i) => [swatch(`var(--level-${(i % 3) + 1})`, "line"), `${level} % interval`] as const))}
${figureOf((size) => coverageChart(charts, quarters, size))}`
  }
${quarterTable(data, quarters)}`;
}

function driftSection(
  charts: ChartRenderer,
  drift: readonly DatedDrift[],
  histories: readonly ColumnHistory[],
  zone: string,
): Html {
  if (histories.length === 0) return html`<p class="empty">No drift report has been made yet.</p>`;
  const hidden = hiddenColumns(histories);
  const listed = histories.slice(0, mostListed);
  return html`<p class="note">Each window against the weeks before it, allowing for season and autocorrelation. Colours are <span class="nobr">p-values</span> adjusted for the number of columns; a dot marks drift.${hidden > 0 && ` The ${histories.length - hidden} columns that drifted most are drawn.`}${windowsNote(drift.length)}</p>
${legend([...heatSteps].reverse().map(({ colour, name }) => [swatch(colour, "band"), name] as const))}
${figureOf((size) => driftMap(charts, drift, histories, zone, size))}
<div class="scroll" tabindex="0" role="region" aria-label="Drift by column"><table role="table" class="stack"><caption>Drift by column over ${whole(drift.length)} windows${listed.length < histories.length && `: the ${listed.length} of ${whole(histories.length)} columns that drifted most`}</caption>
${columnHeads(["Column", "Flagged", "What was found last"])}<tbody role="rowgroup">${listed.map(
    ({ column, flagged, windows, lastFlagged, sentence }) =>
      html`<tr role="row"><th role="rowheader" scope="row">${column}</th><td role="cell" class="when">${flagged} of ${windows}</td><td role="cell" class="why">${sentence ?? "–"}${lastFlagged !== null && html`<small>${day(lastFlagged, zone)}</small>`}</td></tr>`,
  )}</tbody></table></div>`;
}

/** What the map leaves out: the table below it counts every window. */
function windowsNote(windows: number): string | false {
  const { wide, narrow } = mostWindows;
  if (windows <= narrow) return false;
  if (windows <= wide) return ` On a small screen the newest ${narrow} of ${windows} windows are drawn.`;
  return ` The newest ${wide} of ${windows} windows are drawn, on a small screen ${narrow}; the table counts all.`;
}
