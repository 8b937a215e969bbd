/**
 * Moves the value of a rank (0 is the smallest) to its place, with no larger one before it and no smaller one after it, and returns it; O(n) on
 * average. Values of `low..high`, which must hold that rank and none of which is NaN, are reordered; it may be called again on either side.
 * Source: C. A. R. Hoare (1961), "Algorithm 65: FIND", CACM 4.
 */
export function selectRank(values: Float64Array, rank: number, low = 0, high = values.length - 1): number {
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const kept = values[i]!;
      values[i++] = values[j]!;
      values[j--] = kept;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank]!;
}

/** The middle one of three numbers. */
export function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
