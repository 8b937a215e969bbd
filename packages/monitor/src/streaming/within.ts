/** A value, or the end of -reach .. reach that is nearer to it; NaN stays NaN. */
export function within(value: number, reach: number): number {
  return Math.max(-reach, Math.min(reach, value));
}
