// The public contract of @tsops/monitor: every name is listed, grouped by folder.

export { coverageAlert } from "./alerts.ts";
export { benjaminiHochberg, simes } from "./drift/combine.ts";
export { driftDecision } from "./drift/decision.ts";
export {
  type ColumnDrift,
  type DriftOptions,
  type DriftReport,
  type DriftTestResult,
  driftTest,
} from "./drift/drift-test.ts";
export type { DriftTestName } from "./drift/test-outcome.ts";
export {
  type PairedVersions,
  type PairVersionsOptions,
  pairVersions,
} from "./experiment/pair-versions.ts";
export {
  type PerformanceOptions,
  type PerformanceSplit,
  performanceByWindow,
  type WindowPerformance,
} from "./performance/by-window.ts";
export {
  type JoinedOutcomes,
  type JoinOutcomesOptions,
  joinOutcomes,
  type PredictionSource,
} from "./performance/join-outcomes.ts";
export type { PerformanceMetrics } from "./performance/metrics.ts";
export type { OutcomeColumns } from "./performance/outcome-index.ts";
export { checkQuality, type QualityOptions } from "./quality/check-quality.ts";
export type { ValueRange } from "./quality/column-checks.ts";
export type { QualityCheck, QualityFinding, QualitySeverity } from "./quality/finding.ts";
export type { RetrainCheck, TriggerByChecks } from "./retrain/checks.ts";
export {
  type DatedDrift,
  evaluateRetrain,
  type RetrainDecision,
  type RetrainQuestion,
  type RetrainState,
} from "./retrain/evaluate.ts";
export type { RetrainEvidence } from "./retrain/evidence.ts";
export {
  type KOfN,
  type RetrainMetric,
  type RetrainPolicy,
  type RetrainPolicyOptions,
  retrainPolicy,
} from "./retrain/policy.ts";
export { lastRetrainAttempt, requestRetrain } from "./retrain/request.ts";
export { type Adwin, type AdwinOptions, adwin } from "./streaming/adwin.ts";
export type { StreamingChange } from "./streaming/alternatives.ts";
export { type CusumOptions, cusum } from "./streaming/cusum.ts";
export { type PageHinkleyOptions, pageHinkley, type RawDetector } from "./streaming/page-hinkley.ts";
export {
  loadStreamingDrift,
  type StreamCounts,
  type StreamingDrift,
  type StreamingDriftOptions,
  type StreamingFinding,
  streamingDrift,
} from "./streaming/streaming-drift.ts";
