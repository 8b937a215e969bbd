// Arrow tables in and out, and the contracts whose rows travel as Arrow: not in the main entry, which needs no apache-arrow.

export type {
  Source,
  SourceAggregate,
  SourceAggregateKind,
  SourceAggregation,
  SourceCapabilities,
  SourceFilter,
  SourceHealth,
  SourceKey,
  SourceScan,
  SourceWrite,
} from "../ports/source.ts";
export { type FromArrowOptions, fromArrow } from "./from-arrow.ts";
export { type ArrowTypes, arrowSchema, columnTypesOf, tableOf } from "./schema.ts";
export { sourceAggregateTypes, sourceBucketMicros } from "./source-aggregation.ts";
export { toArrow } from "./to-arrow.ts";
