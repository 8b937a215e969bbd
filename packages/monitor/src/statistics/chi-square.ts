import { checkOptions, chiSquareSurvival, shown, TsopsError } from "@tsops/core";
import { alignCounts, type CategoryCounts } from "./categories.ts";
import { sharesOf } from "./shares.ts";

/** How to compare two mixes of categories. */
export interface ChiSquareOptions {
  /**
   * Categories with a smaller expected count in either window are put together, from the rarest on, until each cell has as many. Default 0: none are, as in
   * scipy. Below 5 the p-value is not to be trusted (W. G. Cochran).
   */
  readonly leastExpected?: number;
  /** How many rows count as one because they are autocorrelated, at least 1: all counts are divided by it. Default 1: rows are independent. */
  readonly designEffect?: number;
  /** Yates' correction of a table of two categories, as in scipy. Default true. */
  readonly continuity?: boolean;
}

/** What `chiSquare` found. */
export interface ChiSquareResult {
  readonly statistic: number;
  readonly pValue: number;
  /** Cells less one; 0 when only one is left, with statistic 0 and p-value 1. */
  readonly degrees: number;
  /** Cramér's V without correction, in [0, 1]: the size of the difference, whatever the number of rows. */
  readonly cramersV: number;
  /** The smallest expected count of the cells that were compared. */
  readonly leastExpected: number;
  /** Rows of either window that are as good as independent: counts over the design effect. */
  readonly effectiveRows: { readonly reference: number; readonly current: number };
  /** Categories that the reference does not have; they are one cell. */
  readonly unseen: readonly string[];
  /** Share of the current rows in them. */
  readonly unseenShare: number;
  /** Rare categories that were put together. */
  readonly pooled: readonly string[];
}

/**
 * Pearson's chi-square test that two windows have the same mix of categories: the sum of (observed - expected)^2 / expected over a table of two rows.
 *
 * All categories that the reference has not seen are one cell, so that many new ones are one finding and not as many degrees of freedom. Categories that
 * came in neither window are left out. Equal to `scipy.stats.chi2_contingency` (1.17.1) of the cells.
 *
 * It assumes independent rows. Hours of a day are not: use `driftTest` for time series, or give a `designEffect` that you know (J. N. K. Rao and A. J. Scott, 1981).
 *
 * Source: K. Pearson (1900), Phil. Mag. 50; H. Cramér (1946) for V.
 * @param reference - `countCategories(column)`.
 * @throws TsopsError MONITOR_INVALID for counts that are no counts or are all 0.
 */
export function chiSquare(
  reference: CategoryCounts,
  current: CategoryCounts,
  options: ChiSquareOptions = {},
): ChiSquareResult {
  checkOptions("MONITOR_INVALID", "chiSquare()", options, {
    leastExpected: true,
    designEffect: true,
    continuity: true,
  });
  const { leastExpected = 0, designEffect = 1, continuity = true } = options;
  if (!(leastExpected >= 0 && leastExpected < Number.POSITIVE_INFINITY))
    throw new TsopsError("MONITOR_INVALID", `leastExpected must be 0 or more, got ${shown(leastExpected)}.`);
  if (!(designEffect >= 1 && designEffect < Number.POSITIVE_INFINITY))
    throw new TsopsError("MONITOR_INVALID", `designEffect must be 1 or more, got ${shown(designEffect)}.`);
  const aligned = alignCounts(reference, current);
  // For the checks of counts.
  sharesOf(aligned.reference, aligned.current);
  const [n, m] = [sum(aligned.reference), sum(aligned.current)].map((rows) => rows / designEffect) as [
    number,
    number,
  ];
  const unseen = new Set(aligned.unseen);
  const seen: Cell[] = [];
  const fresh: Cell = { names: aligned.unseen, parts: 1, before: 0, now: 0 };
  aligned.categories.forEach((name, i) => {
    const [before, now] = [aligned.reference[i]! / designEffect, aligned.current[i]! / designEffect];
    if (unseen.has(name)) fresh.now += now;
    else if (before + now > 0) seen.push({ names: [name], parts: 1, before, now });
  });
  const smallest = ({ before, now }: Cell): number => ((before + now) * Math.min(n, m)) / (n + m);
  const cells = gathered(fresh.now > 0 ? [...seen, fresh] : seen, (cell) => smallest(cell) >= leastExpected);
  const degrees = cells.length - 1;
  const isCorrected = continuity && degrees === 1;
  const distance = (correct: boolean): number =>
    degrees === 0 ? 0 : cells.reduce((all, cell) => all + distanceOf(cell, n, m, correct), 0);
  const statistic = distance(isCorrected);
  return {
    statistic,
    pValue: degrees === 0 ? 1 : chiSquareSurvival(statistic, degrees),
    degrees,
    cramersV: Math.min(1, Math.sqrt(distance(false) / (n + m))),
    leastExpected: Math.min(...cells.map(smallest)),
    effectiveRows: { reference: n, current: m },
    unseen: aligned.unseen,
    unseenShare: fresh.now / m,
    pooled: cells.flatMap(({ names, parts }) => (parts > 1 ? names : [])),
  };
}

interface Cell {
  readonly names: readonly string[];
  /** Cells that were put together. */
  readonly parts: number;
  before: number;
  now: number;
}

function distanceOf({ before, now }: Cell, n: number, m: number, correct: boolean): number {
  const total = before + now;
  const expected = (total * n) / (n + m);
  const off = Math.abs(before - expected);
  return (off - (correct ? Math.min(0.5, off) : 0)) ** 2 * (1 / expected + 1 / (total - expected));
}

/** From rare to frequent, put together until each is large enough. */
function gathered(cells: readonly Cell[], isEnough: (cell: Cell) => boolean): Cell[] {
  if (cells.every(isEnough)) return [...cells];
  const result: Cell[] = [];
  let open: Cell | null = null;
  for (const cell of [...cells].sort((a, b) => a.before + a.now - b.before - b.now)) {
    open = open === null ? cell : joined(open, cell);
    if (!isEnough(open)) continue;
    result.push(open);
    open = null;
  }
  if (open === null) return result;
  const last = result.pop();
  return [...result, last === undefined ? open : joined(last, open)];
}

function joined(a: Cell, b: Cell): Cell {
  const names = [...a.names, ...b.names];
  return { names, parts: a.parts + b.parts, before: a.before + b.before, now: a.now + b.now };
}

function sum(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}
