// The public contract of @tsops/monitor: every name is listed, grouped by folder.

export { callbackChannel } from "./alerts/channels/callback.ts";
export type { AlertChannel } from "./alerts/channels/channel.ts";
export { logChannel } from "./alerts/channels/log.ts";
export { type WebhookOptions, webhookChannel } from "./alerts/channels/webhook.ts";
export { type Delivered, type DeliverOptions, deliverAlerts } from "./alerts/deliver.ts";
export { type AlertEvaluation, type AlertQuestion, evaluateAlerts } from "./alerts/evaluate.ts";
export type { LabelMatcher } from "./alerts/matcher.ts";
export {
  type AlertObservation,
  type ObservedSubject,
  observeDrift,
  observePerformance,
  observeQuality,
} from "./alerts/observation.ts";
export { observeDecision } from "./alerts/observe-decision.ts";
export {
  observeCoverage,
  observeErrorChanges,
  observeEstimate,
  observePromise,
  observeSegments,
  observeStream,
} from "./alerts/observe-watches.ts";
export type { AlertPayload } from "./alerts/payload.ts";
export { queueAlerts } from "./alerts/queue.ts";
export type { AlertChange, AlertEvidence, AlertRecord } from "./alerts/record.ts";
export {
  type AlertCondition,
  type AlertRule,
  type AlertRuleOptions,
  type AlertSeverity,
  alertRule,
  alertRules,
} from "./alerts/rule.ts";
export type { AlertRuleWarning } from "./alerts/rule-warnings.ts";
export type { AlertSilence } from "./alerts/silence.ts";
export type { AlertGroupState, AlertSeriesState, AlertState } from "./alerts/state.ts";
export type { DriftTestName } from "./drift/battery/test-outcome.ts";
export { benjaminiHochberg, simes } from "./drift/combine.ts";
export { driftDecision } from "./drift/decision.ts";
export {
  type ColumnDrift,
  type DriftOptions,
  type DriftReport,
  type DriftTestResult,
  driftTest,
} from "./drift/drift-test.ts";
export {
  type PairedVersions,
  type PairVersionsOptions,
  pairVersions,
} from "./experiment/pair-versions.ts";
export {
  type ErrorChange,
  type ErrorChanges,
  type ErrorChangesOptions,
  errorChanges,
} from "./explanation/change-points.ts";
export {
  type ErrorGrowth,
  type ErrorGrowthOptions,
  explainErrorGrowth,
  type FeatureContribution,
} from "./explanation/error-growth.ts";
export {
  type PerformanceGroup,
  type PerformanceOptions,
  type PerformanceSplit,
  performanceByWindow,
  type WindowPerformance,
} from "./performance/by-window.ts";
export type { CarriedValue } from "./performance/carried.ts";
export {
  type CoverageState,
  type CoverageWatch,
  type CoverageWatchOptions,
  coverageWatch,
  loadCoverageWatch,
} from "./performance/coverage-watch.ts";
export {
  type EstimatedWindow,
  type EstimateOptions,
  estimatePerformance,
  type PerformanceEstimate,
} from "./performance/estimate-performance.ts";
export {
  type JoinedOutcomes,
  type JoinOutcomesOptions,
  joinOutcomes,
  type PredictionSource,
} from "./performance/join-outcomes.ts";
export {
  estimateLearnedPerformance,
  type LearnedEstimateOptions,
} from "./performance/learned-performance.ts";
export type { DetailedMetrics, PerformanceMetrics } from "./performance/metrics.ts";
export { type NewOutcomes, newOutcomes } from "./performance/new-outcomes.ts";
export type { OutcomeColumns, OutcomeRevision } from "./performance/outcome-index.ts";
export type { RowChoice } from "./performance/pick-rows.ts";
export type { PredictedRow, Segments } from "./performance/row-groups.ts";
export { type ScaleOption, type SeriesScales, trainingScales } from "./performance/scales.ts";
export {
  type PromiseResult,
  type WorseThanPromisedOptions,
  worseThanPromised,
} from "./performance/worse-than-promised.ts";
export {
  type SegmentError,
  type WorstSegments,
  type WorstSegmentsOptions,
  worstSegments,
} from "./performance/worst-segments.ts";
export { checkQuality, type QualityOptions } from "./quality/check-quality.ts";
export type { ValueRange } from "./quality/column-checks.ts";
export type { QualityCheck, QualityFinding, QualitySeverity } from "./quality/finding.ts";
export { type LearnQualityOptions, learnQuality } from "./quality/learn-quality.ts";
export type {
  Bounds,
  ColumnRules,
  DayPattern,
  LevelRules,
  NumberRules,
  QualityRules,
} from "./quality/rules.ts";
export type { RetrainAttempt } from "./retrain/budget.ts";
export type { RetrainCheck, TriggerByChecks } from "./retrain/checks.ts";
export {
  type DatedDrift,
  evaluateRetrain,
  type RetrainDecision,
  type RetrainQuestion,
  type RetrainState,
} from "./retrain/evaluate.ts";
export type { RetrainEvidence, RetrainTrigger } from "./retrain/evidence.ts";
export {
  type KOfN,
  type RetrainBudget,
  type RetrainGate,
  type RetrainMetric,
  type RetrainPolicy,
  type RetrainPolicyOptions,
  type RetrainTraining,
  retrainPolicy,
} from "./retrain/policy.ts";
export { lastRetrainAttempt, requestRetrain, retrainAttempts } from "./retrain/request.ts";
export type { StreamingChange } from "./streaming/alternatives.ts";
export { type Adwin, type AdwinOptions, adwin, loadAdwin } from "./streaming/raw/adwin.ts";
export { type CusumOptions, cusum, loadCusum } from "./streaming/raw/cusum.ts";
export { loadPageHinkley, type PageHinkleyOptions, pageHinkley } from "./streaming/raw/page-hinkley.ts";
export type { RawDetector } from "./streaming/raw/raw-detector.ts";
export {
  loadStreamingDrift,
  type StreamCounts,
  type StreamingDrift,
  type StreamingDriftOptions,
  type StreamingFinding,
  streamingDrift,
} from "./streaming/streaming-drift.ts";
