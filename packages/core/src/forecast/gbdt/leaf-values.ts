import type { Loss } from "./loss.ts";
import { selectQuantile, selectWeightedQuantile } from "./quantile.ts";
import type { RowPartition } from "./row-partition.ts";
import { shrink } from "./split.ts";

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

/**
 * What each leaf adds to the scores of its rows: the learning rate times a Newton step on the exact gradients, or
 * times the exact quantile of the residuals for the pinball losses.
 * @param leafL2 - L2 penalty per leaf, in weight units of the histograms; turned back by `weightScale`.
 */
export function leafValues(
  leafL2: readonly number[],
  partition: RowPartition,
  input: LeafInput,
  options: { readonly learningRate: number; readonly l1: number },
  weightScale: number,
): Float64Array {
  const { leafQuantile } = input.loss;
  const stepOf =
    leafQuantile === undefined
      ? (leaf: number) =>
          newtonStep(partition, leaf, input, options.l1, (leafL2[leaf] as number) / weightScale)
      : residualQuantile(partition, input, leafQuantile);
  return Float64Array.from(leafL2, (_, leaf) => options.learningRate * stepOf(leaf));
}

function newtonStep(
  partition: RowPartition,
  leaf: number,
  { gradients, weights, hessians = weights }: LeafInput,
  l1: number,
  l2: number,
): number {
  const { rows } = partition;
  const start = partition.starts[leaf]!;
  const end = partition.ends[leaf]!;
  let sum = 0;
  for (let i = start; i < end; i++) sum += gradients[rows[i]!]!;
  let hessian = end - start;
  if (hessians !== undefined) {
    hessian = 0;
    for (let i = start; i < end; i++) hessian += hessians[rows[i]!]!;
  }
  return -shrink(sum, l1) / (hessian + l2);
}

function residualQuantile(
  partition: RowPartition,
  { y, scores, weights }: LeafInput,
  alpha: number,
): (leaf: number) => number {
  const residuals = new Float64Array(partition.rows.length);
  const leafWeights = weights === undefined ? undefined : new Float64Array(partition.rows.length);
  return (leaf) => {
    const { rows } = partition;
    const start = partition.starts[leaf]!;
    const count = partition.count(leaf);
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
