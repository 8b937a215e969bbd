import { type DecisionRecord, decisionRecord } from "@tsops/core";
import type { DriftReport } from "./drift-test.ts";

/** A drift report as a decision record: verdict `drift` or `no_drift`, with every test in the evidence. */
export function driftDecision(
  report: DriftReport,
  about: { readonly subject: string; readonly now: bigint; readonly requestedBy: string },
): DecisionRecord {
  const flagged = report.columns.filter((column) => column.drift);
  const untested = report.untested.length === 0 ? "" : `, ${report.untested.length} could not be tested`;
  const sentences = flagged.slice(0, 3).map((column) => column.tests[0]?.sentence ?? "");
  return decisionRecord({
    kind: "drift",
    subject: about.subject,
    time: about.now,
    verdict: report.drift ? "drift" : "no_drift",
    reason: [
      `${flagged.length} of ${report.columns.length} columns drift at a false-discovery rate of ${report.alpha}${untested}.`,
      ...sentences,
      ...(flagged.length > 3 ? [`And ${flagged.length - 3} more.`] : []),
    ].join(" "),
    requestedBy: about.requestedBy,
    evidence: { ...report },
  });
}
