import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import type { SeriesKey } from "../../forecast/panel/panel.ts";
import { seriesName } from "../../forecast/panel/rows.ts";
import type { Columns, TimestampColumn } from "../../schema/columns.ts";
import { parseFrequency } from "../../time/frequency.ts";
import type { CompareWindows, FoundColumn } from "./companions.ts";
import type { DriftData } from "./read-series.ts";
import type { SeasonsOf } from "./seasons.ts";

/** A column of a series against its reference. */
export interface ComparedColumn extends FoundColumn {
  /** Empty where there is one series. */
  readonly key: SeriesKey;
  /** By Benjamini-Hochberg over all columns and series of the comparison. */
  readonly adjustedPValue: number;
  readonly drift: boolean;
}

/** What could not be tested. */
export interface UntestedColumn {
  readonly key: SeriesKey;
  /** Null for all columns of a series. */
  readonly column: string | null;
  readonly reason: string;
  /** Whether the season that was said is too long for the reference. */
  readonly isSeasonTooLong?: true;
}

/** All series of a window, or of a file, against their references. */
export interface Comparison {
  readonly columns: readonly ComparedColumn[];
  readonly untested: readonly UntestedColumn[];
  readonly drift: boolean;
  /** In steps; of the first series that was tested. */
  readonly seasons: readonly number[];
}

/** The rows of one series to compare; null where it has none. */
export interface Pair {
  readonly key: SeriesKey;
  readonly reference: Columns | null;
  readonly current: Columns | null;
}

/** How comparisons are made. */
export interface Comparing {
  readonly driftTest: CompareWindows;
  readonly benjaminiHochberg: (pValues: readonly number[]) => number[];
  readonly data: DriftData;
  readonly time: string;
  readonly columns: readonly string[];
  readonly seasons: SeasonsOf;
  readonly alpha: number;
  readonly signal: AbortSignal;
  /** Called after each series. */
  readonly done: () => void;
}

/**
 * Tests every series by itself; then p-values are adjusted over all of their columns together.
 * @throws TsopsError ABORTED
 */
export async function comparePairs(pairs: readonly Pair[], comparing: Comparing): Promise<Comparison> {
  const { data, time, columns: names, alpha, signal } = comparing;
  const found: (FoundColumn & { key: SeriesKey })[] = [];
  const untested: UntestedColumn[] = [];
  let seasons: readonly number[] | null = null;
  for (const { key, reference, current } of pairs) {
    // Lets a signal in: tests do not wait for anything.
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
    if (reference === null || current === null)
      untested.push({
        key,
        column: null,
        reason:
          reference === null
            ? `The reference has no row of ${seriesName(key)}.`
            : `There is no row of ${seriesName(key)} to compare with the reference.`,
      });
    else {
      const steps = stepsOf(reference, time, data);
      const season = comparing.seasons(steps);
      const longest = season === "auto" ? 0 : Math.max(0, ...season);
      if (steps < 2 * longest)
        untested.push({
          key,
          column: null,
          reason: `The reference has ${steps} steps, and a season of ${longest} needs ${2 * longest}.`,
          isSeasonTooLong: true,
        });
      else {
        const report = comparing.driftTest(reference, current, {
          time,
          columns: names,
          season,
          alpha,
          frequency: data.axis.frequency,
          zone: data.axis.zone,
        });
        seasons ??= report.seasons;
        found.push(...report.columns.map((column) => ({ ...column, key })));
        untested.push(...report.untested.map((column) => ({ ...column, key })));
      }
    }
    comparing.done();
  }
  const adjusted = comparing.benjaminiHochberg(found.map(({ pValue }) => pValue));
  const columns = found.map(({ key, column, pValue, tests }, i): ComparedColumn => {
    const adjustedPValue = adjusted[i] as number;
    return { key, column, pValue, adjustedPValue, drift: adjustedPValue <= alpha, tests };
  });
  return { columns, untested, drift: columns.some(({ drift }) => drift), seasons: seasons ?? [] };
}

/** Steps from the first row to the last. */
function stepsOf(columns: Columns, time: string, { axis }: DriftData): number {
  const { values } = columns.data[time] as TimestampColumn;
  const grid = parseFrequency(axis.frequency, { zone: axis.zone });
  return grid.indexOf(values[values.length - 1] as bigint) - grid.indexOf(values[0] as bigint) + 1;
}

/**
 * Nothing that could be tested is no news of no drift.
 * @throws TsopsError CONFIG_INVALID (the season that was said is too long), MONITOR_INVALID
 */
export function refuseNothingTested(comparisons: readonly Comparison[]): void {
  if (comparisons.some(({ columns }) => columns.length > 0)) return;
  const reasons = comparisons.flatMap(({ untested }) => untested);
  const [first] = reasons;
  const isSeasonTooLong = first?.isSeasonTooLong === true;
  throw new TsopsError(
    isSeasonTooLong ? "CONFIG_INVALID" : "MONITOR_INVALID",
    `Nothing could be tested${first === undefined ? "" : `: ${first.column === null ? "" : `"${first.column}": `}${first.reason}`}`,
    {
      hint: isSeasonTooLong
        ? "Take a shorter season with --season, or a longer reference."
        : "Give a longer reference (four weeks of hourly rows are good) and a current window of at least a season.",
      details: {
        count: reasons.length,
        untested: reasons.slice(0, 10).map(({ column, reason }) => ({ column, reason })),
      },
    },
  );
}
