import {
  checkOptions,
  type DecisionRecord,
  decisionRecord,
  formatInstant,
  shown,
  TsopsError,
} from "@tsops/core";
import { checkMicros } from "../micros.ts";
import type { WindowPerformance } from "../performance/by-window.ts";

/**
 * An alert when the intervals of a level covered too few of a window's outcomes, e.g. the 95 % interval less than half of the hours
 * of a day: something unusual happened. That alone is no reason to retrain.
 * @param options.level - Percent, one of the levels that were served.
 * @param options.below - Share, e.g. 0.5.
 * @returns Null when coverage was good enough or the window has no outcomes.
 * @throws TsopsError MONITOR_INVALID when `below` is no share, or the window has no intervals of that level.
 */
export function coverageAlert(
  window: WindowPerformance,
  options: {
    readonly subject: string;
    readonly level: number;
    readonly below: number;
    readonly now: bigint;
    readonly requestedBy: string;
  },
): DecisionRecord | null {
  checkOptions("MONITOR_INVALID", "coverageAlert()", options, {
    subject: true,
    level: true,
    below: true,
    now: true,
    requestedBy: true,
  });
  const { below } = options;
  if (!(typeof below === "number" && below > 0 && below <= 1))
    throw new TsopsError("MONITOR_INVALID", `below is a share above 0 and at most 1, got ${shown(below)}.`, {
      hint: "Write 0.5 for half of the outcomes.",
      details: { option: "below" },
    });
  checkMicros("now", options.now);
  const interval = window.intervals.find(({ level }) => level === options.level);
  if (interval === undefined)
    throw new TsopsError("MONITOR_INVALID", `There are no ${options.level} % intervals in this window.`, {
      hint: `It has ${window.intervals.map(({ level }) => `${level} %`).join(", ") || "none"}.`,
    });
  if (!(interval.coverage < options.below)) return null;
  const covered = Math.round(interval.coverage * interval.rows);
  const span = { from: formatInstant(window.start), to: formatInstant(window.end) };
  return decisionRecord({
    kind: "alert",
    subject: options.subject,
    time: options.now,
    verdict: "alert",
    reason: `The ${options.level} % intervals covered ${covered} of ${interval.rows} outcomes from ${span.from} to ${span.to}, fewer than ${Number((100 * options.below).toPrecision(3))} %.`,
    requestedBy: options.requestedBy,
    evidence: {
      ...span,
      level: options.level,
      rows: interval.rows,
      coverage: interval.coverage,
      below: options.below,
      mae: window.mae,
    },
  });
}
