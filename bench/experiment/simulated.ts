// Hourly loss differences of a challenger that is no better over 52 weeks: how often an experiment promotes it, looked at after every outcome.
import {
  addOutcomes,
  createRandom,
  dieboldMariano,
  type ExperimentState,
  experiment,
  type Random,
} from "@tsops/core";

const hours = 24;
const days = 364;
const day = 86_400_000_000n;

type Noise = (random: Random) => number;
type Draw = (random: Random) => Float64Array;

const normal: Noise = (random) => random.normal();
/** Student's t of 3 degrees. */
const heavy: Noise = (random) =>
  random.normal() / Math.sqrt((random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2) / 3);
/** Log-normal about its mean: mostly a little better, now and then much worse. */
const skewed: Noise = (random) => Math.exp(random.normal()) - Math.exp(0.5);

function following(phi: number, noise: Noise, random: Random, length: number): Float64Array {
  let level = noise(random);
  return Float64Array.from({ length }, () => {
    level = phi * level + Math.sqrt(1 - phi * phi) * noise(random);
    return level;
  });
}
const hourly =
  (phi: number, noise: Noise): Draw =>
  (random) =>
    following(phi, noise, random, days * hours);
/** Half of an hour's variance is the day's. */
const daily =
  (phi: number, noise: Noise): Draw =>
  (random) => {
    const ofDays = following(phi, noise, random, days);
    return following(0.9, normal, random, days * hours).map(
      (value, i) => Math.SQRT1_2 * (value + (ofDays[Math.floor(i / hours)] as number)),
    );
  };
const seasonal: Draw = (random) => {
  const phase = random.integer(168);
  return following(0.5, normal, random, days * hours).map(
    (value, i) =>
      value + Math.sin((2 * Math.PI * (i + phase)) / 24) + 1.5 * Math.sin((2 * Math.PI * (i + phase)) / 168),
  );
};
/** Worse by 5 standard deviations on 2 % of the days, better on the others. */
const disasters: Draw = (random) => {
  const isBad = Array.from({ length: days }, () => random.uniform() < 0.02);
  return following(0.5, normal, random, days * hours).map(
    (value, i) => value + (isBad[Math.floor(i / hours)] === true ? 5 : (-5 * 0.02) / 0.98),
  );
};

export const scenarios: Readonly<Record<string, Draw>> = {
  "independent hours": hourly(0, normal),
  "hours follow each other (0.5)": hourly(0.5, normal),
  "hours follow each other (0.9)": hourly(0.9, normal),
  "days follow each other (0.5)": daily(0.5, normal),
  "days follow each other (0.9)": daily(0.9, normal),
  "heavy tails (t of 3 degrees, 0.5)": hourly(0.5, heavy),
  "skewed (log-normal, 0.5)": hourly(0.5, skewed),
  "skewed days (log-normal)": daily(0, skewed),
  "a day's and a week's season (0.5)": seasonal,
  "rare disasters (2 % of days)": disasters,
};

/** A day's mean differences: what blocks of a day make of the outcomes. Between two days the evidence stays what it is. */
export function dayMeans(differences: Float64Array): Float64Array {
  return Float64Array.from({ length: differences.length / hours }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < hours; i++) sum += differences[at * hours + i] as number;
    return sum / hours;
  });
}

/** The end of an experiment on these means of days. */
export function endOn(means: Float64Array): ExperimentState {
  const begun = experiment({ subject: "bench", champion: "old", challenger: "new", lateness: "0d" });
  return addOutcomes(
    begun,
    Array.from(means, (difference, i) => ({
      id: String(i),
      cutoff: BigInt(i) * day,
      time: BigInt(i + 1) * day,
      championLoss: 0,
      challengerLoss: difference,
    })),
    { clock: { now: () => BigInt(means.length) * day } },
  );
}

/** Whether a test of fixed size, looked at after every day from the 14th on, ever finds the challenger better. */
export function peeksToPromotion(means: Float64Array): boolean {
  for (let n = 14; n <= means.length; n++) {
    const losses = means.subarray(0, n);
    const test = dieboldMariano(losses, new Float64Array(n), { kernel: "prewhitened", alternative: "less" });
    if (test.pValue <= 0.05) return true;
  }
  return false;
}

/** Percent of runs, and days at the median. */
export interface SimulatedFigures {
  readonly scenario: string;
  readonly falsePromotions: number;
  /** By Diebold-Mariano tests looked at after every day, of fewer runs. */
  readonly falseByPeeking: number;
  /** Of a challenger that is better by half a standard deviation of a day's difference. */
  readonly power: number;
  readonly daysToPromotion: number;
}

export function measureSimulated(repeats: number): readonly SimulatedFigures[] {
  return Object.entries(scenarios).map(([scenario, draw]) => {
    const random = createRandom(scenario);
    const peeked = repeats / 5;
    let falsePromotions = 0;
    let falseByPeeking = 0;
    const promotedAfter: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const means = dayMeans(draw(random));
      if (endOn(means).end?.verdict === "promote") falsePromotions++;
      if (repeat < peeked && peeksToPromotion(means)) falseByPeeking++;
      const deviation = Math.sqrt(means.reduce((sum, value) => sum + value * value, 0) / means.length);
      const better = endOn(means.map((value) => value - 0.5 * deviation));
      if (better.end?.verdict === "promote") promotedAfter.push(better.closed.length);
    }
    promotedAfter.sort((a, b) => a - b);
    const row = {
      scenario,
      falsePromotions: percent(falsePromotions, repeats),
      falseByPeeking: percent(falseByPeeking, peeked),
      power: percent(promotedAfter.length, repeats),
      daysToPromotion: promotedAfter[Math.floor(promotedAfter.length / 2)] ?? Number.NaN,
    };
    console.log(JSON.stringify(row));
    return row;
  });
}

export function percent(count: number, of: number): number {
  return Number(((100 * count) / of).toFixed(1));
}
