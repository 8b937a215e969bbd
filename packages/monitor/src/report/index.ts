// The public contract of @tsops/monitor/report.

export type { ForecastChartData, ReportComparison, ReportData } from "./data.ts";
export { type DrawBacktestOptions, drawBacktest } from "./draw-backtest.ts";
export { drawForecasts } from "./draw-forecasts.ts";
export { driftReports } from "./drift-map.ts";
export { renderDriftPage } from "./drift-page.ts";
export type { ChartSize } from "./forecast-chart.ts";
export { forecastSvg } from "./forecast-svg.ts";
export { renderReport } from "./render-report.ts";
