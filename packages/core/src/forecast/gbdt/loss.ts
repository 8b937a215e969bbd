import { selectQuantile, selectWeightedQuantile } from "./quantile.ts";

/** What boosting needs to know of a loss. Weights are absent when all are 1. */
export interface Loss {
  /** The constant that minimises the loss over the given rows. */
  baseline(y: Float64Array, weights: Float64Array | undefined, rows: Uint32Array): number;
  /** Writes weighted gradients at the scores for every row and returns the sum of their absolute values. */
  gradients(
    y: Float64Array,
    scores: Float64Array,
    weights: Float64Array | undefined,
    result: Float64Array,
  ): number;
  /** Quantile of the residuals that becomes the value of a leaf; undefined: a Newton step is taken instead. */
  readonly leafQuantile: number | undefined;
  /** Mean loss. */
  evaluate(y: Float64Array, scores: Float64Array, weights: Float64Array | undefined): number;
}

/** Half the squared error, whose minimiser is the mean. `evaluate` gives the whole squared error. */
export const squaredLoss: Loss = {
  baseline(y, weights, rows) {
    let sum = 0;
    let total = 0;
    for (const row of rows) {
      const weight = weights?.[row] ?? 1;
      sum += weight * y[row]!;
      total += weight;
    }
    return sum / total;
  },
  gradients(y, scores, weights, result) {
    let absolute = 0;
    if (weights === undefined)
      for (let row = 0; row < y.length; row++) {
        const gradient = scores[row]! - y[row]!;
        result[row] = gradient;
        absolute += Math.abs(gradient);
      }
    else
      for (let row = 0; row < y.length; row++) {
        const gradient = weights[row]! * (scores[row]! - y[row]!);
        result[row] = gradient;
        absolute += Math.abs(gradient);
      }
    return absolute;
  },
  leafQuantile: undefined,
  evaluate: (y, scores, weights) => weightedMean(y, scores, weights, (residual) => residual * residual),
};

/** The pinball loss at level `alpha`, whose minimiser is that quantile; `factor` 2 and alpha 0.5 make it the absolute error. */
export function pinballLoss(alpha: number, factor: 1 | 2): Loss {
  const above = factor * (1 - alpha);
  const below = factor * -alpha;
  return {
    baseline(y, weights, rows) {
      const values = Float64Array.from(rows, (row) => y[row]!);
      if (weights === undefined) return selectQuantile(values, values.length, alpha);
      const picked = Float64Array.from(rows, (row) => weights[row]!);
      return selectWeightedQuantile(values, picked, values.length, alpha);
    },
    gradients(y, scores, weights, result) {
      let absolute = 0;
      for (let row = 0; row < y.length; row++) {
        const residual = scores[row]! - y[row]!;
        const slope = residual > 0 ? above : residual < 0 ? below : 0;
        const gradient = weights === undefined ? slope : slope * weights[row]!;
        result[row] = gradient;
        absolute += Math.abs(gradient);
      }
      return absolute;
    },
    leafQuantile: alpha,
    evaluate: (y, scores, weights) =>
      weightedMean(y, scores, weights, (residual) => residual * (residual > 0 ? above : below)),
  };
}

/** The loss a gbdt's options name. */
export function lossOf(name: "squared" | "absolute" | "quantile", alpha: number): Loss {
  if (name === "squared") return squaredLoss;
  return name === "absolute" ? pinballLoss(0.5, 2) : pinballLoss(alpha, 1);
}

function weightedMean(
  y: Float64Array,
  scores: Float64Array,
  weights: Float64Array | undefined,
  of: (residual: number) => number,
): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < y.length; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * of(scores[row]! - y[row]!);
    total += weight;
  }
  return sum / total;
}
