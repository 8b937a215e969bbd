/** Columns and target as linear models with penalties are fitted to them. */
export interface Standardised {
  /** Columns of mean 0 and deviation 1, times the square root of the weights; columns without spread are all 0. */
  readonly columns: readonly Float64Array[];
  /** Target less its mean, times the square root of the weights. */
  readonly target: Float64Array;
  /** Square roots of the weights; ones without weights. */
  readonly roots: Float64Array;
  readonly means: Float64Array;
  /** 1 for columns without spread. */
  readonly deviations: Float64Array;
  readonly targetMean: number;
}

/** Centres and scales dense columns, and centres the target, by weighted moments (divided by the total weight). */
export function standardise(
  columns: readonly Float64Array[],
  y: Float64Array,
  weights: Float64Array | undefined,
): Standardised {
  const total = weights === undefined ? y.length : weights.reduce((sum, weight) => sum + weight, 0);
  const weightedMean = (values: Float64Array): number =>
    values.reduce((sum, value, row) => sum + value * (weights?.[row] ?? 1), 0) / total;
  const roots = weights === undefined ? new Float64Array(y.length).fill(1) : weights.map(Math.sqrt);
  const centred = (values: Float64Array, mean: number, deviation: number): Float64Array =>
    values.map((value, row) => ((value - mean) / deviation) * (roots[row] as number));
  const means = Float64Array.from(columns, weightedMean);
  const deviations = Float64Array.from(columns, (values, c) => {
    const mean = means[c] as number;
    const deviation = Math.sqrt(weightedMean(values.map((value) => (value - mean) ** 2)));
    return deviation > 1e-13 * Math.abs(mean) ? deviation : Infinity;
  });
  const targetMean = weightedMean(y);
  return {
    columns: columns.map((values, c) => centred(values, means[c] as number, deviations[c] as number)),
    target: centred(y, targetMean, 1),
    roots,
    means,
    deviations: deviations.map((deviation) => (deviation === Infinity ? 1 : deviation)),
    targetMean,
  };
}

/** Intercept and coefficients in the units of the columns, from those of the standardised columns. */
export function inColumnUnits(
  solution: Float64Array,
  { means, deviations, targetMean }: Pick<Standardised, "means" | "deviations" | "targetMean">,
): { intercept: number; coefficients: Float64Array<ArrayBuffer> } {
  const coefficients = Float64Array.from(solution, (value, c) => value / (deviations[c] as number));
  const intercept = coefficients.reduce((rest, value, c) => rest - value * (means[c] as number), targetMean);
  return { intercept, coefficients };
}

/** Rows whose values of two columns fit into the fastest cache of a processor together. */
const rowsAtOnce = 1024;

/**
 * Sums of the products of all pairs of columns over the rows from `start` to `end`: a symmetric matrix, row by row.
 * O(rows x columns^2).
 */
export function crossProducts(
  columns: readonly Float64Array[],
  start: number,
  end: number,
): Float64Array<ArrayBuffer> {
  const width = columns.length;
  const sums = new Float64Array(width * width);
  for (let from = start; from < end; from += rowsAtOnce) {
    const to = Math.min(end, from + rowsAtOnce);
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++)
        sums[i * width + j]! += dot(columns[i] as Float64Array, columns[j] as Float64Array, from, to);
  }
  for (let i = 0; i < width; i++)
    for (let j = 0; j < i; j++) sums[j * width + i] = sums[i * width + j] as number;
  return sums;
}

function dot(a: Float64Array, b: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let row = from; row < to; row++) sum += a[row]! * b[row]!;
  return sum;
}
