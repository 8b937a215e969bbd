import { checkChartData } from "./check-chart-data.ts";
import type { ForecastChartData } from "./data.ts";
import { axisLabel, type ChartSize, chartWidth, drawnPoints, forecastChart } from "./forecast-chart.ts";
import { forecastLegend } from "./forecast-legend.ts";
import { escapeText } from "./html.ts";
import { loadCharts } from "./plot.ts";
import type { ForecastPoint } from "./rows.ts";
import { paletteRules } from "./style.ts";

/**
 * The forecast with its intervals and outcomes as an SVG file of its own, with title and legend, e.g. for a README or a chat message. It
 * follows the reader's light or dark setting where the viewer tells it, and needs no font or network.
 * @param size - `"wide"` (960 pixels, default) or `"narrow"` (360 pixels, the last third of the days).
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY
 */
export async function forecastSvg(data: ForecastChartData, size: ChartSize = "wide"): Promise<string> {
  checkChartData("forecastSvg()", data);
  const chart = forecastChart(await loadCharts(), data, size);
  const points = drawnPoints(data, size);
  const width = chartWidth[size];
  const legend = legendRows(points, width);
  const top = 26 + 20 * legend.rows;
  const root = chart.slice(0, chart.indexOf(">") + 1);
  const height = top + Number(/ height="(\d+)"/.exec(root)?.[1]);
  const label = / aria-label="[^"]*"/.exec(root)?.[0] ?? "";
  const drawing = `${root.replace(/ (role|aria-label)="[^"]*"/g, "").replace("<svg", `<svg y="${top}"`)}${chart.slice(root.length)}`;
  const style = `${paletteRules("svg")}svg{color:var(--text);background:var(--card);font-family:system-ui,sans-serif;font-size:11px}svg svg{background:none}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" fill="currentColor" role="img"${label}><style>${style}</style><text x="8" y="19" font-size="${titleSize[size]}" font-weight="600">${escapeText(titleOf(data, points, size))}</text>${legend.markup}${drawing}</svg>`;
}

const titleSize: Readonly<Record<ChartSize, number>> = { wide: 14, narrow: 12 };

/** What is predicted, and the days that are drawn; a name too long for the picture is cut. */
function titleOf({ target }: ForecastChartData, points: readonly ForecastPoint[], size: ChartSize): string {
  const day = (point: ForecastPoint | undefined) => point?.at.toISOString().slice(0, 10) ?? "";
  const days = points.length === 0 ? "" : `, ${day(points[0])} to ${day(points.at(-1))}`;
  const most = Math.floor((chartWidth[size] - 16) / (0.6 * titleSize[size])) - days.length;
  const name = axisLabel(target);
  return `${name.length > most ? `${name.slice(0, most - 1)}…` : name}${days}`;
}

/** The legend in as many rows as the width asks for. Letters are taken to be 6.2 pixels wide, as nothing measures text here. */
function legendRows(points: readonly ForecastPoint[], width: number): { markup: string; rows: number } {
  let x = 8;
  let row = 0;
  const entries = forecastLegend(points).map(([mark, text]) => {
    const needed = 28 + 6.2 * text.length;
    if (x > 8 && x + needed > width) {
      x = 8;
      row++;
    }
    const entry = `<g transform="translate(${x},${28 + 20 * row})">${mark.markup}<text x="28" y="11">${escapeText(text)}</text></g>`;
    x = Math.round(x + needed + 14);
    return entry;
  });
  return { markup: entries.join(""), rows: row + 1 };
}
