import { createRandom } from "../../random.ts";
import { rowCounts } from "../check.ts";
import { inOwnSizes, seriesToCompare } from "../conformal/error-sizes.ts";
import type { Panel } from "../panel/panel.ts";
import { selectRows, takeSeries } from "../panel/panel-slices.ts";
import { seriesKeyText } from "../panel/series-key.ts";
import { middleOf, ownScales } from "../scales.ts";
import { type GuessedErrors, guessedDeviations, guessedErrors, perMeanSize } from "./guessed-errors.ts";

/** What the combination forecast for held-out rows, and what came. */
export interface HeldOutErrors {
  readonly horizon: number;
  /** The judged series, as indexes into the panel's. */
  readonly chosen: readonly number[];
  readonly seasonLength: number;
  /** By fold; judged series one after the other. Empty where nothing was judged. */
  readonly means: readonly Float64Array[];
  readonly outcomes: readonly Float64Array[];
}

/** Held-out forecasts and outcomes of all series of a panel. */
export interface ErrorsOfAll extends GuessedErrors {
  /** Whether they come from no forecast at all. */
  readonly isGuessed: boolean;
  /** Per series the mean size of errors that is typical of series like it; null where series are too few to tell. */
  readonly typicalSizes: Float64Array | null;
}

/**
 * Held-out forecasts and outcomes of all series. Those that were not judged get errors of the shape that a judged one has, drawn by chance, in the size that errors have beside seasonal differences that were known
 * when the forecast was made; where the others tell nothing, guessed ones.
 */
export function errorsOfAll(panel: Panel, heldOut: HeldOutErrors): ErrorsOfAll {
  const { horizon, chosen, seasonLength, means, outcomes } = heldOut;
  const count = panel.series.length;
  const isKnown = (place: number): boolean =>
    outcomes.some((fold) =>
      fold.subarray(place * horizon, (place + 1) * horizon).some((y) => !Number.isNaN(y)),
    );
  const placeOf = new Map(chosen.flatMap((s, place) => (isKnown(place) ? [[s, place] as const] : [])));
  if (placeOf.size === 0 || means.length === 1) {
    const guessed =
      placeOf.size === 0
        ? guessedErrors(panel, horizon, seasonLength)
        : likeOneHorizon(panel, heldOut, placeOf);
    return { ...guessed, isGuessed: true, typicalSizes: null };
  }
  const scales = ownScales(panel, seasonLength);
  const judged = judgedErrors(heldOut, placeOf, scales);
  const typical = placeOf.size < seriesToCompare ? undefined : typicalOf(judged);
  const unjudged = count - placeOf.size;
  const unjudgedSize =
    unjudged === 0
      ? null
      : sizeOfUnjudged(judged, typical, horizon, {
          count: unjudged,
          ratios: ratiosOfThen(panel, heldOut, placeOf),
        });
  const typicalSizes =
    typical === undefined
      ? null
      : scales.map((scale, s) => scale * (placeOf.has(s) ? typical : (unjudgedSize ?? typical)));
  if (unjudged === 0) return { means, outcomes, isGuessed: false, typicalSizes };
  const guessed =
    unjudgedSize === null
      ? guessedErrors(panel, horizon, seasonLength, { origins: means.length }).outcomes
      : [];
  const errors = means.map(() => new Float64Array(count * horizon));
  const centres = means.map(() => new Float64Array(count * horizon));
  panel.series.forEach((key, s) => {
    const place = placeOf.get(s);
    const random = createRandom(`typical errors of ${seriesKeyText(key)}`);
    const shape = judged[random.integer(Math.max(1, judged.length))]?.shape;
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
            : unjudgedSize === null || shape === undefined
              ? (guessed[fold]?.[at] as number)
              : sign * unjudgedSize * (scales[s] as number) * (shape[fold * horizon + h] as number);
      }
    });
  });
  return { means: centres, outcomes: errors, isGuessed: false, typicalSizes };
}

/**
 * Guessed errors, in the size that one held-out horizon says, as far as it does: one series' errors may be small there by chance, those of many are so less often. It counts as much as there are series, beside the guess, which counts as one.
 */
function likeOneHorizon(
  panel: Panel,
  { horizon, seasonLength, means, outcomes }: HeldOutErrors,
  placeOf: ReadonlyMap<number, number>,
): GuessedErrors {
  const deviations = guessedDeviations(panel, horizon, seasonLength);
  let [sum, count] = [0, 1];
  for (const [s, place] of placeOf) {
    let [error, deviation] = [0, 0];
    for (let h = 0; h < horizon; h++) {
      const row = place * horizon + h;
      const size = Math.abs((outcomes[0]?.[row] as number) - (means[0]?.[row] as number));
      if (Number.isNaN(size)) continue;
      error += size;
      deviation += deviations[s * horizon + h] as number;
    }
    if (!(error > 0 && deviation > 0)) continue;
    sum += Math.log((perMeanSize * error) / deviation);
    count++;
  }
  const factor = Math.exp(sum / count);
  // One horizon's errors are as large or small as those of four independent rows may be.
  const guessed = guessedErrors(panel, horizon, seasonLength, { degrees: 4 * count });
  return { ...guessed, outcomes: guessed.outcomes.map((fold) => fold.map((error) => factor * error)) };
}

/** Errors of one judged series. */
interface JudgedErrors {
  /** Their mean size, in units of the series' scale. */
  readonly size: number;
  /** Fold by fold, in units of that size: who draws from these has errors like the others', of a size of its own. */
  readonly shape: Float64Array;
}

/** Of those that have errors to speak of. */
function judgedErrors(
  { horizon, means, outcomes }: HeldOutErrors,
  placeOf: ReadonlyMap<number, number>,
  scales: Float64Array,
): JudgedErrors[] {
  return [...placeOf].flatMap(([s, place]) => {
    const errors = new Float64Array(means.length * horizon);
    means.forEach((mean, fold) => {
      for (let h = 0; h < horizon; h++) {
        const row = place * horizon + h;
        errors[fold * horizon + h] = (outcomes[fold]?.[row] as number) - (mean[row] as number);
      }
    });
    const known = errors.filter((error) => !Number.isNaN(error)).map(Math.abs);
    const mean = known.reduce((sum, error) => sum + error, 0) / known.length;
    return mean > 0
      ? [{ size: mean / (scales[s] as number), shape: errors.map((error) => error / mean) }]
      : [];
  });
}

/** The size that is in the middle; undefined of none. */
function typicalOf(judged: readonly JudgedErrors[]): number | undefined {
  const size = middleOf(judged.map((one) => one.size));
  return size > 0 && Number.isFinite(size) ? size : undefined;
}

/**
 * The mean size of the errors of a series that was not judged, in units of its scale: as large as it must be for four fifths of such errors to lie within the bound of four fifths of the scores: right
 * at 80 %, rather too wide beyond. Null where nothing tells.
 * @param typical - What sizes are compared with, in units of the scale.
 * @param unjudged - Number of such series: their scores, which have the shapes of the judged ones, are among those that bounds are taken from. And sizes of errors in units of scales like theirs.
 */
function sizeOfUnjudged(
  judged: readonly JudgedErrors[],
  typical: number | undefined,
  horizon: number,
  unjudged: { readonly count: number; readonly ratios: readonly number[] },
): number | null {
  const scores: (readonly [score: number, weight: number])[] = [];
  for (const { size, shape } of judged) {
    const add = (unit: number | undefined, weight: number) => {
      for (const score of inOwnSizes(shape, horizon, unit))
        if (!Number.isNaN(score)) scores.push([Math.abs(score), weight]);
    };
    add(typical === undefined ? undefined : typical / size, 1);
    add(typical === undefined ? undefined : 1, unjudged.count / judged.length);
  }
  const ratios = unjudged.ratios.map((ratio) => [ratio, 1] as const);
  const size =
    scores.length === 0 ? middleOf(judged.map((one) => one.size)) : upperFifth(ratios) / upperFifth(scores);
  return size > 0 && Number.isFinite(size) ? size : null;
}

/**
 * Sizes of the judged errors in units of the scale that each series had before its forecast, of as many rows as those have that were not judged: a scale of few rows is in doubt, and one that knows the held-out rows as well has grown with them. So errors are to the
 * scale as those to come are.
 */
function ratiosOfThen(
  panel: Panel,
  { horizon, seasonLength, means, outcomes }: HeldOutErrors,
  placeOf: ReadonlyMap<number, number>,
): number[] {
  const counts = rowCounts(panel);
  const rows = middleOf(panel.series.flatMap((_, s) => (placeOf.has(s) ? [] : [counts[s] as number])));
  const judged = [...placeOf.keys()];
  const own = takeSeries(panel, judged);
  return means.flatMap((mean, fold) => {
    const before = selectRows(own, (i) => {
      const end = Math.max(1, (counts[judged[i] as number] as number) - (means.length - fold) * horizon);
      return [Math.max(0, end - rows), end];
    });
    const scales = ownScales(before, seasonLength);
    return [...placeOf.values()].flatMap((place, i) =>
      Array.from({ length: horizon }, (_, h) => {
        const row = place * horizon + h;
        return Math.abs((outcomes[fold]?.[row] as number) - (mean[row] as number)) / (scales[i] as number);
      }).filter(Number.isFinite),
    );
  });
}

/** What one in five lies above, by weight. */
function upperFifth(weighted: readonly (readonly [value: number, weight: number])[]): number {
  const sorted = [...weighted].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  let below = 0;
  const found = sorted.find(([, weight]) => {
    below += weight;
    return below >= 0.8 * total;
  });
  return found?.[0] ?? Number.NaN;
}
