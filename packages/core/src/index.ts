// The public contract of @tsops/core: every name is listed, grouped by folder. Add yours to its group.

export { abortable, abortedError, throwIfAborted } from "./abort.ts";
export {
  type BinaryArray,
  type BinaryArrayType,
  type BinaryContents,
  crc32,
  type JsonValue,
  readBinary,
  writeBinary,
} from "./bytes.ts";
export { canonicalJson, parseCanonicalJson } from "./canonical-json.ts";
export { type Contracts, defineConfig, type TsopsConfig } from "./cli/config.ts";
export type {
  CompareWindows,
  DriftPage,
  DriftPageColumn,
  DriftPageComparison,
  RenderDriftPage,
} from "./cli/drift/companions.ts";
export type { DrawForecasts, DrawnSeries, DrawnStep, ForecastDrawing } from "./cli/forecast/companions.ts";
export type {
  CheckQuality,
  FileTable,
  FoundQuality,
  LearnQuality,
  LearntRules,
} from "./cli/quality/companions.ts";
export type {
  FileColumn,
  FileColumnKind,
  NumberForm,
  ReadFileOptions,
  TableFile,
  TableFiles,
  TimeStyle,
} from "./cli/table-file/table-files.ts";
export {
  type CompareBacktestsOptions,
  type ComparedBacktest,
  compareBacktests,
} from "./decide/compare-backtests.ts";
export { decisionRecord } from "./decide/decision-record.ts";
export {
  type DieboldMariano,
  type DieboldMarianoOptions,
  dieboldMariano,
  type VarianceKernel,
} from "./decide/diebold-mariano.ts";
export { addOutcomes } from "./decide/experiment/add-outcomes.ts";
export {
  type ExperimentDecision,
  type ExperimentDecisionOptions,
  type ExperimentEvidence,
  type ExperimentForecast,
  type ExperimentSide,
  experimentDecision,
} from "./decide/experiment/decision.ts";
export { endExperiment } from "./decide/experiment/end-experiment.ts";
export { type PairedOutcomes, pairedOutcomes } from "./decide/experiment/paired-outcomes.ts";
export {
  type ExperimentBlock,
  type ExperimentCounts,
  type ExperimentEnd,
  type ExperimentLook,
  type ExperimentOptions,
  type ExperimentState,
  experiment,
  type OpenBlock,
  type PairedOutcome,
} from "./decide/experiment/state.ts";
export {
  type GateDecision,
  type GateEvidence,
  type GateModel,
  type GateOptions,
  gate,
} from "./decide/gate.ts";
export {
  type CandidateEvidence,
  type GateCandidatesDecision,
  type GateCandidatesEvidence,
  type GateCandidatesOptions,
  gateCandidates,
} from "./decide/gate-candidates.ts";
export type { Guard, GuardResult } from "./decide/guards.ts";
export type { GateLoss, GateUnit } from "./decide/losses.ts";
export {
  type ConfidenceSetMember,
  type ModelConfidenceSet,
  type ModelConfidenceSetOptions,
  modelConfidenceSet,
} from "./decide/model-confidence-set.ts";
export { type PromotionOptions, promote, rollback } from "./decide/promote.ts";
export type { ScoredForecasts } from "./decide/scored-forecasts.ts";
export { TsopsError, type TsopsErrorCode, type TsopsErrorOptions } from "./errors.ts";
export { joinMatchedRows, type MatchedRows, matchableSpine } from "./features/as-of/join-matched.ts";
export {
  joinSortedRows,
  numberSpineKeys,
  type SortedRows,
  type SpineKeys,
} from "./features/as-of/join-sorted.ts";
export {
  type AsOfPlan,
  type AsOfPlanOptions,
  type KnownAt,
  type PlannedKey,
  type PlannedRowFeature,
  type PlannedWindowFeature,
  planAsOfJoin,
  type ResolvedKnownAt,
  type ViewPlan,
} from "./features/as-of/plan.ts";
export {
  type AsOfSqlSource,
  anyInTimeSql,
  asOfSql,
  type SortedRowsSource,
  sortedRowsSql,
} from "./features/as-of/sql.ts";
export { joinedTable } from "./features/as-of/view-result.ts";
export {
  aggregateKinds,
  column,
  count,
  type Feature,
  type FeatureSpec,
  first,
  last,
  max,
  mean,
  min,
  type RowFeatureSpec,
  std,
  sum,
  type WindowAggregate,
  type WindowFeatureSpec,
} from "./features/feature.ts";
export {
  type FeatureStatus,
  featureColumn,
  featureStatusColumn,
  featureTimeColumn,
} from "./features/feature-names.ts";
export {
  type FeatureTypes,
  type FeatureView,
  type FeatureViewDefinition,
  featureView,
} from "./features/feature-view.ts";
export {
  type CheckedViews,
  type JoinedColumns,
  type JoinedRow,
  joinedTypes,
} from "./features/joined-columns.ts";
export { type MemoryOnlineStoreOptions, memoryOnlineStore } from "./features/online/memory-online-store.ts";
export {
  type KeptTable,
  type OnlineEvaluator,
  onlineEvaluator,
  type ViewEntities,
} from "./features/online/online-evaluator.ts";
export {
  type LookupOptions,
  loadOnlineFeatures,
  type OnlineFeatures,
  type OnlineFeaturesOptions,
  onlineFeatures,
} from "./features/online/online-features.ts";
export type { ObservedCounts } from "./features/online/online-table.ts";
export {
  checkRange,
  isTable,
  planTrainingSet,
  type TrainingRow,
  type TrainingSet,
  type TrainingSetDefinition,
  type TrainingSpine,
  trainingSet,
  trainingSetHash,
} from "./features/training-set.ts";
export { type AutoForecaster, autoForecaster } from "./forecast/auto/auto-forecaster.ts";
export type { AutoChoice, JudgedCandidate } from "./forecast/auto/choice.ts";
export type { FittedAuto } from "./forecast/auto/fitted.ts";
export type { AutoOptions } from "./forecast/auto/options.ts";
export { backtest } from "./forecast/backtest/backtest.ts";
export type {
  BacktestFailure,
  BacktestMetrics,
  BacktestResult,
  IntervalMetrics,
  QuantileMetrics,
} from "./forecast/backtest/result.ts";
export type { BacktestCutoff, BacktestOptions } from "./forecast/backtest/settings.ts";
export { sumBacktest } from "./forecast/backtest/sum-backtest.ts";
export { type Conformal, conformal } from "./forecast/conformal/conformal.ts";
export type { AdaptedLevel, FittedConformal } from "./forecast/conformal/fitted.ts";
export type { ConformalOptions } from "./forecast/conformal/options.ts";
export type { SamplePathOptions } from "./forecast/conformal/sample-paths.ts";
export { type Ensemble, ensemble } from "./forecast/ensemble/ensemble.ts";
export type { FittedEnsemble } from "./forecast/ensemble/fitted.ts";
export type { EnsembleOptions } from "./forecast/ensemble/options.ts";
export type { Forecast, ForecastQuantile } from "./forecast/forecast.ts";
export { type AnyForecastRow, type ForecastRow, forecastRows } from "./forecast/forecast-rows.ts";
export type {
  FitOptions,
  FittedForecaster,
  Forecaster,
  FutureRows,
  PredictArguments,
  PredictOptions,
} from "./forecast/forecaster.ts";
export {
  type ForecasterCache,
  type ForecasterCacheOptions,
  type ForecasterCacheStats,
  forecasterCache,
} from "./forecast/forecaster-cache.ts";
export { type GbdtRegressor, gbdt } from "./forecast/gbdt/gbdt.ts";
export { loadLightgbm } from "./forecast/gbdt/lightgbm/load-lightgbm.ts";
export { toLightgbm } from "./forecast/gbdt/lightgbm/to-lightgbm.ts";
export type { Link } from "./forecast/gbdt/link.ts";
export type { FeatureImportance, GbdtLeaf, GbdtModel, GbdtNode, GbdtSplit } from "./forecast/gbdt/model.ts";
export type {
  CategoricalSplitOptions,
  EarlyStoppingOptions,
  GbdtOptions,
  LossName,
} from "./forecast/gbdt/options.ts";
export type { ShapValues } from "./forecast/gbdt/shap.ts";
export { type AggregateOptions, aggregatePanel } from "./forecast/hierarchy/aggregate.ts";
export type { FittedReconciled } from "./forecast/hierarchy/fitted.ts";
export type { ReconciledOptions } from "./forecast/hierarchy/options.ts";
export { type Reconciled, reconciled } from "./forecast/hierarchy/reconciled.ts";
export type { ReconcileMethod } from "./forecast/hierarchy/weights.ts";
export { boundsOfLevel, checkLevels, intervalOf } from "./forecast/levels.ts";
export { type LoadForecasterOptions, loadForecaster } from "./forecast/load-forecaster.ts";
export { type FittedValues, fittedValues } from "./forecast/local/fitted-values.ts";
export type { FittedLocal, LocalForecaster } from "./forecast/local/local-forecaster.ts";
export type { LocalSummary } from "./forecast/local/local-model.ts";
export {
  intervalCoverage,
  intervalScore,
  intervalWidth,
  meanAbsoluteError,
  meanAbsoluteScaledError,
  meanBias,
  overallWeightedAverage,
  pinballLoss,
  rankedProbabilityScore,
  rootMeanSquaredError,
  rootMeanSquaredScaledError,
  seasonalNaiveScale,
  symmetricPercentageError,
  trackingSignal,
} from "./forecast/metrics.ts";
export { type Adida, adida, type Imapa, imapa } from "./forecast/models/aggregated-demand.ts";
export { type Arima, type ArimaOptions, arima } from "./forecast/models/arima/arima.ts";
export { type Ces, type CesForm, type CesOptions, type CesSeason, ces } from "./forecast/models/ces/ces.ts";
export {
  type Croston,
  type CrostonOptions,
  type CrostonVariant,
  croston,
} from "./forecast/models/croston.ts";
export {
  type Ets,
  type EtsOptions,
  ets,
  type HoltOptions,
  type HoltWintersOptions,
  holt,
  holtWinters,
  ses,
} from "./forecast/models/ets/ets.ts";
export { type HistoricAverage, historicAverage } from "./forecast/models/historic-average.ts";
export { type Mstl, type MstlOptions, mstl } from "./forecast/models/mstl/mstl.ts";
export { type Naive, naive } from "./forecast/models/naive.ts";
export { type Naive2, type Naive2Options, naive2 } from "./forecast/models/naive2.ts";
export { type RandomWalkWithDrift, randomWalkWithDrift } from "./forecast/models/random-walk-with-drift.ts";
export {
  type SeasonalNaive,
  type SeasonalNaiveOptions,
  seasonalNaive,
} from "./forecast/models/seasonal-naive.ts";
export {
  type Theta,
  type ThetaOptions,
  type ThetaSeason,
  type ThetaVariant,
  theta,
} from "./forecast/models/theta/theta.ts";
export { type Tsb, type TsbOptions, tsb } from "./forecast/models/tsb.ts";
export {
  type WindowAverage,
  type WindowAverageOptions,
  windowAverage,
} from "./forecast/models/window-average.ts";
export type { OutlierSettings, OutlierTreatment } from "./forecast/outliers/outlier-option.ts";
export { type OutlierOptions, type PanelOutlier, withoutOutliers } from "./forecast/outliers/outliers.ts";
export { describeGaps, type PanelOptions, panel } from "./forecast/panel/build-panel.ts";
export type {
  Covariate,
  Panel,
  PanelGap,
  PanelSpec,
  SeriesFailure,
  SeriesKey,
} from "./forecast/panel/panel.ts";
export { type PanelSlice, panelToColumns, slicePanel } from "./forecast/panel/panel-slices.ts";
export type { RowsInput } from "./forecast/panel/plain-rows.ts";
export { listSome } from "./forecast/panel/rows.ts";
export { seriesKeyText } from "./forecast/panel/series-key.ts";
export type { CalendarFeature, CalendarField } from "./forecast/reduce/calendar-features.ts";
export type { FittedReduce } from "./forecast/reduce/fitted.ts";
export {
  type HolidayDates,
  type HolidayEntry,
  type HolidayFeatureOptions,
  type Holidays,
  listHolidays,
} from "./forecast/reduce/holidays.ts";
export type {
  BoxCoxTransform,
  FourierTerms,
  LevelOptions,
  LocalScale,
  MatchFeature,
  ReduceOptions,
  ReduceStrategy,
  TargetTransform,
  WindowAggregateName,
  WindowFeature,
} from "./forecast/reduce/options.ts";
export { type Reduce, reduce } from "./forecast/reduce/reduce.ts";
export type { RegionalHolidays } from "./forecast/reduce/regional-holidays.ts";
export { type SeasonalFeatures, seasonalFeatures } from "./forecast/reduce/seasonal-features.ts";
export type {
  FeatureColumn,
  FeatureMatrix,
  FittedRegressor,
  Regressor,
  RegressorFitOptions,
} from "./forecast/regressor.ts";
export {
  type ElasticNetModel,
  type ElasticNetOptions,
  type ElasticNetRegressor,
  elasticNet,
  type LassoOptions,
  lasso,
} from "./forecast/regressors/elastic-net.ts";
export { type KnnOptions, type KnnRegressor, knn } from "./forecast/regressors/knn.ts";
export {
  type MlPredictions,
  type MlRegressor,
  type MlRegressorOptions,
  mlRegressor,
} from "./forecast/regressors/ml-regressor.ts";
export type { Draws, PathOptions, SamplePaths } from "./forecast/sample-paths.ts";
export { usualSeasonLength } from "./forecast/seasons/season-length.ts";
export { type ContentHasher, contentHash, contentHasher, definitionHash, sha256Hex } from "./hash.ts";
export { importPeer } from "./import-peer.ts";
export type { ModelLineage, TableVersion, TrainingSetLineage } from "./lineage.ts";
export {
  checkColumns,
  checkList,
  checkMethods,
  checkOptions,
  checkWord,
  type OptionNames,
  shown,
} from "./options.ts";
export { type AnnounceOptions, type AssetExtra, announceAsset } from "./pipeline/assets.ts";
export type { AttemptOptions } from "./pipeline/attempt-options.ts";
export { type BackfillOptions, type BackfillRun, backfill } from "./pipeline/backfill.ts";
export type { FailureContext, Hook, HookContext, HookName, RunFailure } from "./pipeline/hook.ts";
export {
  type AnyPipeline,
  type CatchUp,
  type NoResults,
  type OverlapPolicy,
  type Pipeline,
  type PipelineDescription,
  type PipelineOptions,
  pipeline,
} from "./pipeline/pipeline.ts";
export type { RetryOptions, RetryPolicy } from "./pipeline/retry.ts";
export { runAttempt } from "./pipeline/run-attempt.ts";
export type { RunOutcome, StepOutcome } from "./pipeline/run-outcome.ts";
export {
  type PipelineRun,
  type RunPipelineOptions,
  runPipeline,
  runUntilSettled,
} from "./pipeline/run-pipeline.ts";
export {
  intervalsBetween,
  latestDueInterval,
  parseSchedule,
  type Schedule,
  type Ticks,
} from "./pipeline/schedule.ts";
export { createScheduler, type Scheduler, type SchedulerOptions } from "./pipeline/scheduler.ts";
export type {
  CannotBeRecorded,
  CheckedResult,
  Log,
  LogEntry,
  Step,
  StepContext,
  StepOptions,
  StepResults,
  StoredResult,
} from "./pipeline/step.ts";
export type { CallOptions } from "./ports/call-options.ts";
export type { Clock } from "./ports/clock.ts";
export type { DecisionKind, DecisionLog, DecisionQuery, DecisionRecord } from "./ports/decision-log.ts";
export type {
  Announcement,
  AssetEvent,
  AssetEventsQuery,
  Claim,
  Ledger,
  LedgerEntry,
  LedgerKey,
  LedgerStatus,
  StepRecord,
} from "./ports/ledger.ts";
export type { OnlineStore, SnapshotStore } from "./ports/online-store.ts";
export type {
  Outbox,
  OutboxEntry,
  OutboxKey,
  OutboxMessage,
  OutboxQuery,
  OutboxStatus,
} from "./ports/outbox.ts";
export type { PredictionLog, PredictionQuery, PredictionRecord } from "./ports/prediction-log.ts";
export type { ModelVersion, Registry } from "./ports/registry.ts";
export type {
  ActiveRun,
  ArtifactContent,
  DatasetInput,
  LoggedModel,
  Metric,
  ModelFiles,
  Run,
  RunQuery,
  RunStatus,
  Tracker,
} from "./ports/tracker.ts";
export type { Progress, ProgressEvent } from "./progress.ts";
export { createRandom, type Random, type Seed } from "./random.ts";
export {
  assertColumnTypes,
  assertSchema,
  compareSchemas,
  type SchemaDifference,
  sameSchema,
} from "./schema/check-schema.ts";
export {
  bool,
  type ColumnKind,
  type ColumnOptions,
  type ColumnType,
  type ColumnTypes,
  float64,
  type InputOf,
  type InputRowOf,
  int64,
  type NamesOfKind,
  nullable,
  type RowOf,
  timestamp,
  utf8,
  type ValueOf,
} from "./schema/column-type.ts";
export {
  type BoolColumn,
  type Column,
  type ColumnOf,
  type Columns,
  type Float64Column,
  type Int64Column,
  isValid,
  type TimestampColumn,
  type Utf8Column,
  type Validity,
} from "./schema/columns.ts";
export { compactDictionary, type DictionaryBuilder, dictionaryBuilder } from "./schema/dictionary.ts";
export { type ArrayInputOf, columnLength, columnsFromArrays } from "./schema/from-arrays.ts";
export { columnsFromRows, type FromRowsOptions } from "./schema/from-rows.ts";
export {
  concatColumns,
  emptyColumns,
  selectColumns,
  sliceColumns,
  takeColumns,
  withColumn,
} from "./schema/reshape.ts";
export {
  type AvailableAtName,
  type EventTimeName,
  type KeyName,
  type Table,
  type TableDefinition,
  table,
} from "./schema/table.ts";
export { type MicrosRowOf, toRows } from "./schema/to-rows.ts";
export {
  countNulls,
  emptyBitmap,
  fullBitmap,
  setNull,
  setValid,
} from "./schema/validity.ts";
export {
  binomialProbability,
  chiSquareCdf,
  chiSquareSurvival,
  fCdf,
  fSurvival,
  normalCdf,
  normalQuantile,
  normalSurvival,
  studentTCdf,
  studentTQuantile,
  studentTSurvival,
} from "./stats/distributions.ts";
export { type CalendarFields, calendarFields } from "./time/calendar.ts";
export { systemClock, type VirtualClock, virtualClock } from "./time/clock.ts";
export {
  addDuration,
  type CalendarDuration,
  type Duration,
  durationMicros,
  type FixedDuration,
  formatDuration,
  parseDuration,
  subtractDuration,
} from "./time/duration.ts";
export {
  type CheckedFrequency,
  type Frequency,
  type FrequencyOptions,
  parseFrequency,
} from "./time/frequency.ts";
export { inferFrequency } from "./time/infer-frequency.ts";
export {
  type Disambiguation,
  formatInstant,
  type InstantInput,
  type InstantOptions,
  type TemporalInstantLike,
  toDate,
  toMicros,
} from "./time/instant.ts";
export {
  checkInterval,
  type Interval,
  intersectIntervals,
  interval,
  intervalContains,
  intervalsOverlap,
  splitInterval,
} from "./time/interval.ts";
export { type LocalProblem, localToInstants } from "./time/local.ts";
export { type OffsetPeriod, resolveZone, type Zone } from "./time/zone.ts";
export { logBacktest } from "./tracking/log-backtest.ts";
export { forecasterFile, type LogForecasterOptions, logForecaster } from "./tracking/log-forecaster.ts";
export {
  type SyncTrackingOptions,
  syncTracking,
  type TrackingStore,
  type TrackingSync,
} from "./tracking/sync-tracking.ts";
export { withCode } from "./with-code.ts";
