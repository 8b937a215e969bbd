/** What boosting needs to know of a loss. Scores are what the trees add up; weights are absent when all are 1. */
export interface Loss {
  /** How scores become predictions. */
  readonly link: "identity" | "log";
  /** Whether hessians differ from the weights, so that `gradients` writes them. */
  readonly hasHessians: boolean;
  /** Quantile of the residuals that becomes the value of a leaf; undefined: a Newton step is taken instead. */
  readonly leafQuantile: number | undefined;
  /** The constant score to start from. */
  baseline(y: Float64Array, weights: Float64Array | undefined, rows: Uint32Array): number;
  /**
   * Writes weighted gradients at the scores for every row and returns the sum of their absolute values.
   * @param hessians - Takes the weighted second derivatives where `hasHessians`.
   */
  gradients(
    y: Float64Array,
    scores: Float64Array,
    weights: Float64Array | undefined,
    result: Float64Array,
    hessians: Float64Array | undefined,
  ): number;
  /** Mean loss. */
  evaluate(y: Float64Array, scores: Float64Array, weights: Float64Array | undefined): number;
}
