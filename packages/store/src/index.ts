// The public contract of @tsops/store: every name is listed, grouped by folder. Add yours to its group.

// home
export type { ArtifactFiles } from "./home/artifact-files.ts";
export { type Home, type HomeOptions, openHome } from "./home/home.ts";

// arrow

// delta
export type { AppendInput, AppendOptions, AppendResult, PositionMove } from "./delta/append.ts";
export type { CompactOptions, CompactResult } from "./delta/compact.ts";
export type { HistoryEntry } from "./delta/history.ts";
export type { Scan, ScannedFile, ScanOptions, TimeRange } from "./delta/scan.ts";
export { ingestTypes, type UnreadableColumn } from "./delta/schema.ts";
export type { ReadBatchesOptions, ReadTableOptions, Snapshot } from "./delta/snapshot.ts";
export {
  type AsOf,
  createTable,
  type DeltaTable,
  type OpenTableOptions,
  openOrCreateTable,
  openTable,
  type TableOptions,
} from "./delta/table.ts";
export type { VacuumOptions, VacuumResult } from "./delta/vacuum.ts";
// engine
export {
  type DuckEngine,
  type DuckSession,
  type EngineOptions,
  openEngine,
  type QueryOptions,
} from "./engine/engine.ts";
export { quoteInstant, quoteName, quotePath, quoteText } from "./engine/sql-text.ts";

// join
export { type AsOfJoinOptions, type AsOfJoinResult, asOfJoin } from "./join/as-of-join.ts";
export type { JoinMethod } from "./join/choose-plan.ts";
export type { JoinAsOf, JoinSnapshot, JoinSource, JoinTables } from "./join/join-tables.ts";
export {
  type BuildOptions,
  type BuiltTrainingSet,
  buildTrainingSet,
  rebuildTrainingSet,
} from "./join/training-set.ts";

// source
export { aggregateOf } from "./source/aggregate-of.ts";
export { latestOf } from "./source/latest-of.ts";

// sync
export { type SyncOptions, type SyncProgress, type SyncResult, sync } from "./sync/sync.ts";
