import {
  checkOptions,
  checkWord,
  createRandom,
  type Random,
  type Seed,
  shown,
  studentTSurvival,
  TsopsError,
} from "@tsops/core";
import { type Points, pointColumns } from "./points.ts";

/** How to compare two samples by a kernel. */
export interface DiscrepancyOptions {
  /** `"permutation"` compares all rows with all, `"block"` only within blocks. Default `"auto"`: permutation up to 1,000 rows together. */
  readonly method?: "auto" | "permutation" | "block";
  /**
   * Width sigma of the kernel exp(-|x - y|^2 / (2 sigma^2)), in the unit of the values. Default `"median"`: the median of the distances above 0 between rows
   * of both samples together, or between 1,000 drawn of them.
   */
  readonly bandwidth?: number | "median";
  /** Random regroupings that make the p-value of `"permutation"`. Default 199, so that it is at least 0.005. */
  readonly permutations?: number;
  /** Rows of either sample in a block, at least 2. Default: the root of the rows of the smaller sample, at most 64. */
  readonly blockRows?: number;
  /** Default 0. */
  readonly seed?: Seed;
}

/** What `maximumMeanDiscrepancy` found. */
export interface DiscrepancyResult {
  /** Unbiased estimate of the squared discrepancy; around 0, so also negative, when nothing changed. */
  readonly statistic: number;
  readonly pValue: number;
  readonly method: "permutation" | "block";
  /** Sigma. */
  readonly bandwidth: number;
}

const mostForPermutations = 1000;
const mostForMedian = 1000;
const mostBlockRows = 64;

/**
 * Kernel two-sample test (maximum mean discrepancy) with a Gaussian kernel, for one or several columns: the unbiased estimate of
 * E k(x, x') + E k(y, y') - 2 E k(x, y). It sees any difference of the joint distributions, also one that no column shows alone. Columns of
 * different units should be standardised first, with the same numbers in both windows.
 *
 * `"permutation"` takes O(N^2 (columns + permutations)) time and O(N permutations) memory: no matrix is kept. `"block"` is for large samples: rows are
 * shuffled and cut into blocks, and the mean of the blocks' estimates is judged by their spread (Student's t); O(n blockRows) time, with less power.
 *
 * It assumes independent rows. Hours of a day are not: use `driftTest` for time series.
 *
 * Source: A. Gretton et al. (2012), "A kernel two-sample test", JMLR 13; W. Zaremba, A. Gretton, M. Blaschko (2013), "B-test", NIPS.
 * @throws TsopsError MONITOR_INVALID when a sample has fewer than 2 rows (4 for blocks), NaN or infinite values, or other columns than the other.
 */
export function maximumMeanDiscrepancy(
  reference: Points,
  current: Points,
  options: DiscrepancyOptions = {},
): DiscrepancyResult {
  checkOptions("MONITOR_INVALID", "maximumMeanDiscrepancy()", options, {
    method: true,
    bandwidth: true,
    permutations: true,
    blockRows: true,
    seed: true,
  });
  const { method = "auto", permutations = 199 } = options;
  checkWord("MONITOR_INVALID", "method", method, ["auto", "permutation", "block"]);
  const x = rowsOf(pointColumns(reference, "The reference", 2));
  const y = rowsOf(pointColumns(current, "The current sample", 2));
  if (x.width !== y.width)
    throw new TsopsError(
      "MONITOR_INVALID",
      `The reference has ${x.width} columns, the current sample ${y.width}.`,
      {
        hint: "Give the same columns of both windows.",
      },
    );
  if (!(Number.isInteger(permutations) && permutations >= 1 && permutations <= 1e6))
    throw new TsopsError(
      "MONITOR_INVALID",
      `permutations must be 1 to 1,000,000, got ${shown(permutations)}.`,
    );
  const random = createRandom(options.seed ?? 0);
  const pooled: Rows = { width: x.width, count: x.count + y.count, values: joined(x.values, y.values) };
  const bandwidth = bandwidthOf(pooled, options.bandwidth ?? "median", random.fork("bandwidth"));
  const isBlocked = method === "block" || (method === "auto" && pooled.count > mostForPermutations);
  const result = isBlocked
    ? byBlocks(x, y, bandwidth, options.blockRows, random.fork("blocks"))
    : byPermutation(pooled, x.count, bandwidth, permutations, random.fork("permutations"));
  return { ...result, method: isBlocked ? "block" : "permutation", bandwidth };
}

/** Rows one after the other. */
interface Rows {
  readonly width: number;
  readonly count: number;
  readonly values: Float64Array;
}

function rowsOf(columns: readonly Float64Array[]): Rows {
  const [width, count] = [columns.length, columns[0]!.length];
  const values = new Float64Array(width * count);
  columns.forEach((column, c) => {
    for (let row = 0; row < count; row++) values[row * width + c] = column[row]!;
  });
  return { width, count, values };
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function squaredDistance(a: Rows, i: number, b: Rows, j: number): number {
  let sum = 0;
  for (let c = 0; c < a.width; c++) sum += (a.values[i * a.width + c]! - b.values[j * a.width + c]!) ** 2;
  return sum;
}

/** Any width does for rows that are all equal. */
function bandwidthOf(rows: Rows, asked: number | "median", random: Random): number {
  if (asked !== "median") {
    if (typeof asked === "number" && asked > 0 && asked < Number.POSITIVE_INFINITY) return asked;
    throw new TsopsError("MONITOR_INVALID", `bandwidth must be above 0 or "median", got ${shown(asked)}.`);
  }
  const order = Uint32Array.from({ length: rows.count }, (_, row) => row);
  const drawn = rows.count > mostForMedian ? random.shuffle(order).subarray(0, mostForMedian) : order;
  const distances = new Float64Array((drawn.length * (drawn.length - 1)) / 2);
  let length = 0;
  for (let i = 0; i < drawn.length; i++)
    for (let j = 0; j < i; j++) {
      const distance = squaredDistance(rows, drawn[i]!, rows, drawn[j]!);
      if (distance > 0) distances[length++] = distance;
    }
  if (length === 0) return 1;
  const sorted = distances.subarray(0, length).sort();
  return (Math.sqrt(sorted[(length - 1) >> 1]!) + Math.sqrt(sorted[length >> 1]!)) / 2;
}

function byPermutation(
  rows: Rows,
  n: number,
  bandwidth: number,
  permutations: number,
  random: Random,
): { statistic: number; pValue: number } {
  const groupings = permutations + 1;
  // Row by row, which groupings count it to the reference: the first is the true one.
  const isReference = new Uint8Array(rows.count * groupings);
  const order = Uint32Array.from({ length: rows.count }, (_, row) => row);
  for (let g = 0; g < groupings; g++) {
    if (g > 0) random.shuffle(order);
    for (let i = 0; i < n; i++) isReference[order[i]! * groupings + g] = 1;
  }
  // Sums of the kernel over pairs of the current sample, of both, and of the reference.
  const sums = new Float64Array(3 * groupings);
  const factor = -0.5 / bandwidth ** 2;
  for (let i = 0; i < rows.count; i++)
    for (let j = 0; j < i; j++) {
      const kernel = Math.exp(factor * squaredDistance(rows, i, rows, j));
      const [a, b] = [i * groupings, j * groupings];
      for (let g = 0; g < groupings; g++)
        sums[(isReference[a + g]! + isReference[b + g]!) * groupings + g]! += kernel;
    }
  const m = rows.count - n;
  const estimate = (g: number): number =>
    unbiased(sums[2 * groupings + g]!, sums[g]!, sums[groupings + g]!, n, m);
  const statistic = estimate(0);
  // Sums of the same numbers in another order are not lower by their rounding.
  const almost = statistic - 1e-12;
  let asLarge = 1;
  for (let g = 1; g < groupings; g++) if (estimate(g) >= almost) asLarge++;
  return { statistic, pValue: asLarge / groupings };
}

function byBlocks(
  x: Rows,
  y: Rows,
  bandwidth: number,
  asked: number | undefined,
  random: Random,
): { statistic: number; pValue: number } {
  const rows = Math.min(x.count, y.count);
  const size = asked ?? Math.max(2, Math.min(mostBlockRows, Math.floor(Math.sqrt(rows))));
  const blocks = Math.floor(rows / size);
  if (!(Number.isInteger(size) && size >= 2 && blocks >= 2))
    throw new TsopsError(
      "MONITOR_INVALID",
      `Two blocks of ${shown(size)} rows are needed, and the smaller sample has ${rows} rows.`,
      { hint: "Give blockRows of 2 to half of them.", details: { rows, blockRows: size } },
    );
  const [xs, ys] = [x, y].map(({ count }) =>
    random.shuffle(Uint32Array.from({ length: count }, (_, row) => row)),
  ) as [Uint32Array, Uint32Array];
  const factor = -0.5 / bandwidth ** 2;
  const kernel = (a: Rows, i: number, b: Rows, j: number): number =>
    Math.exp(factor * squaredDistance(a, i, b, j));
  const estimates = new Float64Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const from = block * size;
    let [inX, inY, between] = [0, 0, 0];
    for (let i = from; i < from + size; i++) {
      for (let j = from; j < i; j++) {
        inX += kernel(x, xs[i]!, x, xs[j]!);
        inY += kernel(y, ys[i]!, y, ys[j]!);
      }
      for (let j = from; j < from + size; j++) between += kernel(x, xs[i]!, y, ys[j]!);
    }
    estimates[block] = unbiased(inX, inY, between, size, size);
  }
  const statistic = estimates.reduce((sum, value) => sum + value, 0) / blocks;
  const squares = estimates.reduce((sum, value) => sum + (value - statistic) ** 2, 0);
  const error = Math.sqrt(squares / (blocks - 1) / blocks);
  const pValue = error > 0 ? studentTSurvival(statistic / error, blocks - 1) : statistic > 0 ? 0 : 1;
  return { statistic, pValue };
}

/** From sums over pairs: each within a sample once. */
function unbiased(inX: number, inY: number, between: number, n: number, m: number): number {
  return (2 * inX) / (n * (n - 1)) + (2 * inY) / (m * (m - 1)) - (2 * between) / (n * m);
}
