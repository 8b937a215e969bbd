import { normalCdf } from "../../../stats/distributions.ts";
import { knownValues } from "../known-values.ts";
import type { LocalFit, LocalModel } from "../local-model.ts";

/** Rows from which a fit forecasts its own history, at most. */
const mostOrigins = 48;
/** Independent errors that a model's own deviation counts as beside those of its history: where these are larger; and where they are smaller, as a fit has seen what it is judged by. */
const weightOfModel = { larger: 0.5, smaller: 20 };
/** Student's t has at least so many degrees of freedom: with fewer its tails would be of a size that nothing in a series has. */
const leastDegrees = 3;
const oneDeviationAbove = [normalCdf(1)];

/** How a fit forecasts its own history, gathered while it is moved over it, and how much wider intervals are for it. */
export interface PastForecasts {
  /** The rows that it forecasts from, ascending. */
  readonly origins: readonly number[];
  /** Takes in what a fit that stands before an origin forecasts. */
  forecastFrom(at: LocalFit, origin: number): void;
  /**
   * How much wider intervals are than a model's own, step by step, and after these the degrees of freedom of their tails. A model takes itself for true and what it estimated for known, so its own intervals are
   * too narrow on most series.
   *
   * The variance of a step is first brought nearer to that of the errors so many steps ahead in the second half of the history, the more the more of them there are, with which errors that
   * last or grow count; then multiplied by 1 + (k + h) / n, for k numbers estimated from n rows (Akaike 1969, final prediction error) and a drift over h steps that n changes tell. Tails are those of Student's t with n - k degrees of freedom.
   * @param now - After the last row.
   */
  inflation(now: LocalFit): Float64Array;
}

/**
 * Null for models that tell nothing of what they estimate.
 * @param fit - Before the first row.
 */
export function pastForecasts(
  model: LocalModel,
  fit: LocalFit,
  targets: Float64Array,
  horizon: number,
): PastForecasts | null {
  const { estimated } = model;
  if (estimated === undefined) return null;
  const rows = targets.length;
  const half = Math.min(Math.ceil(rows / 2), rows - horizon - 3);
  const first = Math.max(0, half, model.warmupRows?.(fit) ?? 0);
  const stride = Math.max(1, Math.ceil((rows - first) / mostOrigins));
  const origins: number[] = [];
  for (let origin = first; origin < rows; origin += stride) origins.push(origin);
  const squares = new Float64Array(horizon);
  const counts = new Float64Array(horizon);
  const mean = new Float64Array(horizon);
  return {
    origins,
    forecastFrom(at, origin) {
      model.forecast(at, mean);
      const steps = Math.min(horizon, rows - origin);
      for (let h = 0; h < steps; h++) {
        const error = (targets[origin + h] as number) - (mean[h] as number);
        if (Number.isNaN(error)) continue;
        squares[h] = (squares[h] as number) + error * error;
        counts[h] = (counts[h] as number) + 1;
      }
    },
    inflation(now) {
      const parameters = estimated.call(model, now);
      const known = knownValues(targets).length;
      const deviations = deviationsOf(model, now, horizon);
      const inflation = new Float64Array(horizon + 1);
      for (let h = 0; h < horizon; h++) {
        const count = counts[h] as number;
        const independent = (count * stride) / (h + 1);
        const ratio = (squares[h] as number) / count / (deviations[h] as number) ** 2;
        const weight = ratio > 1 ? weightOfModel.larger : weightOfModel.smaller;
        const learnt =
          ratio > 0 && Number.isFinite(ratio) ? ratio ** (independent / (independent + weight)) : 1;
        inflation[h] = Math.sqrt(learnt * (1 + (parameters + h + 1) / known));
      }
      inflation[horizon] = Math.max(leastDegrees, known - parameters);
      return inflation;
    },
  };
}

function deviationsOf(model: LocalModel, now: LocalFit, horizon: number): Float64Array {
  const mean = new Float64Array(horizon);
  model.forecast(now, mean);
  const told = model.deviations?.(now, mean);
  if (told !== undefined) return told;
  const above = new Float64Array(horizon);
  model.quantiles?.(now, mean, oneDeviationAbove, [above]);
  return above.map((value, h) => value - (mean[h] as number));
}
