import { createRandom } from "../../random.ts";
import { normalQuantile } from "../../stats/distributions.ts";
import type { Panel } from "../panel.ts";
import { ownScales } from "../scales.ts";
import { seriesKeyText } from "../series-key.ts";

/** Errors around 0 by origin; series by series, steps ascending. */
export interface GuessedErrors {
  readonly means: readonly Float64Array[];
  readonly outcomes: readonly Float64Array[];
}

/**
 * Errors of a random walk: normal, in units of each series' changes from row to row, growing with the root of the steps. Which are above and which below is drawn for each series by
 * itself, as nothing says that they err together.
 * @param origins - Origins that they are spread over.
 */
export function guessedErrors(panel: Panel, horizon: number, origins = 20): GuessedErrors {
  const scales = ownScales(panel, 1);
  // The mean absolute value of a normal variable is 0.8 of its standard deviation.
  const deviation = Math.sqrt(Math.PI / 2);
  const length = panel.series.length * horizon;
  const quantiles = Float64Array.from({ length: origins }, (_, k) => normalQuantile((k + 0.5) / origins));
  const outcomes = Array.from({ length: origins }, () => new Float64Array(length));
  panel.series.forEach((key, s) => {
    const random = createRandom(`guessed errors of ${seriesKeyText(key)}`);
    const order = quantiles.slice();
    for (let k = order.length - 1; k > 0; k--) {
      const other = random.integer(k + 1);
      [order[k], order[other]] = [order[other] as number, order[k] as number];
    }
    outcomes.forEach((fold, k) => {
      for (let h = 0; h < horizon; h++)
        fold[s * horizon + h] = deviation * (scales[s] as number) * Math.sqrt(h + 1) * (order[k] as number);
    });
  });
  return { means: outcomes.map(() => new Float64Array(length)), outcomes };
}
