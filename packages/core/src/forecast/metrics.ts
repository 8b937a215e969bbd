// Every metric takes outcomes `y` and predictions of equal length, leaves out rows whose outcome is missing (NaN), and is NaN of no
// rows. A prediction that is NaN where the outcome is known makes the metric NaN.

/** Mean absolute error, in the unit of the target. Hyndman & Koehler (2006), Int. J. Forecasting 22. */
export function meanAbsoluteError(y: Float64Array, predicted: Float64Array): number {
  return meanOver(y, predicted, (outcome, value) => Math.abs(outcome - value));
}

/** Root of the mean squared error, in the unit of the target. */
export function rootMeanSquaredError(y: Float64Array, predicted: Float64Array): number {
  return Math.sqrt(meanOver(y, predicted, (outcome, value) => (outcome - value) ** 2));
}

/**
 * Symmetric mean absolute percentage error as in the M4 competition: mean of 200 |y - f| / (|y| + |f|), in percent from 0 to 200. A
 * row where both are 0 counts as 0. Makridakis, Spiliotis & Assimakopoulos (2020), Int. J. Forecasting 36.
 */
export function symmetricPercentageError(y: Float64Array, predicted: Float64Array): number {
  return meanOver(y, predicted, (outcome, value) =>
    outcome === value ? 0 : (200 * Math.abs(outcome - value)) / (Math.abs(outcome) + Math.abs(value)),
  );
}

/** Mean of prediction minus outcome: positive when forecasts are too high. */
export function meanBias(y: Float64Array, predicted: Float64Array): number {
  return meanOver(y, predicted, (outcome, value) => value - outcome);
}

/**
 * Mean absolute scaled error: the mean absolute error divided by `scale`, see `seasonalNaiveScale`. Below 1 it is better than the
 * seasonal naive forecast was, one season ahead, on the history. Hyndman & Koehler (2006).
 */
export function meanAbsoluteScaledError(y: Float64Array, predicted: Float64Array, scale: number): number {
  return meanAbsoluteError(y, predicted) / scale;
}

/**
 * Mean absolute (or root mean squared) difference of a history to itself one season before: what scaled errors are divided by.
 * Pairs with a missing value are left out; NaN when there are none. 0 when the history repeats exactly.
 */
export function seasonalNaiveScale(
  history: Float64Array,
  seasonLength: number,
  kind: "absolute" | "squared" = "absolute",
): number {
  const before = history.subarray(0, Math.max(0, history.length - seasonLength));
  const after = history.subarray(seasonLength);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < after.length; i++) {
    const difference = (after[i] as number) - (before[i] as number);
    if (Number.isNaN(difference)) continue;
    sum += kind === "absolute" ? Math.abs(difference) : difference * difference;
    count++;
  }
  return kind === "absolute" ? sum / count : Math.sqrt(sum / count);
}

/**
 * Overall weighted average of the M4 competition: the mean of a model's sMAPE and MASE, each divided by the reference's (there
 * `naive2`). Each is the mean over all series first. Makridakis, Spiliotis & Assimakopoulos (2020).
 */
export function overallWeightedAverage(
  model: { readonly smape: number; readonly mase: number },
  reference: { readonly smape: number; readonly mase: number },
): number {
  return (model.smape / reference.smape + model.mase / reference.mase) / 2;
}

/** Root mean squared scaled error: like MASE, with squares. The M5 competition took season 1 for the scale; Makridakis, Spiliotis & Assimakopoulos (2022), Int. J. Forecasting 38. */
export function rootMeanSquaredScaledError(y: Float64Array, predicted: Float64Array, scale: number): number {
  return rootMeanSquaredError(y, predicted) / scale;
}

/**
 * Pinball (quantile) loss of predictions of one quantile: (y - q) p above it, (q - y) (1 - p) below. Koenker & Bassett (1978), Econometrica 46.
 * @param probability - In (0, 1); 0.5 gives half the mean absolute error.
 */
export function pinballLoss(y: Float64Array, quantile: Float64Array, probability: number): number {
  return meanOver(y, quantile, (outcome, value) =>
    outcome >= value ? (outcome - value) * probability : (value - outcome) * (1 - probability),
  );
}

/** Share of outcomes within [lower, upper], bounds included. Rows without an interval (NaN) are left out. */
export function intervalCoverage(y: Float64Array, lower: Float64Array, upper: Float64Array): number {
  return meanOfIntervals(y, lower, upper, (outcome, low, high) =>
    outcome >= low && outcome <= high ? 1 : 0,
  );
}

/** Mean of upper minus lower bound, over the rows with an outcome and an interval. */
export function intervalWidth(y: Float64Array, lower: Float64Array, upper: Float64Array): number {
  return meanOfIntervals(y, lower, upper, (_, low, high) => high - low);
}

/**
 * Interval score (Winkler): the width, plus 2 / (1 - level) times the distance of outcomes beyond a bound. Smaller is better; it rewards narrow
 * intervals that still cover. Gneiting & Raftery (2007), JASA 102, eq. 43.
 * @param level - Percent, e.g. 80.
 */
export function intervalScore(
  y: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  level: number,
): number {
  const penalty = 200 / (100 - level);
  return meanOfIntervals(
    y,
    lower,
    upper,
    (outcome, low, high) => high - low + penalty * (Math.max(0, low - outcome) + Math.max(0, outcome - high)),
  );
}

function meanOver(
  y: Float64Array,
  predicted: Float64Array,
  loss: (outcome: number, value: number) => number,
): number {
  refuseUnequal(y, predicted);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(y[i] as number)) continue;
    sum += loss(y[i] as number, predicted[i] as number);
    count++;
  }
  return sum / count;
}

function meanOfIntervals(
  y: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  loss: (outcome: number, low: number, high: number) => number,
): number {
  refuseUnequal(y, lower);
  refuseUnequal(y, upper);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(y[i] as number) || Number.isNaN(lower[i] as number) || Number.isNaN(upper[i] as number))
      continue;
    sum += loss(y[i] as number, lower[i] as number, upper[i] as number);
    count++;
  }
  return sum / count;
}

function refuseUnequal(y: Float64Array, predicted: Float64Array): void {
  if (y.length !== predicted.length)
    throw new RangeError(`There are ${y.length} outcomes and ${predicted.length} predictions.`);
}
