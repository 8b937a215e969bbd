import type { Columns } from "../../schema/columns.ts";

/** One test of one column. */
export interface FoundTest {
  readonly test: string;
  readonly statistic: number;
  readonly pValue: number;
  /** Size of the change in `unit`. */
  readonly effect: number;
  readonly unit: string;
  readonly sentence: string;
}

/** What was found of one column, by ascending p-values of its tests. */
export interface FoundColumn {
  readonly column: string;
  /** Of all its tests together. */
  readonly pValue: number;
  readonly tests: readonly FoundTest[];
}

/** How two windows of one series are compared. */
export interface CompareOptions {
  readonly time: string;
  readonly columns: readonly string[];
  readonly season: "auto" | readonly number[];
  readonly alpha: number;
  readonly frequency: string;
  readonly zone: string;
}

/** Compares two windows of one series: `driftTest` of `@tsops/monitor`, as far as the `tsops` command uses it. */
export type CompareWindows = (
  reference: Columns,
  current: Columns,
  options: CompareOptions,
) => {
  /** In steps, ascending. */
  readonly seasons: readonly number[];
  readonly columns: readonly FoundColumn[];
  readonly untested: readonly { readonly column: string; readonly reason: string }[];
};

/** One column of a comparison on a page. */
export interface DriftPageColumn extends FoundColumn {
  /** Adjusted for the number of columns, and of series. */
  readonly adjustedPValue: number;
  readonly drift: boolean;
}

/** Columns of one window, or of one file, against its reference; with the key before the name where there are several series. */
export interface DriftPageComparison {
  /** When the window began. */
  readonly name: string;
  readonly note: string;
  readonly columns: readonly DriftPageColumn[];
}

/** What a page about drift shows. */
export interface DriftPage {
  readonly title: string;
  /** A sentence under the title. */
  readonly lead: string;
  readonly alpha: number;
  /** Figures at the top. */
  readonly tiles: readonly { readonly name: string; readonly value: string; readonly note: string }[];
  /** Whether the comparisons are windows of one file, oldest first; otherwise there is one. */
  readonly isByWindow: boolean;
  readonly comparisons: readonly DriftPageComparison[];
  readonly untested: readonly { readonly column: string; readonly reason: string }[];
  /** What was guessed or told besides, as sentences. */
  readonly notes: readonly string[];
}

/** Makes one HTML file of a page about drift: what `@tsops/monitor/report` gives to the `tsops` command. */
export type RenderDriftPage = (page: DriftPage) => string;
