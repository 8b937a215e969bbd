/** Columns of equal width: the first ones begin together, the others end together. */
export function aligned(rows: readonly (readonly string[])[], left = 1): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i < left ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join("  ")
      .trimEnd(),
  );
}

/** A number with four significant digits, in powers of ten where zeros would hide them; a dash where there is none. */
export function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "-";
  if (value !== 0 && (Math.abs(value) < 1e-9 || Math.abs(value) >= 1e15)) return value.toExponential(3);
  const digits = value === 0 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 12));
}
