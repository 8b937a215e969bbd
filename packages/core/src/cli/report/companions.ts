import type { SeriesKey } from "../../forecast/panel/panel.ts";
import type { DecisionRecord } from "../../ports/decision-log.ts";
import type { PredictionRecord } from "../../ports/prediction-log.ts";
import type { ModelVersion } from "../../ports/registry.ts";
import type { ColumnTypes } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import type { Table } from "../../schema/table.ts";
import type { Contracts } from "../config.ts";

/** A table of the home at one version, as far as a report reads it. */
export interface StoredSnapshot {
  readonly types: ColumnTypes;
  /** Null in a table that another tool wrote. */
  readonly definition: Table | null;
  read(options: {
    readonly columns: readonly string[];
    readonly range: { readonly start: bigint; readonly end: bigint };
    readonly signal: AbortSignal;
  }): Promise<Columns>;
}

/** An open table of the home. */
export interface StoredTable {
  snapshot(): Promise<StoredSnapshot>;
  close(): Promise<void>;
}

/** `openHome` of `@tsops/store`, for a home that is there. */
export type OpenStoredHome = (
  path: string,
  options: { readonly create: false; readonly signal: AbortSignal },
) => Promise<Contracts>;

/** `openTable` of `@tsops/store`. */
export type OpenStoredTable = (directory: string) => Promise<StoredTable>;

/** Forecasts beside their outcomes; only `@tsops/monitor` looks inside. */
export interface ServedOutcomes {
  readonly length: number;
  readonly counts: {
    readonly predictions: number;
    readonly withOutcome: number;
    readonly withoutOutcome: number;
  };
}

/** `joinOutcomes` of `@tsops/monitor`. */
export type JoinServed = (
  predictions: Iterable<PredictionRecord>,
  outcomes: Columns,
  options: {
    readonly keys: readonly string[];
    readonly time: string;
    readonly target: string;
    readonly availableAt?: string;
    readonly signal: AbortSignal;
  },
) => Promise<ServedOutcomes>;

/** `checkQuality` of `@tsops/monitor`; its findings go into the report as they are. */
export type CheckRows = (
  rows: Columns,
  options: {
    readonly table: Pick<Table, "keys" | "eventTime" | "availableAt">;
    readonly zone: string;
    readonly now: bigint;
    readonly frequency?: string;
  },
) => readonly unknown[];

/** What a report shows: `ReportData` of `@tsops/monitor/report`, as far as the command fills it. */
export interface ReportInput {
  readonly title: string;
  readonly subtitle: string;
  readonly now: bigint;
  readonly zone: string;
  readonly target: { readonly name: string; readonly unit?: string };
  readonly served: ServedOutcomes;
  /** What absolute errors of a series are divided by for MASE; NaN where that is not known. */
  readonly scale?: (key: SeriesKey) => number;
  readonly decisions: readonly DecisionRecord[];
  readonly quality: readonly unknown[];
  readonly observations: readonly unknown[];
  readonly champion?: ModelVersion;
}

/** `watchServed` of `@tsops/monitor/report`; what it says goes into the report as it is. */
export type WatchServed = (
  served: ServedOutcomes,
  options: { readonly subject: string; readonly zone: string },
) => readonly unknown[];

/** `renderReport` of `@tsops/monitor/report`. */
export type RenderReport = (data: ReportInput) => Promise<string>;

/** `reportJson` of `@tsops/monitor/report`. */
export type ReportAsJson = (data: ReportInput) => unknown;

/** `livePage` of `@tsops/monitor/report`: a page that asks `events` for news, and takes them from `page`. */
export type LivePage = (markup: string) => string;

/** `messagePage` of `@tsops/monitor/report`: a page that only says something. */
export type MessagePage = (title: string, text: string) => string;
