import {
  checkOptions,
  type FeatureMatrix,
  importPeer,
  shown,
  studentTQuantile,
  studentTSurvival,
  TsopsError,
} from "@tsops/core";
import { pointColumns } from "./points.ts";
import { combined, type Decompose, distances, momentsOf, planeOf } from "./principal-components.ts";

/** How to learn what is usual. */
export interface ReconstructionOptions {
  /** Share of the variance of the standardised columns that the components keep, in (0, 1). Default 0.65. */
  readonly variance?: number;
  /** Number of components instead, at least 1 and fewer than there are columns. */
  readonly components?: number;
  /** Rows of the windows that will be judged: a day or a week. Default: a tenth of the reference. */
  readonly chunkRows?: number;
  /** How often an unchanged window may be outside the bounds, in (0, 1). Default 0.01. */
  readonly alpha?: number;
}

/** How well a window is described by the reference's components. */
export interface ReconstructionResult {
  /** Mean distance of the window's rows from the components' plane, in standard deviations of the reference. */
  readonly statistic: number;
  /** Two-sided, from how held-out chunks of the reference vary. */
  readonly pValue: number;
  readonly isOutside: boolean;
  /** Root of the mean squared distance by column: where the window does not fit, the largest first. */
  readonly columns: readonly { readonly column: string; readonly error: number }[];
}

/** What `reconstruction` learnt. */
export interface Reconstruction {
  /** Components kept. */
  readonly components: number;
  /** Share of the variance that each component has, all of them, the largest first. */
  readonly explained: readonly number[];
  /** Errors of the reference's chunks, each by components of the others. */
  readonly chunks: readonly number[];
  /** An unchanged window of `chunkRows` rows has its error between these, but for a share of alpha. */
  readonly bounds: readonly [lower: number, upper: number];
  readonly chunkRows: number;
  /** @throws TsopsError MONITOR_INVALID when the window is empty, has NaN or infinite values, or other columns than the reference. */
  error(current: FeatureMatrix): ReconstructionResult;
}

const leastChunks = 5;
/** Rounding of values in standard deviations: errors do not differ by less. */
const rounding = 1e-9;

/**
 * Principal components of a reference, and how far windows may be from them: the error grows when columns no longer move together as they did, also where each
 * column alone looks as before; it shrinks when they stand still. Columns are standardised by the reference; those that are constant in it are only centred.
 *
 * The bounds come from the reference itself, cut into chunks of time: the error of each chunk is measured with the components of all others, and a
 * new window's has Student's t prediction interval of them: mean +- t sd sqrt(1 + 1 / chunks). A shorter window's is wider by the root of the ratio of rows. Chunks
 * are assumed to be alike and nearly independent, rows within them are not, so choose whole seasons. It is a test of all columns together; for one on each use `driftTest`.
 *
 * Needs the optional peer `ml-matrix`. O(rows columns^2 + chunks columns^3).
 *
 * Source: I. T. Jolliffe (2002), "Principal component analysis"; the method of NannyML's data reconstruction, but with held-out chunks.
 * @param reference - Numeric columns, at least two, rows in time order.
 * @throws TsopsError MONITOR_INVALID when there are fewer than 5 chunks, one column, categories, NaN or infinite values; ADAPTER_MISSING_DEPENDENCY.
 */
export async function reconstruction(
  reference: FeatureMatrix,
  options: ReconstructionOptions = {},
): Promise<Reconstruction> {
  checkOptions("MONITOR_INVALID", "reconstruction()", options, {
    variance: true,
    components: true,
    chunkRows: true,
    alpha: true,
  });
  const { variance = 0.65, alpha = 0.01 } = options;
  for (const [name, value] of Object.entries({ variance, alpha }))
    if (!(value > 0 && value < 1))
      throw new TsopsError("MONITOR_INVALID", `${name} must be between 0 and 1, got ${shown(value)}.`);
  const columns = numericColumns(reference, "The reference", 2);
  const width = columns.length;
  if (width < 2)
    throw new TsopsError("MONITOR_INVALID", "reconstruction() needs two columns or more, got one.", {
      hint: "Use driftTest for one column.",
    });
  if (
    options.components !== undefined &&
    !(Number.isInteger(options.components) && options.components >= 1 && options.components < width)
  )
    throw new TsopsError(
      "MONITOR_INVALID",
      `components must be a whole number of 1 to ${width - 1}, got ${shown(options.components)}.`,
      { hint: "With as many components as columns nothing is left to see." },
    );
  const { rows } = reference;
  const chunkRows = options.chunkRows ?? Math.max(1, Math.floor(rows / 10));
  const chunks = Math.floor(rows / chunkRows);
  if (!(Number.isInteger(chunkRows) && chunkRows >= 1 && chunks >= leastChunks))
    throw new TsopsError(
      "MONITOR_INVALID",
      `The reference needs ${leastChunks} chunks of ${shown(chunkRows)} rows, and has ${rows} rows.`,
      { hint: "Give a longer reference, or shorter chunks.", details: { rows, chunkRows } },
    );
  const matrix = await importPeer("reconstruction()", "ml-matrix", () => import("ml-matrix"));
  const decompose: Decompose = (correlations) => {
    const { realEigenvalues, eigenvectorMatrix } = new matrix.EigenvalueDecomposition(correlations, {
      assumeSymmetric: true,
    });
    return realEigenvalues
      .map((value, k) => ({
        value: Math.max(0, value),
        direction: Float64Array.from(eigenvectorMatrix.getColumn(k)),
      }))
      .sort((a, b) => b.value - a.value);
  };
  // About the means, so that large offsets do not cancel.
  const means = columns.map((values) => values.reduce((sum, value) => sum + value, 0) / rows);
  const parts = Array.from({ length: chunks }, (_, chunk) =>
    momentsOf(columns, means, Math.floor((chunk * rows) / chunks), Math.floor(((chunk + 1) * rows) / chunks)),
  );
  const all = parts.reduce((sum, part) => combined(sum, part, 1));
  const keep = { variance, components: options.components };
  const plane = planeOf(all, means, keep, decompose);
  const errors = parts.map((part, chunk) => {
    const start = Math.floor((chunk * rows) / chunks);
    const others = planeOf(
      combined(all, part, -1),
      means,
      { ...keep, components: plane.kept.length },
      decompose,
    );
    return distances(
      others,
      columns.map((values) => values.subarray(start, start + part.rows)),
    ).mean;
  });
  const mean = errors.reduce((sum, error) => sum + error, 0) / chunks;
  const squares = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0);
  const spread = Math.max(rounding, Math.sqrt((squares / (chunks - 1)) * (1 + 1 / chunks)));
  const margin = studentTQuantile(1 - alpha / 2, chunks - 1) * spread;
  const names = reference.columns.map(({ name }) => name);
  return {
    components: plane.kept.length,
    explained: plane.explained,
    chunks: errors,
    bounds: [Math.max(0, mean - margin), mean + margin],
    chunkRows,
    error(current) {
      const values = numericColumns(current, "The current window", 1);
      if (current.columns.some(({ name }, c) => name !== names[c]) || values.length !== width)
        throw new TsopsError(
          "MONITOR_INVALID",
          `The current window has the columns ${current.columns.map(({ name }) => name).join(", ")}; it needs ${names.join(", ")}.`,
          { hint: "Give the columns of the reference, in their order." },
        );
      const { mean: statistic, squares: byColumn } = distances(plane, values);
      const scale = spread * Math.sqrt(Math.max(1, chunkRows / current.rows));
      const pValue = Math.min(1, 2 * studentTSurvival(Math.abs(statistic - mean) / scale, chunks - 1));
      return {
        statistic,
        pValue,
        isOutside: pValue < alpha,
        columns: names
          .map((column, c) => ({ column, error: Math.sqrt(byColumn[c]! / current.rows) }))
          .sort((a, b) => b.error - a.error),
      };
    },
  };
}

function numericColumns(matrix: FeatureMatrix, name: string, leastRows: number): readonly Float64Array[] {
  if (typeof matrix !== "object" || matrix === null || !Array.isArray(matrix.columns))
    throw new TsopsError("MONITOR_INVALID", `${name} must be a matrix with columns, got ${shown(matrix)}.`, {
      hint: 'Give { rows, columns: [{ name, kind: "numeric", values }] }.',
    });
  const category = matrix.columns.find(({ kind }) => kind !== "numeric");
  if (category !== undefined)
    throw new TsopsError(
      "MONITOR_INVALID",
      `Column "${category.name}" holds categories, which have no components.`,
      {
        hint: "Leave it out, and compare it with chiSquare().",
        details: { column: category.name },
      },
    );
  const columns = pointColumns(
    matrix.columns.map(({ values }) => values),
    name,
    leastRows,
  );
  if (columns[0]!.length !== matrix.rows)
    throw new TsopsError(
      "MONITOR_INVALID",
      `${name} says ${matrix.rows} rows, its columns have ${columns[0]!.length}.`,
      {
        hint: "Give one value a row.",
      },
    );
  return columns;
}
