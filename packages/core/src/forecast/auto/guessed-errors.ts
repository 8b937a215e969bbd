import { createRandom } from "../../random.ts";
import { normalQuantile, studentTQuantile } from "../../stats/distributions.ts";
import type { Panel } from "../panel/panel.ts";
import { seriesKeyText } from "../panel/series-key.ts";
import { ownScales, scalesOf } from "../scales.ts";

/** Errors around 0 by origin; series by series, steps ascending. */
export interface GuessedErrors {
  readonly means: readonly Float64Array[];
  readonly outcomes: readonly Float64Array[];
}

/**
 * Errors of the seasonal naive forecast of a seasonal random walk: normal, in units of each series' seasonal differences, growing with the root of the seasons ahead; without a season those of a random walk, in units of its changes from row to
 * row. Which are above and which below is drawn for each series by itself, as nothing says that they err together.
 * @param options - `origins` that they are spread over; `degrees` of freedom of Student's t in the place of the normal distribution, where the size is in doubt.
 */
export function guessedErrors(
  panel: Panel,
  horizon: number,
  seasonLength: number,
  { origins = 20, degrees = Number.POSITIVE_INFINITY }: { origins?: number; degrees?: number } = {},
): GuessedErrors {
  const deviations = guessedDeviations(panel, horizon, seasonLength);
  const quantileOf = (p: number) =>
    Number.isFinite(degrees) ? studentTQuantile(p, degrees) : normalQuantile(p);
  const quantiles = Float64Array.from({ length: origins }, (_, k) => quantileOf((k + 0.5) / origins));
  const outcomes = Array.from({ length: origins }, () => new Float64Array(deviations.length));
  panel.series.forEach((key, s) => {
    const random = createRandom(`guessed errors of ${seriesKeyText(key)}`);
    const order = quantiles.slice();
    for (let k = order.length - 1; k > 0; k--) {
      const other = random.integer(k + 1);
      [order[k], order[other]] = [order[other] as number, order[k] as number];
    }
    outcomes.forEach((fold, k) => {
      for (let row = s * horizon; row < (s + 1) * horizon; row++)
        fold[row] = (deviations[row] as number) * (order[k] as number);
    });
  });
  return { means: outcomes.map(() => new Float64Array(deviations.length)), outcomes };
}

/** Standard deviations of the same errors; series by series, steps ascending. */
export function guessedDeviations(panel: Panel, horizon: number, seasonLength: number): Float64Array {
  const seasonal = seasonLength > 1 ? scalesOf(panel, seasonLength) : null;
  const plain = ownScales(panel, 1);
  const deviations = new Float64Array(panel.series.length * horizon);
  panel.series.forEach((_, s) => {
    const scale = seasonal?.[s] as number;
    const isSeasonal = scale > 0;
    for (let h = 0; h < horizon; h++)
      deviations[s * horizon + h] =
        perMeanSize *
        (isSeasonal
          ? scale * Math.sqrt(Math.floor(h / seasonLength) + 1)
          : (plain[s] as number) * Math.sqrt(h + 1));
  });
  return deviations;
}

/** The standard deviation of a normal variable in units of its mean absolute value, which is 0.8 of it. */
export const perMeanSize = Math.sqrt(Math.PI / 2);
