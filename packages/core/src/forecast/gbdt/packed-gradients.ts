import type { Workspace } from "./workspace.ts";

/**
 * Gradients rounded to whole multiples of a power of two and packed with a row count: `q * countUnit + 1`. One addition of a Float64
 * then adds up gradient and count at once, and as all of it stays below 2^53 the sums are exact: they depend neither on the order of
 * rows nor on whether they were added up or got by subtraction.
 */
export interface PackedGradients {
  readonly packed: Float64Array;
  /** Power of two above the number of rows. */
  readonly countUnit: number;
  /** Gradient = q / scale. */
  scale: number;
  /** Hessians (weights, where the loss has no others) as whole multiples of `1 / weightScale`; absent when all are 1. */
  readonly weights: Float64Array | undefined;
  weightScale: number;
}

/** Buffers for `rows` rows; `weighted` ones need `packWeights` before they are used. */
export function createPackedGradients(
  workspace: Workspace,
  rows: number,
  weighted: boolean,
): PackedGradients {
  let countUnit = 2;
  while (countUnit <= rows) countUnit *= 2;
  const packed = workspace.float64(rows);
  const weights = weighted ? workspace.float64(rows) : undefined;
  return { packed, countUnit, scale: 1, weights, weightScale: 1 };
}

/** Rounds the hessians of a tree, or weights once for all trees. */
export function packWeights(target: PackedGradients, weights: Float64Array): void {
  const whole = target.weights!;
  let total = 0;
  for (let row = 0; row < whole.length; row++) total += weights[row]!;
  const scale = powerOfTwoBelow(2 ** 51 / total);
  target.weightScale = scale;
  for (let row = 0; row < whole.length; row++) whole[row] = Math.round(weights[row]! * scale);
}

/**
 * Packs the gradients of one tree.
 * @param absoluteSum - Sum of absolute gradients, greater than 0.
 */
export function packGradients(target: PackedGradients, gradients: Float64Array, absoluteSum: number): void {
  const { packed, countUnit } = target;
  const scale = powerOfTwoBelow(2 ** 51 / countUnit / absoluteSum);
  target.scale = scale;
  for (let row = 0; row < packed.length; row++)
    packed[row] = Math.floor(gradients[row]! * scale + 0.5) * countUnit + 1;
}

/** At most 2^500, so that its square is finite: smaller gradients than that can show count as 0. */
function powerOfTwoBelow(value: number): number {
  return 2 ** Math.min(500, Math.floor(Math.log2(value)));
}
