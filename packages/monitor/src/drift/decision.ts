import { checkOptions, type DecisionRecord, decisionRecord } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import type { DriftReport } from "./drift-test.ts";

/**
 * A drift report as a decision record: verdict `drift`, `no_drift`, or `untested` where no column could be tested, with every test in the evidence.
 * @throws TsopsError MONITOR_INVALID, VALUE_INVALID
 */
export function driftDecision(
  report: DriftReport,
  about: { readonly subject: string; readonly now: bigint; readonly requestedBy: string },
): DecisionRecord {
  checkMade("driftDecision()", "what driftTest() returned", report, {
    columns: "list",
    untested: "list",
    sentence: "text",
  });
  checkOptions("MONITOR_INVALID", "driftDecision()", about, { subject: true, now: true, requestedBy: true });
  const flagged = report.columns.filter((column) => column.drift);
  const sentences = flagged.slice(0, 3).map((column) => column.tests[0]?.sentence ?? "");
  return decisionRecord({
    kind: "drift",
    subject: about.subject,
    time: about.now,
    verdict: report.drift === null ? "untested" : report.drift ? "drift" : "no_drift",
    reason: [
      report.sentence,
      ...sentences,
      ...(flagged.length > 3 ? [`And ${flagged.length - 3} more.`] : []),
    ].join(" "),
    requestedBy: about.requestedBy,
    evidence: { ...report },
  });
}
