import type { RecordBatch } from "apache-arrow";
import type { Table } from "../schema/table.ts";
import type { Interval } from "../time/interval.ts";
import type { CallOptions } from "./call-options.ts";

/** What a source can do itself. What it cannot, `@tsops/store` does from `scan`. */
export interface SourceCapabilities {
  /** `write` is there. */
  readonly write: boolean;
  /** `latest` is there, and reads less than a scan. */
  readonly latest: boolean;
  /** `aggregate` is there, and the server does the sums. */
  readonly aggregate: boolean;
}

/** One entity: a value for each of the table's keys, bigint for `int64` and for instants (microseconds). */
export type SourceKey<T extends Table = Table> = {
  readonly [Name in T["keys"][number]]: T["columns"][Name] extends { readonly kind: infer Kind }
    ? KeyValue<Kind>
    : never;
};

type KeyValue<Kind> = Kind extends "utf8" ? string : Kind extends "bool" ? boolean : bigint;

/** Names of a table's columns. */
export type SourceColumn<T extends Table = Table> = keyof T["columns"] & string;

/** Which rows and columns to read; all conditions must hold. */
export interface SourceFilter<T extends Table = Table> extends CallOptions {
  /** Half-open range of event times. Default: all. */
  readonly range?: Interval;
  /** Only these entities. An empty list reads nothing. Default: all. */
  readonly keys?: readonly SourceKey<T>[];
}

/** What `scan` and `latest` take. */
export interface SourceScan<T extends Table = Table> extends SourceFilter<T> {
  /** Columns in the order wanted. Default: all, in the table's order. */
  readonly columns?: readonly SourceColumn<T>[];
}

/**
 * What is made of the values of a column that fall into one bucket. Nulls are left out; a bucket without values gives null (`count` 0).
 * `count` is int64 and `mean` float64, of numbers only; the others have the column's type, `sum` of numbers only. For `min` and `max`
 * NaN is above every number, text is ordered by its bytes in UTF-8, and false is below true.
 */
export type SourceAggregateKind = "count" | "sum" | "mean" | "min" | "max" | "first" | "last";

/** One output column of `aggregate`: `first` and `last` are by event time. */
export interface SourceAggregate<Column extends string = string> {
  /** A column of the table. */
  readonly column: Column;
  readonly kind: SourceAggregateKind;
}

/** What `aggregate` takes. */
export interface SourceAggregation<T extends Table = Table> extends SourceFilter<T> {
  /** Bucket length, e.g. `"15m"`, `"1h"`, `"1d"`: a fixed stretch of time. Buckets begin at whole multiples since 1970 UTC. */
  readonly every: string;
  /** By name of the output column. */
  readonly aggregates: Readonly<Record<string, SourceAggregate<SourceColumn<T>>>>;
}

/** Answer to `health`: a source that does not answer is unhealthy, not an error. */
export interface SourceHealth {
  readonly isHealthy: boolean;
  /** For people: the server and its version, or what is wrong. Without credentials. */
  readonly detail: string;
  readonly latencyMs: number;
}

/** Answer to `write`, once the rows are durable. */
export interface SourceWrite {
  readonly rows: number;
}

/**
 * A time-series database, or whatever else has rows with a key and an event time. Instants are microseconds UTC, int64 is exact; batches
 * have the Arrow types of `arrowSchema` (`@tsops/core/arrow`). All calls take a `signal`, which ends them with TsopsError ABORTED.
 */
export interface Source {
  /** For messages: what is read, e.g. `postgres table "load"`. */
  readonly name: string;
  readonly capabilities: SourceCapabilities;
  /** What a row is. @throws TsopsError SCHEMA_INVALID when the database's table does not fit what the caller declared. */
  schema(options?: CallOptions): Promise<Table>;
  /**
   * Rows by (event time, keys), text by its bytes in UTF-8, each as often as it is stored. Memory stays bounded by a batch or two however many rows
   * there are, a consumer that is slow slows the server down, and one that stops (`break`, `signal`) frees the connection.
   * A connection that breaks is an error: rows are never left out in silence.
   * @throws TsopsError ADAPTER_UNAVAILABLE
   */
  scan(scan?: SourceScan): AsyncIterable<RecordBatch>;
  /** Whether the server answers now. */
  health(options?: CallOptions): Promise<SourceHealth>;
  /** Appends rows, all or none; resolves when they are durable. Of the batch's columns, those of the table are needed. */
  write?(
    batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
    options?: CallOptions,
  ): Promise<SourceWrite>;
  /** The row of each entity with the greatest event time in the range, by keys. Of several at that instant, any one. */
  latest?(scan?: SourceScan): AsyncIterable<RecordBatch>;
  /** A row per entity and bucket that has rows: the keys, the bucket's start under the event time's name, the aggregates; by (bucket, keys). */
  aggregate?(aggregation: SourceAggregation): AsyncIterable<RecordBatch>;
  /** Lets go of the connections that the source opened itself. Calling it again does nothing. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
