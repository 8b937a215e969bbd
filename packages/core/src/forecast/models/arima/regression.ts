import { solvePositive } from "../../local/optimise/cholesky.ts";

/**
 * Columns with zeros in the place of those that the ones before them make up already: they say nothing of their own, and get no slope.
 * @param sources - What the columns were before they were differenced, to tell a small column from rounding errors.
 */
export function withoutRepeats(
  columns: readonly Float64Array[],
  sources: readonly Float64Array[],
): readonly Float64Array[] {
  if (columns.length < 2) return columns;
  const basis: Float64Array[] = [];
  return columns.map((column, c) => {
    const rest = column.slice();
    for (const direction of basis) subtract([direction], Float64Array.of(dot(rest, direction)), rest);
    const length = Math.sqrt(dot(rest, rest));
    const source = sources[c] as Float64Array;
    if (!(length > 1e-8 * Math.sqrt(dot(source, source)))) return new Float64Array(column.length);
    basis.push(rest.map((value) => value / length));
    return column;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[t] as number);
  return sum;
}

/** Least squares of the last column on those before it, whose solution and the logarithm of the determinant of the first ones are kept. */
export function project(columns: readonly Float64Array[], determined: number, size: number) {
  const slopes = new Float64Array(size);
  let logs = 0;
  if (size > 0) {
    const matrix = new Float64Array(size * size);
    const y = columns[size] as Float64Array;
    for (let i = 0; i < size; i++) {
      const a = columns[i] as Float64Array;
      for (let j = 0; j <= i; j++) {
        const b = columns[j] as Float64Array;
        let sum = 0;
        for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[t] as number);
        matrix[i * size + j] = sum;
      }
      let sum = 0;
      for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (y[t] as number);
      slopes[i] = sum;
    }
    // A column without news has no slope.
    for (let i = 0; i < size; i++)
      matrix[i * size + i] = (matrix[i * size + i] as number) * (1 + 1e-14) + Number.MIN_VALUE * 1e20;
    if (!solvePositive(matrix, size, slopes)) slopes.fill(0);
    for (let i = 0; i < determined; i++) logs += 2 * Math.log(matrix[i * size + i] as number);
  }
  return { slopes, logs };
}

/** Takes columns times slopes off, in place. */
export function subtract(columns: readonly Float64Array[], slopes: Float64Array, out: Float64Array): void {
  for (let c = 0; c < slopes.length; c++) {
    const slope = slopes[c] as number;
    if (slope === 0) continue;
    const column = columns[c] as Float64Array;
    for (let t = 0; t < out.length; t++) out[t] = (out[t] as number) - slope * (column[t] as number);
  }
}
