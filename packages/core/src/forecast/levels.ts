import type { ForecastQuantile } from "./forecast.ts";

/** The probabilities that bound a central interval: 0.1 and 0.9 for 80 percent. */
export function boundsOfLevel(level: number): readonly [lower: number, upper: number] {
  return [(100 - level) / 200, (100 + level) / 200];
}

/** The probabilities of all bounds of the levels, ascending, each once. */
export function probabilitiesOf(levels: readonly number[]): number[] {
  return [...new Set(levels.flatMap(boundsOfLevel))].sort((a, b) => a - b);
}

/** The lower and upper bounds of a central interval among quantiles; null when they are not there. */
export function intervalOf(
  quantiles: readonly ForecastQuantile[],
  level: number,
): { readonly lower: Float64Array; readonly upper: Float64Array } | null {
  const [low, high] = boundsOfLevel(level);
  const find = (probability: number) =>
    quantiles.find((quantile) => Math.abs(quantile.probability - probability) < 1e-9)?.values;
  const [lower, upper] = [find(low), find(high)];
  return lower === undefined || upper === undefined ? null : { lower, upper };
}
