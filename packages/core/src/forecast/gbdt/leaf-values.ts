import type { TreeShape } from "./grow.ts";
import { shrink } from "./leaf-totals.ts";
import type { Loss } from "./loss.ts";
import { type Bounds, boundsOfSides, clamp, type Directions, unbounded } from "./monotone.ts";
import { selectQuantile, selectWeightedQuantile } from "./quantile.ts";
import type { RowPartition } from "./row-partition.ts";

/** The rows a tree was grown on, as they stood before it. */
export interface LeafInput {
  readonly loss: Loss;
  readonly y: Float64Array;
  readonly scores: Float64Array;
  readonly gradients: Float64Array;
  readonly weights: Float64Array | undefined;
  /** Second derivatives of the loss times weights; absent when they are the weights. */
  readonly hessians: Float64Array | undefined;
}

/** What a leaf of the rows `partition.rows[start..end)` would predict before the learning rate. */
type StepOf = (start: number, end: number, l2: number) => number;

/**
 * What each leaf adds to the scores of its rows: the learning rate times a Newton step on the exact gradients, or
 * times the exact quantile of the residuals for the pinball losses.
 * @param weightScale - Turns the L2 penalties of the leaves back from weight units of the histograms.
 * @param directions - With them, values are moved so far that the tree is monotone.
 */
export function leafValues(
  shape: TreeShape,
  partition: RowPartition,
  input: LeafInput,
  options: { readonly learningRate: number; readonly l1: number; readonly l2: number },
  weightScale: number,
  directions: Directions | undefined,
): Float64Array {
  const { leafQuantile } = input.loss;
  const stepOf =
    leafQuantile === undefined
      ? newtonStep(partition, input, options.l1)
      : residualQuantile(partition, input, leafQuantile);
  const values = Float64Array.from(shape.leafL2, (l2, leaf) =>
    stepOf(partition.starts[leaf]!, partition.ends[leaf]!, l2 / weightScale),
  );
  if (directions !== undefined) makeMonotone(values, shape, partition, stepOf, options.l2, directions);
  return values.map((value) => options.learningRate * value);
}

/**
 * From the root down, a split on a column with a direction bounds the values of its sides by the middle between what both would be as leaves: below
 * it on one side, above it on the other. Rows of a subtree lie side by side in the partition.
 */
function makeMonotone(
  values: Float64Array,
  shape: TreeShape,
  partition: RowPartition,
  stepOf: StepOf,
  l2: number,
  directions: Directions,
): void {
  const rangeOf = (child: number): { start: number; end: number } =>
    child < 0
      ? { start: partition.starts[~child]!, end: partition.ends[~child]! }
      : { start: rangeOf(shape.left[child]!).start, end: rangeOf(shape.right[child]!).end };
  const stack: { child: number; bounds: Bounds }[] = [{ child: 0, bounds: unbounded }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { child, bounds } = next;
    if (child < 0) {
      values[~child] = clamp(values[~child]!, bounds);
      continue;
    }
    const [left, right] = [shape.left[child]!, shape.right[child]!];
    const direction = directions[shape.columns[child]!]!;
    const sideValue = (side: number): number => {
      if (direction === 0) return 0;
      const { start, end } = rangeOf(side);
      return clamp(stepOf(start, end, l2), bounds);
    };
    const [leftBounds, rightBounds] = boundsOfSides(bounds, direction, sideValue(left), sideValue(right));
    stack.push({ child: left, bounds: leftBounds }, { child: right, bounds: rightBounds });
  }
}

function newtonStep(
  { rows }: RowPartition,
  { gradients, weights, hessians = weights }: LeafInput,
  l1: number,
): StepOf {
  return (start, end, l2) => stepOver(gradients, rows, start, end, hessians, l1, l2);
}

function stepOver(
  gradients: Float64Array,
  rows: Uint32Array,
  start: number,
  end: number,
  hessians: Float64Array | undefined,
  l1: number,
  l2: number,
): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += gradients[rows[i]!]!;
  let hessian = end - start;
  if (hessians !== undefined) {
    hessian = 0;
    for (let i = start; i < end; i++) hessian += hessians[rows[i]!]!;
  }
  return -shrink(sum, l1) / (hessian + l2);
}

function residualQuantile({ rows }: RowPartition, { y, scores, weights }: LeafInput, alpha: number): StepOf {
  const residuals = new Float64Array(rows.length);
  const leafWeights = weights === undefined ? undefined : new Float64Array(rows.length);
  return (start, end) => {
    const count = end - start;
    for (let i = 0; i < count; i++) {
      const row = rows[start + i]!;
      residuals[i] = y[row]! - scores[row]!;
      if (leafWeights !== undefined) leafWeights[i] = weights![row]!;
    }
    return leafWeights === undefined
      ? selectQuantile(residuals, count, alpha)
      : selectWeightedQuantile(residuals, leafWeights, count, alpha);
  };
}
