import { TsopsError } from "../errors.ts";
import type { ForecastQuantile } from "../forecast/forecast.ts";
import type { SeriesKey } from "../forecast/panel/panel.ts";
import { seriesKeyText } from "../forecast/panel/series-key.ts";
import { formatInstant } from "../time/instant.ts";

/**
 * What the gate reads of a backtest: predictions of several cutoffs beside the outcomes, one row per (cutoff, series,
 * step), in any order.
 */
export interface ScoredForecasts {
  readonly series: readonly SeriesKey[];
  /** Index into `series`. */
  readonly seriesIndex: Int32Array;
  /** 1 = the first step after the cutoff. */
  readonly step: Int32Array;
  /** The predicted instant, microseconds UTC. */
  readonly time: BigInt64Array;
  /** The last observed instant, microseconds UTC. Rows of one cutoff are a fold. */
  readonly cutoff: BigInt64Array;
  /** The outcome; NaN when it is missing. */
  readonly y: Float64Array;
  readonly mean: Float64Array;
  /** Bounds of central intervals: 10 % and 90 % for the 80 % interval. */
  readonly quantiles: readonly ForecastQuantile[];
}

/** Rows of two backtests side by side, by (cutoff, series, step). Rows without an outcome are left out. */
export interface PairedRows {
  /** Rows of the candidate's and of the reference's backtest: `candidate[i]` and `reference[i]` predict the same. */
  readonly candidate: Int32Array;
  readonly reference: Int32Array;
  /** Number of rows whose outcome is missing. */
  readonly missing: number;
}

/**
 * Finds the rows of two backtests that belong together.
 * @throws TsopsError GATE_INVALID when cutoffs, series, steps or outcomes differ (the first few are listed).
 */
export function pairRows(candidate: ScoredForecasts, reference: ScoredForecasts): PairedRows {
  const names = [...candidate.series, ...reference.series].map(seriesKeyText);
  const ranks = new Map([...new Set(names)].sort().map((name, rank) => [name, rank]));
  const ours = sortedRows(candidate, ranks, "candidate");
  const theirs = sortedRows(reference, ranks, "reference");
  refuseDifferences(candidate, ours, reference, theirs);

  const scored = ours.rows.map((row, i) => [row, theirs.rows[i] as number] as const);
  const kept = scored.filter(([row]) => !Number.isNaN(candidate.y[row] as number));
  for (const [a, b] of scored) {
    const [one, other] = [candidate.y[a], reference.y[b]];
    if (!Object.is(one, other) && one !== other)
      throw invalid(
        `The two backtests were scored on different outcomes: ${describeRow(candidate, a)} was ${one} for the candidate and ${other} for the reference.`,
        "Backtest both on the same panel.",
      );
  }
  if (kept.length === 0)
    throw invalid(
      "Neither backtest has a row with an outcome.",
      "Backtest on a panel whose last folds are known.",
    );
  return {
    candidate: Int32Array.from(kept, ([row]) => row),
    reference: Int32Array.from(kept, ([, row]) => row),
    missing: scored.length - kept.length,
  };
}

interface SortedRows {
  readonly rows: readonly number[];
  readonly ranks: Int32Array;
}

function sortedRows(scored: ScoredForecasts, ranks: ReadonlyMap<string, number>, side: string): SortedRows {
  const { length } = scored.mean;
  for (const name of ["seriesIndex", "step", "time", "cutoff", "y"] as const)
    if (scored[name].length !== length)
      throw invalid(
        `The ${side}'s backtest has ${length} means but ${scored[name].length} values of ${name}.`,
      );
  const rankOfSeries = scored.series.map((key) => ranks.get(seriesKeyText(key)) as number);
  const rowRanks = Int32Array.from(scored.seriesIndex, (index) => rankOfSeries[index] as number);
  const compare = (a: number, b: number): number =>
    compareBigint(scored.cutoff[a] as bigint, scored.cutoff[b] as bigint) ||
    (rowRanks[a] as number) - (rowRanks[b] as number) ||
    (scored.step[a] as number) - (scored.step[b] as number);
  const rows = Array.from({ length }, (_, row) => row).sort(compare);
  for (let i = 1; i < length; i++)
    if (compare(rows[i - 1] as number, rows[i] as number) === 0)
      throw invalid(`The ${side}'s backtest predicts ${describeRow(scored, rows[i] as number)} twice.`);
  return { rows, ranks: rowRanks };
}

/** Walks both sorted lists at once, as a merge does, and lists what only one of them has. */
function refuseDifferences(
  a: ScoredForecasts,
  ours: SortedRows,
  b: ScoredForecasts,
  theirs: SortedRows,
): void {
  const onlyOurs: number[] = [];
  const onlyTheirs: number[] = [];
  for (let i = 0, j = 0; i < ours.rows.length || j < theirs.rows.length; ) {
    const row = ours.rows[i];
    const other = theirs.rows[j];
    const order =
      row === undefined
        ? 1
        : other === undefined
          ? -1
          : compareBigint(a.cutoff[row] as bigint, b.cutoff[other] as bigint) ||
            (ours.ranks[row] as number) - (theirs.ranks[other] as number) ||
            (a.step[row] as number) - (b.step[other] as number);
    if (order < 0) onlyOurs.push(row as number);
    if (order > 0) onlyTheirs.push(other as number);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  if (onlyOurs.length === 0 && onlyTheirs.length === 0) return;
  const examples = {
    onlyCandidate: onlyOurs.slice(0, 3).map((row) => describeRow(a, row)),
    onlyReference: onlyTheirs.slice(0, 3).map((row) => describeRow(b, row)),
  };
  const [first] = [...examples.onlyCandidate, ...examples.onlyReference];
  throw new TsopsError(
    "GATE_INVALID",
    `The two backtests do not match: ${onlyOurs.length} rows are only in the candidate's and ${onlyTheirs.length} only in the reference's, for instance ${first}.`,
    {
      hint: "Backtest both on the same panel with the same horizon, folds and step.",
      details: { onlyCandidate: onlyOurs.length, onlyReference: onlyTheirs.length, examples },
    },
  );
}

function describeRow(scored: ScoredForecasts, row: number): string {
  const key = scored.series[scored.seriesIndex[row] as number] ?? {};
  const name = Object.keys(key).length === 0 ? "" : ` of series ${seriesKeyText(key)}`;
  return `step ${scored.step[row]}${name} at cutoff ${formatInstant(scored.cutoff[row] as bigint)}`;
}

function compareBigint(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function invalid(message: string, hint?: string): TsopsError {
  return new TsopsError("GATE_INVALID", message, hint === undefined ? {} : { hint });
}
