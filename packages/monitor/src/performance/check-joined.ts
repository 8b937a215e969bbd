import { checkMade } from "../check-made.ts";

/**
 * Refuses what is no join of predictions and outcomes.
 * @param where - As people write it: `"performanceByWindow()"`.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkJoined(where: string, joined: unknown): void {
  checkMade(where, "what joinOutcomes() returned; it is a promise to be awaited", joined, {
    length: "number",
    series: "list",
    seriesIndex: "list",
    sources: "list",
    sourceIndex: "list",
    step: "list",
    time: "list",
    cutoff: "list",
    y: "list",
    mean: "list",
    quantiles: "list",
    carried: "object",
    counts: "object",
  });
}
