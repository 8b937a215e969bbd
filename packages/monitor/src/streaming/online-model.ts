import { within } from "./within.ts";

/**
 * Profile and autoregression of a series that go on learning, row by row: least squares with one constant for each position of the
 * season, by recursion. What the model leaves of a value is divided by the error that its own estimates add, so that values right
 * after a short reference vary as much as those after a long stream: the estimates' errors cannot pass for drift.
 * Source: R. L. Brown, J. Durbin, J. M. Evans (1975), "Techniques for testing the constancy of regression relationships over time", JRSS B 37.
 */
export interface OnlineModel {
  /** Mean and number of values of each position of the season. */
  readonly means: Float64Array;
  readonly counts: Float64Array;
  readonly phi: Float64Array;
  /** (X'X)^-1 of the lagged deviations, row-major. */
  readonly inverse: Float64Array;
  /** How far the last values were off their means before these learnt from them, the latest first; a missing one as expected. */
  readonly lags: Float64Array;
  /** Variance of each lag over that of an innovation: 0 for a value that was there. */
  readonly lagErrors: Float64Array;
  /** Which lags are wild: 1 or 0; then how many more rows after wild ones may be passed over. */
  readonly wild: Float64Array;
  /** The slowly moving level of the deviations, how far the mean of `means` has moved, and the rows since the last snapshot. */
  readonly levels: Float64Array;
  /** The coefficients as they were one to two snapshots ago, and at the last one. */
  readonly pastPhi: Float64Array;
  readonly recentPhi: Float64Array;
}

/** What the reference fixed. */
export interface ModelSettings {
  /** Standard deviation of an innovation. */
  readonly deviation: number;
  /** Rows of the reference. */
  readonly referenceRows: number;
}

/** Takes values into an online model, without allocating. */
export interface ModelStepper {
  /** What the model left of the last value, in units of the column. */
  innovation: number;
  /** The last innovation less `pastLead`: what the model of some weeks ago, which a new level has not moved yet, leaves. */
  pastInnovation: number;
  /** How much higher than the model its past self expected the value. */
  pastLead: number;
  /** Standard deviation of the innovation over that of one whose model is known exactly. */
  uncertainty: number;
  /** Whether the lags of the last value were there and not wild. */
  isSure: boolean;
  /**
   * Takes the value at a position of the season; NaN is missing.
   * @param spread - Expected standard deviation of the innovation.
   * @param learns - Whether the model learns from it.
   * @returns The innovation over its uncertainty; NaN for a missing value, and for one that a wild value comes right before.
   */
  step(value: number, position: number, spread: number, learns: boolean): number;
}

/** Wilder values are pulled in before they are learnt from: one broken reading must not bend the model. */
const reachInDeviations = 10;
/**
 * Values this far off are wild: a spike is gone in the next row, a shock lasts as the autoregression says, and nobody knows at once which
 * it was. So rows that follow are passed over, as long as that does not happen all the time.
 */
const wildInDeviations = 4.5;
/** A wild row may be followed by rows that are passed over, this many in a row; each other row allows for a part of one more. */
const mostPassedOver = 20;
const allowance = 0.25;
/** A guessed lag may be this many times as uncertain as an innovation. */
const mostLagError = 1e6;

/** A stepper on a model, which it changes. */
export function modelStepper(model: OnlineModel, { referenceRows }: ModelSettings): ModelStepper {
  const { means, counts, phi, inverse, lags, lagErrors, wild, levels, pastPhi, recentPhi } = model;
  const order = phi.length;
  const deviations = new Float64Array(order);
  const gain = new Float64Array(order);
  // A level that is new must neither count as persistence nor be forgotten before it can be told.
  const memory = referenceRows / 4;
  const snapshotRows = Math.ceil(referenceRows / 2);
  const stepper = {
    innovation: Number.NaN,
    pastInnovation: Number.NaN,
    pastLead: 0,
    uncertainty: 1,
    isSure: true,
    step,
  };

  function step(value: number, position: number, spread: number, learns: boolean): number {
    const mean = meanAt(position);
    let expected = 0;
    let past = 0;
    let lagError = 0;
    let afterWild = 0;
    for (let i = 0; i < order; i++) {
      const deviation = lags[i] as number;
      deviations[i] = deviation;
      expected += (phi[i] as number) * deviation;
      past += (pastPhi[i] as number) * deviation;
      lagError += (phi[i] as number) ** 2 * (lagErrors[i] as number);
      afterWild += wild[i] as number;
    }
    if (Number.isNaN(value)) {
      remember(expected, Math.min(1 + lagError, mostLagError));
      return Number.NaN;
    }
    const count = counts[position] as number;
    stepper.uncertainty = Math.sqrt(1 + 1 / Math.max(count, 1) + applyInverse() + lagError);
    stepper.innovation = value - mean - expected;
    stepper.pastLead = past - expected;
    stepper.pastInnovation = stepper.innovation - stepper.pastLead;
    const unit = spread * stepper.uncertainty;
    const isWild = Math.abs(stepper.innovation) > wildInDeviations * unit;
    const isPassedOver = afterWild > 0 && (wild[order] as number) >= 1;
    wild[order] = Math.min(mostPassedOver, (wild[order] as number) + (isPassedOver ? -1 : allowance));
    stepper.isSure = lagError === 0 && !isPassedOver;
    // Rows with a guessed or wild lag teach nothing: they would make the series look less persistent.
    if (learns && stepper.isSure)
      learn(mean + expected + within(stepper.innovation, wildInDeviations * unit), position);
    remember(expected + within(stepper.innovation, reachInDeviations * unit), 0);
    wild[0] = isWild ? 1 : 0;
    return isPassedOver ? Number.NaN : stepper.innovation / stepper.uncertainty;
  }

  function learn(value: number, position: number): void {
    const mean = meanAt(position);
    const count = counts[position] as number;
    const level = levels[0] as number;
    let innovation = value - mean - level;
    for (let i = 0; i < order; i++) {
      deviations[i] = (deviations[i] as number) - level;
      innovation -= (phi[i] as number) * (deviations[i] as number);
    }
    const scale = 1 + 1 / Math.max(count, 1) + applyInverse();
    for (let i = 0; i < order; i++) {
      const share = (gain[i] as number) / scale;
      phi[i] = (phi[i] as number) + share * innovation;
      for (let j = 0; j < order; j++)
        inverse[i * order + j] = (inverse[i * order + j] as number) - share * (gain[j] as number);
    }
    levels[0] = level + (value - mean - level) / memory;
    const change = (value - (means[position] as number)) / (count + 1);
    counts[position] = count + 1;
    means[position] = (means[position] as number) + change;
    levels[1] = (levels[1] as number) + change / means.length;
    levels[2] = (levels[2] as number) + 1;
    if (levels[2] === snapshotRows) takeSnapshot();
  }

  /** The pattern of the season goes on learning, its level stays that of the reference: how well that is known the ranks know. */
  function meanAt(position: number): number {
    return (means[position] as number) - (levels[1] as number);
  }

  function takeSnapshot(): void {
    levels[2] = 0;
    pastPhi.set(recentPhi);
    recentPhi.set(phi);
  }

  /** Sets `gain` to the inverse times the deviations. @returns Their quadratic form. */
  function applyInverse(): number {
    let form = 0;
    for (let i = 0; i < order; i++) {
      let sum = 0;
      for (let j = 0; j < order; j++) sum += (inverse[i * order + j] as number) * (deviations[j] as number);
      gain[i] = sum;
      form += sum * (deviations[i] as number);
    }
    return Math.max(0, form);
  }

  function remember(value: number, error: number): void {
    for (let i = order - 1; i > 0; i--) {
      lags[i] = lags[i - 1] as number;
      lagErrors[i] = lagErrors[i - 1] as number;
      wild[i] = wild[i - 1] as number;
    }
    wild[0] = 0;
    lags[0] = value;
    lagErrors[0] = error;
  }
  return stepper;
}
