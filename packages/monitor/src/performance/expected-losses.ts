import { type ScoredForecasts, seriesKeyText } from "@tsops/core";
import { type CutoffSums, sumByCutoff } from "./cutoff-sums.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";

/** What live rows are expected to lose by a backtest. */
export interface ExpectedLoss {
  /** The live rows that the backtest has something for, in their order, and what it says of each. */
  readonly rows: Int32Array;
  readonly expected: Float64Array;
  /** How many of them are compared at their place of the season. */
  readonly inSeason: number;
  /**
   * Per cutoff of the backtest, how much it moves the mean of `expected`, times the number of cutoffs: values of mean 0 whose mean varies as
   * that one does.
   */
  readonly backtest: CutoffSums;
}

/** Rows of a backtest that tell the same, and their mean loss. */
interface Cell {
  readonly rows: number[];
  readonly cutoffs: Set<bigint>;
  sum: number;
  /** Live rows that it stands for. */
  live: number;
}

/** Cutoffs that a place of the season needs to be compared on its own. */
const enoughCutoffs = 5;

/** Looks each live row's series, step and place of the season up in a backtest. */
export function expectedLosses(
  joined: JoinedOutcomes,
  liveRows: Int32Array,
  backtest: ScoredForecasts,
  lossOf: (row: number) => number,
  season: number,
): ExpectedLoss {
  const phaseOf = season === 1 ? null : phases(backtest, season);
  const past = cellNames(backtest, phaseOf);
  const live = cellNames(joined, phaseOf);
  const cells = new Map<string, Cell>();
  for (let row = 0; row < backtest.mean.length; row++) {
    const loss = lossOf(row);
    if (Number.isNaN(loss)) continue;
    for (const name of past(row)) {
      if (name === null) continue;
      const cell = cells.get(name) ?? { rows: [], cutoffs: new Set(), sum: 0, live: 0 };
      cell.rows.push(row);
      cell.cutoffs.add(backtest.cutoff[row] as bigint);
      cell.sum += loss;
      cells.set(name, cell);
    }
  }
  const rows: number[] = [];
  const expected: number[] = [];
  let inSeason = 0;
  for (const row of liveRows) {
    const [plain, seasonal] = live(row);
    const own = seasonal === null ? undefined : cells.get(seasonal);
    const isSeasonal = own !== undefined && own.cutoffs.size >= enoughCutoffs;
    const cell = isSeasonal ? own : cells.get(plain);
    if (cell === undefined) continue;
    cell.live++;
    rows.push(row);
    expected.push(cell.sum / cell.rows.length);
    if (isSeasonal) inSeason++;
  }
  return {
    rows: Int32Array.from(rows),
    expected: Float64Array.from(expected),
    inSeason,
    backtest: influence(backtest, [...cells.values()], lossOf, rows.length),
  };
}

function influence(
  backtest: ScoredForecasts,
  cells: readonly Cell[],
  lossOf: (row: number) => number,
  liveRows: number,
): CutoffSums {
  const moves = new Map<number, number>();
  for (const { rows, sum, live } of cells) {
    if (live === 0) continue;
    const mean = sum / rows.length;
    for (const row of rows)
      moves.set(row, (moves.get(row) ?? 0) + ((lossOf(row) - mean) * live) / (liveRows * rows.length));
  }
  const sums = sumByCutoff(backtest, Int32Array.from(moves.keys()), (row) => moves.get(row) as number);
  return { ...sums, sums: sums.sums.map((sum) => sum * sums.sums.length) };
}

/** Names of the cells of a row: by series and step, and by place of the season as well. */
function cellNames(
  scored: ScoredForecasts,
  phaseOf: ((time: bigint) => number) | null,
): (row: number) => readonly [plain: string, seasonal: string | null] {
  const series = scored.series.map(seriesKeyText);
  return (row) => {
    const plain = `${series[scored.seriesIndex[row] as number]} ${scored.step[row]}`;
    return phaseOf === null ? [plain, null] : [plain, `${plain} ${phaseOf(scored.time[row] as bigint)}`];
  };
}

/** The place of an instant in the season, counted in the backtest's own steps; null when it has only one step. */
function phases(backtest: ScoredForecasts, season: number): ((time: bigint) => number) | null {
  let step: bigint | null = null;
  for (let row = 0; row < backtest.time.length; row++) {
    const ahead = BigInt(backtest.step[row] as number);
    const distance =
      ((backtest.time[row] as bigint) - (backtest.cutoff[row] as bigint)) / (ahead === 0n ? 1n : ahead);
    if (distance > 0n && (step === null || distance < step)) step = distance;
  }
  if (step === null) return null;
  const [length, count] = [step, BigInt(season)];
  return (time) => {
    const cell = time / length - (time % length < 0n ? 1n : 0n);
    return Number(((cell % count) + count) % count);
  };
}
