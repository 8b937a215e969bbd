/**
 * Scores of past forecasts of one series or more: per origin one row of series x steps, NaN where the outcome is not known. They have the sign of the error; intervals take
 * their size.
 */
export interface ScoreTable {
  readonly horizon: number;
  /** Oldest first; each of length series x horizon, series by series. */
  readonly origins: readonly Float64Array[];
}

/**
 * Scores needed for an interval that covers with `coverage`: with fewer, the rank ceil((n + 1) coverage) lies beyond the n scores and only
 * the whole line would do.
 */
export function scoresNeeded(coverage: number): number {
  return Math.ceil(coverage / (1 - coverage) - 1e-9);
}

/**
 * Gives the sizes of the scores of a step and its neighbours, ascending. `neighbours` steps on each side are pooled, and more, evenly on both
 * sides, until there are `needed` scores or all steps are in. Each pool is made once.
 * @param start - First entry of the series in an origin's row.
 * @param seriesCount - Series pooled, one after the other from `start`.
 */
export function scorePools(
  { horizon, origins }: ScoreTable,
  start: number,
  seriesCount: number,
  neighbours: number,
): (step: number, needed: number) => Float64Array {
  const rows = origins.map((scores) => scores.subarray(start, start + seriesCount * horizon));
  return poolsOf(rows, horizon, neighbours);
}

/**
 * The same for scores of any layout: arrays of whole horizons.
 * @param measure - What is pooled of a score. Default: its size.
 */
export function poolsOf(
  rows: readonly Float64Array[],
  horizon: number,
  neighbours: number,
  measure: (score: number) => number = Math.abs,
): (step: number, needed: number) => Float64Array {
  const made = new Map<number, Float64Array>();
  const entries = rows.reduce((sum, scores) => sum + scores.length / horizon, 0);
  const poolOf = (from: number, to: number): Float64Array => {
    const found = made.get(from * horizon + to);
    if (found !== undefined) return found;
    const pool = new Float64Array(entries * (to - from + 1));
    let count = 0;
    for (const scores of rows)
      for (let at = 0; at < scores.length; at += horizon)
        for (let h = from; h <= to; h++) {
          const score = scores[at + h - 1] as number;
          if (!Number.isNaN(score)) pool[count++] = measure(score);
        }
    const sorted = pool.subarray(0, count).sort();
    made.set(from * horizon + to, sorted);
    return sorted;
  };
  return (step, needed) => {
    for (let reach = neighbours; ; reach++) {
      const from = Math.max(1, step - reach);
      const to = Math.min(horizon, step + reach);
      const pool = poolOf(from, to);
      if (pool.length >= needed || (from === 1 && to === horizon)) return pool;
    }
  };
}

/**
 * The bound that a new score exceeds with probability at most 1 - coverage when it is exchangeable with the given ones: the
 * ceil((n + 1) coverage)-th smallest. Vovk, Gammerman & Shafer (2005); Lei et al. (2018), JASA 113.
 * @param sorted - Ascending.
 * @returns The largest score when the rank lies beyond it; NaN of no scores.
 */
export function conformalBound(sorted: Float64Array, coverage: number): number {
  const rank = Math.ceil((sorted.length + 1) * coverage - 1e-9);
  return sorted.length === 0
    ? Number.NaN
    : (sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] as number);
}

/**
 * Bounds on both sides, each of which a new score is beyond with probability at most (1 - coverage) / 2: how far below 0 and how far above it. Both may be negative, of scores that lie on one side.
 * @param sorted - Scores with their signs, ascending.
 */
export function boundsOnEachSide(
  sorted: Float64Array,
  coverage: number,
): { readonly below: number; readonly above: number } {
  const above = conformalBound(sorted, (1 + coverage) / 2);
  const mirrored = sorted.map((score) => -score).reverse();
  return { below: conformalBound(mirrored, (1 + coverage) / 2), above };
}
