import { TsopsError } from "../errors.ts";
import { checkWord, shown } from "../options.ts";

// Every metric takes outcomes `y` and predictions of equal length, leaves out rows whose outcome is missing (NaN), and is NaN of no
// rows. A prediction that is NaN where the outcome is known makes the metric NaN. What is no list of numbers, lengths that differ and parameters out of range are a TsopsError
// VALUE_INVALID.

const scaleHint = "Give the one of the history: seasonalNaiveScale(history, seasonLength).";

/** Mean absolute error, in the unit of the target. Hyndman & Koehler (2006), Int. J. Forecasting 22. */
export function meanAbsoluteError(y: Float64Array, predicted: Float64Array): number {
  return meanOver("meanAbsoluteError()", y, predicted, (outcome, value) => Math.abs(outcome - value));
}

/** Root of the mean squared error, in the unit of the target. */
export function rootMeanSquaredError(y: Float64Array, predicted: Float64Array): number {
  return Math.sqrt(
    meanOver("rootMeanSquaredError()", y, predicted, (outcome, value) => (outcome - value) ** 2),
  );
}

/**
 * Symmetric mean absolute percentage error as in the M4 competition: mean of 200 |y - f| / (|y| + |f|), in percent from 0 to 200. A
 * row where both are 0 counts as 0. Makridakis, Spiliotis & Assimakopoulos (2020), Int. J. Forecasting 36.
 */
export function symmetricPercentageError(y: Float64Array, predicted: Float64Array): number {
  return meanOver("symmetricPercentageError()", y, predicted, (outcome, value) =>
    outcome === value ? 0 : (200 * Math.abs(outcome - value)) / (Math.abs(outcome) + Math.abs(value)),
  );
}

/** Mean of prediction minus outcome: positive when forecasts are too high, as is `trackingSignal`. */
export function meanBias(y: Float64Array, predicted: Float64Array): number {
  return meanOver("meanBias()", y, predicted, (outcome, value) => value - outcome);
}

/**
 * Mean absolute scaled error: the mean absolute error divided by `scale`, see `seasonalNaiveScale`. Below 1 it is better than the
 * seasonal naive forecast was, one season ahead, on the history. Hyndman & Koehler (2006).
 */
export function meanAbsoluteScaledError(y: Float64Array, predicted: Float64Array, scale: number): number {
  refuseNoNumber("meanAbsoluteScaledError()", "scale", scale, undefined, scaleHint);
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
  refuseNoNumbers("seasonalNaiveScale()", "The history", history);
  if (!(Number.isInteger(seasonLength) && seasonLength >= 1))
    throw new TsopsError(
      "VALUE_INVALID",
      `The seasonLength of seasonalNaiveScale() is a whole number of at least 1, got ${shown(seasonLength)}.`,
      { hint: "Give 1 for the naive forecast." },
    );
  checkWord("VALUE_INVALID", "kind", kind, ["absolute", "squared"]);
  let sum = 0;
  let count = 0;
  for (let i = seasonLength; i < history.length; i++) {
    const difference = (history[i] as number) - (history[i - seasonLength] as number);
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
  for (const [what, figures] of [
    ["model", model],
    ["reference", reference],
  ] as const)
    for (const name of ["smape", "mase"] as const)
      refuseNoNumber(
        "overallWeightedAverage()",
        `${name} of the ${what}`,
        figures?.[name],
        undefined,
        "Give both as { smape, mase }: means over all series.",
      );
  return (model.smape / reference.smape + model.mase / reference.mase) / 2;
}

/** Root mean squared scaled error of one series: like MASE, with squares. Of several series, the mean of theirs. The M5 competition took season 1 for the scale; Makridakis, Spiliotis & Assimakopoulos (2022), Int. J. Forecasting 38. */
export function rootMeanSquaredScaledError(y: Float64Array, predicted: Float64Array, scale: number): number {
  refuseNoNumber("rootMeanSquaredScaledError()", "scale", scale, undefined, scaleHint);
  return rootMeanSquaredError(y, predicted) / scale;
}

/**
 * Pinball (quantile) loss of predictions of one quantile: (y - q) p above it, (q - y) (1 - p) below. Koenker & Bassett (1978), Econometrica 46.
 * @param probability - In (0, 1); 0.5 gives half the mean absolute error.
 */
export function pinballLoss(y: Float64Array, quantile: Float64Array, probability: number): number {
  refuseNoNumber(
    "pinballLoss()",
    "probability",
    probability,
    1,
    "Write 0.9 for the value that 90 % of the outcomes lie below.",
  );
  return meanOver("pinballLoss()", y, quantile, (outcome, value) =>
    outcome >= value ? (outcome - value) * probability : (value - outcome) * (1 - probability),
  );
}

/**
 * Continuous ranked probability score of a predicted distribution that is known by some of its quantiles, in the unit of the target. It is exactly that of the distribution
 * whose quantile function runs straight between the quantiles that are given and ends at the outermost ones: twice the integral of the pinball loss over all
 * probabilities from 0 to 1 (Gneiting & Raftery 2007; Gasthaus et al. 2019, AISTATS 89). What is between the quantiles adds its square only: the expected score of a normal distribution
 * by the bounds of 80 and 95 % is 0.4 % above the one of the whole distribution. One quantile alone is a distribution of one value: its score is the mean absolute error.
 *
 * It differs from twice the plain mean of the pinball losses (mean weighted quantile loss; `scaled_crps` of utilsforecast is that, over the mean absolute outcome), which
 * depends on the probabilities that happen to be there: 0.23 for the bounds of 80 and 95 % of a standard normal distribution whose score is 0.56.
 * @param quantiles - At least one, in any order, of probabilities in (0, 1). Where two cross, their values are taken in ascending order (Chernozhukov, Fernandez-Val & Galichon 2010).
 */
export function rankedProbabilityScore(
  y: Float64Array,
  quantiles: readonly { readonly probability: number; readonly values: Float64Array }[],
): number {
  checkScoredQuantiles(quantiles);
  const sorted = [...quantiles].sort((a, b) => a.probability - b.probability);
  const probabilities = [0, ...sorted.map(({ probability }) => probability), 1];
  for (const { values } of sorted) refuseUnequal("rankedProbabilityScore()", y, values);
  const ends = new Float64Array(sorted.length);
  let sum = 0;
  let count = 0;
  for (let row = 0; row < y.length; row++) {
    const outcome = y[row] as number;
    if (Number.isNaN(outcome)) continue;
    count++;
    sorted.forEach(({ values }, i) => {
      ends[i] = values[row] as number;
    });
    ends.sort();
    for (let i = 0; i <= ends.length; i++)
      sum += pinballBetween(
        outcome,
        [probabilities[i] as number, probabilities[i + 1] as number],
        [ends[Math.max(0, i - 1)] as number, ends[Math.min(i, ends.length - 1)] as number],
      );
  }
  return (2 * sum) / count;
}

function checkScoredQuantiles(quantiles: unknown): void {
  const hint =
    "Give quantiles as forecasts have them: [{ probability: 0.1, values }, { probability: 0.9, values }].";
  if (!Array.isArray(quantiles) || quantiles.length === 0)
    throw new TsopsError(
      "VALUE_INVALID",
      `rankedProbabilityScore() takes a list of at least one quantile, got ${shown(quantiles)}.`,
      { hint },
    );
  for (const quantile of quantiles)
    refuseNoNumber("rankedProbabilityScore()", "probability", quantile?.probability, 1, hint);
}

/** The integral of the pinball loss from one probability to another, between which the quantile runs straight. */
function pinballBetween(
  y: number,
  [from, to]: readonly [number, number],
  [low, high]: readonly [number, number],
): number {
  const width = to - from;
  const rise = high - low;
  // (y - q) p everywhere, and another q - y where the quantile is beyond the outcome.
  const below = width * ((y - low) * (from + width / 2) - rise * (from / 2 + width / 3));
  if (y >= high) return below;
  const share = y <= low ? 1 : (high - y) / rise;
  const deepest = y <= low ? low - y : 0;
  return below + (share * width * (deepest + high - y)) / 2;
}

/**
 * Sum of prediction minus outcome over the mean absolute error: beyond plus or minus 4 a forecast is taken to be biased (Trigg 1964, Operational Research Quarterly 15,
 * who takes the other sign). Positive when forecasts are too high, as is `meanBias`. 0 when every prediction is right.
 */
export function trackingSignal(y: Float64Array, predicted: Float64Array): number {
  const deviation = meanAbsoluteError(y, predicted);
  const known = y.reduce((count, outcome) => count + Number(!Number.isNaN(outcome)), 0);
  return deviation === 0 ? 0 : (meanBias(y, predicted) * known) / deviation;
}

/** Share of outcomes within [lower, upper], bounds included. Rows without an interval (NaN) are left out. */
export function intervalCoverage(y: Float64Array, lower: Float64Array, upper: Float64Array): number {
  return meanOfIntervals("intervalCoverage()", y, lower, upper, (outcome, low, high) =>
    outcome >= low && outcome <= high ? 1 : 0,
  );
}

/** Mean of upper minus lower bound, over the rows with an outcome and an interval. */
export function intervalWidth(y: Float64Array, lower: Float64Array, upper: Float64Array): number {
  return meanOfIntervals("intervalWidth()", y, lower, upper, (_, low, high) => high - low);
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
  refuseNoNumber(
    "intervalScore()",
    "level",
    level,
    100,
    "Write 80 for the interval that holds 80 % of the outcomes.",
  );
  const penalty = 200 / (100 - level);
  return meanOfIntervals(
    "intervalScore()",
    y,
    lower,
    upper,
    (outcome, low, high) => high - low + penalty * (Math.max(0, low - outcome) + Math.max(0, outcome - high)),
  );
}

function meanOver(
  call: string,
  y: Float64Array,
  predicted: Float64Array,
  loss: (outcome: number, value: number) => number,
): number {
  refuseUnequal(call, y, predicted);
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
  call: string,
  y: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  loss: (outcome: number, low: number, high: number) => number,
): number {
  refuseUnequal(call, y, lower);
  refuseUnequal(call, y, upper);
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

function refuseUnequal(call: string, y: Float64Array, predicted: Float64Array): void {
  refuseNoNumbers(call, "The outcomes", y);
  refuseNoNumbers(call, "The predictions", predicted);
  if (y.length !== predicted.length)
    throw new TsopsError(
      "VALUE_INVALID",
      `${call} was given ${y.length} outcomes and ${predicted.length} predictions.`,
      {
        hint: "Give one prediction for each outcome; NaN stands for an outcome that is missing.",
        details: { outcomes: y.length, predictions: predicted.length },
      },
    );
}

/** Arrays of floats are numbers by themselves; only lists have to be looked through. */
function refuseNoNumbers(call: string, what: string, values: unknown): void {
  if (values instanceof Float64Array) return;
  const isList = Array.isArray(values) || (ArrayBuffer.isView(values) && "length" in values);
  const wrong = isList
    ? Array.prototype.findIndex.call(values, (value: unknown) => typeof value !== "number")
    : -1;
  if (isList && wrong === -1) return;
  throw new TsopsError(
    "VALUE_INVALID",
    isList
      ? `${what} of ${call} must be numbers, got ${shown((values as readonly unknown[])[wrong])} at ${wrong}.`
      : `${what} of ${call} must be a Float64Array, got ${shown(values)}.`,
    {
      hint: "Give a Float64Array, with NaN where a value is missing.",
      ...(isList ? { details: { index: wrong } } : {}),
    },
  );
}

/** @param below - What it must lie under, where it must be more than 0; without it any number will do, and NaN. */
function refuseNoNumber(call: string, name: string, value: unknown, below?: number, hint?: string): void {
  if (typeof value === "number" && (below === undefined || (value > 0 && value < below))) return;
  throw new TsopsError(
    "VALUE_INVALID",
    `The ${name} of ${call} ${below === undefined ? "is a number" : `lies between 0 and ${below}`}, got ${shown(value)}.`,
    { ...(hint === undefined ? {} : { hint }), details: { parameter: name } },
  );
}
