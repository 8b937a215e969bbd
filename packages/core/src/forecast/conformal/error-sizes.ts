import { middleOf } from "../scales.ts";
import type { ResolvedConformalOptions } from "./options.ts";

/** Origins that the typical size counts as, beside a series' own. More would make intervals narrower on many data sets, and too narrow where the next errors are larger than the held-out ones. */
const originsOfTypical = 0.5;

/** No score counts as more of its series' mean size at other origins. At most one in thirty can be larger than that where the size is what it was. */
const largestScore = 30;

/** What is known of the scores of each series. */
export interface ScoresBySeries {
  readonly horizon: number;
  /** Of each series, whole horizons one after the other. */
  readonly scores: readonly Float64Array[];
  /** Per series the size of the scores of series like it, where `by: "scaled"` compares them; null where nothing is known of that. */
  readonly typicalSizes: Float64Array | null;
}

/** What the scores of each series are measured in: the size of its own, or 1 where series do not share in units of that. NaN where nothing is known. */
export function sizesOf(
  { scores, horizon, typicalSizes }: ScoresBySeries,
  { by }: ResolvedConformalOptions,
): Float64Array {
  if (by !== "scaled") return new Float64Array(scores.length).fill(1);
  return Float64Array.from(scores, (own, s) => sizeFrom(totalOf(own), horizon, typicalSizes?.[s]));
}

/**
 * Scores of a series in units of their size at all *other* origins, as a score to come is in units of those there are. They keep their signs; NaN where there are no others, or all of them are 0. None counts as more than 30 times the
 * size: one outlier says nothing of the errors of other series.
 * @param typical - Size of the scores of series like it, if that is known.
 */
export function inOwnSizes(scores: Float64Array, horizon: number, typical?: number): Float64Array {
  const all = totalOf(scores);
  const scaled = new Float64Array(scores.length).fill(Number.NaN);
  for (let at = 0; at < scores.length; at += horizon) {
    const own = totalOf(scores.subarray(at, at + horizon));
    const others = { sum: all.sum - own.sum, known: all.known - own.known };
    const size = others.known === 0 ? Number.NaN : sizeFrom(others, horizon, typical);
    for (let row = at; row < at + horizon && size > 0; row++)
      scaled[row] = Math.min(Math.max((scores[row] as number) / size, -largestScore), largestScore);
  }
  return scaled;
}

/** Series from which on it can be told what is typical. */
export const seriesToCompare = 20;

/**
 * Per series the size of scores that series like it have: as many times its scale as is in the middle of all. Null where series are too few.
 * @param scales - What sizes are compared in: scores of a constant spread have the unit of the target, and its changes from row to row are such a scale.
 */
export function typicalSizesOf(scores: readonly Float64Array[], scales: Float64Array): Float64Array | null {
  const sizes = scores.map((own, s) => {
    const { sum, known } = totalOf(own);
    return sum / known / (scales[s] as number);
  });
  const compared = sizes.filter((size) => size > 0);
  return compared.length < seriesToCompare ? null : scales.map((scale) => scale * middleOf(compared));
}

/** Sum of the sizes of the known scores, and their number. */
export function totalOf(scores: Float64Array): { sum: number; known: number } {
  let [sum, known] = [0, 0];
  for (const value of scores) {
    if (Number.isNaN(value)) continue;
    sum += Math.abs(value);
    known++;
  }
  return { sum, known };
}

/**
 * The mean size of a series' scores; where it is known what is typical, the geometric mean of both, each by its number of origins. A series has few of its own, and one horizon's errors are often all large or all small: its mean
 * size alone is so uncertain that intervals of all would have to be wide for it.
 */
function sizeFrom(
  { sum, known }: ReturnType<typeof totalOf>,
  horizon: number,
  typical: number | undefined,
): number {
  if (typical === undefined) return sum / known;
  if (known === 0) return typical;
  const origins = known / horizon;
  const share = origins / (origins + originsOfTypical);
  return (sum / known) ** share * typical ** (1 - share);
}
