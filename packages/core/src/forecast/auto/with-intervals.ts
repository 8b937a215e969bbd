import { calibrationOf } from "../conformal/calibration.ts";
import { typicalSizesOf } from "../conformal/error-sizes.ts";
import { fittedConformal } from "../conformal/fitted.ts";
import { resolveConformalOptions } from "../conformal/options.ts";
import { pendingOf } from "../conformal/pending.ts";
import { reachesOf } from "../conformal/reaches.ts";
import { fittedEnsemble } from "../ensemble/fitted.ts";
import { resolveEnsembleOptions } from "../ensemble/options.ts";
import type { FittedForecaster } from "../forecaster.ts";
import type { Panel } from "../panel/panel.ts";
import type { AutoChoice } from "./choice.ts";
import { growWithLevel } from "./error-growth.ts";
import { errorSeason, withoutErrorSeason } from "./error-season.ts";
import { errorsOfAll, type HeldOutErrors } from "./errors-of-all.ts";
import { type FittedAuto, fittedAuto } from "./fitted.ts";

/** Scores of one step that tell its errors without those of the steps beside it, which are smaller before and larger after. */
const scoresAlone = 200;
/** Scores that say where the bounds of both sides lie, each for itself. */
const scoresOfEach = 100;

/** Combines fitted members, with intervals from held-out errors. */
export function withIntervals<Known extends string>(
  panel: Panel<Known>,
  choice: Omit<AutoChoice, "lowest" | "spread">,
  members: readonly FittedForecaster<Known>[],
  heldOut: HeldOutErrors & {
    /** The least value that the target can take; "auto": 0 until a value is negative. */
    readonly lowest: number | null | "auto";
    /** Whether many rows are 0, so that errors on one side say nothing of the other. */
    readonly isIntermittent: boolean;
  },
): FittedAuto<Known> {
  const count = panel.series.length;
  const isMedian = choice.combine === "median";
  const current =
    members.length === 1
      ? (members[0] as FittedForecaster<Known>)
      : fittedEnsemble<Known>({
          options: resolveEnsembleOptions({ combine: isMedian ? "median" : "mean" }),
          members,
          weights: isMedian ? null : new Float64Array(count * members.length).fill(1 / members.length),
        });
  const grows = !heldOut.isIntermittent && growWithLevel(panel, heldOut.seasonLength);
  const seasonFactors = heldOut.isIntermittent ? null : errorSeason(panel, heldOut, grows);
  const { means, outcomes, isGuessed, typicalSizes } = errorsOfAll(
    panel,
    seasonFactors === null ? heldOut : withoutErrorSeason(panel, heldOut, seasonFactors),
  );
  const isLowestGuessed = heldOut.lowest === "auto";
  const guess = panel.y.some((value) => value < 0) ? null : 0;
  const lowest = heldOut.lowest === "auto" ? guess : heldOut.lowest;
  const scores = outcomes.reduce((sum, fold) => sum + knownHorizons(fold, heldOut.horizon), 0);
  const neighbours = isGuessed || scores >= scoresAlone ? 0 : 2;
  const pooled = scores * Math.min(2 * neighbours + 1, heldOut.horizon);
  // Errors that were made up are around 0, not around a forecast.
  const isMadeUp = isGuessed || means !== heldOut.means;
  const spread = grows && !isMadeUp ? "proportional" : "constant";
  const options = {
    ...resolveConformalOptions({
      by: "scaled",
      folds: means.length,
      window: Math.max(20, 2 * means.length),
      neighbours,
      spread,
      sides: heldOut.isIntermittent && !isGuessed && pooled >= scoresOfEach ? "each" : "alike",
      ...(lowest === null ? {} : { lowest }),
    }),
    fewScores: "student",
    isLowestGuessed,
  } as const;
  const reaches = reachesOf(panel, heldOut.horizon);
  const calibration = {
    ...calibrationOf(means, outcomes, options, count, { typicalSizes, reaches }),
    seasonFactors,
  };
  const inProportion = () =>
    typicalSizes === null ? null : typicalSizesOf(calibration.scores, new Float64Array(count).fill(1));
  return fittedAuto(
    { ...choice, spread, lowest },
    fittedConformal<Known>({
      options,
      calibration: spread === "constant" ? calibration : { ...calibration, typicalSizes: inProportion() },
      anchor: current,
      current,
      pending: pendingOf(panel, current.spec, () => 0),
    }),
  );
}

/** Horizons of which something is known. */
function knownHorizons(fold: Float64Array, horizon: number): number {
  let known = 0;
  for (let at = 0; at < fold.length; at += horizon)
    if (!fold.subarray(at, at + horizon).every(Number.isNaN)) known++;
  return known;
}
