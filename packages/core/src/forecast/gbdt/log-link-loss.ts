import { weightedAverage, weightedMean } from "./averages.ts";
import type { Loss } from "./loss.ts";

/** A loss as a function of a score whose exponential is the prediction, for one target of 0 or more. */
interface LossCurve {
  /** Up to a term of the target alone. */
  loss(target: number, score: number): number;
  gradient(target: number, score: number): number;
  /** What Newton steps divide by. */
  hessian(target: number, score: number): number;
}

/** LightGBM's `poisson_max_delta_step`: hessians count as if scores were higher by this, so that no step is too long. */
const poissonMargin = 0.7;

/** Negative log likelihood of counts. */
export const poissonCurve: LossCurve = {
  loss: (target, score) => Math.exp(score) - target * score,
  gradient: (target, score) => Math.exp(score) - target,
  hessian: (_target, score) => Math.exp(score + poissonMargin),
};

/**
 * Negative quasi-likelihood of Tweedie's family (Jørgensen 1987) for a variance proportional to the mean to the power `power`, between 1 (counts) and
 * 2 (gamma): many zeros and a skewed rest.
 */
export function tweedieCurve(power: number): LossCurve {
  const low = 1 - power;
  const high = 2 - power;
  return {
    loss: (target, score) => (-target * Math.exp(low * score)) / low + Math.exp(high * score) / high,
    gradient: (target, score) => -target * Math.exp(low * score) + Math.exp(high * score),
    hessian: (target, score) => -target * low * Math.exp(low * score) + high * Math.exp(high * score),
  };
}

/** Boosting with the logarithm as link, as in LightGBM: starts from the logarithm of the mean. */
export function logLinkLoss(curve: LossCurve): Loss {
  return {
    link: "log",
    hasHessians: true,
    leafQuantile: undefined,
    baseline: (y, weights, rows) => Math.log(weightedAverage(y, weights, rows)),
    gradients(y, scores, weights, result, hessians) {
      let absolute = 0;
      for (let row = 0; row < y.length; row++) {
        const weight = weights === undefined ? 1 : weights[row]!;
        const gradient = weight * curve.gradient(y[row]!, scores[row]!);
        result[row] = gradient;
        hessians![row] = weight * curve.hessian(y[row]!, scores[row]!);
        absolute += Math.abs(gradient);
      }
      return absolute;
    },
    evaluate: (y, scores, weights) => weightedMean(y, scores, weights, curve.loss),
  };
}
