import { medianOfThree, selectRank } from "../../stats/select-rank.ts";

/**
 * The quantile of `values[0..length)`: the smallest value with at least `alpha` of the rows at or below it, or the mean of it and the
 * next one when the share is met exactly (Hyndman and Fan's definition 2; the usual median for alpha = 0.5). It minimises the
 * pinball loss. Reorders `values`; O(n) on average.
 */
export function selectQuantile(values: Float64Array, length: number, alpha: number): number {
  const position = alpha * length;
  const whole = Math.round(position);
  if (Math.abs(position - whole) > 1e-9 * length)
    return selectRank(values, Math.floor(position), 0, length - 1);
  if (whole <= 0) return selectRank(values, 0, 0, length - 1);
  if (whole >= length) return selectRank(values, length - 1, 0, length - 1);
  const upper = selectRank(values, whole, 0, length - 1);
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < whole; i++) if (values[i]! > lower) lower = values[i]!;
  return lower + (upper - lower) / 2;
}

/**
 * As `selectQuantile`, with a positive weight per value: shares are shares of the total weight, so a whole weight w counts like w equal
 * rows. Reorders both arrays; O(n) on average.
 */
export function selectWeightedQuantile(
  values: Float64Array,
  weights: Float64Array,
  length: number,
  alpha: number,
): number {
  let total = 0;
  for (let i = 0; i < length; i++) total += weights[i]!;
  const target = alpha * total;
  const tolerance = 1e-9 * total;
  let low = 0;
  let high = length - 1;
  let below = 0;
  // Invariant: values before `low` weigh `below` <= target and are not above those in [low, high].
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      swap(values, i, j);
      swap(weights, i++, j--);
    }
    let left = below;
    for (let k = low; k <= j; k++) left += weights[k]!;
    let middle = left;
    for (let k = j + 1; k < i; k++) middle += weights[k]!;
    if (left > target - tolerance) high = j;
    else if (middle > target - tolerance)
      return atBoundary(values, length, i - 1, i, middle - target, tolerance);
    else {
      below = middle;
      low = i;
    }
  }
  return atBoundary(values, length, low, low + 1, below + weights[low]! - target, tolerance);
}

/** The value at `index`, averaged with the next greater one when the target share ends exactly after it. */
function atBoundary(
  values: Float64Array,
  length: number,
  index: number,
  rest: number,
  surplus: number,
  tolerance: number,
): number {
  const value = values[index]!;
  if (surplus > tolerance || rest >= length) return value;
  let next = Number.POSITIVE_INFINITY;
  for (let i = rest; i < length; i++) if (values[i]! < next) next = values[i]!;
  return value + (next - value) / 2;
}

function swap(array: Float64Array, i: number, j: number): void {
  const kept = array[i]!;
  array[i] = array[j]!;
  array[j] = kept;
}
