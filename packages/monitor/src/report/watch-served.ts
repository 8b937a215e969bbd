import { durationMicros } from "@tsops/core";
import { type AlertObservation, checkSubject, type ObservedSubject } from "../alerts/observation.ts";
import { observeCoverage, observeErrorChanges, observeEstimate } from "../alerts/observe-watches.ts";
import { errorChanges } from "../explanation/change-points.ts";
import { performanceByWindow } from "../performance/by-window.ts";
import { checkJoined } from "../performance/check-joined.ts";
import { coverageWatch } from "../performance/coverage-watch.ts";
import { estimatePerformance } from "../performance/estimate-performance.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { levelsOf } from "../performance/metrics.ts";

/** From here on errors are judged by week, which a pattern by weekday does not disturb. */
const manyWeeks = durationMicros("17w");

/**
 * What those watches say that need nothing beside served forecasts and their outcomes: whether the intervals of the champion's version cover what they promise,
 * since when the error is what it is (by day, and by week in a log of 17 weeks or more), and how large the errors will be whose outcomes have not come. For `ReportData.observations`, as `tsops report` has them. What has too little to
 * go by is left out.
 * @param options.zone - In which days begin. Default UTC.
 * @throws TsopsError MONITOR_INVALID
 */
export function watchServed(
  served: JoinedOutcomes,
  options: ObservedSubject & { readonly zone?: string },
): readonly AlertObservation[] {
  checkJoined("watchServed()", served);
  const { zone = "UTC", ...about } = options ?? {};
  checkSubject("watchServed()", about);
  const modelVersion = lastChampion(served);
  if (modelVersion === null) return [];
  const watches = levelsOf(served.quantiles).map(({ level }) => {
    const watch = coverageWatch({ level, modelVersion });
    watch.update(served);
    return watch;
  });
  const window = spanOf(served) < manyWeeks ? "1d" : "1w";
  return [
    ...watches.flatMap((watch) => observeCoverage(watch, about)),
    ...observeErrorChanges(errorChanges(performanceByWindow(served, { window, zone })), about),
    ...observeEstimate(estimatePerformance(served, { window: "1d", zone }), about),
  ].filter(({ value }) => !Number.isNaN(value));
}

function spanOf({ time }: JoinedOutcomes): bigint {
  let [first, last] = [time[0] ?? 0n, time[0] ?? 0n];
  for (const at of time) {
    if (at < first) first = at;
    if (at > last) last = at;
  }
  return last - first;
}

/** The version whose champion's forecast is the newest. */
function lastChampion({ length, cutoff, sourceIndex, sources }: JoinedOutcomes): number | null {
  let last: { readonly cutoff: bigint; readonly version: number } | null = null;
  for (let row = 0; row < length; row++) {
    const source = sources[sourceIndex[row] as number];
    const at = cutoff[row] as bigint;
    if (source?.role === "champion" && (last === null || at >= last.cutoff))
      last = { cutoff: at, version: source.modelVersion };
  }
  return last?.version ?? null;
}
