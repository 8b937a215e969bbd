/** More digits behind the point are not told apart: such numbers are computed, not read off. */
const most = 9;

/** Digits behind the point that a number needs; 10 for more than 9. */
export function decimalsOf(value: number): number {
  let scale = 1;
  for (let digits = 0; digits <= most; digits++) {
    const scaled = Math.abs(value * scale);
    // Beyond, a double has too few digits left to tell.
    if (scaled > 1e12) break;
    if (Math.abs(scaled - Math.round(scaled)) <= 1e-9 + 4 * Number.EPSILON * scaled) return digits;
    scale *= 10;
  }
  return most + 1;
}

/** How many numbers need 0, 1, ... 9 and more digits. */
export function countDecimals(
  values: Float64Array,
  counts: Float64Array = new Float64Array(most + 2),
): Float64Array {
  // A few thousand numbers of each series tell.
  const stride = Math.max(1, Math.floor(values.length / 5000));
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    const digits = decimalsOf(value);
    counts[digits] = (counts[digits] as number) + 1;
  }
  return counts;
}

/**
 * The digits that all but one number in a thousand do with, null for more than 9; and the share of numbers that do with one digit less.
 */
export function usualDecimals(counts: Float64Array): {
  readonly decimals: number | null;
  readonly rounder: number;
} {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let digits = 0; digits <= most; digits++) {
    const before = seen;
    seen += counts[digits] as number;
    if (total > 0 && seen >= 0.999 * total) return { decimals: digits, rounder: before / total };
  }
  return { decimals: null, rounder: total === 0 ? 0 : seen / total };
}
