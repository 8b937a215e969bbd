import { type Column, isValid } from "@tsops/core";
import type { CategoryCounts } from "../statistics/categories.ts";
import { type CategorySketch, categorySketch } from "./category-sketch.ts";
import { type DistinctSketch, distinctSketch } from "./distinct-sketch.ts";
import { type QuantileSketch, quantileSketch } from "./quantile-sketch.ts";

/** What every column's summary has. */
interface CommonSketch {
  /** Rows that hold a value. */
  readonly rows: number;
  /** Rows that are null or NaN. */
  readonly missing: number;
  /** About how many different values there are. */
  readonly distinct: DistinctSketch;
}

/** The summary of a column of numbers. */
export interface NumericSketch extends CommonSketch {
  readonly kind: "numeric";
  /** Values that are infinite: they have ranks, but are not in `mean` and `deviation`. */
  readonly infinite: number;
  /** Mean and standard deviation (n - 1) of the finite values, exact up to rounding; NaN where there are too few. */
  readonly mean: number;
  readonly deviation: number;
  /** What `mean` and `deviation` come from. */
  readonly moments: Moments;
  readonly quantiles: QuantileSketch;
}

/** The summary of a column of text or booleans (categories `"true"` and `"false"`). */
export interface CategoricalSketch extends CommonSketch {
  readonly kind: "categorical";
  /** Rows by category, see `categoryError`. */
  readonly counts: CategoryCounts;
  /** Rows by which counts may be too low, and at most as many a category has that is left out: 0 up to 1,000 categories. */
  readonly categoryError: number;
}

/** A column's summary. */
export type ColumnSketch = NumericSketch | CategoricalSketch;

/** Mean and sum of squares about it, of so many finite values. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

/** What a numeric summary is made of. */
export interface NumericParts {
  readonly missing: number;
  readonly moments: Moments;
  readonly quantiles: QuantileSketch;
  readonly distinct: DistinctSketch;
}

/** What a categorical summary is made of. */
export interface CategoricalParts {
  readonly rows: number;
  readonly missing: number;
  readonly categories: CategorySketch;
  readonly distinct: DistinctSketch;
}

/** Numbers of a window. */
export function numericSketch({ missing, moments, quantiles, distinct }: NumericParts): NumericSketch {
  const { count, mean, squares } = moments;
  return {
    kind: "numeric",
    rows: quantiles.count,
    missing,
    distinct,
    infinite: quantiles.count - count,
    mean: count > 0 ? mean : Number.NaN,
    deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN,
    moments,
    quantiles,
  };
}

/** Categories of a window. */
export function categoricalSketch({
  rows,
  missing,
  categories,
  distinct,
}: CategoricalParts): CategoricalSketch {
  return {
    kind: "categorical",
    rows,
    missing,
    distinct,
    counts: categories.counts,
    categoryError: categories.error,
  };
}

/** Summarises a column. */
export function sketchColumn(column: Column, settings: { size: number; seed: number }): ColumnSketch {
  if (column.kind === "utf8") return sketchTexts(column.codes, column.dictionary, column.valid);
  if (column.kind === "bool")
    return sketchTexts(Int32Array.from(column.values), ["false", "true"], column.valid);
  const distinct = distinctSketch();
  const quantiles = quantileSketch(settings);
  const { values, valid } = column;
  const present = new Float64Array(values.length);
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number | bigint;
    if (!isValid(valid, row) || Number.isNaN(value)) continue;
    distinct.add(value);
    present[count++] = Number(value);
  }
  const numbers = present.subarray(0, count);
  quantiles.update(numbers);
  return numericSketch({ missing: values.length - count, moments: momentsOf(numbers), quantiles, distinct });
}

function sketchTexts(
  codes: Int32Array,
  dictionary: readonly string[],
  valid: Column["valid"],
): CategoricalSketch {
  const byCode = new Float64Array(dictionary.length);
  let rows = 0;
  for (let row = 0; row < codes.length; row++)
    if (isValid(valid, row)) {
      byCode[codes[row] as number]!++;
      rows++;
    }
  const distinct = distinctSketch();
  const categories = categorySketch();
  dictionary.forEach((category, code) => {
    if (byCode[code] === 0) return;
    distinct.add(category);
    categories.add(category, byCode[code] as number);
  });
  return categoricalSketch({ rows, missing: codes.length - rows, categories, distinct });
}

function momentsOf(values: Float64Array): Moments {
  let [count, mean, squares] = [0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    const off = value - mean;
    mean += off / count;
    squares += off * (value - mean);
  }
  return { count, mean, squares };
}

/** Moments of two windows together (T. Chan, G. Golub, R. LeVeque 1983). */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  if (count === 0) return a;
  const off = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (off * b.count) / count,
    squares: a.squares + b.squares + (off * off * a.count * b.count) / count,
  };
}
