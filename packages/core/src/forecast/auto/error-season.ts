import { parseFrequency } from "../../time/frequency.ts";
import { knownLengths } from "../check.ts";
import { seriesToCompare } from "../conformal/error-sizes.ts";
import { atCell, cellOf } from "../conformal/expected-sizes.ts";
import { medians } from "../ensemble/fitted.ts";
import type { Panel, PanelSpec } from "../panel/panel.ts";
import { middleOf } from "../scales.ts";
import type { HeldOutErrors } from "./errors-of-all.ts";

/** Steps of 52 weeks where a step is a whole number of weeks; null of others: those that measure a week in hours gain nothing by it. */
function lengthOf({ frequency, zone }: PanelSpec): number | null {
  const { kind, step } = parseFrequency(frequency, { zone });
  const length = kind === "days" && step % 7n === 0n ? 364 / Number(step) : Number.NaN;
  return Number.isInteger(length) ? length : null;
}

/**
 * By how much the errors of a panel are larger than usual by the place in the year, of which a horizon is but a part: weeks about Christmas, say, that no held-out rows are from. The sizes of what a seasonal naive forecast errs within a horizon, row by row over
 * whole years, tell: logarithms about the mean of each series, averaged over the series, smoothed over half a horizon on each side; the median over the years. Of n years n / (n + 1) is believed.
 * @param inProportion - Whether errors count in units of the level.
 * @returns Of the cells of the grid by their number modulo the length, their geometric mean 1; null where steps are no weeks, the horizon has a whole year, most series do not have one, or series are too few to tell.
 */
export function errorSeason(
  panel: Panel,
  { horizon, seasonLength }: Pick<HeldOutErrors, "horizon" | "seasonLength">,
  inProportion: boolean,
): Float64Array | null {
  const length = lengthOf(panel.spec);
  if (length === null || horizon >= length || panel.series.length < seriesToCompare) return null;
  const lag = seasonLength < length ? seasonLength : 1;
  const reach = Math.ceil(horizon / lag) * lag;
  const counts = knownLengths(panel);
  const wholeOf = (s: number) => Math.floor(((counts[s] as number) - reach) / length);
  const years = middleOf(panel.series.map((_, s) => wholeOf(s)));
  if (!(years >= 1)) return null;
  const grid = parseFrequency(panel.spec.frequency, { zone: panel.spec.zone });
  const byYear = Array.from({ length: years }, () => ({
    sums: new Float64Array(length),
    known: new Float64Array(length),
  }));
  panel.series.forEach((_, s) => {
    const rows = Math.min(wholeOf(s), years) * length;
    if (rows < 1) return;
    const from = panel.offsets[s] as number;
    const end = from + (counts[s] as number);
    const logs = Array.from({ length: rows }, (_, i) =>
      Math.log(errorAt(panel.y, end - rows + i, { lag, reach, inProportion })),
    );
    const finite = logs.filter(Number.isFinite);
    const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
    const first = grid.indexOf(panel.times[end - rows] as bigint);
    logs.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const place = cellOf(first + i, length);
      const { sums, known } = byYear[Math.floor((rows - 1 - i) / length)] as (typeof byYear)[number];
      sums[place] = (sums[place] as number) + value - mean;
      known[place] = (known[place] as number) + 1;
    });
  });
  // A median, as a strike in one year is no season.
  const typical = medians(
    byYear.map(({ sums, known }) =>
      smoothed(
        sums.map((sum, place) => sum / Math.max(1, known[place] as number)),
        horizon >> 1,
      ),
    ),
  );
  const middle = typical.reduce((sum, value) => sum + value, 0) / length;
  return typical.map((value) => Math.exp((years / (years + 1)) * (value - middle)));
}

/** The mean size of the changes to a row since rows whole seasons before it, within reach; in units of the level there where errors are in proportion to it. NaN of none. */
function errorAt(
  y: Float64Array,
  row: number,
  {
    lag,
    reach,
    inProportion,
  }: { readonly lag: number; readonly reach: number; readonly inProportion: boolean },
): number {
  let [change, level, known] = [0, 0, 0];
  for (let back = lag; back <= reach; back += lag) {
    const size = Math.abs((y[row] as number) - (y[row - back] as number));
    if (Number.isNaN(size)) continue;
    change += size;
    level += Math.abs(y[row - back] as number);
    known++;
  }
  return known === 0 ? Number.NaN : change / (inProportion ? level : known);
}

/** Weighted means over a window around the circle, with weights that fall to both sides. */
function smoothed(circle: Float64Array, reach: number): Float64Array {
  return circle.map((_, place) => {
    let sum = 0;
    for (let off = -reach; off <= reach; off++)
      sum += (reach + 1 - Math.abs(off)) * atCell(circle, place + off);
    return sum / (reach + 1) ** 2;
  });
}

/** Held-out outcomes as they would be if errors were of their usual size everywhere. */
export function withoutErrorSeason<Errors extends HeldOutErrors>(
  panel: Panel,
  heldOut: Errors,
  factors: Float64Array,
): Errors {
  const { horizon, chosen, means, outcomes } = heldOut;
  const grid = parseFrequency(panel.spec.frequency, { zone: panel.spec.zone });
  const counts = knownLengths(panel);
  const ends = chosen.map((s) =>
    grid.indexOf(panel.times[(panel.offsets[s] as number) + (counts[s] as number) - 1] as bigint),
  );
  return {
    ...heldOut,
    outcomes: outcomes.map((fold, k) =>
      fold.map((outcome, row) => {
        const mean = means[k]?.[row] as number;
        const cell = (ends[Math.floor(row / horizon)] as number) + 1 - (means.length - k) * horizon;
        return mean + (outcome - mean) / atCell(factors, cell + (row % horizon));
      }),
    ),
  };
}
