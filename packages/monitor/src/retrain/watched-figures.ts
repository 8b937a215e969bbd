import { listSome, TsopsError } from "@tsops/core";
import type { DriftReport } from "../drift/drift-test.ts";
import type { WindowPerformance } from "../performance/by-window.ts";
import type { RetrainPolicy } from "./policy.ts";

/** A window's figure that the policy's error trigger looks at; NaN when it has none. */
export function errorOf({ metric }: RetrainPolicy): (window: WindowPerformance) => number {
  return (window) => window[metric];
}

/** A window's figure that the policy's coverage trigger looks at; NaN when it has none. */
export function coverageOf(wanted: number): (window: WindowPerformance) => number {
  return ({ intervals }) => intervals.find(({ level }) => level === wanted)?.coverage ?? Number.NaN;
}

/**
 * A policy whose figure no window has would never ask for anything, and say so of outcomes that are there.
 * @throws TsopsError MONITOR_INVALID when half a check's windows have outcomes, and none of them what a trigger looks at
 */
export function requireFigures(policy: RetrainPolicy, windows: readonly WindowPerformance[]): void {
  const known = windows.filter(({ rows }) => rows > 0);
  if (2 * known.length < policy.window) return;
  const isAbsent = (figure: (window: WindowPerformance) => number) =>
    known.every((window) => Number.isNaN(figure(window)));
  const { coverage, metric } = policy;
  if (isAbsent(errorOf(policy)))
    throw new TsopsError(
      "MONITOR_INVALID",
      `The policy watches the ${metric}, which is NaN in all ${known.length} windows with outcomes.`,
      {
        hint:
          metric === "mase"
            ? "Give performanceByWindow() a scale, e.g. { scale: trainingScales(panel) }, or watch the mae."
            : `Give windows of performanceByWindow(), which have the ${metric}.`,
        details: { metric },
      },
    );
  if (coverage === null || !isAbsent(coverageOf(coverage.level))) return;
  const levels = [...new Set(known.flatMap(({ intervals }) => intervals.map(({ level }) => level)))];
  throw new TsopsError(
    "MONITOR_INVALID",
    `The policy watches the coverage at ${coverage.level} %, and none of the ${known.length} windows with outcomes has intervals of that level.`,
    {
      hint:
        levels.length === 0
          ? "The predictions have no intervals: fit the forecaster with conformal(), or leave coverage out of the policy."
          : `There are ${levels.sort((a, b) => a - b).join(", ")}: watch one of them, or predict at ${coverage.level}.`,
      details: { level: coverage.level, levels },
    },
  );
}

/** What a policy looks at of a drift report. */
export type WatchedDrift = Pick<DriftReport, "columns"> & Partial<Pick<DriftReport, "untested">>;

/**
 * Nor would a policy whose drift trigger names columns that no report has.
 * @throws TsopsError MONITOR_INVALID when a column is in none of the reports, neither as tested nor as untested
 */
export function requireDriftColumns({ drift }: RetrainPolicy, reports: readonly WatchedDrift[]): void {
  if (drift === null || reports.length === 0) return;
  const names = new Set(
    reports.flatMap(({ columns, untested = [] }) => [...columns, ...untested].map(({ column }) => column)),
  );
  const absent = drift.columns.filter((column) => !names.has(column));
  if (absent.length === 0) return;
  throw new TsopsError(
    "MONITOR_INVALID",
    `The policy watches the drift of ${listSome(absent.map((column) => JSON.stringify(column)))}, which ${reports.length === 1 ? "the report does not know" : `none of the ${reports.length} reports knows`}.`,
    { hint: `They have ${listSome([...names])}.`, details: { absent } },
  );
}
