import type { ForecastChartData } from "./data.ts";
import { type ChartSize, forecastChart } from "./forecast-chart.ts";
import { loadCharts } from "./plot.ts";
import { paletteRules } from "./style.ts";

/**
 * The forecast with its intervals and outcomes as an SVG file of its own, e.g. for a README or a chat message. It follows the
 * reader's light or dark setting where the viewer tells it, and needs no font or network.
 * @param size - `"wide"` (960 pixels, default) or `"narrow"` (360 pixels, the last third of the days).
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY
 */
export async function forecastSvg(data: ForecastChartData, size: ChartSize = "wide"): Promise<string> {
  const svg = forecastChart(await loadCharts(), data, size);
  const style = `${paletteRules("svg")}svg{color:var(--text);background:var(--card);font-family:system-ui,sans-serif;font-size:11px}`;
  const end = svg.indexOf(">") + 1;
  return `${svg.slice(0, end)}<style>${style}</style>${svg.slice(end)}`;
}
