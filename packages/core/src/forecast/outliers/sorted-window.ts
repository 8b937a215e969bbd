/** Puts a value into the first `count` of some values, which are ascending, and says how many there are then. */
export function insertSorted(values: Float64Array, count: number, value: number): number {
  let at = count;
  for (; at > 0 && (values[at - 1] as number) > value; at--) values[at] = values[at - 1] as number;
  values[at] = value;
  return count + 1;
}

/** Takes one of the first `count` of some values, which are ascending, out of them, and says how many are left. */
export function removeSorted(values: Float64Array, count: number, value: number): number {
  let at = 0;
  while (values[at] !== value) at++;
  for (; at < count - 1; at++) values[at] = values[at + 1] as number;
  return count - 1;
}

/** The lower median of two sets of ascending values together. */
export function middleOfBoth(
  some: Float64Array,
  someCount: number,
  others: Float64Array,
  otherCount: number,
): number {
  const rank = (someCount + otherCount - 1) >> 1;
  let [i, j] = [0, 0];
  for (;;) {
    const isFirst = i < someCount && (j >= otherCount || (some[i] as number) <= (others[j] as number));
    if (i + j === rank) return (isFirst ? some[i] : others[j]) as number;
    if (isFirst) i++;
    else j++;
  }
}
