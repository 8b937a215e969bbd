import {
  type Column,
  type Columns,
  type ColumnType,
  checkColumns,
  checkList,
  checkOptions,
  isValid,
  shown,
  TsopsError,
} from "@tsops/core";
import { checkAlpha } from "../check-alpha.ts";
import { checkMaxOrder } from "../max-order.ts";
import { missingnessTest } from "./battery/missingness-test.ts";
import type { NumericOptions } from "./battery/numeric-tests.ts";
import { usualValue } from "./battery/sparse-test.ts";
import type { DriftTestName, TestOutcome } from "./battery/test-outcome.ts";
import { benjaminiHochberg, simes } from "./combine.ts";
import { reusingArrays } from "./long-windows/scratch-arrays.ts";
import { frequencyOf, type GridRows, gridOf } from "./model/regular-series.ts";
import { seasonsFor } from "./model/seasons.ts";
import { calibratedCategoryTest } from "./null-windows/calibrated-categories.ts";
import { toldOutcomes } from "./null-windows/least-p-value.ts";
import { type NumericWindow, numericColumn } from "./numeric-column.ts";
import { sentenceOf, summaryOf, unitOf } from "./sentence.ts";
import { testColumns } from "./threads/shared-columns.ts";
import { largestTested } from "./too-large.ts";

/** How to compare two windows. */
export interface DriftOptions {
  /** The timestamp column. */
  readonly time: string;
  /** Columns to test. Default: all but the time. */
  readonly columns?: readonly string[];
  /**
   * Season lengths in steps, e.g. `[24, 168]` for hourly data with a daily and a weekly pattern; `[]` (or `[1]`) for none; "auto" takes the
   * usual ones of the frequency that the reference covers at least three times. Default "auto".
   */
  readonly season?: "auto" | readonly number[];
  /** Share of false discoveries over columns that is tolerated. Default 0.05. */
  readonly alpha?: number;
  /** Default: found in the reference's times. */
  readonly frequency?: string;
  /** Zone in which days and weeks are counted. Default `"UTC"`. */
  readonly zone?: string;
  /** Largest order of the autoregression. Default 8. */
  readonly maxOrder?: number;
  /**
   * Threads at once, from 1. Where testing all columns takes long, one helper thread is started, and no more; what is found does not
   * depend on it. Default 2.
   */
  readonly threads?: number;
}

/** One test of one column. */
export interface DriftTestResult {
  readonly test: DriftTestName;
  readonly statistic: number;
  /** At least 1e-6: smaller ones would only be extrapolated. */
  readonly pValue: number;
  /** Size of the change in `unit`. */
  readonly effect: number;
  readonly unit: string;
  readonly sentence: string;
}

/** One column's verdict. */
export interface ColumnDrift {
  readonly column: string;
  /** Simes' combination of the column's tests. */
  readonly pValue: number;
  /** Benjamini-Hochberg over the columns. */
  readonly adjustedPValue: number;
  readonly drift: boolean;
  /** By ascending p-value. */
  readonly tests: readonly DriftTestResult[];
}

/** What was compared and found. */
export interface DriftReport {
  readonly alpha: number;
  readonly frequency: string;
  readonly seasons: readonly number[];
  readonly referenceRows: number;
  readonly currentRows: number;
  /** Whether a column drifts; null when none could be tested, which is no news of no drift. */
  readonly drift: boolean | null;
  /** Columns by what came of them: `tested` and `drifting` are of `columns`, `untested` is how many others there are. */
  readonly counts: { readonly tested: number; readonly drifting: number; readonly untested: number };
  /** What came of it, for people. */
  readonly sentence: string;
  /** Those that were tested. */
  readonly columns: readonly ColumnDrift[];
  /** Columns that could not be tested, and why; with those that only the current window has, unless `columns` names others. */
  readonly untested: readonly { readonly column: string; readonly reason: string }[];
}

/**
 * Whether the current window of a time series differs from the reference beyond what its season and autocorrelation explain.
 * Numeric columns are tested for level, seasonal pattern, scale, shape and autocorrelation, text and bool columns for their mix of
 * categories, all for missing values. A column's tests are combined by Simes, the columns by Benjamini-Hochberg.
 *
 * A column that cannot be tested is in `untested` with the reason, and neither drifts nor does not; where that is all of them, `drift` is null. Infinities and NaN count as missing,
 * and so do numbers beyond 1e150, whose squares no double holds: a change of their share is a change of `missingness` that says so.
 *
 * Both windows hold one series: select the rows of one key before. Either may be the earlier one; rows that are in both make a
 * difference harder to see. Rows may be unsorted and may have gaps. Innovations of a
 * heavily trending reference are dominated by the trend: keep the reference to weeks in which nothing had changed.
 *
 * @throws TsopsError MONITOR_INVALID (empty window, repeated times, unknown columns, reference shorter than two seasons)
 */
export function driftTest(reference: Columns, current: Columns, options: DriftOptions): DriftReport {
  checkOptions("MONITOR_INVALID", "driftTest()", options, {
    time: true,
    columns: true,
    season: true,
    alpha: true,
    frequency: true,
    zone: true,
    maxOrder: true,
    threads: true,
  });
  const { time, alpha = 0.05, zone = "UTC", maxOrder = 8, threads = 2 } = options;
  checkColumns("MONITOR_INVALID", "driftTest()", reference);
  checkColumns("MONITOR_INVALID", "driftTest()", current);
  if (options.columns !== undefined) checkList("MONITOR_INVALID", "columns", options.columns);
  if (options.columns?.length === 0)
    throw new TsopsError("MONITOR_INVALID", "columns is empty: nothing tested is no news of no drift.", {
      hint: "Name columns, or leave columns out to have all of them tested.",
      details: { option: "columns" },
    });
  if (options.season !== undefined && options.season !== "auto")
    checkList("MONITOR_INVALID", "season", options.season);
  checkAlpha(alpha);
  checkMaxOrder(maxOrder);
  if (!Number.isInteger(threads) || threads < 1)
    throw new TsopsError("MONITOR_INVALID", `threads is ${shown(threads)}.`, {
      hint: "Give a whole number from 1 on; leave threads out for the default, 2.",
      details: { option: "threads" },
    });
  const frequency = options.frequency ?? frequencyOf(reference, time, zone);
  const before = gridOf("reference", reference, time, frequency, zone);
  const now = gridOf("current", current, time, frequency, zone);
  const seasons = seasonsFor(options.season ?? "auto", frequency, before.length);
  const shortest = seasons[0] ?? 1;
  const names = options.columns ?? Object.keys(reference.types).filter((name) => name !== time);
  assertColumns(names, time, reference, current);

  const numeric: NumericOptions = {
    seasons,
    choose: (options.season ?? "auto") === "auto",
    maxOrder,
  };
  const windowsOf = (column: number): readonly [Window, Window] => {
    const name = names[column] as string;
    return [windowOf(reference, name, before), windowOf(current, name, now)];
  };
  const isBeyond = names.map((name) =>
    [reference, current].some((window) => isBeyondDoubles(window.data[name] as Column)),
  );
  const areTooLarge = (column: number): boolean =>
    [reference, current].some((window) => hasTooLarge(window.data[names[column] as string] as Column));
  const found = reusingArrays(() =>
    testColumns<readonly TestOutcome[] | string>(
      {
        columns: names.length,
        slots: before.length + now.length,
        options: numeric,
        windowsOf: (column) => {
          const windows = isBeyond[column] ? null : windowsOf(column);
          return windows?.[0].kind === "values" && windows[1].kind === "values"
            ? [windows[0], windows[1]]
            : null;
        },
        fromOutcomes: (column, outcomes) =>
          outcomes.length > 0 ? outcomes : untestable(...windowsOf(column), areTooLarge(column)),
        test: (column) => {
          if (isBeyond[column]) return "Whole numbers beyond 2^53 are no longer told from their neighbours.";
          const [was, is] = windowsOf(column);
          const outcomes =
            was.kind === "values"
              ? numericColumn(was, is as typeof was, numeric)
              : categoryColumn(was, is as typeof was, shortest);
          return outcomes.length > 0 ? outcomes : untestable(was, is, areTooLarge(column));
        },
      },
      threads > 1,
    ),
  );
  const tested: { column: string; pValue: number; tests: readonly TestOutcome[] }[] = [];
  const untested: { column: string; reason: string }[] = [];
  for (const [i, column] of names.entries()) {
    const tests = found[i] as readonly TestOutcome[] | string;
    if (typeof tests === "string") untested.push({ column, reason: tests });
    else {
      const told = toldOutcomes(
        tests.map((outcome) =>
          outcome.test === "missingness" && areTooLarge(i)
            ? { ...outcome, category: "missing or beyond 1e150" }
            : outcome,
        ),
      );
      tested.push({ column, pValue: simes(told.map(({ pValue }) => pValue)), tests: told });
    }
  }

  const adjusted = benjaminiHochberg(tested.map(({ pValue }) => pValue));
  const columns = tested.map(({ column, pValue, tests }, index): ColumnDrift => {
    const type = reference.types[column] as ColumnType;
    return {
      column,
      pValue,
      adjustedPValue: adjusted[index] as number,
      drift: (adjusted[index] as number) <= alpha,
      tests: tests.map(({ meaning, category, ...outcome }) => ({
        ...outcome,
        unit: unitOf(meaning, type.unit),
        sentence: sentenceOf(column, { ...outcome, meaning, category }, type.unit),
      })),
    };
  });
  if (options.columns === undefined) untested.push(...addedColumns(names, time, current));
  const counts = {
    tested: columns.length,
    drifting: columns.filter((column) => column.drift).length,
    untested: untested.length,
  };
  return {
    alpha,
    frequency,
    seasons,
    referenceRows: reference.length,
    currentRows: current.length,
    drift: columns.length === 0 ? null : counts.drifting > 0,
    counts,
    sentence: summaryOf(counts, alpha, untested[0]),
    columns,
    untested,
  };
}

/** Columns that only the current window has. */
function addedColumns(names: readonly string[], time: string, current: Columns): DriftReport["untested"] {
  return Object.keys(current.types)
    .filter((name) => name !== time && !names.includes(name))
    .map((column) => ({ column, reason: "Only the current window has this column." }));
}

type Window = ({ readonly kind: "values" } & NumericWindow) | Labels;

interface Labels {
  readonly kind: "labels";
  readonly first: number;
  readonly length: number;
  readonly labels: readonly (string | null)[];
  readonly missing: Uint8Array;
}

/** A column on the window's grid. Infinities, and numbers near them, are left out like missing ones: no mean or variance can be taken of them. */
function windowOf(columns: Columns, name: string, grid: GridRows): Window {
  const column = columns.data[name] as Column;
  if (column.kind === "float64" && grid.slots === null && isWhole(column))
    return { kind: "values", first: grid.first, values: column.values, missing: null };
  const missing = new Uint8Array(grid.length).fill(1);
  if (column.kind === "utf8" || column.kind === "bool") {
    const labels = new Array<string | null>(grid.length).fill(null);
    for (let row = 0; row < columns.length; row++) {
      if (!isValid(column.valid, row)) continue;
      const slot = grid.slots === null ? row : (grid.slots[row] as number);
      labels[slot] =
        column.kind === "utf8"
          ? (column.dictionary[column.codes[row] as number] as string)
          : String(column.values[row] === 1);
      missing[slot] = 0;
    }
    return { kind: "labels", first: grid.first, length: grid.length, labels, missing };
  }
  const values = new Float64Array(grid.length).fill(Number.NaN);
  for (let row = 0; row < columns.length; row++) {
    const value = Number(column.values[row]);
    if (!isValid(column.valid, row) || !(Math.abs(value) <= largestTested)) continue;
    const slot = grid.slots === null ? row : (grid.slots[row] as number);
    values[slot] = value;
    missing[slot] = 0;
  }
  return { kind: "values", first: grid.first, values, missing };
}

/** Whether a whole number is so large that a double rounds it: identifiers, mostly. */
function isBeyondDoubles(column: Column): boolean {
  if (column.kind !== "int64") return false;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return column.values.some((value, row) => isValid(column.valid, row) && (value > most || value < -most));
}

/** Whether each row has a value that can be tested: then the column is looked at where it is. */
function isWhole({ values, valid }: Extract<Column, { kind: "float64" }>): boolean {
  if (valid !== null) for (let row = 0; row < values.length; row++) if (!isValid(valid, row)) return false;
  for (let row = 0; row < values.length; row++)
    if (!(Math.abs(values[row] as number) <= largestTested)) return false;
  return true;
}

/** All tests of a column of labels; none where nothing can be tested. */
function categoryColumn(before: Labels, now: Labels, seasonLength: number): TestOutcome[] {
  const outcomes = categoryOutcomes(before, now, seasonLength);
  const missing = missingnessTest(before, now, seasonLength);
  return missing === null ? outcomes : [...outcomes, missing];
}

function categoryOutcomes(before: Labels, now: Labels, seasonLength: number): TestOutcome[] {
  const categories = [...new Set([...before.labels, ...now.labels])].filter((label) => label !== null).sort();
  const codeOf = new Map(categories.map((label, code) => [label, code]));
  const codes = (labels: readonly (string | null)[]) =>
    Int32Array.from(labels, (label) => (label === null ? -1 : (codeOf.get(label) as number)));
  const outcome = calibratedCategoryTest(
    { first: before.first, codes: codes(before.labels) },
    { first: now.first, codes: codes(now.labels) },
    categories.length,
    seasonLength,
  );
  if (outcome === null) return [];
  const { code, ...found } = outcome;
  return [{ ...found, category: categories[code] as string }];
}

/** Whether a column holds finite numbers that no variance can be taken of: they are left out like missing ones. */
function hasTooLarge(column: Column): boolean {
  if (column.kind !== "float64") return false;
  return column.values.some(
    (value, row) => isValid(column.valid, row) && Number.isFinite(value) && Math.abs(value) > largestTested,
  );
}

function untestable(before: Window, now: Window, areTooLarge: boolean): string {
  const present = (window: Window) => {
    const slots = window.kind === "values" ? window.values.length : window.length;
    return slots - (window.missing?.reduce((a, b) => a + b, 0) ?? 0);
  };
  const none = areTooLarge ? "no value up to 1e150" : "no value";
  if (present(before) === 0) return `The reference has ${none}.`;
  if (present(now) === 0) return `The current window has ${none}.`;
  if (before.kind === "values" && usualValue(before.values) !== null)
    return "Nearly all rows have one value, and the others are too rare to tell.";
  if (before.kind === "labels") return "There is only one category, or the others are too rare to tell.";
  return `The windows are too short, or the season explains the reference without any error to compare with: ${present(before)} reference and ${present(now)} current values.`;
}

function assertColumns(names: readonly string[], time: string, reference: Columns, current: Columns): void {
  for (const [i, name] of names.entries()) {
    if (name === time || names.indexOf(name) < i)
      throw new TsopsError(
        "MONITOR_INVALID",
        name === time
          ? `"${name}" is the time, and cannot be tested as a column too.`
          : `columns names "${name}" twice.`,
        { hint: "Leave it out of columns.", details: { option: "columns", column: name } },
      );
    const [before, now] = [reference.types[name], current.types[name]];
    if (before === undefined || now === undefined)
      throw new TsopsError(
        "MONITOR_INVALID",
        `The ${before === undefined ? "reference" : "current"} window has no column "${name}".`,
        {
          hint: `Test columns that both windows have: ${Object.keys(reference.types)
            .filter((other) => other in current.types)
            .join(", ")}.`,
        },
      );
    if (before.kind !== now.kind)
      throw new TsopsError(
        "MONITOR_INVALID",
        `Column "${name}" is ${before.kind} in the reference and ${now.kind} in the current window.`,
        {
          hint: "Read both windows with one schema.",
        },
      );
  }
}
