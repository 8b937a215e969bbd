/** Local regression of equally spaced values: one row of weights per fitted value, made once and used for many series. */
export interface Loess {
  /** Writes the smoothed values of `y` (its first `rows` values) into `into`. */
  smooth(y: Float64Array, into: Float64Array): void;
}

/**
 * Tricube local regression of degree 0 or 1 (Cleveland, Cleveland, McRae & Terpenning 1990, section 2), without robustness weights. It is
 * linear in the values, so all windows inside share one symmetric row of weights and the windows at the end mirror those at the beginning.
 * @param rows - Length of the series, at least 2.
 * @param width - Values in a window, odd; more than there are widens the kernel.
 */
export function loess(rows: number, width: number, degree: 0 | 1): Loess {
  const span = Math.min(width, rows);
  const half = width < rows ? (width - 1) >> 1 : rows;
  const edges: Float64Array[] = [];
  for (let at = 0; at < Math.min(half, rows); at++) edges.push(weightsAt(at, 0, span, rows, width, degree));
  const kernel =
    width < rows ? weightsAt(half, 0, span, rows, width, degree).subarray(half) : new Float64Array(0);
  return {
    smooth(y, into) {
      const last = rows - 1;
      edges.forEach((weights, at) => {
        let head = 0;
        let tail = 0;
        for (let j = 0; j < span; j++) {
          const weight = weights[j] as number;
          head += weight * (y[j] as number);
          tail += weight * (y[last - j] as number);
        }
        into[at] = head;
        if (width < rows) into[last - at] = tail;
      });
      if (width >= rows) return;
      for (let at = half; at < rows - half; at++) {
        let sum = (kernel[0] as number) * (y[at] as number);
        for (let j = 1; j <= half; j++)
          sum += (kernel[j] as number) * ((y[at - j] as number) + (y[at + j] as number));
        into[at] = sum;
      }
    },
  };
}

/**
 * Weights with which the values `from`, ..., `from + span - 1` of a series give the fitted value at position `at`, which may lie beyond an end.
 * @param robustness - Factors of the single values, by position; all zero in a window makes the weights NaN.
 */
export function weightsAt(
  at: number,
  from: number,
  span: number,
  rows: number,
  width: number,
  degree: 0 | 1,
  robustness?: Float64Array,
  into = new Float64Array(span),
): Float64Array {
  let reach = Math.max(at - from, from + span - 1 - at);
  if (width > rows) reach += (width - rows) >> 1;
  let total = 0;
  for (let j = 0; j < span; j++) {
    const distance = Math.abs(from + j - at);
    let weight = 0;
    // The bounds of the original program: nearly the whole reach counts as beyond it, nearly nothing as here.
    if (distance <= 0.999 * reach) {
      const share = distance / reach;
      const cube = 1 - share * share * share;
      weight = distance <= 0.001 * reach ? 1 : cube * cube * cube;
      if (robustness !== undefined) weight *= robustness[from + j] as number;
    }
    into[j] = weight;
    total += weight;
  }
  for (let j = 0; j < span; j++) into[j] = total > 0 ? (into[j] as number) / total : Number.NaN;
  if (!(total > 0) || degree === 0 || reach <= 0) return into;
  let mean = 0;
  for (let j = 0; j < span; j++) mean += (into[j] as number) * (from + j);
  let spread = 0;
  for (let j = 0; j < span; j++) spread += (into[j] as number) * (from + j - mean) ** 2;
  if (Math.sqrt(spread) <= 0.001 * (rows - 1)) return into;
  const slope = (at - mean) / spread;
  for (let j = 0; j < span; j++) into[j] = (into[j] as number) * (slope * (from + j - mean) + 1);
  return into;
}

/** As `loess`, with a factor per value; a window whose factors are all zero keeps the value. */
export function smoothRobustly(
  y: Float64Array,
  rows: number,
  width: number,
  degree: 0 | 1,
  robustness: Float64Array,
  into: Float64Array,
): void {
  const span = Math.min(width, rows);
  const half = (span - 1) >> 1;
  const weights = new Float64Array(span);
  for (let at = 0; at < rows; at++) {
    const from = Math.max(0, Math.min(at - half, rows - span));
    weightsAt(at, from, span, rows, width, degree, robustness, weights);
    let sum = 0;
    for (let j = 0; j < span; j++) sum += (weights[j] as number) * (y[from + j] as number);
    into[at] = Number.isNaN(sum) ? (y[at] as number) : sum;
  }
}
