/** Eigenvalues, the largest first, and their directions. */
export type Decompose = (
  correlations: number[][],
) => { readonly value: number; readonly direction: Float64Array }[];

/** Sums of rows about fixed centres. */
export interface Moments {
  readonly rows: number;
  readonly sums: Float64Array;
  /** Row-major. */
  readonly products: Float64Array;
}

/** Where rows lie when the columns move together as usual. */
export interface Plane {
  readonly means: Float64Array;
  readonly scales: Float64Array;
  readonly kept: readonly Float64Array[];
  readonly explained: readonly number[];
}

/** Moments of some rows about the centres. */
export function momentsOf(
  columns: readonly Float64Array[],
  centres: readonly number[],
  start: number,
  end: number,
): Moments {
  const width = columns.length;
  const centred = columns.map((values, c) => values.subarray(start, end).map((value) => value - centres[c]!));
  const products = new Float64Array(width * width);
  centred.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = centred[j]!;
      let sum = 0;
      for (let row = 0; row < a.length; row++) sum += a[row]! * b[row]!;
      products[i * width + j] = sum;
      products[j * width + i] = sum;
    }
  });
  const sums = Float64Array.from(centred, (values) => values.reduce((sum, value) => sum + value, 0));
  return { rows: end - start, sums, products };
}

/** Moments of two parts together, or of the first without the second. */
export function combined(a: Moments, b: Moments, sign: 1 | -1): Moments {
  return {
    rows: a.rows + sign * b.rows,
    sums: a.sums.map((sum, i) => sum + sign * b.sums[i]!),
    products: a.products.map((sum, i) => sum + sign * b.products[i]!),
  };
}

/** Principal components of rows whose moments are known: as many as asked for, or as have that share of the variance. */
export function planeOf(
  { rows, sums, products }: Moments,
  centres: readonly number[],
  { variance, components }: { readonly variance: number; readonly components: number | undefined },
  decompose: Decompose,
): Plane {
  const width = sums.length;
  const offsets = sums.map((sum) => sum / rows);
  const covariance = (i: number, j: number): number =>
    products[i * width + j]! / rows - offsets[i]! * offsets[j]!;
  const scales = offsets.map((_, c) => {
    const own = covariance(c, c);
    // Constant but for what sums round.
    return own > 1e-24 * (1 + centres[c]! ** 2) ? Math.sqrt(own) : 1;
  });
  const correlations = Array.from({ length: width }, (_, i) =>
    Array.from({ length: width }, (_, j) => covariance(i, j) / (scales[i]! * scales[j]!)),
  );
  const found = decompose(correlations);
  const total = found.reduce((sum, { value }) => sum + value, 0);
  const explained = found.map(({ value }) => (total === 0 ? 0 : value / total));
  let enough = 0;
  for (let share = 0; enough < width - 1 && share < variance; enough++) share += explained[enough]!;
  return {
    means: offsets.map((offset, c) => offset + centres[c]!),
    scales,
    kept: found.slice(0, components ?? Math.max(1, enough)).map(({ direction }) => direction),
    explained,
  };
}

/** Mean distance of rows from the plane, and its squares summed by column. */
export function distances(
  { means, scales, kept }: Plane,
  columns: readonly Float64Array[],
): { mean: number; squares: Float64Array } {
  const width = columns.length;
  const rows = columns[0]!.length;
  const z = new Float64Array(width);
  const scores = new Float64Array(kept.length);
  const squares = new Float64Array(width);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < width; c++) z[c] = (columns[c]![row]! - means[c]!) / scales[c]!;
    for (let k = 0; k < kept.length; k++) {
      const direction = kept[k]!;
      let score = 0;
      for (let c = 0; c < width; c++) score += direction[c]! * z[c]!;
      scores[k] = score;
    }
    let total = 0;
    for (let c = 0; c < width; c++) {
      let rest = z[c]!;
      for (let k = 0; k < kept.length; k++) rest -= scores[k]! * kept[k]![c]!;
      squares[c]! += rest * rest;
      total += rest * rest;
    }
    sum += Math.sqrt(total);
  }
  return { mean: sum / rows, squares };
}
