import { performanceByWindow, type WindowPerformance } from "../performance/by-window.ts";
import type { ReportData } from "./data.ts";
import { eventOf, type ReportEvent } from "./events.ts";

/** Days that count as recent. */
const recentDays = 28;

/** The figures at the top of a report. Errors are in the unit of the target; all are NaN without outcomes. */
export interface Overview {
  /** Days with outcomes that the recent figures are about, at most 28. */
  readonly recentDays: number;
  /** Mean absolute error of all outcomes, and of the recent days. */
  readonly error: { readonly all: number; readonly recent: number };
  /** The same in units of each series' scale; NaN without one. */
  readonly mase: { readonly all: number; readonly recent: number };
  readonly outcomes: number;
  /** By ascending level in percent. */
  readonly coverage: readonly { readonly level: number; readonly all: number; readonly recent: number }[];
  readonly promotions: number;
  readonly rejections: number;
  readonly alerts: number;
  readonly driftReports: { readonly all: number; readonly flagged: number };
  readonly predictions: number;
  /** Steps without an outcome so far. */
  readonly waiting: number;
}

/** How a deployment does, in a few figures. */
export function overviewOf({ served, decisions = [], zone = "UTC", scale }: ReportData): Overview {
  const days = performanceByWindow(served, { window: "1d", zone, ...(scale === undefined ? {} : { scale }) });
  const recent = days.filter(({ rows }) => rows > 0).slice(-recentDays);
  const events = (event: ReportEvent) => decisions.filter((decision) => eventOf(decision) === event).length;
  const reports = (verdict: string) =>
    decisions.filter((decision) => decision.kind === "drift" && decision.verdict === verdict).length;
  const [drift, noDrift] = [reports("drift"), reports("no_drift")];
  return {
    recentDays: recent.length,
    error: { all: meanOver(days, ({ mae }) => mae), recent: meanOver(recent, ({ mae }) => mae) },
    mase: { all: meanOver(days, ({ mase }) => mase), recent: meanOver(recent, ({ mase }) => mase) },
    outcomes: sum(days, ({ rows }) => rows),
    coverage: (days[0]?.intervals ?? []).map(({ level }) => {
      const of = ({ intervals }: WindowPerformance) =>
        intervals.find((found) => found.level === level)?.coverage ?? Number.NaN;
      return { level, all: meanOver(days, of), recent: meanOver(recent, of) };
    }),
    promotions: events("promoted"),
    rejections: events("rejected"),
    alerts: events("alert"),
    driftReports: { all: drift + noDrift, flagged: drift },
    predictions: served.counts.predictions,
    waiting: served.counts.withoutOutcome,
  };
}

/** Mean of a window figure with each window weighted by its outcomes. */
function meanOver(windows: readonly WindowPerformance[], of: (window: WindowPerformance) => number): number {
  const known = windows.filter((window) => !Number.isNaN(of(window)));
  return sum(known, (window) => of(window) * window.rows) / sum(known, ({ rows }) => rows);
}

function sum(windows: readonly WindowPerformance[], of: (window: WindowPerformance) => number): number {
  return windows.reduce((total, window) => total + of(window), 0);
}
