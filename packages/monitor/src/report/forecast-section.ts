import { performanceByWindow } from "../performance/by-window.ts";
import type { ReportData } from "./data.ts";
import { isPromotion } from "./events.ts";
import { axisLabel, forecastChart } from "./forecast-chart.ts";
import { forecastLegend } from "./forecast-legend.ts";
import { day, evenFigures, figure, percent, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { figureOf, legend, swatch } from "./legend.ts";
import type { ChartRenderer } from "./plot.ts";
import { forecastPoints } from "./rows.ts";
import { type ShownSeries, shownSeries } from "./shown-series.ts";
import { cut } from "./svg-pieces.ts";

/** Series that a page draws at most, and a JSON report holds. */
export const mostSeries = 10;

/** Forecast charts, drawn once for all sizes of a page. */
export interface ForecastCharts {
  readonly drawn: readonly (ShownSeries & { readonly figure: Html })[];
  /** Series in all, also those that are not drawn. */
  readonly all: number;
}

/** Draws the forecasts of the series that a page may show. */
export function forecastCharts(charts: ChartRenderer, data: ReportData): ForecastCharts {
  const { shown, all } = shownSeries(data, mostSeries);
  const promotions = (data.decisions ?? []).filter(isPromotion);
  const drawn = shown.map((one) => ({
    ...one,
    figure: figureOf((size) =>
      forecastChart(charts, { ...data, series: one.key }, size, promotions, one.name),
    ),
  }));
  return { drawn, all };
}

/** The forecast beside the outcomes, of one series after the other as the reader chooses; and the days as a table. */
export function forecastSection(data: ReportData, { drawn, all }: ForecastCharts, most: number): Html {
  const { decisions = [], target } = data;
  const points = forecastPoints(data);
  if (points.length === 0 || drawn.length === 0)
    return html`<p class="empty">Nothing has been predicted yet.</p>`;
  const from = points[0]?.micros ?? data.now;
  const hasPromotion = decisions.some((decision) => isPromotion(decision) && decision.time >= from);
  const chosen = fewest(drawn, most);
  return html`<p class="note">${axisLabel(target)}: what was served, and what came. On a small screen the last days only.</p>
${all > 1 && seriesChoice(chosen, all, !Number.isNaN(chosen[0]?.mase ?? Number.NaN))}
${legend([
  ...forecastLegend(points),
  ...(hasPromotion ? [[swatch("var(--good)", "line", "4 3"), "new champion"] as const] : []),
])}
${all > 1 ? chosen.map((one, i) => html`<div class="one-series" data-series="${i}">${one.figure}</div>`) : chosen[0]?.figure}
${daysTable(data, from, all)}`;
}

/** Letters of a series' name that its button shows; its chart is labelled with all of them. */
const mostLetters = 60;

/** Rules that show the chosen series alone; the page has no script. A browser that does not know them shows one chart after the other. */
export const seriesRules = Array.from(
  { length: mostSeries },
  (_, i) =>
    `section:has(.series input[data-series="${i}"]:checked) .one-series:not([data-series="${i}"]){display:none}`,
).join("\n");

/** As many, alternating so that the worst, typical and best stay among them. */
function fewest<T extends ShownSeries>(drawn: readonly T[], most: number): readonly T[] {
  if (drawn.length <= most) return drawn;
  const kinds = (["worst", "best", "typical", "unjudged"] as const).map((kind) => {
    const of = drawn.filter(({ why }) => why === kind);
    return kind === "best" ? of.reverse() : of;
  });
  const kept = new Set(drawn.slice(0, 1));
  for (let i = 0; i < drawn.length; i++)
    for (const kind of kinds) {
      const one = kind[i];
      if (one !== undefined && kept.size < most) kept.add(one);
    }
  return drawn.filter((one) => kept.has(one));
}

function seriesChoice(chosen: readonly ShownSeries[], all: number, isScaled: boolean): Html {
  const left = all - chosen.length;
  const word = ({ why, mae, mase, rows }: ShownSeries) =>
    `${why === "chosen" || why === "unjudged" ? "" : `${why}, `}${rows === 0 ? "no outcome yet" : isScaled ? `MASE ${mase.toFixed(2)}` : figure(mae)}`;
  return html`<fieldset class="filter series"><legend>Series</legend>${chosen.map(
    (one, i) =>
      html`<label><input type="radio" name="series" value="${one.name}" data-series="${i}"${i === 0 && html` checked`}><span>${cut(one.name, mostLetters)} <small>${word(one)}</small></span></label>`,
  )}</fieldset>
${left > 0 && html`<p class="note">Series with the greatest, typical and least errors; ${whole(left)} of ${whole(all)} are left out here. The error of more is under “By step and series”.</p>`}`;
}

function daysTable(data: ReportData, from: bigint, all: number): Html {
  const { zone = "UTC", served } = data;
  const days = performanceByWindow(served, { window: "1d", zone }).filter(({ end }) => end > from);
  const levels = days[0]?.intervals.map(({ level }) => level) ?? [];
  const mae = evenFigures(days.map((window) => window.mae));
  const bias = evenFigures(days.map((window) => window.bias));
  return html`<details data-key="days"><summary>These days as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Figures by day"><table class="figures"><caption>Error and coverage by day${all > 1 && ", over all series"}</caption>
<thead><tr><th scope="col">Day</th><th scope="col">Outcomes</th><th scope="col">Mean absolute error</th><th scope="col">Bias</th>${levels.map((level) => html`<th scope="col">${level} % covers</th>`)}</tr></thead>
<tbody>${days.map(
    (window) =>
      html`<tr><th scope="row">${day(window.start, zone)}</th><td>${window.rows}</td><td>${mae(window.mae)}</td><td>${bias(window.bias)}</td>${levels.map((level) => html`<td>${percent(window.intervals.find((found) => found.level === level)?.coverage ?? Number.NaN)}</td>`)}</tr>`,
  )}</tbody></table></div></details>`;
}
