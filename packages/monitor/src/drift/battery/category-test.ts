import { chiSquareSurvival } from "@tsops/core";
import { designEffect } from "../model/innovation-moments.ts";
import { positionsOf } from "../model/profile.ts";
import { presentValues, type RegularCodes } from "../model/regular-series.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Rows, in effect, that a category must be expected to have in the current window; rarer ones are put together. */
const leastExpected = 2;

/** What the test of categories found, and the category that changed most. */
export type CategoryOutcome = TestOutcome & { readonly code: number };

/**
 * Whether the mix of categories changed: the shares of the current window against those that the reference has at the same positions
 * of the season, by Pearson's chi-square divided by the average design effect, which says how many autocorrelated rows count as one:
 * (1 + r) / (1 - r) with the autocorrelation r of the categories within the windows, or what batch means of the reference say if that
 * is more (a thresholded value persists longer than its first autocorrelation tells). Rare categories are put together.
 * Source: J. N. K. Rao, A. J. Scott (1981), "The analysis of categorical data from complex sample surveys", JASA 76 (first-order
 * correction), with the variance of the mean of a first-order Markov chain.
 * @param seasonLength - 1 for none.
 * @returns Null when fewer than two categories occur often enough, plus the code of the category that changed most.
 */
export function categoryTest(
  reference: RegularCodes,
  current: RegularCodes,
  categories: number,
  seasonLength: number,
): CategoryOutcome | null {
  const [n, m] = [present(reference), present(current)];
  if (n === 0 || m === 0) return null;
  const profile = sharesByPosition(reference, categories, seasonLength);
  const moments = { before: [] as Moments[], now: [] as Moments[] };
  for (let code = 0; code < categories; code++) {
    const expected = profile[code] as Float64Array;
    moments.before.push(momentsOf(reference, code, expected));
    moments.now.push(momentsOf(current, code, expected));
  }
  const effect = Math.max(
    markovEffect(moments.before, moments.now, n, m),
    batchEffect(reference, profile, moments.before, n),
  );

  const cells = moments.now.map((now, code) => ({
    code,
    share: ((moments.before[code] as Moments).hits + now.hits) / (n + m),
    difference: now.mean,
  }));
  const largest = cells.reduce((a, b) => (Math.abs(b.difference) > Math.abs(a.difference) ? b : a));
  const bins = gathered(cells, (leastExpected * effect) / m);
  if (bins.length < 2) return null;
  const distance = bins.reduce((sum, { share, difference }) => sum + difference ** 2 / share, 0);
  const statistic = distance / ((1 / n + 1 / m) * effect);
  return {
    test: "categories",
    statistic,
    pValue: chiSquareSurvival(statistic, bins.length - 1),
    effect: largest.difference,
    meaning: "change of share",
    code: largest.code,
  };
}

/** One category in one window: how often it came beyond what the season says, and how that varies and persists. */
interface Moments {
  readonly hits: number;
  /** Mean of hit less expected share. */
  readonly mean: number;
  readonly squares: number;
  /** Sum of products of neighbouring rows. */
  readonly products: number;
}

function momentsOf({ first, codes }: RegularCodes, code: number, expected: Float64Array): Moments {
  const deviations = deviationsOf({ first, codes }, code, expected);
  let hits = 0;
  let sum = 0;
  let rows = 0;
  for (let slot = 0; slot < codes.length; slot++) {
    if ((codes[slot] as number) < 0) continue;
    if (codes[slot] === code) hits++;
    sum += deviations[slot] as number;
    rows++;
  }
  const mean = sum / rows;
  let squares = 0;
  let products = 0;
  for (let slot = 0; slot < codes.length; slot++) {
    if ((codes[slot] as number) < 0) continue;
    const value = (deviations[slot] as number) - mean;
    squares += value * value;
    if (slot > 0 && (codes[slot - 1] as number) >= 0)
      products += value * ((deviations[slot - 1] as number) - mean);
  }
  return { hits, mean, squares, products };
}

/** Hit less expected share at each slot; NaN where the code is missing. */
function deviationsOf({ first, codes }: RegularCodes, code: number, expected: Float64Array): Float64Array {
  const positions = positionsOf(first, codes.length, expected.length);
  const deviations = new Float64Array(codes.length);
  for (let slot = 0; slot < codes.length; slot++)
    deviations[slot] =
      (codes[slot] as number) < 0
        ? Number.NaN
        : (codes[slot] === code ? 1 : 0) - (expected[positions[slot] as number] as number);
  return deviations;
}

/** How many rows count as one: less than 1 where the season explains much, more where categories persist. */
function markovEffect(before: readonly Moments[], now: readonly Moments[], n: number, m: number): number {
  const all = [...before, ...now];
  const squares = all.reduce((sum, moments) => sum + moments.squares, 0);
  if (squares === 0) return 1;
  const raw = all.reduce((sum, moments) => sum + moments.products, 0) / squares;
  const persistence = Math.min(0.999, Math.max(0, raw + (1 + 3 * Math.max(0, raw)) / m));
  const plain = before.reduce((sum, { hits }) => sum + hits * (1 - hits / n), 0);
  const explained = plain === 0 ? 1 : before.reduce((sum, moments) => sum + moments.squares, 0) / plain;
  return (explained * (1 + persistence)) / (1 - persistence);
}

/** The same by batch means of the reference. */
function batchEffect(
  reference: RegularCodes,
  profile: readonly Float64Array[],
  before: readonly Moments[],
  n: number,
): number {
  let [weighted, plain] = [0, 0];
  profile.forEach((expected, code) => {
    const deviations = presentValues(deviationsOf(reference, code, expected));
    const { hits, squares } = before[code] as Moments;
    weighted += designEffect(deviations).factor * squares;
    plain += hits * (1 - hits / n);
  });
  return plain === 0 ? 1 : weighted / plain;
}

interface Cell {
  readonly share: number;
  readonly difference: number;
}

/** Categories from rare to frequent, put together until each has the least share. */
function gathered(cells: readonly Cell[], leastShare: number): Cell[] {
  const bins: Cell[] = [];
  let open: Cell = { share: 0, difference: 0 };
  for (const { share, difference } of [...cells].sort((a, b) => a.share - b.share)) {
    open = { share: open.share + share, difference: open.difference + difference };
    if (open.share < leastShare || open.share === 0) continue;
    bins.push(open);
    open = { share: 0, difference: 0 };
  }
  const last = bins.pop();
  return last === undefined
    ? []
    : [...bins, { share: last.share + open.share, difference: last.difference + open.difference }];
}

/** Share of each category at each position of the season; positions without rows have the shares of all. */
function sharesByPosition(
  { first, codes }: RegularCodes,
  categories: number,
  seasonLength: number,
): Float64Array[] {
  const counts = Array.from({ length: categories }, () => new Float64Array(seasonLength));
  const rows = new Float64Array(seasonLength);
  const positions = positionsOf(first, codes.length, seasonLength);
  for (let slot = 0; slot < codes.length; slot++) {
    const code = codes[slot] as number;
    if (code < 0) continue;
    const position = positions[slot] as number;
    const byPosition = counts[code] as Float64Array;
    byPosition[position] = (byPosition[position] as number) + 1;
    rows[position] = (rows[position] as number) + 1;
  }
  const all = rows.reduce((a, b) => a + b, 0);
  return counts.map((byPosition) => {
    const share = byPosition.reduce((a, b) => a + b, 0) / all;
    return byPosition.map((count, position) =>
      rows[position] === 0 ? share : count / (rows[position] as number),
    );
  });
}

function present({ codes }: RegularCodes): number {
  let count = 0;
  for (const code of codes) if (code >= 0) count++;
  return count;
}
