import { positionOf } from "../drift/model/profile.ts";
import {
  alternatives,
  cellOf,
  cellScores,
  fairFactors,
  type StreamingChange,
  shifts,
} from "./alternatives.ts";
import { addToBlock, fairPower } from "./block-spread.ts";
import { placeBet } from "./capital.ts";
import { dithered } from "./dither.ts";
import { bestLevelBet, placeLevelBets } from "./level-bets.ts";
import { modelStepper } from "./online-model.ts";
import { addRank, type RankBins, rankOf } from "./rank-bins.ts";
import { groupOf } from "./rank-groups.ts";
import { noiseAt } from "./rank-noise.ts";
import { expectedBy, largestWave, learnWaves, seasonBets } from "./season-bets.ts";
import { shiftLeft, withoutSeasonalLag } from "./seasonal-lag.ts";
import { shiftBesideSlowLevel, withoutSlowLevel } from "./slow-level.ts";
import { onScale, shiftInUnits } from "./stream-scale.ts";
import { leastCarried, type StreamState } from "./stream-state.ts";
import { nextVariance } from "./volatility.ts";

/** What the bet that has won most says, on the grid. */
export interface StreamFinding {
  readonly change: StreamingChange;
  /** Grid index of the first changed value. */
  readonly since: number;
  /** Level and season in units of the column, scale a ratio, shape a distance of distribution functions. */
  readonly effect: number;
}

/** Steps a state through values, without allocating. */
export interface DriftStream {
  /** Takes the value at a grid index (NaN is missing), later than any before. @returns The e-value. */
  step(value: number, index: number): number;
  finding(): StreamFinding;
}

/** Parts of the capital for each kind of change, that for a level split between shifts that last and sudden ones; the rest is never bet. */
const parts: Readonly<Record<StreamingChange | "lasting", number>> = {
  lasting: 0.37,
  level: 0.08,
  scale: 0.2,
  season: 0.18,
  shape: 0.12,
};
const neverBet = 1 - Object.values(parts).reduce((a, b) => a + b);
/** Rows of reference for each row of the half-life of the capital in hand: 4 weeks of reference spend half of it in 10 weeks. */
const halfLives = 2.5;
/** Rows that recent ranks remember. */
const rankMemory = 168;
/** After this many missing steps a series is as good as new. */
const longestGap = 2000;

/**
 * A test martingale on the ranks of innovations. Its capital of 1 is bet little by little, and each bet is fair while nothing changes:
 * so the chance that it ever reaches 1 / alpha is at most alpha, however often one looks (Ville's inequality).
 * Source: V. Vovk, I. Petej, I. Nouretdinov, E. Ahlberg, L. Carlsson, A. Gammerman (2021), "Retrain or not retrain: conformal test
 * martingales for change-point detection", PMLR 152.
 */
export function driftStream(state: StreamState): DriftStream {
  const {
    scale,
    dither,
    scales,
    levelBets,
    shiftVariance,
    seasonalLag,
    slowLevel,
    volatility,
    powers,
    levelBlocks,
    scaleBlocks,
    model,
    settings,
    rankNoise,
    noiseSeed,
    ranks,
    capitals,
    waveSums,
    waveWeights,
    recentRanks,
    clock,
  } = state;
  const bets = seasonBets(state.seasons);
  const seasonLength = model.means.length;
  const filtersLeave = shiftLeft(seasonalLag) * shiftBesideSlowLevel(slowLevel);
  const halfLife = halfLives * settings.referenceRows;
  const stepper = modelStepper(model, settings);
  const row = { index: 0, pastInnovation: 0, standardised: 0 };
  const changes: StreamingChange[] = [
    ...shifts.map(() => "level" as const),
    ...alternatives.map(({ change }) => change),
    ...bets.map(() => "season" as const),
  ];
  const levelRow = { index: 0, learnt: 0, score: 0, unit: 0, power: 1, share: 0 };
  const weights = Float64Array.from(
    changes,
    (change) => parts[change] / changes.filter((other) => other === change).length,
  );

  function step(value: number, index: number): number {
    for (let at = Math.max((clock[0] as number) + 1, index - longestGap); at < index; at++) skip(at);
    clock[0] = index;
    if (Number.isNaN(value)) {
      skip(index);
      return clock[2] as number;
    }
    const positionSpread = scales[positionOf(index, scales.length)] as number;
    const spread = settings.deviation * positionSpread;
    const runs = Math.sqrt(clock[5] as number);
    const taken = dithered(dither, onScale(scale, value), index);
    const whole = stepper.step(taken, positionOf(index, seasonLength), spread * runs, true) / spread;
    const innovation = withoutSlowLevel(slowLevel, withoutSeasonalLag(seasonalLag, whole, index));
    clock[1] = (clock[1] as number) + 1;
    clock[5] = nextVariance(volatility, clock[5] as number, innovation);
    if (!Number.isNaN(innovation)) {
      const ranked = innovation / runs + rankNoise * noiseAt(index, noiseSeed);
      const bins = ranks.bins[groupOf(ranks.limits, positionSpread * runs)] as RankBins;
      const rank = rankOf(bins, ranked);
      addRank(bins, ranked);
      clock[2] = betOn(rank, innovation, index, spread * runs);
    }
    return clock[2] as number;
  }

  function skip(index: number): void {
    stepper.step(Number.NaN, positionOf(index, seasonLength), 0, false);
    withoutSlowLevel(slowLevel, withoutSeasonalLag(seasonalLag, Number.NaN, index));
    clock[5] = nextVariance(volatility, clock[5] as number, Number.NaN);
  }

  function betOn(rank: number, innovation: number, index: number, unit: number): number {
    const cell = cellOf(rank);
    const score = cellScores[cell] as number;
    const before = clock[4] as number;
    clock[4] = before + 1;
    const inHand = halfLife / (halfLife + before + 1);
    const share = halfLife / (halfLife + before) - inHand;
    row.index = index;
    row.pastInnovation = stepper.pastInnovation;
    row.standardised = innovation;
    const lead = stepper.pastLead / unit;
    let capital = inHand + neverBet * (1 - inHand);
    const levelPower = Math.min(powers.level, fairPower(levelBlocks));
    const scalePower = Math.min(powers.scale, fairPower(scaleBlocks));
    capital += betOnLastingShift(score, index, unit, levelPower, share * parts.lasting);
    let bet = 0;
    for (let i = 0; i < shifts.length; i++, bet++) {
      const expected = (lead + ((shifts[i] as number) * settings.deviation) / unit) / stepper.uncertainty;
      capital += placeBet(
        capitals,
        bet,
        share * (weights[bet] as number),
        normalFactor(expected, score, levelPower),
        row,
      );
    }
    for (let i = 0; i < fairFactors.length; i++, bet++) {
      const power = changes[bet] === "scale" ? scalePower : powers.shape;
      const fair = (fairFactors[i] as Float64Array)[cell] as number;
      const factor = power === 1 ? fair : fair ** power;
      capital += placeBet(capitals, bet, share * (weights[bet] as number), factor, row);
    }
    for (let i = 0; i < bets.length; i++, bet++) {
      const seasonBet = bets[i] as (typeof bets)[number];
      const position = positionOf(index, seasonBet.season);
      const expected = expectedBy(seasonBet, waveSums, waveWeights[i] as number, position);
      capital += placeBet(
        capitals,
        bet,
        share * (weights[bet] as number),
        normalFactor(expected, score, powers.season),
        row,
      );
      learnWaves(seasonBet, waveSums, position, score);
      waveWeights[i] = seasonBet.keep * (waveWeights[i] as number) + 1;
    }
    addToBlock(levelBlocks, score, 1);
    addToBlock(scaleBlocks, score * score - 1, 2);
    for (let i = 0; i < recentRanks.length; i++)
      recentRanks[i] = (recentRanks[i] as number) * (1 - 1 / rankMemory);
    const sixteenth = Math.floor((cell * recentRanks.length) / cellScores.length);
    recentRanks[sixteenth] = (recentRanks[sixteenth] as number) + 1;
    return capital;
  }

  function betOnLastingShift(
    score: number,
    index: number,
    unit: number,
    power: number,
    share: number,
  ): number {
    let carried = 1;
    for (let i = 0; i < model.pastPhi.length; i++) carried -= model.pastPhi[i] as number;
    levelRow.index = index;
    levelRow.learnt = settings.referenceRows + (clock[4] as number) - 1;
    levelRow.score = score;
    levelRow.unit = (Math.max(carried, leastCarried) * filtersLeave) / unit / stepper.uncertainty;
    levelRow.power = power;
    levelRow.share = share;
    return placeLevelBets(levelBets, levelRow, shiftVariance);
  }

  function finding(): StreamFinding {
    const lasting = bestLevelBet(levelBets, shiftVariance);
    const won = (change: StreamingChange) =>
      changes.reduce(
        (sum, other, bet) => (other === change ? sum + (capitals.total[bet] as number) : sum),
        change === "level" ? lasting.capital : 0,
      );
    const change = [...new Set(changes)].reduce((best, other) => (won(other) > won(best) ? other : best));
    const bet = changes.reduce(
      (best, other, at) =>
        other === change && (best < 0 || (capitals.best[at] as number) > (capitals.best[best] as number))
          ? at
          : best,
      -1,
    );
    if (change === "level" && lasting.capital > (capitals.best[bet] as number))
      return { change, since: lasting.since, effect: shiftInUnits(scale, lasting.shift) };
    const effect = effectOf(change, bet);
    return {
      change,
      since: capitals.since[bet] as number,
      effect: change === "level" || change === "season" ? shiftInUnits(scale, effect) : effect,
    };
  }

  function effectOf(change: StreamingChange, bet: number): number {
    const rows = capitals.rows[bet] as number;
    if (rows === 0) return 0;
    if (change === "level") {
      // A shift shows whole in the first innovation after it, later only as far as the lags do not carry it on.
      const carried = model.pastPhi.reduce((rest, value) => rest - value, 1);
      return (capitals.sums[bet] as number) / (1 + (rows - 1) * carried);
    }
    if (change === "scale") return Math.sqrt((capitals.squares[bet] as number) / rows);
    if (change === "season") {
      const at = bet - shifts.length - alternatives.length;
      const wave = largestWave(bets[at] as (typeof bets)[number], waveSums, rows, model.pastPhi);
      return wave * settings.deviation;
    }
    const all = recentRanks.reduce((a, b) => a + b, 0);
    let below = 0;
    let distance = 0;
    recentRanks.forEach((count, i) => {
      below += count / all;
      distance = Math.max(distance, Math.abs(below - (i + 1) / recentRanks.length));
    });
    return distance;
  }
  return { step, finding };
}

/** Density of a normal score around what was expected over that around 0, to a power. */
function normalFactor(expected: number, score: number, power: number): number {
  return Math.exp(power * (expected * score - expected ** 2 / 2));
}
