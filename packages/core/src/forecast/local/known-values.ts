/** The values that are not missing, in their order: the same array where none is. */
export function knownValues(y: Float64Array): Float64Array {
  let known = 0;
  for (let i = 0; i < y.length; i++) if (!Number.isNaN(y[i] as number)) known++;
  if (known === y.length) return y;
  const values = new Float64Array(known);
  let at = 0;
  for (let i = 0; i < y.length; i++) if (!Number.isNaN(y[i] as number)) values[at++] = y[i] as number;
  return values;
}

/** The values with some of them missing: the same array where none is. */
export function withoutRows(y: Float64Array, rows: readonly number[]): Float64Array {
  if (rows.length === 0) return y;
  const others = y.slice();
  for (const row of rows) others[row] = Number.NaN;
  return others;
}
