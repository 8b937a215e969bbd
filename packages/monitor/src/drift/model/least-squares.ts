/** An ordinary least squares fit. */
export interface LeastSquares {
  readonly coefficients: Float64Array;
  /** (X'X)^-1, row-major, columns x columns. */
  readonly inverse: Float64Array;
  readonly residualSumOfSquares: number;
  readonly rows: number;
}

/** Sums of products of columns and target, from which fits on any first few of the columns follow. */
export interface NormalEquations {
  /** X'X, row-major. */
  readonly gram: Float64Array;
  /** X'y. */
  readonly moments: Float64Array;
  /** y'y. */
  readonly target: number;
  readonly rows: number;
}

/**
 * Sums up the normal equations of y on columns (few, well-scaled ones).
 * @param columns - Each of the length of `y`.
 * @param rows - The rows to use.
 */
export function normalEquations(
  columns: readonly Float64Array[],
  y: Float64Array,
  rows: Int32Array,
): NormalEquations {
  const k = columns.length;
  const gram = new Float64Array(k * k);
  const moments = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    const x = columns[i] as Float64Array;
    const products = dotsOver(x, [...columns.slice(0, i + 1), y], rows);
    moments[i] = products[i + 1] as number;
    for (let j = 0; j <= i; j++) {
      gram[i * k + j] = products[j] as number;
      gram[j * k + i] = products[j] as number;
    }
  }
  return { gram, moments, target: dotsOver(y, [y], rows)[0] as number, rows: rows.length };
}

/**
 * The fit on the first `count` columns.
 * @returns Null when there are fewer rows than columns, or the columns are linearly dependent.
 */
export function solve(equations: NormalEquations, count: number): LeastSquares | null {
  const k = equations.moments.length;
  if (equations.rows < count) return null;
  const gram = new Float64Array(count * count);
  for (let i = 0; i < count; i++) gram.set(equations.gram.subarray(i * k, i * k + count), i * count);
  const inverse = invert(gram, count);
  if (inverse === null) return null;
  const coefficients = multiply(inverse, equations.moments.subarray(0, count));
  let explained = 0;
  for (let i = 0; i < count; i++) explained += (coefficients[i] as number) * (equations.moments[i] as number);
  const { target, rows } = equations;
  return { coefficients, inverse, residualSumOfSquares: Math.max(target - explained, target * 1e-15), rows };
}

/** The products at some rows; 0 elsewhere. */
export function timesOver(x: Float64Array, y: Float64Array, rows: Int32Array): Float64Array {
  const products = new Float64Array(x.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    products[row] = (x[row] as number) * (y[row] as number);
  }
  return products;
}

/** The sums of products of one column with some others over some rows, ascending. */
export function dotsOver(x: Float64Array, others: readonly Float64Array[], rows: Int32Array): Float64Array {
  const sums = new Float64Array(others.length);
  // Without gaps rows need not be looked up, which takes half of the time.
  const dots = areConsecutive(rows) ? dotsOfRun : dotsOfRows;
  // Four at a time: their additions do not wait for each other.
  for (let at = 0; at < others.length; at += 4) {
    const four = others.slice(at, at + 4);
    while (four.length < 4) four.push(x);
    sums.set(dots(x, four as Four, rows).subarray(0, others.length - at), at);
  }
  return sums;
}

/** Whether ascending rows follow each other without a gap. */
export function areConsecutive(rows: Int32Array): boolean {
  return (rows.at(-1) ?? -1) - (rows[0] ?? 0) + 1 === rows.length;
}

type Four = [Float64Array, Float64Array, Float64Array, Float64Array];

function dotsOfRows(x: Float64Array, [y0, y1, y2, y3]: Four, rows: Int32Array): Float64Array {
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const value = x[row] as number;
    sum0 += value * (y0[row] as number);
    sum1 += value * (y1[row] as number);
    sum2 += value * (y2[row] as number);
    sum3 += value * (y3[row] as number);
  }
  return Float64Array.of(sum0, sum1, sum2, sum3);
}

function dotsOfRun(x: Float64Array, [y0, y1, y2, y3]: Four, rows: Int32Array): Float64Array {
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
  const from = rows[0] ?? 0;
  const end = from + rows.length;
  for (let row = from; row < end; row++) {
    const value = x[row] as number;
    sum0 += value * (y0[row] as number);
    sum1 += value * (y1[row] as number);
    sum2 += value * (y2[row] as number);
    sum3 += value * (y3[row] as number);
  }
  return Float64Array.of(sum0, sum1, sum2, sum3);
}

/** A square row-major matrix times a vector. */
export function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] as number) * (vector[j] as number);
    return sum;
  });
}

/** v' M v. */
export function quadraticForm(matrix: Float64Array, vector: Float64Array): number {
  return multiply(matrix, vector).reduce((sum, value, i) => sum + value * (vector[i] as number), 0);
}

/** Gauss-Jordan with partial pivoting; null when a pivot vanishes beside its column's scale. */
export function invert(matrix: Float64Array, n: number): Float64Array | null {
  const a = Float64Array.from(matrix);
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) result[i * n + i] = 1;
  const scale = Math.max(...Array.from({ length: n }, (_, i) => Math.abs(matrix[i * n + i] as number)));
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++)
      if (Math.abs(a[row * n + column] as number) > Math.abs(a[pivot * n + column] as number)) pivot = row;
    const size = a[pivot * n + column] as number;
    if (!(Math.abs(size) > 1e-12 * scale)) return null;
    if (pivot !== column) {
      swapRows(a, n, pivot, column);
      swapRows(result, n, pivot, column);
    }
    scaleRow(a, n, column, 1 / size);
    scaleRow(result, n, column, 1 / size);
    for (let row = 0; row < n; row++) {
      if (row === column) continue;
      const factor = a[row * n + column] as number;
      addRow(a, n, row, column, -factor);
      addRow(result, n, row, column, -factor);
    }
  }
  return result;
}

function swapRows(a: Float64Array, n: number, i: number, j: number): void {
  for (let k = 0; k < n; k++) {
    const kept = a[i * n + k] as number;
    a[i * n + k] = a[j * n + k] as number;
    a[j * n + k] = kept;
  }
}

function scaleRow(a: Float64Array, n: number, row: number, factor: number): void {
  for (let k = 0; k < n; k++) a[row * n + k] = (a[row * n + k] as number) * factor;
}

function addRow(a: Float64Array, n: number, to: number, from: number, factor: number): void {
  for (let k = 0; k < n; k++)
    a[to * n + k] = (a[to * n + k] as number) + factor * (a[from * n + k] as number);
}
