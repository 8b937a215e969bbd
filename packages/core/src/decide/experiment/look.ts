import { studentTQuantile } from "../../stats/distributions.ts";
import { transformsOf } from "../plausible-spreads.ts";
import { boundaryInT, boundsAt, type Spread, spreadOf } from "./confidence-sequence.ts";
import type { ExperimentEnd, ExperimentLook, ExperimentState } from "./state.ts";

/** Looks at an experiment when another season of blocks is closed, and ends it where that decides. */
export function lookAt(state: ExperimentState): ExperimentState {
  const n = state.closed.length;
  if (!isLook(state, n)) return n >= state.deadline ? { ...state, end: ended("keep", "deadline") } : state;
  const spread = spreadOf(differencesOf(state), state.alpha);
  const { lower, upper } = boundsAt(spread, n, state.alpha);
  const look: ExperimentLook = {
    blocks: n,
    meanDifference: spread.mean,
    deviation: spread.deviation,
    degrees: spread.degrees,
    lower: Math.max(lower, state.look?.lower ?? Number.NEGATIVE_INFINITY),
    upper: Math.min(upper, state.look?.upper ?? Number.POSITIVE_INFINITY),
  };
  return { ...state, look, end: endOf(state, look, spread) };
}

/** Whole seasons after the warm-up, and then at least 2 % more blocks than at the last look, so that long experiments cost little. */
function isLook({ warmUp, seasonLength, deadline, look }: ExperimentState, n: number): boolean {
  if (n < warmUp || n % seasonLength !== 0) return false;
  return look === null || n >= 1.02 * look.blocks || n >= deadline;
}

function endOf(state: ExperimentState, look: ExperimentLook, spread: Spread): ExperimentEnd | null {
  if (look.upper < 0) return ended("promote", "better");
  if (look.lower > 0) return ended("keep", "worse");
  if (look.blocks >= state.deadline) return ended("keep", "deadline");
  return isFutile(state, look, spread) ? ended("keep", "futile") : null;
}

function ended(verdict: ExperimentEnd["verdict"], because: ExperimentEnd["because"]): ExperimentEnd {
  return { verdict, because };
}

/** Loss of the challenger less what is asked of it, block by block. */
function differencesOf({ closed, minImprovement }: ExperimentState): Float64Array {
  return Float64Array.from(closed, ({ championLoss, challengerLoss }) => {
    const target = (1 - minImprovement) * championLoss;
    // Differences of rounding only are no difference.
    return Math.abs(challengerLoss - target) <= 1e-12 * Math.abs(target) ? 0 : challengerLoss - target;
  });
}

/**
 * Even if the challenger is as much better as the outcomes leave plausible (the end of a one-sided 90 % interval), it will not be proven before the
 * deadline. Judged from half of the deadline on.
 */
function isFutile(state: ExperimentState, look: ExperimentLook, spread: Spread): boolean {
  const n = look.blocks;
  if (n < state.deadline / 2) return false;
  const best = spread.mean - (studentTQuantile(0.9, spread.degrees) * spread.deviation) / Math.sqrt(n);
  return best >= 0 || blocksToDecide(state, best, spread.deviation, n) === null;
}

/**
 * Blocks after which the bounds leave 0 out if the difference and its deviation stay what they are now.
 * @param after - Blocks there are; the answer is more.
 * @returns null when that is after the deadline.
 */
export function blocksToDecide(
  { seasonLength, warmUp, deadline, alpha }: ExperimentState,
  difference: number,
  deviation: number,
  after: number,
): number | null {
  const least = Math.max(after + 1, warmUp);
  for (let n = Math.ceil(least / seasonLength) * seasonLength; n <= deadline; n += seasonLength)
    if ((boundaryInT(n, transformsOf(n, 1), alpha) * deviation) / Math.sqrt(n) < Math.abs(difference))
      return n;
  return null;
}
