import type { NormalEquations } from "../model/least-squares.ts";

/** Runs of values without a gap: the slot where each begins and the one after its end, one run after the other. */
export function presentRuns(values: Float64Array): Int32Array {
  const bounds: number[] = [];
  for (let slot = 0; ; ) {
    while (slot < values.length && Number.isNaN(values[slot])) slot++;
    if (slot === values.length) return Int32Array.from(bounds);
    bounds.push(slot);
    while (slot < values.length && !Number.isNaN(values[slot])) slot++;
    bounds.push(slot);
  }
}

/** How many slots have a value and `lags` values right before it. */
export function countComplete(runs: Int32Array, lags: number): number {
  let count = 0;
  for (let i = 0; i < runs.length; i += 2)
    count += Math.max(0, (runs[i + 1] as number) - (runs[i] as number) - lags);
  return count;
}

/**
 * The normal equations of a series on its own lags 1 .. `order`, over the slots that have them all. Products of lags i and j are those
 * of the series with its lag j - i, but for the ends of each run, so that one sum a lag is enough: O(n order), not O(n order^2).
 */
export function lagEquations(values: Float64Array, runs: Int32Array, order: number): NormalEquations {
  const gram = new Float64Array(order * order);
  const moments = new Float64Array(order);
  const byLag = new Float64Array(order + 1);
  for (let at = 0; at < runs.length; at += 2) {
    const [from, end] = [(runs[at] as number) + order, runs[at + 1] as number];
    if (from >= end) continue;
    for (let near = from; near < end; near += nearRows)
      for (let lag = 0; lag <= order; lag += lagsAtOnce)
        addProducts(byLag, values, near, Math.min(near + nearRows, end), lag);
    for (let distance = 0; distance < order; distance++) {
      // Sums over the same products, each slot one earlier than the last.
      let moved = 0;
      for (let i = 1; i + distance <= order; i++) {
        moved += product(values, from - i, distance) - product(values, end - i, distance);
        gram[(i - 1) * order + i - 1 + distance] =
          (gram[(i - 1) * order + i - 1 + distance] as number) + moved;
      }
    }
  }
  for (let i = 0; i < order; i++) {
    moments[i] = byLag[i + 1] as number;
    for (let j = i; j < order; j++) {
      const sum = (gram[i * order + j] as number) + (byLag[j - i] as number);
      gram[i * order + j] = sum;
      gram[j * order + i] = sum;
    }
  }
  return { gram, moments, target: byLag[0] as number, rows: countComplete(runs, order) };
}

function product(values: Float64Array, slot: number, lag: number): number {
  return (values[slot] as number) * (values[slot - lag] as number);
}

/** Rows that stay in the processor's near memory while some lags after the others are looked at. */
const nearRows = 4096;
/** Lags whose sums do not wait for each other. */
const lagsAtOnce = 5;

/** Adds the sums of products of slots `from` to `end` with lags `lag` .. `lag + 4`, as far as they are asked for. */
function addProducts(
  byLag: Float64Array,
  values: Float64Array,
  from: number,
  end: number,
  lag: number,
): void {
  let [sum0, sum1, sum2, sum3, sum4] = [0, 0, 0, 0, 0];
  // Before the first slot there is no lag beyond the asked ones to be had: what is read there is not used.
  const lagged = (by: number) => (from - by < 0 ? 0 : (values[from - by] as number));
  let [x1, x2, x3, x4] = [lagged(lag + 1), lagged(lag + 2), lagged(lag + 3), lagged(lag + 4)];
  for (let slot = from; slot < end; slot++) {
    const value = values[slot] as number;
    const x0 = values[slot - lag] as number;
    sum0 += value * x0;
    sum1 += value * x1;
    sum2 += value * x2;
    sum3 += value * x3;
    sum4 += value * x4;
    x4 = x3;
    x3 = x2;
    x2 = x1;
    x1 = x0;
  }
  const sums = [sum0, sum1, sum2, sum3, sum4];
  for (let i = 0; i < sums.length && lag + i < byLag.length; i++)
    byLag[lag + i] = (byLag[lag + i] as number) + (sums[i] as number);
}
