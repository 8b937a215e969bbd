import { within } from "./within.ts";

/**
 * What an innovation owes to a level that wanders slowly below noise (counts of a slowly changing rate, long memory): more than a few lags
 * can tell. It is taken from a mean of all innovations before, older ones counting less: an autoregression with one moving average more.
 * Source: J. F. Muth (1960), "Optimal properties of exponentially weighted forecasts", JASA 55.
 */
export interface SlowLevel {
  /** Share of the sum of past innovations that comes again; 0 where none does. */
  readonly weight: number;
  /** What is kept of the sum from row to row. */
  readonly keep: number;
  /** The sum. */
  readonly sum: Float64Array;
  /** Whether the reference hints at one, be it too faint to be taken off. */
  readonly isSuspected: boolean;
}

const keeps = [0.8, 0.9, 0.95, 0.98, 0.99];
/** Innovations count up to this many deviations. */
const reachInDeviations = 3;
/** A weight must be this many standard errors above 0 to be believed, and to be suspected. */
const limitInErrors = 2.5;
const suspectInErrors = 1.5;
/** A lasting shift keeps at least this share. */
const leastLeft = 0.3;

/**
 * Fits the weight to innovations of usual variance 1.
 * @param innovations - In order of time, NaN where there is none.
 */
export function fitSlowLevel(innovations: Float64Array): SlowLevel {
  let best = { weight: 0, keep: 0, errors: 0 };
  for (const keep of keeps) {
    let [sum, products, squares, own, count] = [0, 0, 0, 0, 0];
    for (const value of innovations) {
      if (!Number.isNaN(value)) {
        const innovation = within(value, reachInDeviations);
        products += innovation * sum;
        squares += sum * sum;
        own += innovation * innovation;
        count++;
        sum = keep * sum + innovation;
      } else sum *= keep;
    }
    if (squares === 0) continue;
    // Their mean was taken off, which makes neighbours look less alike.
    const weight = (products + own / count / (1 - keep)) / squares;
    const errors = weight * Math.sqrt(squares / (own / count));
    if (errors > best.errors) best = { weight: Math.min(weight, (1 - leastLeft) * (1 - keep)), keep, errors };
  }
  const isSuspected = best.errors > suspectInErrors;
  const sum = new Float64Array(1);
  return best.errors > limitInErrors
    ? { weight: best.weight, keep: best.keep, sum, isSuspected }
    : { weight: 0, keep: 0, sum, isSuspected };
}

/** What is left of an innovation; remembers it. NaN is none. */
export function withoutSlowLevel({ weight, keep, sum }: SlowLevel, innovation: number): number {
  if (weight === 0) return innovation;
  const before = sum[0] as number;
  const innovationOrNone = Number.isNaN(innovation) ? 0 : within(innovation, reachInDeviations);
  sum[0] = keep * before + innovationOrNone;
  return innovation - weight * before;
}

/** How much of a lasting shift of innovations is left. */
export function shiftBesideSlowLevel({ weight, keep }: SlowLevel): number {
  return 1 - weight / (1 - keep);
}
