import { TsopsError } from "../errors.ts";
import { checkOptions, checkWord, type OptionNames, shown } from "../options.ts";
import { createRandom, type Random, type Seed } from "../random.ts";
import { automaticBlockLength } from "./block-length.ts";
import { meanOf } from "./losses.ts";

/** How a model confidence set is made. */
export interface ModelConfidenceSetOptions {
  /** Largest probability that the best model is left out. Default 0.05. */
  readonly alpha?: number;
  /** `range`: the largest of all paired differences. `max`: the largest difference from the mean of the models left. Default `"range"`. */
  readonly statistic?: "range" | "max";
  /** Observations that are drawn together, so that autocorrelation is kept. Default: chosen by the losses' autocorrelation. */
  readonly blockLength?: number;
  /** Resamples of the bootstrap. Default 1,000. */
  readonly resamples?: number;
  /** Default 0. */
  readonly seed?: Seed;
}

/** A model and how surely it is not the best. */
export interface ConfidenceSetMember {
  readonly name: string;
  /** Mean loss. */
  readonly loss: number;
  /** The smallest `alpha` at which the model falls out of the set; 1 for the one that stays to the end. */
  readonly pValue: number;
  readonly included: boolean;
}

/** The models among which the best one is, at a confidence of 1 - alpha. */
export interface ModelConfidenceSet {
  /** Names of the models in the set, those of least loss first. Never empty. */
  readonly included: readonly string[];
  /** All models by ascending loss. */
  readonly models: readonly ConfidenceSetMember[];
  readonly alpha: number;
  readonly statistic: "range" | "max";
  readonly blockLength: number;
  readonly resamples: number;
  /** Losses of each model. */
  readonly n: number;
}

const optionNames: OptionNames<ModelConfidenceSetOptions> = {
  alpha: true,
  statistic: true,
  blockLength: true,
  resamples: true,
  seed: true,
};

/**
 * The model confidence set of Hansen, Lunde and Nason (2011): starting from all models, the worst one is taken out as long as a test by
 * circular block bootstrap finds that those left do not all have the same expected loss. Agrees with `MCS` of Python's arch on the same
 * resamples. With few observations that follow each other it leaves good models out too often (`docs/explanation/gate.md`):
 * `gateCandidates` asks for a test of its own beside it.
 * @param losses - By name: losses of each model at the same times (or folds), in their order.
 * @throws TsopsError COMPARISON_INVALID when there are fewer than 2 models or 3 losses, lengths differ, a loss is not finite, or an option is out of range.
 * @example
 * modelConfidenceSet({ ets: lossesOfEts, arima: lossesOfArima, naive: lossesOfNaive }).included;
 */
export function modelConfidenceSet(
  losses: Readonly<Record<string, Float64Array>>,
  options: ModelConfidenceSetOptions = {},
): ModelConfidenceSet {
  checkOptions("COMPARISON_INVALID", "modelConfidenceSet()", options, optionNames);
  const { alpha = 0.05, statistic = "range", resamples = 1000, seed = 0 } = options;
  if (!(alpha > 0 && alpha < 1)) throw invalid(`alpha must lie between 0 and 1, got ${shown(alpha)}.`);
  checkWord("COMPARISON_INVALID", "statistic", statistic, ["range", "max"]);
  if (!(Number.isInteger(resamples) && resamples >= 100))
    throw invalid(`resamples must be a whole number of at least 100, got ${shown(resamples)}.`);
  const models = checkedModels(losses);
  const n = (models[0] as Model).losses.length;
  const blockLength = options.blockLength ?? commonBlockLength(models);
  if (!(Number.isInteger(blockLength) && blockLength >= 1 && blockLength <= n))
    throw invalid(`blockLength must be a whole number from 1 to ${n}, got ${shown(blockLength)}.`);
  const random = createRandom(seed);
  const rows = Array.from({ length: resamples }, () => circularBlocks(random, n, blockLength));
  const pValues = eliminate(models, rows, statistic);
  const members = models
    .map(({ name, mean }, i): ConfidenceSetMember => {
      const pValue = pValues[i] as number;
      return { name, loss: mean, pValue, included: pValue > alpha };
    })
    .sort((a, b) => a.loss - b.loss);
  return {
    included: members.filter(({ included }) => included).map(({ name }) => name),
    models: members,
    alpha,
    statistic,
    blockLength,
    resamples,
    n,
  };
}

/** A model's losses and their mean. */
interface Model {
  readonly name: string;
  readonly losses: Float64Array;
  readonly mean: number;
}

function checkedModels(losses: unknown): readonly Model[] {
  const hint = "Give the losses by name: modelConfidenceSet({ ets: Float64Array.from(...), naive: ... }).";
  if (typeof losses !== "object" || losses === null || Array.isArray(losses))
    throw invalid(`modelConfidenceSet() takes losses by name, got ${shown(losses)}.`, hint);
  const entries: readonly (readonly [string, unknown])[] = Object.entries(losses);
  if (entries.length < 2)
    throw invalid(`A model confidence set needs at least 2 models, got ${entries.length}.`, hint);
  let n: number | undefined;
  return entries.map(([name, values]) => {
    if (!(values instanceof Float64Array))
      throw invalid(`The losses of ${name} are ${shown(values)}, not a Float64Array.`, hint);
    n ??= values.length;
    if (values.length !== n)
      throw invalid(
        `${name} has ${values.length} losses and ${entries[0]?.[0]} has ${n}; they must be paired.`,
      );
    if (n < 3) throw invalid(`A model confidence set needs at least 3 losses of each model, got ${n}.`);
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      throw invalid(`Loss ${at} of ${name} is ${values[at]}, not a finite number.`, "Leave this model out.");
    return { name, losses: values, mean: meanOf(values) };
  });
}

/** The longest that the difference of any model from the mean of all asks for: all are resampled together. */
function commonBlockLength(models: readonly Model[]): number {
  const n = (models[0] as Model).losses.length;
  const average = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (const { losses } of models) sum += (losses[i] as number) / models.length;
    return sum;
  });
  let longest = 1;
  for (const { losses } of models)
    longest = Math.max(longest, automaticBlockLength(losses.map((loss, i) => loss - (average[i] as number))));
  return Math.ceil(longest);
}

function circularBlocks(random: Random, n: number, blockLength: number): Int32Array {
  const rows = new Int32Array(n);
  let start = 0;
  for (let i = 0; i < n; i++) {
    if (i % blockLength === 0) start = random.integer(n);
    rows[i] = (start + (i % blockLength)) % n;
  }
  return rows;
}

/**
 * Takes models out one by one, the worst first.
 * @param rows - Of each resample: which observations it is made of.
 * @returns The p-value of each model, in their order: the largest of all tests up to the one that took it out.
 */
export function eliminate(
  models: readonly { readonly losses: Float64Array; readonly mean: number }[],
  rows: readonly Int32Array[],
  statistic: "range" | "max",
): Float64Array {
  // Of each resample and model: how far the mean loss is from the one of all observations.
  const errors = rows.map((drawn) =>
    Float64Array.from(models, ({ losses, mean }) => {
      let sum = 0;
      for (const row of drawn) sum += losses[row] as number;
      return sum / drawn.length - mean;
    }),
  );
  const means = Float64Array.from(models, ({ mean }) => mean);
  const pValues = new Float64Array(models.length).fill(1);
  const left = models.map((_, i) => i);
  const stepOf = statistic === "range" ? rangeStep(means, errors) : maxStep(means, errors);
  for (let pValue = 0; left.length > 1; ) {
    const step = stepOf(left);
    pValue = Math.max(pValue, step.pValue);
    pValues[step.worst] = pValue;
    left.splice(left.indexOf(step.worst), 1);
  }
  return pValues;
}

/** The worst of the models left, and how likely so large a statistic is when all are equally good. */
type Step = (left: readonly number[]) => { readonly worst: number; readonly pValue: number };

/** T_R: the largest standardised difference of two models. */
function rangeStep(means: Float64Array, errors: readonly Float64Array[]): Step {
  const deviations = Array.from(means, (_, a) =>
    Float64Array.from(means, (_mean, b) =>
      rootMeanSquare(errors.map((error) => (error[a] as number) - (error[b] as number))),
    ),
  );
  const between = (values: Float64Array, a: number, b: number): number =>
    ratio((values[a] as number) - (values[b] as number), deviations[a]?.[b] as number);
  const largest = (values: Float64Array, left: readonly number[]) => {
    let best = { value: Number.NEGATIVE_INFINITY, worst: left[0] as number };
    for (const a of left)
      for (const b of left) {
        if (a === b) continue;
        const value = between(values, a, b);
        if (value > best.value) best = { value, worst: a };
      }
    return best;
  };
  return (left) => {
    const { value, worst } = largest(means, left);
    return { worst, pValue: shareAbove(value, errors, (error) => largest(error, left).value) };
  };
}

/** T_max: the largest standardised difference of a model from the mean of those left. */
function maxStep(means: Float64Array, errors: readonly Float64Array[]): Step {
  return (left) => {
    const centred = (values: Float64Array): number[] => {
      let average = 0;
      for (const model of left) average += (values[model] as number) / left.length;
      return left.map((model) => (values[model] as number) - average);
    };
    const drawn = errors.map(centred);
    const deviations = left.map((_, i) => rootMeanSquare(drawn.map((values) => values[i] as number)));
    const standardised = (values: readonly number[]): number[] =>
      values.map((value, i) => ratio(value, deviations[i] as number));
    const found = standardised(centred(means));
    const value = Math.max(...found);
    return {
      worst: left[found.indexOf(value)] as number,
      pValue: shareAbove(value, drawn, (values) => Math.max(...standardised(values))),
    };
  };
}

function shareAbove<T>(value: number, draws: readonly T[], statisticOf: (draw: T) => number): number {
  // Equally good up to rounding, as copies are: nothing speaks against either.
  if (value <= 0) return 1;
  let above = 0;
  for (const draw of draws) if (statisticOf(draw) > value) above++;
  return above / draws.length;
}

function rootMeanSquare(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += (value * value) / values.length;
  return Math.sqrt(sum);
}

/** Differences that never vary are certain, and none at all is none. */
function ratio(difference: number, deviation: number): number {
  return difference === 0 ? 0 : difference / deviation;
}

function invalid(message: string, hint?: string): TsopsError {
  return new TsopsError("COMPARISON_INVALID", message, hint === undefined ? {} : { hint });
}
