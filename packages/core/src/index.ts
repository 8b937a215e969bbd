// The public contract of @tsops/core: every name is listed, grouped by folder. Add yours to its group.

export {
  type BinaryArray,
  type BinaryArrayType,
  type BinaryContents,
  crc32,
  type JsonValue,
  readBinary,
  writeBinary,
} from "./bytes.ts";
// errors and progress
export { TsopsError, type TsopsErrorCode, type TsopsErrorOptions } from "./errors.ts";
// features
export type {
  Feature,
  FeatureStatus,
  FeatureTypes,
  FeatureView,
  WindowAggregate,
} from "./features/feature-view.ts";
// forecast
export type { Forecast, ForecastQuantile } from "./forecast/forecast.ts";
export type { FitOptions, FittedForecaster, Forecaster, PredictOptions } from "./forecast/forecaster.ts";
export type { Covariate, Panel, PanelSpec, SeriesKey } from "./forecast/panel.ts";
export type {
  FeatureColumn,
  FeatureMatrix,
  FittedRegressor,
  Regressor,
  RegressorFitOptions,
} from "./forecast/regressor.ts";
export type { Progress, ProgressEvent } from "./progress.ts";
// seeds and bytes
export { createRandom, type Random, type Seed } from "./random.ts";
// schema
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
export type { Table } from "./schema/table.ts";
// time
export type { InstantInput, TemporalInstantLike } from "./time/instant.ts";

// decide

// pipeline

// lineage
export type { ModelLineage, TableVersion, TrainingSetLineage } from "./lineage.ts";

// ports
export type { Clock } from "./ports/clock.ts";
export type { DecisionKind, DecisionLog, DecisionRecord } from "./ports/decision-log.ts";
export type { Claim, Ledger, LedgerEntry, LedgerKey, LedgerStatus, StepRecord } from "./ports/ledger.ts";
export type { SnapshotStore } from "./ports/online-store.ts";
export type { PredictionLog, PredictionQuery, PredictionRecord } from "./ports/prediction-log.ts";
export type { ModelVersion, Registry } from "./ports/registry.ts";
export type {
  ActiveRun,
  DatasetInput,
  LoggedModel,
  Metric,
  ModelFiles,
  Run,
  RunQuery,
  RunStatus,
  Tracker,
} from "./ports/tracker.ts";
