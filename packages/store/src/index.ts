// The public contract of @tsops/store: every name is listed, grouped by folder. Add yours to its group.

// home
export { type Home, type HomeOptions, openHome } from "./home/home.ts";

// arrow

// engine
export {
  type DuckEngine,
  type DuckSession,
  type EngineOptions,
  openEngine,
  type QueryOptions,
} from "./engine/engine.ts";
export { quoteInstant, quoteName, quotePath, quoteText } from "./engine/sql-text.ts";

// delta
export type { AppendInput, AppendOptions, AppendResult } from "./delta/append.ts";
export type { Scan, ScannedFile, ScanOptions, TimeRange } from "./delta/scan.ts";
export { ingestTypes, type UnreadableColumn } from "./delta/schema.ts";
export type { ReadBatchesOptions, ReadTableOptions, Snapshot } from "./delta/snapshot.ts";
export {
  type AsOf,
  createTable,
  type DeltaTable,
  type OpenTableOptions,
  openTable,
  type TableOptions,
} from "./delta/table.ts";

// join
