import type { Random } from "../../../random.ts";
import type { LocalFit } from "../../local/local-model.ts";
import type { EtsForm } from "./form.ts";

/**
 * Deviation of every step where it has a closed form: Hyndman, Koehler, Ord & Snyder (2008), sections 6.1 and 6.2 (additive errors; relative
 * errors about a sum). null for a multiplicative season, which has none that is exact.
 */
export function deviationsOf(
  form: EtsForm,
  [alpha, beta, gamma, phi]: readonly [number, number, number, number],
  variance: number,
  mean: Float64Array,
): Float64Array | null {
  if (form.season === "multiplicative") return null;
  const steps = mean.length;
  const deviations = new Float64Array(steps);
  // How an error moves the forecast j steps later.
  const weights = new Float64Array(steps);
  let damping = 0;
  let power = 1;
  for (let j = 1; j < steps; j++) {
    power *= phi;
    damping += power;
    const isSameSeason = form.season === "additive" && j % form.seasonLength === 0;
    weights[j] = alpha + beta * damping + (isSameSeason ? gamma : 0);
  }
  if (form.error === "additive") {
    let sum = 1;
    for (let h = 0; h < steps; h++) {
      if (h > 0) sum += (weights[h] as number) ** 2;
      deviations[h] = Math.sqrt(variance * sum);
    }
    return deviations;
  }
  const moments = new Float64Array(steps);
  for (let h = 0; h < steps; h++) {
    let sum = 0;
    for (let j = 1; j <= h; j++) sum += (weights[j] as number) ** 2 * (moments[h - j] as number);
    const square = (mean[h] as number) ** 2;
    moments[h] = square + variance * sum;
    deviations[h] = Math.sqrt((1 + variance) * (moments[h] as number) - square);
  }
  return deviations;
}

const paths = 2000;

/** Quantiles of normal errors run through the model: the given steps on many paths, each from the same state. */
export function simulatedQuantiles(
  isRelative: boolean,
  variance: number,
  fit: LocalFit,
  step: {
    readonly forecast: (fit: LocalFit) => number;
    readonly absorb: (fit: LocalFit, value: number) => void;
  },
  probabilities: readonly number[],
  values: readonly Float64Array[],
  random: Random,
): void {
  const steps = values[0]?.length ?? 0;
  const deviation = Math.sqrt(variance);
  const drawn = Array.from({ length: steps }, () => new Float64Array(paths));
  const state = fit.state.slice();
  const path: LocalFit = { parameters: fit.parameters, state };
  for (let p = 0; p < paths; p++) {
    state.set(fit.state);
    for (let h = 0; h < steps; h++) {
      const forecast = step.forecast(path);
      const error = random.normal(0, deviation);
      const value = isRelative ? forecast * (1 + error) : forecast + error;
      (drawn[h] as Float64Array)[p] = value;
      step.absorb(path, value);
    }
  }
  drawn.forEach((outcomes, h) => {
    outcomes.sort();
    probabilities.forEach((probability, q) => {
      const at = probability * (paths - 1);
      const below = Math.floor(at);
      const [low, high] = [outcomes[below] as number, outcomes[Math.min(below + 1, paths - 1)] as number];
      (values[q] as Float64Array)[h] = low + (at - below) * (high - low);
    });
  });
}
