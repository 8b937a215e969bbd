import { weightedAverage, weightedMean } from "./averages.ts";
import { logLinkLoss, poissonCurve, tweedieCurve } from "./log-link-loss.ts";
import type { Loss } from "./loss.ts";
import type { LossName, ResolvedGbdtOptions } from "./options.ts";
import { selectQuantile, selectWeightedQuantile } from "./quantile.ts";

/** Half the squared error, whose minimiser is the mean. `evaluate` gives the whole squared error. */
export const squaredLoss: Loss = {
  link: "identity",
  hasHessians: false,
  leafQuantile: undefined,
  baseline: weightedAverage,
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
  evaluate: (y, scores, weights) =>
    weightedMean(y, scores, weights, (target, score) => {
      const residual = score - target;
      return residual * residual;
    }),
};

/**
 * The loss of Huber (1964), quadratic up to `delta` and linear beyond. Starts from the mean and takes 1 for every second derivative, as LightGBM
 * does.
 */
export function huberLoss(delta: number): Loss {
  return {
    link: "identity",
    hasHessians: false,
    leafQuantile: undefined,
    baseline: weightedAverage,
    gradients(y, scores, weights, result) {
      let absolute = 0;
      for (let row = 0; row < y.length; row++) {
        const slope = Math.max(-delta, Math.min(delta, scores[row]! - y[row]!));
        const gradient = weights === undefined ? slope : slope * weights[row]!;
        result[row] = gradient;
        absolute += Math.abs(gradient);
      }
      return absolute;
    },
    evaluate: (y, scores, weights) =>
      weightedMean(y, scores, weights, (target, score) => {
        const size = Math.abs(score - target);
        return size <= delta ? (size * size) / 2 : delta * (size - delta / 2);
      }),
  };
}

/** The pinball loss at level `alpha`, whose minimiser is that quantile; `factor` 2 and alpha 0.5 make it the absolute error. */
export function pinballLoss(alpha: number, factor: 1 | 2): Loss {
  const above = factor * (1 - alpha);
  const below = factor * -alpha;
  return {
    link: "identity",
    hasHessians: false,
    leafQuantile: alpha,
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
    evaluate: (y, scores, weights) =>
      weightedMean(y, scores, weights, (target, score) => {
        const residual = score - target;
        return residual * (residual > 0 ? above : below);
      }),
  };
}

/** The loss a gbdt's options name. */
export function lossOf({
  loss,
  alpha,
  delta,
  power,
}: Pick<ResolvedGbdtOptions, "loss" | "alpha" | "delta" | "power">): Loss {
  const make: Readonly<Record<LossName, () => Loss>> = {
    squared: () => squaredLoss,
    absolute: () => pinballLoss(0.5, 2),
    quantile: () => pinballLoss(alpha, 1),
    huber: () => huberLoss(delta),
    poisson: () => logLinkLoss(poissonCurve),
    tweedie: () => logLinkLoss(tweedieCurve(power)),
  };
  return make[loss]();
}
