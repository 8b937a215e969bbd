import { columnsFromArrays, createRandom, float64, timestamp } from "@tsops/core";

export const hour = 3_600_000_000n;
/** A Monday, 2026-01-05T00:00Z. */
export const start = 1_767_571_200_000_000n;

/** Hours of two noisy columns, one of them moved up. */
export function hours(from: number, to: number, moved: number) {
  const random = createRandom(`hours ${from}`);
  const length = to - from;
  return columnsFromArrays(
    { at: timestamp(), load: float64(), wind: float64() },
    {
      at: BigInt64Array.from({ length }, (_, i) => start + hour * BigInt(from + i)),
      load: Float64Array.from({ length }, () => 100 + moved + random.normal()),
      wind: Float64Array.from({ length }, () => 5 + random.normal()),
    },
  );
}
