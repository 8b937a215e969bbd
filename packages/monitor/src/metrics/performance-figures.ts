import { checkOptions, TsopsError } from "@tsops/core";
import { checkEachMade } from "../check-made.ts";
import type { WindowPerformance } from "../performance/by-window.ts";
import type { DetailedMetrics } from "../performance/metrics.ts";
import type { ReplaceGauge } from "./definitions.ts";
import { seconds } from "./figures.ts";
import type { Labels } from "./gauge-set.ts";

/** A window of `performanceByWindow`; one of `WindowPerformance` alone leaves out the tracking signal, CRPS and RMSSE. */
export type ShownWindow = WindowPerformance & Partial<DetailedMetrics>;

/** Shows the last window with outcomes of each version and step, in place of what was shown of the same deployment. */
export function showPerformance(
  replace: ReplaceGauge,
  windows: readonly ShownWindow[],
  about: { readonly deployment: string },
): void {
  checkOptions("MONITOR_INVALID", "performance()", about, { deployment: true });
  checkEachMade("performance()", "windows of performanceByWindow()", windows, {
    start: "instant",
    rows: "number",
    intervals: "list",
  });
  const owner = { deployment: about.deployment };
  const parts = lastOfEachPart(windows);
  const known = parts.filter(({ withOutcomes }) => withOutcomes !== null);
  const each = (of: (window: ShownWindow) => number | undefined) =>
    known.map(({ labels, withOutcomes }) => [labels, of(withOutcomes as ShownWindow) ?? Number.NaN] as const);
  const levels = (of: (interval: WindowPerformance["intervals"][number]) => number) =>
    known.flatMap(({ labels, withOutcomes }) =>
      (withOutcomes as WindowPerformance).intervals
        .filter(({ rows }) => rows > 0)
        .map((interval) => [{ ...labels, level: String(interval.level) }, of(interval)] as const),
    );
  replace(
    "tsops_mean_absolute_error",
    owner,
    each(({ mae }) => mae),
  );
  replace(
    "tsops_root_mean_squared_error",
    owner,
    each(({ rmse }) => rmse),
  );
  replace(
    "tsops_mean_bias",
    owner,
    each(({ bias }) => bias),
  );
  replace(
    "tsops_mean_absolute_scaled_error",
    owner,
    each(({ mase }) => mase),
  );
  replace(
    "tsops_root_mean_squared_scaled_error",
    owner,
    each(({ rmsse }) => rmsse),
  );
  replace(
    "tsops_tracking_signal",
    owner,
    each(({ trackingSignal }) => trackingSignal),
  );
  replace(
    "tsops_continuous_ranked_probability_score",
    owner,
    each(({ crps }) => crps),
  );
  replace(
    "tsops_pinball_loss",
    owner,
    known.flatMap(({ labels, withOutcomes }) =>
      (withOutcomes as WindowPerformance).quantiles.map(
        ({ probability, pinball }) => [{ ...labels, probability: String(probability) }, pinball] as const,
      ),
    ),
  );
  replace(
    "tsops_interval_coverage",
    owner,
    levels(({ coverage }) => coverage),
  );
  replace(
    "tsops_interval_coverage_expected",
    owner,
    levels(({ level }) => level / 100),
  );
  replace(
    "tsops_interval_width",
    owner,
    levels(({ width }) => width),
  );
  replace(
    "tsops_interval_rows",
    owner,
    levels(({ rows }) => rows),
  );
  replace(
    "tsops_outcomes",
    owner,
    parts.map(({ labels, last }) => [labels, last.rows]),
  );
  replace(
    "tsops_outcomes_missing",
    owner,
    parts.map(({ labels, last }) => [labels, last.missing]),
  );
  replace(
    "tsops_outcomes_until_timestamp_seconds",
    owner,
    parts.map(({ labels, first, withOutcomes }) => [labels, seconds(withOutcomes?.end ?? first.start)]),
  );
}

interface Part {
  readonly labels: Labels;
  readonly first: ShownWindow;
  last: ShownWindow;
  withOutcomes: ShownWindow | null;
}

/** The windows of each version and step, told by their first, their last, and the last with outcomes. */
function lastOfEachPart(windows: readonly ShownWindow[]): Part[] {
  const parts = new Map<string, Part>();
  for (const window of windows) {
    if (window.key !== undefined)
      throw new TsopsError("MONITOR_INVALID", "The windows are split by key: that makes too many series.", {
        hint: 'Leave "key" out of `split`; the report shows single keys.',
        details: { option: "split" },
      });
    if (window.segment !== undefined)
      throw new TsopsError(
        "MONITOR_INVALID",
        "The windows are split by segments, which the metrics do not tell apart.",
        {
          hint: "Leave `segments` out for the metrics; worstSegments() names those that stand out.",
          details: { option: "segments" },
        },
      );
    const version = window.source === undefined ? "" : String(window.source.modelVersion);
    const labels = { version, step: window.step === undefined ? "" : String(window.step) };
    const id = JSON.stringify(labels);
    const part = parts.get(id) ?? { labels, first: window, last: window, withOutcomes: null };
    part.last = window;
    if (window.rows > 0) part.withOutcomes = window;
    parts.set(id, part);
  }
  return [...parts.values()];
}
