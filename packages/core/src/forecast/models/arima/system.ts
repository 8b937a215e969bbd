import { gapStateSize } from "./gap-filter.ts";
import { type ArimaOrder, differencedRows } from "./order.ts";
import { differenced, differencingOf, polynomialsOf } from "./polynomials.ts";
import { project, withoutRepeats } from "./regression.ts";

/** One series as all orders see it. */
export interface ArimaData {
  /** Gaps filled with anything near. */
  readonly filled: Float64Array;
  /** Rows without a value, ascending. */
  readonly missing: readonly number[];
  readonly regressors: readonly Float64Array[];
}

/** The same, differenced: what an order is fitted to. */
export interface System {
  /** Brought to a unit: gaps, then constant and regressors, then the series. */
  readonly columns: readonly Float64Array[];
  /** How many of the columns are gaps. */
  readonly gaps: number;
  /** The first row of each column that is not 0. */
  readonly starts: Int32Array;
  readonly rows: number;
  /** 1 for the rows that the filter passes over as missing; null where it takes all, since each gap has a column. */
  readonly isMissing: Uint8Array | null;
  /** y(t) = w(t) + sum delta(k) y(t-k), with w the differenced series. */
  readonly delta: Float64Array;
  /** Rows with news: values less those that the differences use up. */
  readonly known: number;
  readonly unit: number;
  /** What was taken off the series for the sake of rounding errors, in terms of the slopes. */
  readonly offsets: Float64Array;
}

/** Brings a series into the form that an order is fitted to. */
export function systemOf(order: ArimaOrder, { filled, missing: allMissing, regressors }: ArimaData): System {
  const missing = gapsWithNews(order, allMissing, filled.length);
  const lost = differencedRows(order);
  const delta = differencingOf(order);
  // A column for each of g gaps costs g^2 a row, a filter that passes over them the square of its state.
  const passesOver = 2 * missing.length > gapStateSize(polynomialsOf(order), delta);
  // Of the rows that the differences use up nothing is known beforehand, so there a gap has a column in any case.
  const ofColumns = passesOver ? missing.filter((row) => row < lost) : missing;
  const y = differenced(order, filled);
  const rows = y.length;
  const constant = order.hasConstant
    ? [new Float64Array(rows).fill(order.seasonalD > 0 ? order.seasonLength : 1)]
    : [];
  const slopes = withoutRepeats(
    [...constant, ...regressors.map((regressor) => differenced(order, regressor))],
    [...constant, ...regressors],
  );
  const gaps = ofColumns.map((row) => {
    const pulse = new Float64Array(filled.length);
    pulse[row] = 1;
    return differenced(order, pulse);
  });
  const { slopes: offsets } = project([...slopes, y], 0, slopes.length);
  const rest = y.slice();
  offsets.forEach((slope, c) => {
    const column = slopes[c] as Float64Array;
    for (let t = 0; t < rows; t++) rest[t] = (rest[t] as number) - slope * (column[t] as number);
  });
  let squares = 0;
  for (const value of rest) squares += value * value;
  const unit = squares > 0 ? Math.sqrt(squares / rows) : 1;
  const columns = [...gaps, ...slopes, rest.map((value) => value / unit)];
  const isMissing = passesOver ? new Uint8Array(rows) : null;
  for (const row of missing) if (isMissing !== null && row >= lost) isMissing[row - lost] = 1;
  return {
    columns,
    gaps: gaps.length,
    starts: Int32Array.from(columns, (_, c) =>
      c < gaps.length ? Math.max(0, (ofColumns[c] as number) - lost) : 0,
    ),
    rows,
    isMissing,
    delta,
    known: rows - missing.length,
    unit,
    offsets,
  };
}

/**
 * The gaps that are to be integrated out. Where a phase of the season was never observed (weekends on a grid of days), its level is all the same to the seasonal
 * differences: one of its gaps keeps the value that it was filled with, and the others are relative to it. Its column would be made up of theirs.
 */
function gapsWithNews(
  { seasonalD, seasonLength }: ArimaOrder,
  missing: readonly number[],
  length: number,
): readonly number[] {
  if (seasonalD === 0) return missing;
  const observed = new Int32Array(seasonLength);
  for (let row = 0; row < length; row++)
    observed[row % seasonLength] = (observed[row % seasonLength] as number) + 1;
  for (const row of missing) observed[row % seasonLength] = (observed[row % seasonLength] as number) - 1;
  // As many as a phase lacks values for its first seasonal difference.
  const leftOut = observed.map((count) => Math.max(0, seasonalD - count));
  return missing.filter((row) => {
    const phase = row % seasonLength;
    const isKept = leftOut[phase] === 0;
    if (!isKept) leftOut[phase] = (leftOut[phase] as number) - 1;
    return isKept;
  });
}
