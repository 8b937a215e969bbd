import { createRandom } from "../../random.ts";
import { calibrationOf } from "../conformal/calibration.ts";
import { fittedConformal } from "../conformal/fitted.ts";
import { resolveConformalOptions } from "../conformal/options.ts";
import { pendingOf } from "../conformal/pending.ts";
import { fittedEnsemble } from "../ensemble/fitted.ts";
import { resolveEnsembleOptions } from "../ensemble/options.ts";
import type { FittedForecaster } from "../forecaster.ts";
import type { Panel } from "../panel.ts";
import { seriesKeyText } from "../series-key.ts";
import type { AutoChoice } from "./choice.ts";
import { type FittedAuto, fittedAuto } from "./fitted.ts";
import { type GuessedErrors, guessedErrors, middleOf, ownScales } from "./guessed-errors.ts";

/** What the combination forecast for held-out rows, and what came. */
export interface HeldOutErrors {
  readonly horizon: number;
  /** The judged series, as indexes into the panel's. */
  readonly chosen: readonly number[];
  readonly seasonLength: number;
  /** By fold; judged series one after the other. Empty where nothing was judged. */
  readonly means: readonly Float64Array[];
  readonly outcomes: readonly Float64Array[];
  /** The least value that the target can take; "auto": 0 until a value is negative. */
  readonly lowest: number | null | "auto";
}

/** Combines fitted members, with intervals from held-out errors. */
export function withIntervals<Known extends string>(
  panel: Panel<Known>,
  choice: Omit<AutoChoice, "lowest">,
  members: readonly FittedForecaster<Known>[],
  heldOut: HeldOutErrors,
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
  const { means, outcomes, isGuessed } = forAllSeries(panel, heldOut);
  const isLowestGuessed = heldOut.lowest === "auto";
  const guess = panel.y.some((value) => value < 0) ? null : 0;
  const lowest = heldOut.lowest === "auto" ? guess : heldOut.lowest;
  const options = {
    ...resolveConformalOptions({
      by: "scaled",
      folds: means.length,
      window: Math.max(20, 2 * means.length),
      neighbours: isGuessed ? 0 : 2,
      ...(lowest === null ? {} : { lowest }),
    }),
    fewScores: "student",
    isLowestGuessed,
  } as const;
  return fittedAuto(
    { ...choice, lowest },
    fittedConformal<Known>({
      options,
      calibration: calibrationOf(means, outcomes, options, count),
      anchor: current,
      current,
      pending: pendingOf(panel, current.spec, 0),
    }),
  );
}

/**
 * Held-out forecasts and outcomes of all series. Those that were not judged get errors like the others' at each step, in units of their own seasonal
 * differences, above or below by chance; where the others tell nothing, guessed ones.
 */
function forAllSeries(panel: Panel, heldOut: HeldOutErrors): GuessedErrors & { readonly isGuessed: boolean } {
  const { horizon, chosen, seasonLength, means, outcomes } = heldOut;
  const count = panel.series.length;
  const isKnown = (place: number): boolean =>
    outcomes.some((fold) =>
      fold.subarray(place * horizon, (place + 1) * horizon).some((y) => !Number.isNaN(y)),
    );
  const placeOf = new Map(chosen.flatMap((s, place) => (isKnown(place) ? [[s, place] as const] : [])));
  if (placeOf.size === count) return { means, outcomes, isGuessed: false };
  if (placeOf.size === 0) return { ...guessedErrors(panel, horizon), isGuessed: true };
  const scales = ownScales(panel, seasonLength);
  const typical = typicalErrors(heldOut, placeOf, scales);
  const guessed = typical === null ? guessedErrors(panel, horizon, means.length).outcomes : [];
  const errors = means.map(() => new Float64Array(count * horizon));
  const centres = means.map(() => new Float64Array(count * horizon));
  panel.series.forEach((key, s) => {
    const place = placeOf.get(s);
    const random = createRandom(`typical errors of ${seriesKeyText(key)}`);
    means.forEach((mean, fold) => {
      const sign = random.integer(2) === 0 ? 1 : -1;
      for (let h = 0; h < horizon; h++) {
        const at = s * horizon + h;
        const from = (place ?? 0) * horizon + h;
        if (place !== undefined) (centres[fold] as Float64Array)[at] = mean[from] as number;
        (errors[fold] as Float64Array)[at] =
          place !== undefined
            ? (outcomes[fold]?.[from] as number)
            : typical === null
              ? (guessed[fold]?.[at] as number)
              : sign * (typical[fold]?.[h] as number) * (scales[s] as number);
      }
    });
  });
  return { means: centres, outcomes: errors, isGuessed: false };
}

/** By fold and step the error of the middle series in units of its scale; those of other folds or steps where nothing is known. Null where there is none to speak of. */
function typicalErrors(
  { horizon, means, outcomes }: HeldOutErrors,
  placeOf: ReadonlyMap<number, number>,
  scales: Float64Array,
): readonly Float64Array[] | null {
  const sizesAt = (fold: number, h: number): number[] =>
    [...placeOf].map(([s, place]) => {
      const row = place * horizon + h;
      return (
        Math.abs((outcomes[fold]?.[row] as number) - (means[fold]?.[row] as number)) / (scales[s] as number)
      );
    });
  const byFold = means.map((_, fold) =>
    Float64Array.from({ length: horizon }, (_, h) => middleOf(sizesAt(fold, h))),
  );
  const overall = middleOf(byFold.flatMap((sizes) => [...sizes]));
  if (!(overall > 0)) return null;
  return byFold.map((sizes) => sizes.map((size) => (Number.isNaN(size) ? overall : size)));
}
