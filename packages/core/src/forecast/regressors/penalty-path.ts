import { throwIfAborted } from "../../abort.ts";
import { type Descent, descend, type Moments, type Penalties } from "./coordinate-descent.ts";
import { crossProducts, type Standardised } from "./standardise.ts";

/**
 * Sums of products over some rows, of the columns, then the target, then a column of ones: what a fit on the rows and its error on other rows
 * can be told from.
 */
type Sums = Float64Array;

/** Moments of some rows about their own means, in their own deviations, and what those were. */
interface OwnMoments extends Moments {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  readonly targetMean: number;
}

const penalties = 100;
/** The weakest penalty tried, as a share of the weakest that leaves no coefficient; as in R's glmnet. */
const weakest = 1e-4;

/** Sums over the rows from `start` to `end`. */
export function sumsOf({ columns, target, roots }: Standardised, start: number, end: number): Sums {
  return crossProducts([...columns, target, roots], start, end);
}

/** Moments of the rows that went into sums. */
export function momentsOf(sums: Sums): OwnMoments {
  const size = Math.round(Math.sqrt(sums.length));
  const width = size - 2;
  const weight = sums[sums.length - 1] as number;
  const mean = (i: number): number => (sums[i * size + width + 1] as number) / weight;
  const covariance = (i: number, j: number): number =>
    (sums[i * size + j] as number) / weight - mean(i) * mean(j);
  // The rows are a part of those that were brought to deviation 1: what is left of less is rounding.
  const deviations = Float64Array.from({ length: width }, (_, j) => {
    const variance = covariance(j, j);
    return variance > 1e-20 ? Math.sqrt(variance) : Infinity;
  });
  const gram = new Float64Array(width * width);
  const target = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    const deviation = deviations[i] as number;
    target[i] = covariance(i, width) / deviation;
    for (let j = 0; j < width; j++)
      gram[i * width + j] = covariance(i, j) / (deviation * (deviations[j] as number));
  }
  return {
    gram,
    target,
    power: Math.max(0, covariance(width, width)),
    means: Float64Array.from({ length: width }, (_, j) => mean(j)),
    deviations,
    targetMean: mean(width),
  };
}

/** Penalties from the weakest that leaves no coefficient down to a ten thousandth of it, evenly in their logarithm. */
export function penaltyPath({ target }: Moments, l1Ratio: number): Penalties[] {
  const strongest = target.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / l1Ratio;
  return Array.from({ length: penalties }, (_, k) =>
    penaltiesOf(strongest * weakest ** (k / (penalties - 1)), l1Ratio),
  );
}

/**
 * The two penalties that one and its ratio stand for.
 * @param unit - What the target was divided by after the penalty was given: absolute coefficients shrink with it, and so does their penalty; that of
 * squares, beside errors that are squared too, stays.
 */
export function penaltiesOf(penalty: number, l1Ratio: number, unit = 1): Penalties {
  return { l1: (penalty * l1Ratio) / unit, l2: penalty * (1 - l1Ratio) };
}

/** Fits with one penalty after the other, each from where the one before ended. */
export function descents(
  moments: Moments,
  path: readonly Penalties[],
  signal: AbortSignal | undefined,
): Descent[] {
  let start: Float64Array = new Float64Array(moments.target.length);
  return path.map((penalties) => {
    throwIfAborted(signal);
    const descent = descend(moments, penalties, start);
    start = descent.coefficients;
    return descent;
  });
}

/** Where each piece of the rows begins, and the end: equal pieces at the end, and what remains in the first. */
export function piecesOf(rows: number, folds: number): number[] {
  const size = Math.floor(rows / (folds + 1));
  return size === 0
    ? [0, rows]
    : [0, ...Array.from({ length: folds + 1 }, (_, k) => rows - (folds - k) * size)];
}

/**
 * Mean squared error of each penalty of a path on rows later than those it was fitted on: each piece is predicted by a fit on all pieces before it (as
 * scikit-learn's `TimeSeriesSplit`). It costs no more passes over the rows than one fit, because fits and errors follow from sums over the pieces.
 * @param pieces - Sums over each piece, in the order of time.
 * @returns One error per penalty, or null when there is but one piece.
 */
export async function laterErrors(
  pieces: readonly Sums[],
  path: readonly Penalties[],
  signal: AbortSignal | undefined,
): Promise<Float64Array | null> {
  if (pieces.length < 2) return null;
  const errors = new Float64Array(path.length);
  let weight = 0;
  let before = pieces[0] as Sums;
  for (const piece of pieces.slice(1)) {
    const moments = momentsOf(before);
    descents(moments, path, signal).forEach(({ coefficients }, k) => {
      errors[k]! += squaredError(piece, moments, coefficients);
    });
    weight += piece[piece.length - 1] as number;
    before = addSums(before, piece);
    await new Promise<void>((resume) => setImmediate(resume));
    throwIfAborted(signal);
  }
  return errors.map((error) => error / weight);
}

/** The sum of two lots of rows. */
export function addSums(a: Sums, b: Sums): Sums {
  return a.map((value, i) => value + (b[i] as number));
}

/** Sum of squared errors on the rows of `sums`: of target - intercept - columns times slopes, as a quadratic form. */
function squaredError(
  sums: Sums,
  { means, deviations, targetMean }: OwnMoments,
  coefficients: Float64Array,
): number {
  const size = Math.round(Math.sqrt(sums.length));
  const form = new Float64Array(size);
  form[size - 2] = 1;
  form[size - 1] = -targetMean;
  coefficients.forEach((value, j) => {
    if (value === 0) return;
    const slope = value / (deviations[j] as number);
    form[j] = -slope;
    form[size - 1]! += slope * (means[j] as number);
  });
  let sum = 0;
  for (let i = 0; i < size; i++) {
    if (form[i] === 0) continue;
    let row = 0;
    for (let j = 0; j < size; j++) row += form[j]! * sums[i * size + j]!;
    sum += form[i]! * row;
  }
  return sum;
}
