import { variancesByPosition } from "../drift/battery/numeric-battery.ts";
import { type Autoregression, fitAutoregression } from "../drift/model/autoregression.ts";
import {
  deseasonalise,
  frequenciesOf,
  positionOf,
  positionsOf,
  type SeasonalProfile,
  seasonalProfile,
} from "../drift/model/profile.ts";
import { presentValues, type RegularSeries } from "../drift/model/regular-series.ts";
import { seasonsShown } from "../drift/model/season-choice.ts";
import { pullInSpikes, spikeLimits } from "../drift/model/spikes.ts";
import { alternatives, shifts } from "./alternatives.ts";
import { addToBlock, type BlockSpread, noBlocks } from "./block-spread.ts";
import { type Capitals, noCapitals } from "./capital.ts";
import { type Dither, ditheredSeries, ditherFor, needsDither } from "./dither.ts";
import { type LevelBets, noLevelBets } from "./level-bets.ts";
import { type ModelSettings, modelStepper, type OnlineModel } from "./online-model.ts";
import { normalScores, type Powers, powersOf } from "./powers.ts";
import { groupOf, type RankGroups, rankGroups } from "./rank-groups.ts";
import { rankNoiseFor, seedOf, withNoise } from "./rank-noise.ts";
import { seasonBets, sumsOf } from "./season-bets.ts";
import { fitSeasonalLag, type SeasonalLag, shiftLeft, withoutSeasonalLag } from "./seasonal-lag.ts";
import { fitSlowLevel, type SlowLevel, shiftBesideSlowLevel, withoutSlowLevel } from "./slow-level.ts";
import { onScale, type StreamScale, scaleFor } from "./stream-scale.ts";
import { fitVolatility, nextVariance, type Volatility } from "./volatility.ts";

/** A stream's settings and all numbers that change with its values. */
export interface StreamState {
  readonly seasons: readonly number[];
  readonly scale: StreamScale;
  /** Noise that is added on this scale. */
  readonly dither: Dither;
  readonly settings: ModelSettings;
  readonly model: OnlineModel;
  /** Spread of the innovations at each position of the shortest season, over that of all. */
  readonly scales: Float64Array;
  readonly seasonalLag: SeasonalLag;
  readonly slowLevel: SlowLevel;
  /** How spreads come in runs. */
  readonly volatility: Volatility;
  /** Variance of the shifts of the level that are bet on. */
  readonly shiftVariance: number;
  /** Width of the noise that is added to innovations before they are ranked. */
  readonly rankNoise: number;
  readonly noiseSeed: number;
  readonly ranks: RankGroups;
  readonly powers: Powers;
  /** What the model missed of the dependence of scores, and of their squares. */
  readonly levelBlocks: BlockSpread;
  readonly scaleBlocks: BlockSpread;
  readonly capitals: Capitals;
  readonly levelBets: LevelBets;
  /** What the bets on seasons have learnt: their sums, and the weight of the rows in them. */
  readonly waveSums: Float64Array;
  readonly waveWeights: Float64Array;
  /** How often ranks fell into each sixteenth, older ones counting less. */
  readonly recentRanks: Float64Array;
  /**
   * Grid index of the last value or missing one, values so far, the e-value, the index of the first alarm (NaN: none), values bet on, and
   * the variance expected of the next innovation over the usual one.
   */
  readonly clock: Float64Array;
}

/** Whether noise is added to values or to innovations. */
export function addsNoise({ dither, rankNoise }: Pick<StreamState, "dither" | "rankNoise">): boolean {
  return needsDither(dither) || rankNoise > 0;
}

/** How to fit a stream to a reference. */
export interface StreamOptions {
  /** Season lengths in steps, ascending. */
  readonly seasons: readonly number[];
  /** Leave out longer seasons that the reference does not show. */
  readonly choose: boolean;
  readonly maxOrder: number;
}

/** Leverages stop short of 1, where a residual says nothing about its innovation. */
const mostLeverage = 0.95;

/**
 * Fits profile and autoregression as the drift battery does, and ranks the reference's innovations, each over the error that a fitted
 * value of its leverage has.
 * @returns Null when the reference is too short or does not vary.
 */
export function fitStream(
  { first, values: raw }: RegularSeries,
  { seasons: all, choose, maxOrder }: StreamOptions,
): StreamState | null {
  const scale = scaleFor({ first, values: raw }, all[0] ?? 1, maxOrder);
  const taken = raw.map((value) => onScale(scale, value));
  const dither = ditherFor(taken);
  const reference = ditheredSeries(dither, { first, values: taken });
  const seasons = choose ? seasonsShown(reference, all, maxOrder) : all;
  const { profile, deviations } = withoutSpikesAbout(reference, seasons);
  const fit = likeliestAutoregression(profile, deviations, maxOrder);
  if (fit === null) return null;
  const { phi, innovationVariance } = fit;
  const scales = variancesByPosition(fit, first, seasons[0] ?? 1).map((variance) =>
    Math.sqrt(variance / innovationVariance),
  );
  const model: OnlineModel = {
    means: profile.means.slice(),
    counts: countsOf(deviations, positionsOf(first, raw.length, profile.seasonLength), profile.seasonLength),
    phi: phi.slice(),
    inverse: fit.covariance.map((value) => value / innovationVariance),
    lags: new Float64Array(phi.length),
    lagErrors: new Float64Array(phi.length).fill(1),
    wild: new Float64Array(phi.length + 1),
    levels: new Float64Array(3),
    pastPhi: phi.slice(),
    recentPhi: phi.slice(),
  };
  const deviation = Math.sqrt(innovationVariance);
  const referenceRows = presentValues(deviations).length;
  const settings: ModelSettings = { deviation, referenceRows };
  const whole = referenceInnovations(reference, model, settings, scales);
  const seasonalLag = fitSeasonalLag(whole, all[0] ?? 1);
  const nearly = whole.map((innovation, slot) => withoutSeasonalLag(seasonalLag, innovation, first + slot));
  const slowLevel = fitSlowLevel(nearly);
  const innovations = nearly.map((innovation) => withoutSlowLevel(slowLevel, innovation));
  const volatility = fitVolatility(innovations);
  const { evened, runs, variance } = withoutRuns(innovations, volatility);
  const standardised = presentValues(evened);
  const spreads = runs
    .map((run, slot) => run * (scales[positionOf(first + slot, scales.length)] as number))
    .filter((_, slot) => !Number.isNaN(evened[slot]));
  const carried =
    Math.max(1 - phi.reduce((a, b) => a + b, 0), leastCarried) *
    shiftLeft(seasonalLag) *
    shiftBesideSlowLevel(slowLevel);
  const bets = seasonBets(seasons);
  const rankNoise = rankNoiseFor(standardised);
  const noiseSeed = seedOf(raw);
  const ranks = rankGroups(withNoise(standardised, rankNoise, noiseSeed), spreads);
  const groups = Uint8Array.from(spreads, (spread) => groupOf(ranks.limits, spread));
  return {
    seasons,
    scale,
    dither,
    settings,
    model,
    scales,
    seasonalLag,
    slowLevel,
    volatility,
    shiftVariance: (usualSquare * deviation ** 2) / ((referenceRows / 4) * carried ** 2),
    rankNoise,
    noiseSeed,
    ranks,
    powers: powersOf(
      { first, values: evened },
      groups,
      volatility,
      slowLevel,
      addsNoise({ dither, rankNoise }),
      seasons,
    ),
    ...blocksOf(standardised),
    capitals: noCapitals(shifts.length + alternatives.length + bets.length),
    levelBets: noLevelBets(),
    waveSums: new Float64Array(sumsOf(bets)),
    waveWeights: new Float64Array(bets.length),
    recentRanks: new Float64Array(16),
    clock: Float64Array.of(first + raw.length - 1, 0, 1, Number.NaN, 0, variance),
  };
}

/** A shift of the level is looked for where it leaves a part of itself in each innovation, however persistent the series. */
export const leastCarried = 0.001;
/** Shifts are expected to be as large as can be told in a quarter of the reference's rows: this is their squared z there. */
const usualSquare = 14;

/**
 * The autoregression with the least AIC: a faint wandering level below noise (counts) needs more lags than BIC takes, and what they leave
 * looks like a new level.
 */
function likeliestAutoregression(
  { parameters, seasonLength }: SeasonalProfile,
  deviations: Float64Array,
  maxOrder: number,
): Autoregression | null {
  let best: { fit: Autoregression; aic: number } | null = null;
  for (let order = 1; order <= maxOrder; order++) {
    const removed = frequenciesOf(seasonLength);
    const fit = fitAutoregression(deviations, { orders: [order], parameters, removed });
    if (fit === null) continue;
    const aic = fit.innovations.length * Math.log(fit.innovationVariance) + 2 * order;
    if (best === null || aic < best.aic) best = { fit, aic };
  }
  return best?.fit ?? null;
}

/** The seasonal profile of a series without its spikes, and what deviates from it, without spikes too. */
function withoutSpikesAbout(
  reference: RegularSeries,
  seasons: readonly number[],
): { profile: SeasonalProfile; deviations: Float64Array } {
  const length = seasons.at(-1) ?? 1;
  const rough = seasonalProfile(reference, length);
  const clean = deseasonalise(reference, rough);
  const limits = spikeLimits(clean, seasons[0] ?? 1);
  // Twice: spikes side by side hide each other until the first is pulled in.
  for (let pass = 0; pass < 2; pass++) pullInSpikes(clean, limits);
  const rest = seasonalProfile(clean, length);
  const means = rough.means.map((mean, position) => mean + (rest.means[position] as number));
  return { profile: { ...rough, means }, deviations: deseasonalise(clean, rest).values };
}

/**
 * The innovations of the reference as the stream will see its own, over their usual spread and the error that a fitted value of its
 * leverage has; NaN where the stream would not bet. Leaves the model's lags at the end of the reference.
 */
function referenceInnovations(
  { first, values }: RegularSeries,
  model: OnlineModel,
  settings: ModelSettings,
  scales: Float64Array,
): Float64Array {
  const stepper = modelStepper(model, settings);
  const length = model.means.length;
  return values.map((value, slot) => {
    const spread = settings.deviation * (scales[positionOf(first + slot, scales.length)] as number);
    stepper.step(value, positionOf(first + slot, length), spread, false);
    if (Number.isNaN(value) || !stepper.isSure) return Number.NaN;
    const own = stepper.uncertainty ** 2 - 1;
    return stepper.innovation / Math.sqrt(1 - Math.min(own, mostLeverage)) / spread;
  });
}

/** Innovations over the spread that runs let expect, that spread, and the variance that is expected after the last. */
function withoutRuns(
  innovations: Float64Array,
  volatility: Volatility,
): { evened: Float64Array; runs: Float64Array; variance: number } {
  let variance = 1;
  const runs = innovations.map((innovation) => {
    const run = Math.sqrt(variance);
    variance = nextVariance(volatility, variance, innovation);
    return run;
  });
  return {
    evened: innovations.map((innovation, slot) => innovation / (runs[slot] as number)),
    runs,
    variance,
  };
}

/** The reference's blocks. */
function blocksOf(standardised: Float64Array): Pick<StreamState, "levelBlocks" | "scaleBlocks"> {
  const [levelBlocks, scaleBlocks] = [noBlocks(), noBlocks()];
  for (const score of normalScores(standardised)) {
    addToBlock(levelBlocks, score, 1);
    addToBlock(scaleBlocks, score * score - 1, 2);
  }
  return { levelBlocks, scaleBlocks };
}

function countsOf(values: Float64Array, positions: Int32Array, seasonLength: number): Float64Array {
  const counts = new Float64Array(seasonLength);
  for (let slot = 0; slot < values.length; slot++) {
    if (Number.isNaN(values[slot])) continue;
    const position = positions[slot] as number;
    counts[position] = (counts[position] as number) + 1;
  }
  return counts;
}
