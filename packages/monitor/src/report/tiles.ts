import { performanceByWindow, type WindowPerformance } from "../performance/by-window.ts";
import type { ReportData } from "./data.ts";
import { evenFigures, percent, whole } from "./format.ts";
import { type Html, html } from "./html.ts";

const recentDays = 28;

/** The figures at the top: error, coverage, decisions, predictions. */
export function tiles(data: ReportData): Html {
  const { served, decisions = [], zone = "UTC", scale, target } = data;
  const days = performanceByWindow(served, { window: "1d", zone });
  const recent = days.filter(({ rows }) => rows > 0).slice(-recentDays);
  const count = (kind: string, verdict: string) =>
    decisions.filter((decision) => decision.kind === kind && decision.verdict === verdict).length;
  const all = meanOver(days, ({ mae }) => mae);
  const now = meanOver(recent, ({ mae }) => mae);
  const error = evenFigures([all, now]);
  const unit = target.unit === undefined ? "" : ` ${target.unit}`;
  const levels = days[0]?.intervals.map(({ level }) => level) ?? [];
  return html`<dl class="tiles">
${tile(`Error, last ${recent.length} days`, error(now), `mean absolute${unit}${scale === undefined ? "" : `, MASE ${(now / scale).toFixed(2)}`}`)}
${tile("Error, all days", error(all), `over ${whole(sum(days, ({ rows }) => rows))} outcomes`)}
${levels.map((level) => {
  const coverage = (windows: readonly WindowPerformance[]) =>
    meanOver(
      windows,
      ({ intervals }) => intervals.find((found) => found.level === level)?.coverage ?? Number.NaN,
    );
  return tile(
    `${level} % interval covers`,
    percent(coverage(days)),
    `last ${recent.length} days ${percent(coverage(recent))}`,
  );
})}
${tile("Promotions", whole(count("gate", "promote")), `${whole(count("gate", "reject"))} rejected by the gate`)}
${tile("Alerts", whole(count("alert", "alert")), `${whole(count("drift", "drift"))} of ${whole(count("drift", "drift") + count("drift", "no_drift"))} drift reports flag a column`)}
${tile("Predictions", whole(served.counts.predictions), `${whole(served.counts.withoutOutcome)} steps wait for their outcome`)}
</dl>`;
}

function tile(name: string, value: string, note: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
}

/** Mean of a window figure with each window weighted by its outcomes. */
function meanOver(windows: readonly WindowPerformance[], of: (window: WindowPerformance) => number): number {
  const known = windows.filter((window) => !Number.isNaN(of(window)));
  return sum(known, (window) => of(window) * window.rows) / sum(known, ({ rows }) => rows);
}

function sum(windows: readonly WindowPerformance[], of: (window: WindowPerformance) => number): number {
  return windows.reduce((total, window) => total + of(window), 0);
}
