import { checkMade } from "../check-made.ts";
import { checkJoined } from "../performance/check-joined.ts";

/**
 * Refuses data of which no forecast can be drawn.
 * @param where - As people write it: `"forecastSvg()"`.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkChartData(where: string, data: unknown): void {
  checkMade(where, "{ served, target: { name } }", data, { served: "object", target: "object" });
  const { served, target } = data as { readonly served: unknown; readonly target: unknown };
  checkJoined(where, served);
  checkMade(`The target of ${where}`, '{ name: "load", unit: "MW" }', target, { name: "text" });
}

/**
 * Refuses data of which no report can be made.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkReportData(where: string, data: unknown): void {
  checkChartData(where, data);
  checkMade(where, "a title, and the present as now: toMicros(...)", data, { title: "text", now: "instant" });
}
