import { hasSeason } from "../local/decompose/classical-season.ts";
import type { Panel } from "../panel/panel.ts";
import { takeSeries } from "../panel/panel-slices.ts";
import { regressorsOf, withoutRegressors } from "../panel/regressors-of-panel.ts";
import { chanceOfSeason } from "./few-seasons.ts";

/** Series that are asked, evenly over the panel. */
const asked = 50;
/** Rows of each that are looked at, the newest. */
const newest = 3000;
/** Series are asked a second time, by regression: differences make a smooth season so small that noise hides it, the more so the more steps it has. Of no more seasons than this it needs less to be one. */
const few = 10;
/** Newest seasons that are looked at then: what only swings has lost its beat over so many. */
const many = 40;
/** Series that are asked so, and the chance below which they go with a season; what ten seasons show is beyond doubt, if it is there. */
const askedAgain = 12;
const unlikely = 0.05;
const unlikelyInMany = 1e-4;
/** Share of the series that must go with a season. */
const enough = 0.3;
/** Longest season that is looked for where only the data can tell, in steps. */
const longest = 400;

/**
 * The seasons of a panel in steps, ascending: the candidates that three tenths of the series that are long enough go with, where chance would
 * let one tenth. Differences take trends out: to the row
 * before for the first season, to the season before for the next. Series that do not go with one by that are asked by regression too; see
 * `chanceOfSeason`. What known-future columns explain is taken out before.
 * @param candidates - Ascending; null for what the autocorrelations of the series have in common.
 */
export function findSeasons(panel: Panel, candidates: readonly number[] | null): readonly number[] {
  const samples = sampleSeries(panel);
  const found: number[] = [];
  for (const season of candidates ?? peaksOf(samples.map((y) => differences(y, 1)))) {
    const before = found.at(-1) ?? null;
    const goesWith = (y: Float64Array) => hasSeason(differences(y, before ?? 1), season);
    // Three seasons, so that one is more than an accident of two.
    const isCommon = agree(
      samples.filter((y) => y.length > 3 * season),
      goesWith,
    );
    const some = everyFew(
      samples.filter((y) => y.length >= 2 * season),
      askedAgain,
    );
    if (
      isCommon ||
      agree(some, (y) =>
        y.length > few * season
          ? goesWith(y) || chanceOfSeason(y.slice(-many * season), season, before) < unlikelyInMany
          : chanceOfSeason(y, season, before) < unlikely,
      )
    )
      found.push(season);
  }
  return found;
}

function agree(series: readonly Float64Array[], goesWith: (y: Float64Array) => boolean): boolean {
  return series.filter(goesWith).length > enough * series.length;
}

/** At most so many, evenly over all. */
function everyFew<Item>(items: readonly Item[], most: number): readonly Item[] {
  const every = Math.max(1, Math.ceil(items.length / most));
  return items.filter((_, i) => i % every === 0);
}

function sampleSeries(panel: Panel): Float64Array[] {
  const chosen = everyFew(
    panel.series.map((_, s) => s),
    asked,
  );
  const { offsets, y } = withoutRegressors(takeSeries(panel, chosen), regressorsOf(panel));
  return chosen.flatMap((_, s) => {
    const end = offsets[s + 1] as number;
    const filled = y.slice(Math.max(offsets[s] as number, end - newest), end);
    for (let t = 1; t < filled.length; t++)
      if (Number.isNaN(filled[t] as number)) filled[t] = filled[t - 1] as number;
    const first = filled.findIndex((value) => !Number.isNaN(value));
    return first >= 0 ? [filled.subarray(first)] : [];
  });
}

function differences(y: Float64Array, lag: number): Float64Array {
  return Float64Array.from(
    { length: Math.max(0, y.length - lag) },
    (_, t) => (y[t + lag] as number) - (y[t] as number),
  );
}

/** The first lag at which the mean autocorrelation is greater than at its neighbours, and the first of its multiples that is greater than the multiples beside it. */
function peaksOf(samples: readonly Float64Array[]): readonly number[] {
  const most = Math.min(longest, Math.max(0, ...samples.map((y) => Math.floor(y.length / 3))));
  const sums = new Float64Array(most + 2);
  const counts = new Float64Array(most + 2);
  for (const y of samples) {
    let mean = 0;
    for (const value of y) mean += value / y.length;
    const product = (lag: number): number => {
      let sum = 0;
      for (let t = lag; t < y.length; t++) sum += ((y[t] as number) - mean) * ((y[t - lag] as number) - mean);
      return sum;
    };
    const variance = product(0);
    if (!(variance > 0)) continue;
    for (let lag = 1; lag <= Math.min(most + 1, Math.floor(y.length / 3)); lag++) {
      sums[lag] = (sums[lag] as number) + product(lag) / variance;
      counts[lag] = (counts[lag] as number) + 1;
    }
  }
  const at = (lag: number): number =>
    (counts[lag] as number) === 0 ? -1 : (sums[lag] as number) / (counts[lag] as number);
  const isPeak = (lag: number, apart: number) =>
    lag + apart <= most && at(lag) > 0.2 && at(lag) > at(lag - apart) && at(lag) >= at(lag + apart);
  let first = 4;
  while (first <= most && !isPeak(first, 1)) first++;
  if (first > most) return [];
  // Noise makes small peaks on the way up to the great one.
  const near = Math.min(most, Math.floor(1.5 * first));
  for (let lag = first; lag <= near; lag++) if (at(lag) > at(first)) first = lag;
  // What repeats every day does so every two days as well, each time a little less: a week stands out among the days.
  let longer = 2 * first;
  while (longer <= most && !isPeak(longer, first)) longer += first;
  return longer > most ? [first] : [first, longer];
}
