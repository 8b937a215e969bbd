import { checkOptions } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import type { DriftReport } from "../drift/drift-test.ts";
import { checkMicros } from "../micros.ts";
import type { ReplaceGauge } from "./definitions.ts";
import { seconds } from "./figures.ts";

/** Shows a drift report in place of what was shown of the same subject. */
export function showDrift(
  replace: ReplaceGauge,
  report: DriftReport,
  about: { readonly subject: string; readonly now: bigint },
): void {
  checkOptions("MONITOR_INVALID", "drift()", about, { subject: true, now: true });
  checkMicros("now", about.now);
  checkMade("drift()", "what driftTest() returned", report, { columns: "list", untested: "list" });
  const owner = { subject: about.subject };
  const { columns } = report;
  const tests = columns.flatMap(({ column, tests: list }) =>
    list.map((result) => [{ column, test: result.test as string }, result] as const),
  );
  replace(
    "tsops_drift_detected",
    owner,
    columns.map(({ column, drift }) => [{ column }, drift ? 1 : 0]),
  );
  replace(
    "tsops_drift_adjusted_p_value",
    owner,
    columns.map(({ column, adjustedPValue }) => [{ column }, adjustedPValue]),
  );
  replace(
    "tsops_drift_statistic",
    owner,
    tests.map(([labels, { statistic }]) => [labels, statistic]),
  );
  replace(
    "tsops_drift_p_value",
    owner,
    tests.map(([labels, { pValue }]) => [labels, pValue]),
  );
  replace("tsops_drift_untested_columns", owner, [[{}, report.untested.length]]);
  replace("tsops_drift_tested_timestamp_seconds", owner, [[{}, seconds(about.now)]]);
}
