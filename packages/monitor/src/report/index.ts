// The public contract of @tsops/monitor/report.

export type { Calibration, CalibrationPoint } from "./calibration.ts";
export type { ForecastChartData, ReportComparison, ReportData } from "./data.ts";
export { type DrawBacktestOptions, drawBacktest } from "./draw-backtest.ts";
export { drawForecasts } from "./draw-forecasts.ts";
export { driftReports } from "./drift-histories.ts";
export { renderDriftPage } from "./drift-page.ts";
export type { ChartSize } from "./forecast-chart.ts";
export { forecastSvg } from "./forecast-svg.ts";
export { livePage, messagePage } from "./live-page.ts";
export { renderReport } from "./render-report.ts";
export { type ReportJson, reportJson } from "./report-json.ts";
export { watchServed } from "./watch-served.ts";
