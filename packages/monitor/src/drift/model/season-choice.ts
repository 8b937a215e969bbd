import { fSurvival } from "@tsops/core";
import { giveBack } from "../long-windows/scratch-arrays.ts";
import { autoregressionAbout } from "./autoregression-about.ts";
import { deseasonalise, positionOf, seasonalProfile } from "./profile.ts";
import type { RegularSeries } from "./regular-series.ts";

/** A longer season is kept when it shows in the reference with a p-value below this. */
const choiceLevel = 0.01;

/**
 * The seasons that a reference shows: each longer one is kept only if the innovations differ over its cycle from those of the next
 * shorter one, at its own positions (a weekend's noon) or by whole short cycles (a Sunday). A profile that is not needed would cost power.
 */
export function seasonsShown(
  reference: RegularSeries,
  seasons: readonly number[],
  maxOrder: number,
): number[] {
  return seasons.filter(
    (length, i) => i === 0 || shows(reference, seasons[i - 1] as number, length, maxOrder),
  );
}

function shows(reference: RegularSeries, short: number, long: number, maxOrder: number): boolean {
  const profile = seasonalProfile(reference, short);
  const deviations = deseasonalise(reference, profile).values;
  const model = autoregressionAbout(profile, deviations, maxOrder);
  giveBack(deviations);
  if (model === null) return false;
  const at = { first: reference.first, values: model.filtered };
  const byPosition = groupsDiffer(at, long, 1, short);
  const byCycle = long % short === 0 ? groupsDiffer(at, long, short, 1) : 1;
  giveBack(model.filtered);
  return Math.min(byPosition, byCycle) < choiceLevel;
}

/**
 * p-value of the F test that innovations have equal means at all positions of a season, `width` positions that follow each other
 * taken together; `known` of the means were fitted before.
 */
function groupsDiffer(
  { first, values }: RegularSeries,
  season: number,
  width: number,
  known: number,
): number {
  const groups = season / width;
  const sums = new Float64Array(groups);
  const counts = new Float64Array(groups);
  let all = 0;
  let n = 0;
  let position = positionOf(first, season) - 1;
  for (let slot = 0; slot < values.length; slot++) {
    if (++position === season) position = 0;
    const value = values[slot] as number;
    if (Number.isNaN(value)) continue;
    const group = (position / width) | 0;
    sums[group] = (sums[group] as number) + value;
    counts[group] = (counts[group] as number) + 1;
    all += value * value;
    n++;
  }
  const between = sums.reduce(
    (total, sum, group) => (counts[group] === 0 ? total : total + sum ** 2 / (counts[group] as number)),
    0,
  );
  const [numerator, denominator] = [groups - known, n - groups];
  if (numerator < 1 || denominator < 1 || !(all > between)) return 1;
  return fSurvival(between / numerator / ((all - between) / denominator), numerator, denominator);
}
