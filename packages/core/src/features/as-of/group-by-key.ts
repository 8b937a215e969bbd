/** Spine rows of one key, in order. */
export interface KeyGroup {
  readonly key: number;
  readonly spineRows: Int32Array;
}

/** Groups row numbers by key number; rows with key -1 are left out. @param keys - Number of keys. */
export function* groupByKey(keyOf: Int32Array, keys: number): Iterable<KeyGroup> {
  const offsets = new Int32Array(keys + 1);
  for (const key of keyOf) if (key >= 0) offsets[key + 1] = (offsets[key + 1] as number) + 1;
  const used: number[] = [];
  for (let key = 0; key < keys; key++) {
    if ((offsets[key + 1] as number) > 0) used.push(key);
    offsets[key + 1] = (offsets[key + 1] as number) + (offsets[key] as number);
  }
  const next = offsets.slice();
  const rows = new Int32Array(offsets[keys] as number);
  for (let row = 0; row < keyOf.length; row++) {
    const key = keyOf[row] as number;
    if (key < 0) continue;
    const at = next[key] as number;
    rows[at] = row;
    next[key] = at + 1;
  }
  for (const key of used)
    yield { key, spineRows: rows.subarray(offsets[key] as number, offsets[key + 1] as number) };
}
