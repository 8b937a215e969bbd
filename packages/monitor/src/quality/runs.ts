/** Stretches of one value: rows `from` to `to`, the latter not included. */
export type TellRun = (from: number, to: number, value: number) => void;

/** Shorter stretches are never frozen: a calm night is no broken sensor. */
export const leastRun = 12;
/** How many times the longest stretch that chance gives a frozen one is. */
const factor = 3;

/** Tells of each stretch; NaN belongs to none and ends it. */
export function eachRun(values: Float64Array, tell: TellRun): void {
  let from = 0;
  for (let i = 1; i <= values.length; i++) {
    if (i < values.length && values[i] === values[from]) continue;
    const value = values[from] as number;
    if (!Number.isNaN(value)) tell(from, i, value);
    from = i;
  }
}

/** Counts stretches of one kind of value, zeros or others. */
export interface RunCounts {
  rows: number;
  /** Rows and number of the stretches that are too short to be frozen. */
  shortRows: number;
  shortRuns: number;
  /** The longest, and the second longest. */
  longest: number;
  second: number;
}

/** No stretches yet. */
export function noRuns(): RunCounts {
  return { rows: 0, shortRows: 0, shortRuns: 0, longest: 0, second: 0 };
}

/** Counts one more. */
export function countRun(counts: RunCounts, rows: number): void {
  counts.rows += rows;
  if (rows < leastRun) {
    counts.shortRows += rows;
    counts.shortRuns++;
  }
  if (rows > counts.longest) {
    counts.second = counts.longest;
    counts.longest = rows;
  } else if (rows > counts.second) counts.second = rows;
}

/**
 * The longest stretch that chance leads to expect, when each row repeats the one before it as often as in the short stretches; null for
 * columns that repeat more often than not, e.g. flags and prices, which are not judged.
 */
export function chanceRun({ rows, shortRows, shortRuns }: RunCounts): number | null {
  const repeats = shortRows === 0 ? 1 : (shortRows - shortRuns) / shortRows;
  if (2 * shortRows < rows || repeats > 0.5) return null;
  // Of n draws that each repeat with probability p, the longest stretch has about log(n) / log(1 / p) rows.
  return Math.log(rows) / Math.log(1 / Math.max(repeats, 1e-3));
}

/** Stretches of so many rows or more are frozen. */
export function frozenFrom(chance: number): number {
  return Math.max(leastRun, Math.ceil(factor * chance));
}

/**
 * The longest stretch that is usual, as a rule: no shorter than chance makes it, and twice the longest of the reference unless that one is
 * frozen itself. Null where no rule can be given, as for flags and codes that stay.
 * @param isFew - Whether the numbers of the column are few whole ones.
 */
export function usualRun(counts: RunCounts, isFew: boolean): number | null {
  if (counts.rows < 100) return null;
  const chance = chanceRun(counts);
  // A column that often repeats is held against its own longest stretches; one odd stretch of the reference does not count.
  if (chance === null) return isFew || counts.second === 0 ? null : Math.max(leastRun, 3 * counts.second);
  const limit = frozenFrom(chance);
  const longest = counts.longest < limit ? counts.longest : counts.second < limit ? counts.second : 0;
  return Math.max(limit, 2 * longest);
}
