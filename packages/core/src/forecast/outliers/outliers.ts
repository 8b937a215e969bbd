import { checkList, checkOptions, type OptionNames } from "../../options.ts";
import { selectRank } from "../../stats/select-rank.ts";
import { formatInstant } from "../../time/instant.ts";
import { wholeNumber } from "../check.ts";
import { knownValues } from "../local/known-values.ts";
import type { Panel } from "../panel/panel.ts";
import { seriesKeyText } from "../panel/series-key.ts";
import { rowsOfYear, seasonsOfFrequency } from "../seasons/season-length.ts";
import { insertSorted, middleOfBoth, removeSorted } from "./sorted-window.ts";

/** A value that is an outlier beyond doubt. JSON-serialisable. */
export interface PanelOutlier {
  /** The text of the series' key, as `seriesKeyText` writes it. */
  readonly series: string;
  /** Its time, ISO 8601 in the panel's zone. */
  readonly at: string;
  readonly value: number;
  /** What the rows about it have. */
  readonly usual: number;
}

/** Settings of `withoutOutliers`. */
export interface OutlierOptions {
  /** Lengths of seasons in rows, beside those of the frequency. */
  readonly seasonLengths?: readonly number[];
}

const optionNames: OptionNames<OutlierOptions> = { seasonLengths: true };

/** Robust standard deviations, of the rows about their neighbours, that an outlier is away at least, and by how many times it surpasses the next largest deviation; in values and in their logarithms. */
const asTheyAre = { deviations: 15, lead: 3 };
const inProportion = { deviations: 8, lead: 2 };
/** The standard deviation of a normal variable in units of its median absolute value. */
const perMedianSize = 1.4826;
/** Known rows of a series in which an outlier can be told. */
const fewestRows = 24;
/** Rows on each side that a value is compared with. */
const beside = 7;
/** Outliers of a series, at most, that are taken for accidents: one, or this share of its rows. */
const mostShare = 0.02;
/** Outliers that stand so close, at most, are one accident; more are another level. */
const longestRun = 2;
/** Share of zeros from which demand comes and goes. */
const intermittent = 0.1;

/**
 * A panel whose outliers beyond doubt are missing values, and what they were. Forecasters pass over missing values; a single wrong value that is kept moves levels, makes
 * a season of itself and widens every interval.
 *
 * A value counts as one where it is at least 15 robust standard deviations, and three times the next largest deviation, away from the rows before it and from those after it, to the same side, less the usual season; where all values are positive, also in their logarithms, as skewed ones have long tails; and it lies beyond all values of a season before and after by half of their range. What may mean
 * something is kept: all of a series where more than 2 % of the rows are such (or, in short series, more than one), where they recur in regular distances, or where many values are 0; more than two in a row; those that came back a season or a year before or after;
 * those for which a known-future column changes; the first and the last row of a series, as nothing shows that the level came back. Series of fewer than 24 known rows are left as they are.
 * @returns The same panel where there are none.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 * @example
 * const { panel: history, outliers } = withoutOutliers(sales);
 * const fitted = await arima({ seasonLength: 7 }).fit(history, { horizon: 14 });
 */
export function withoutOutliers<Known extends string>(
  panel: Panel<Known>,
  options: OutlierOptions = {},
): { readonly panel: Panel<Known>; readonly outliers: readonly PanelOutlier[] } {
  const { spec } = panel;
  checkOptions("MODEL_PARAMETER_INVALID", "withoutOutliers()", options, optionNames);
  const { seasonLengths = [] } = options;
  checkList("MODEL_PARAMETER_INVALID", "seasonLengths", seasonLengths);
  const given = seasonLengths.map((length, i) => wholeNumber(`seasonLengths[${i}]`, length, 2));
  const outliersOf = outlierFinder(panel, given);
  const y = panel.y.slice();
  const outliers: PanelOutlier[] = [];
  panel.series.forEach((key, s) => {
    const start = panel.offsets[s] as number;
    for (const { row, usual } of outliersOf(s)) {
      outliers.push({
        series: seriesKeyText(key),
        at: formatInstant(panel.times[start + row] as bigint, { zone: spec.zone }),
        value: panel.y[start + row] as number,
        usual,
      });
      y[start + row] = Number.NaN;
    }
  });
  return outliers.length === 0 ? { panel, outliers } : { panel: { ...panel, y }, outliers };
}

/**
 * What finds the outliers beyond doubt of a panel, series by series; see `withoutOutliers`.
 * @param given - Lengths of seasons in rows, beside those of the frequency.
 */
export function outlierFinder(panel: Panel, given: readonly number[]): (s: number) => readonly Outlier[] {
  const { frequency, zone } = panel.spec;
  const seasons = [...new Set([...given, ...seasonsOfFrequency(frequency, zone)])].sort((a, b) => a - b);
  const year = rowsOfYear(frequency);
  return (s) => {
    const [start, end] = [panel.offsets[s] as number, panel.offsets[s + 1] as number];
    const isExplained = (row: number) =>
      panel.known.some(({ values }) => changesAt(values.subarray(start, end), row));
    return outliersOf(panel.y.subarray(start, end), seasons, year).filter(({ row }) => !isExplained(row));
  };
}

/** An outlier of one series. */
export interface Outlier {
  /** Counted from the first of the series. */
  readonly row: number;
  /** The median of the rows beside. */
  readonly usual: number;
}

/** The outliers of one series. */
function outliersOf(y: Float64Array, seasons: readonly number[], year: number): readonly Outlier[] {
  const known = knownValues(y);
  if (known.length < fewestRows) return [];
  if (known.filter((value) => value === 0).length > intermittent * known.length) return [];
  let rows = extremeRows(y, seasons, asTheyAre);
  // Where values are positive, large ones may only be the tail of a skewed distribution.
  if (rows.length > 0 && known.every((value) => value > 0)) {
    const inLogs = new Set(extremeRows(y.map(Math.log), seasons, inProportion));
    rows = rows.filter((row) => inLogs.has(row));
  }
  if (rows.length > Math.max(1, Math.floor(mostShare * known.length)) || isRegular(rows)) return [];
  const isExtreme = new Set(rows);
  const recurs = (row: number, period: number) => isExtreme.has(row - period) || isExtreme.has(row + period);
  return rows
    .filter((row) => runAt(isExtreme, row) <= longestRun)
    .filter((row) => ![...seasons, year - 1, year, year + 1].some((period) => recurs(row, period)))
    .filter((row) => isBeyondRange(y, row, longestOf(y, seasons), isExtreme))
    .map((row) => ({ row, usual: usualAt(y, row) }));
}

/** The longest season that a series has four of; none is as long as the rows that values are compared with. */
function longestOf(y: Float64Array, seasons: readonly number[]): number {
  return Math.max(beside, ...seasons.filter((season) => y.length >= 4 * season));
}

/** Whether a value lies beyond those of a season before and after, by half of their range: what is only at an unusual phase of the season does not. */
function isBeyondRange(y: Float64Array, row: number, reach: number, isExtreme: ReadonlySet<number>): boolean {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let t = Math.max(0, row - reach); t <= Math.min(y.length - 1, row + reach); t++) {
    const value = y[t] as number;
    if (Number.isNaN(value) || isExtreme.has(t)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const margin = (high - low) / 2;
  return (y[row] as number) > high + margin || (y[row] as number) < low - margin;
}

/** The median of the rows beside. */
function usualAt(y: Float64Array, row: number): number {
  return medianOf(y.subarray(Math.max(0, row - beside), row + beside + 1));
}

/** The median of each phase of the shortest season that the series has four of; 0 without one. */
function usualSeason(y: Float64Array, seasons: readonly number[]): Float64Array {
  const [season] = seasons;
  if (season === undefined || y.length < 4 * season) return new Float64Array(1);
  return Float64Array.from({ length: season }, (_, phase) => {
    const own = new Float64Array(Math.ceil((y.length - phase) / season));
    for (let i = 0; i < own.length; i++) own[i] = y[phase + i * season] as number;
    const middle = medianOf(own);
    return Number.isNaN(middle) ? 0 : middle;
  });
}

/** Rows that are extreme beside those before and those after, ascending. */
function extremeRows(
  y: Float64Array,
  seasons: readonly number[],
  { deviations: least, lead }: typeof asTheyAre,
): readonly number[] {
  const season = usualSeason(y, seasons);
  const rest = y.map((value, t) => value - (season[t % season.length] as number));
  const deviations = new Float64Array(rest.length);
  const about = new Float64Array(rest.length).fill(Number.NaN);
  // The known values of the rows before and after, ascending: they slide along.
  const [before, after] = [new Float64Array(beside), new Float64Array(beside)];
  const isKnown = (t: number) => t >= 0 && t < rest.length && !Number.isNaN(rest[t] as number);
  let [beforeCount, afterCount] = [0, 0];
  for (let t = 1; t < beside; t++)
    if (isKnown(t)) afterCount = insertSorted(after, afterCount, rest[t] as number);
  for (let t = 0; t < rest.length; t++) {
    if (isKnown(t - beside - 1))
      beforeCount = removeSorted(before, beforeCount, rest[t - beside - 1] as number);
    if (isKnown(t - 1)) beforeCount = insertSorted(before, beforeCount, rest[t - 1] as number);
    if (t > 0 && isKnown(t)) afterCount = removeSorted(after, afterCount, rest[t] as number);
    if (isKnown(t + beside)) afterCount = insertSorted(after, afterCount, rest[t + beside] as number);
    if (!isKnown(t) || beforeCount + afterCount === 0) continue;
    const value = rest[t] as number;
    about[t] = Math.abs(value - middleOfBoth(before, beforeCount, after, afterCount));
    if (beforeCount === 0 || afterCount === 0) continue;
    const a = value - nearMiddle(before, beforeCount, value);
    const b = value - nearMiddle(after, afterCount, value);
    // Between two levels it is no outlier; nor where nothing shows that the level came back.
    if (a * b > 0) deviations[t] = Math.min(Math.abs(a), Math.abs(b));
  }
  const usual = medianOf(about);
  // Where most rows are alike nothing says how they vary.
  const level = usual > 0 ? 0 : Math.abs(medianOf(y));
  const threshold = usual > 0 ? least * perMedianSize * usual : 10 * level;
  if (!(threshold > 0)) return [];
  let largest = 0;
  for (const size of deviations) if (size <= threshold && size > largest) largest = size;
  const limit = Math.max(threshold, lead * largest);
  return Array.from(deviations.keys()).filter((t) => (deviations[t] as number) > limit);
}

/** The lower median of the first of some ascending values; of fewer than three the one that is nearest. */
function nearMiddle(values: Float64Array, count: number, to: number): number {
  if (count > 2) return values[(count - 1) >> 1] as number;
  const [first, last] = [values[0] as number, values[count - 1] as number];
  return Math.abs(last - to) < Math.abs(first - to) ? last : first;
}

/** Whether three or more come in regular distances. */
function isRegular(rows: readonly number[]): boolean {
  if (rows.length < 3) return false;
  const gaps = rows.slice(1).map((row, i) => row - (rows[i] as number));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return gaps.every((gap) => Math.abs(gap - mean) <= 0.15 * mean);
}

/** How many rows that touch each other the row is among. */
function runAt(isExtreme: ReadonlySet<number>, row: number): number {
  let [first, last] = [row, row];
  while (isExtreme.has(first - 1)) first--;
  while (isExtreme.has(last + 1)) last++;
  return last - first + 1;
}

/** Whether a column has another value than in the rows before and after. */
function changesAt(values: Float64Array, row: number): boolean {
  return values[row] !== values[row - 1] && values[row] !== values[row + 1];
}

/** The lower median of the known values; NaN of none. */
function medianOf(values: Float64Array): number {
  const known = knownValues(values).slice();
  return known.length === 0 ? Number.NaN : selectRank(known, (known.length - 1) >> 1);
}
