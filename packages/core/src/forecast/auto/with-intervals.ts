import { createRandom } from "../../random.ts";
import { calibrationOf, inOwnSizes } from "../conformal/calibration.ts";
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
 * Held-out forecasts and outcomes of all series. Those that were not judged get errors of the shape that a judged one has, drawn by chance, in a size that is typical beside their own seasonal
 * differences; where the others tell nothing, guessed ones.
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
    const shape = typical?.shapes[random.integer(typical.shapes.length)];
    means.forEach((mean, fold) => {
      // Nothing says that they err together.
      const sign = random.integer(2) === 0 ? 1 : -1;
      for (let h = 0; h < horizon; h++) {
        const at = s * horizon + h;
        const from = (place ?? 0) * horizon + h;
        if (place !== undefined) (centres[fold] as Float64Array)[at] = mean[from] as number;
        (errors[fold] as Float64Array)[at] =
          place !== undefined
            ? (outcomes[fold]?.[from] as number)
            : typical === null || shape === undefined
              ? (guessed[fold]?.[at] as number)
              : sign * typical.size * (scales[s] as number) * (shape[fold * horizon + h] as number);
      }
    });
  });
  return { means: centres, outcomes: errors, isGuessed: false };
}

/** Errors that a series which was not judged is taken to have. */
interface TypicalErrors {
  /** Of the judged series, fold by fold, in units of the mean size of each one's own: drawn from these, the pool of all scores keeps its shape. */
  readonly shapes: readonly Float64Array[];
  /** What one such unit is, in units of a series' scale: as large as it must be for four fifths of the judged errors to lie within the bound of four fifths of the scores: right at 80 %, rather too wide beyond. */
  readonly size: number;
}

/** Null where there is no error to speak of. */
function typicalErrors(
  { horizon, means, outcomes }: HeldOutErrors,
  placeOf: ReadonlyMap<number, number>,
  scales: Float64Array,
): TypicalErrors | null {
  const shapes: Float64Array[] = [];
  const [ratios, own, sizes]: [number[], number[], number[]] = [[], [], []];
  for (const [s, place] of placeOf) {
    const errors = new Float64Array(means.length * horizon);
    means.forEach((mean, fold) => {
      for (let h = 0; h < horizon; h++) {
        const row = place * horizon + h;
        errors[fold * horizon + h] = (outcomes[fold]?.[row] as number) - (mean[row] as number);
      }
    });
    const known = errors.filter((error) => !Number.isNaN(error)).map(Math.abs);
    const size = known.reduce((sum, error) => sum + error, 0) / known.length;
    if (!(size > 0)) continue;
    shapes.push(errors.map((error) => error / size));
    sizes.push(size / (scales[s] as number));
    for (const error of known) ratios.push(error / (scales[s] as number));
    for (const score of inOwnSizes(errors, horizon)) if (!Number.isNaN(score)) own.push(score);
  }
  if (shapes.length === 0) return null;
  const size = own.length === 0 ? middleOf(sizes) : upperFifth(ratios) / upperFifth(own);
  return size > 0 && Number.isFinite(size) ? { shapes, size } : null;
}

/** What one in five lies above. */
function upperFifth(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(0.8 * (sorted.length - 1))] as number;
}
