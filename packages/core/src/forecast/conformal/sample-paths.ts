import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord } from "../../options.ts";
import { createRandom } from "../../random.ts";
import { turnsOf } from "../../turns.ts";
import type { SeriesKey } from "../panel/panel.ts";
import {
  type PathOptions,
  pathOptionNames,
  type ResolvedPathOptions,
  refuseVastPaths,
  resolvePathOptions,
  type SamplePaths,
  samplePathsOf,
} from "../sample-paths.ts";
import { type Calibration, clip, originsOf, spreadOf } from "./calibration.ts";
import type { ResolvedConformalOptions } from "./options.ts";

/** What to draw. */
export interface SamplePathOptions extends PathOptions {
  /**
   * `"mixture"` (default) adds a random mixture of all past error trajectories, normal with their covariance and, for their being few, with the tails of Student's t: intervals
   * of any level from few origins, of errors on both sides alike. `"bootstrap"` adds one whole trajectory as it was: any shape of errors, for which there should be 100 origins or more.
   */
  readonly draw?: "mixture" | "bootstrap";
}

/** The options of `samplePaths` with every default filled in. */
export interface ResolvedSamplePathOptions extends ResolvedPathOptions {
  readonly draw: "mixture" | "bootstrap";
}

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function resolveSamplePathOptions(options: SamplePathOptions): ResolvedSamplePathOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "samplePaths()", options, { ...pathOptionNames, draw: true });
  const { draw = "mixture", ...others } = options;
  checkWord("MODEL_PARAMETER_INVALID", "draw", draw, ["mixture", "bootstrap"]);
  return { ...resolvePathOptions(others), draw };
}

/** A forecast that paths are drawn around. */
export interface PathCentre {
  readonly calibration: Calibration;
  readonly options: ResolvedConformalOptions;
  readonly series: readonly SeriesKey[];
  /** Which series of the calibration these are, ascending. */
  readonly chosen: readonly number[];
  /** `steps` values each. */
  readonly mean: Float64Array;
  readonly steps: number;
  /** By how much errors are expected to be larger, for each value of the mean; null where they are alike. */
  readonly expected: Float64Array | null;
}

/**
 * Draws paths around a forecast from the errors of past ones. What is drawn for a series does not depend on which others are asked for.
 *
 * With K trajectories e of normal errors, the mixture sum of w e / root K with normal weights w, times the root of K over a chi-squared of K degrees, is distributed as the next error given
 * these: any sum of it over steps and series is covered as often as promised, also for small K.
 * @throws TsopsError MODEL_PARAMETER_INVALID when no origin is whole (bootstrap); ABORTED.
 */
export async function drawPaths(
  { calibration, options, series, chosen, mean, steps, expected }: PathCentre,
  { paths, seed, draw, signal }: ResolvedSamplePathOptions,
): Promise<SamplePaths> {
  const { horizon, floor } = calibration;
  const most = originsOf(calibration);
  const origins = draw === "bootstrap" ? wholeOrigins(calibration) : latest(most);
  const random = createRandom(seed);
  const weights =
    draw === "bootstrap" ? picks(random, paths, origins.length) : mixtures(random, paths, origins.length);
  refuseVastPaths(chosen.length, paths, steps);
  throwIfAborted(signal);
  const turns = turnsOf(signal);
  const values = new Float64Array(chosen.length * paths * steps);
  for (const [i, s] of chosen.entries()) {
    const own = calibration.scores[s] as Float64Array;
    const none = new Float64Array(steps).fill(Number.NaN);
    // The latest of each series go together, whenever they were: series that come with all others have theirs from the same origins.
    const errors = origins.map((back) => {
      const at = own.length - back * horizon;
      return at < 0 ? none : own.subarray(at, at + steps);
    });
    const scale = Float64Array.from({ length: steps }, (_, h) => {
      const row = i * steps + h;
      const spread = spreadOf(mean[row] as number, options.spread, floor) * (expected?.[row] ?? 1);
      if (draw === "bootstrap") return spread;
      const known = errors.reduce((count, scores) => count + Number(!Number.isNaN(scores[h] as number)), 0);
      return spread / Math.sqrt(Math.max(known, 1));
    });
    for (let p = 0; p < paths; p++) {
      const turn = turns();
      if (turn !== undefined) await turn;
      const at = (i * paths + p) * steps;
      for (let k = 0; k < errors.length; k++) {
        const weight = weights[p * errors.length + k] as number;
        const error = errors[k] as Float64Array;
        if (weight === 0) continue;
        for (let h = 0; h < steps; h++) {
          const score = error[h] as number;
          if (!Number.isNaN(score)) values[at + h] = (values[at + h] as number) + weight * score;
        }
      }
      for (let h = 0; h < steps; h++) {
        const drawn = (mean[i * steps + h] as number) + (scale[h] as number) * (values[at + h] as number);
        values[at + h] = clip(drawn, options);
      }
    }
  }
  return samplePathsOf(series, steps, paths, values);
}

/** Origins counted back from the latest, the oldest first. */
function latest(count: number): readonly number[] {
  return Array.from({ length: count }, (_, k) => count - k);
}

/** Those whose outcomes are all known. */
function wholeOrigins(calibration: Calibration): readonly number[] {
  const { scores, horizon } = calibration;
  const all = latest(originsOf(calibration));
  const whole = all.filter((back) =>
    scores.every((own) => {
      const at = own.length - back * horizon;
      return at >= 0 && !own.subarray(at, at + horizon).some(Number.isNaN);
    }),
  );
  if (whole.length > 0) return whole;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `None of the ${all.length} origins has all its outcomes, and the bootstrap draws whole trajectories.`,
    { hint: 'Use draw: "mixture", which takes what is known.' },
  );
}

/** One origin a path, by weight 1. */
function picks(random: ReturnType<typeof createRandom>, paths: number, origins: number): Float64Array {
  const weights = new Float64Array(paths * origins);
  for (let p = 0; p < paths; p++) weights[p * origins + random.integer(origins)] = 1;
  return weights;
}

function mixtures(random: ReturnType<typeof createRandom>, paths: number, origins: number): Float64Array {
  const weights = new Float64Array(paths * origins);
  for (let p = 0; p < paths; p++) {
    let squares = 0;
    for (let k = 0; k < origins; k++) squares += random.normal() ** 2;
    const tail = Math.sqrt(origins / squares);
    for (let k = 0; k < origins; k++) weights[p * origins + k] = tail * random.normal();
  }
  return weights;
}
