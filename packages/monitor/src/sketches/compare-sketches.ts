import { TsopsError } from "@tsops/core";
import { alignCounts } from "../statistics/categories.ts";
import { populationStability } from "../statistics/population-stability.ts";
import { checkWindowSketch } from "./check-window-sketch.ts";
import type { CategoricalSketch, ColumnSketch, NumericSketch } from "./column-sketch.ts";
import type { QuantileSketch } from "./quantile-sketch.ts";
import type { WindowSketch } from "./window-sketch.ts";

/** Two values of the two windows. */
export interface BeforeAndNow {
  readonly reference: number;
  readonly current: number;
}

/** How a column's distribution differs. */
export interface SketchDifference {
  readonly column: string;
  readonly kind: ColumnSketch["kind"];
  /** Share of rows that are missing. */
  readonly missing: BeforeAndNow;
  /** About how many different values. */
  readonly distinct: BeforeAndNow;
  /** Population stability index over tenths of the reference, or over categories; null when a window has no value. */
  readonly populationStability: number | null;
  /** For numbers. */
  readonly numeric: {
    readonly mean: BeforeAndNow;
    readonly deviation: BeforeAndNow;
    /** Largest distance of the distribution functions, and by how much the sketches may have it wrong. */
    readonly kolmogorovSmirnov: number;
    readonly error: number;
    /** The value at which they are that far apart. */
    readonly location: number;
    /** Mean distance that values have moved, in the column's unit; NaN when some are infinite. */
    readonly wasserstein: number;
  } | null;
  /** For categories: those that the reference does not have. */
  readonly unseen: readonly string[];
}

/**
 * How the distributions of two summarised windows differ, column by column. These are distances, not decisions: hours of a day depend on each other and
 * follow a season, so they differ from one window to the next when nothing has changed. Decide with `driftTest` on the rows.
 * @throws TsopsError MONITOR_INVALID when the windows do not have the same columns of the same kind.
 */
export function compareSketches(reference: WindowSketch, current: WindowSketch): readonly SketchDifference[] {
  checkWindowSketch("The reference of compareSketches()", reference);
  checkWindowSketch("The current window of compareSketches()", current);
  const names = new Set([...Object.keys(reference.columns), ...Object.keys(current.columns)]);
  return [...names].map((column) => {
    const [before, now] = [reference, current].map((window) =>
      Object.hasOwn(window.columns, column) ? window.columns[column] : undefined,
    );
    if (before === undefined || now === undefined || before.kind !== now.kind)
      throw new TsopsError(
        "MONITOR_INVALID",
        `Column "${column}" is ${before?.kind ?? "missing"} in the reference and ${now?.kind ?? "missing"} in the current window.`,
        { hint: "Summarise the same columns in both windows.", details: { column } },
      );
    return differenceOf(column, before, now);
  });
}

function differenceOf(column: string, before: ColumnSketch, now: ColumnSketch): SketchDifference {
  const both = (take: (sketch: ColumnSketch) => number): BeforeAndNow => ({
    reference: take(before),
    current: take(now),
  });
  const isEmpty = before.rows === 0 || now.rows === 0;
  const common = {
    column,
    kind: before.kind,
    missing: both(({ missing, rows }) => missing / Math.max(1, missing + rows)),
    distinct: both(({ distinct }) => distinct.estimate()),
  };
  if (before.kind === "numeric" && now.kind === "numeric")
    return {
      ...common,
      populationStability: isEmpty ? null : stabilityOfNumbers(before.quantiles, now.quantiles),
      numeric: isEmpty ? null : numericDifference(before, now),
      unseen: [],
    };
  const counts = alignCounts((before as CategoricalSketch).counts, (now as CategoricalSketch).counts);
  return {
    ...common,
    populationStability: isEmpty ? null : populationStability(counts.reference, counts.current),
    numeric: null,
    unseen: counts.unseen,
  };
}

function numericDifference(before: NumericSketch, now: NumericSketch): SketchDifference["numeric"] {
  return {
    mean: { reference: before.mean, current: now.mean },
    deviation: { reference: before.deviation, current: now.deviation },
    error: before.quantiles.rankError + now.quantiles.rankError,
    ...distances(before.quantiles, now.quantiles),
    ...(before.infinite + now.infinite > 0 ? { wasserstein: Number.NaN } : {}),
  };
}

/** Distances of the distribution functions that two sketches stand for. */
function distances(
  reference: QuantileSketch,
  current: QuantileSketch,
): { kolmogorovSmirnov: number; location: number; wasserstein: number } {
  const [x, y] = [reference.weighted(), current.weighted()];
  let [i, j, before, now] = [0, 0, 0, 0];
  let [largest, location, wasserstein] = [0, reference.min, 0];
  while (i < x.values.length || j < y.values.length) {
    const at = Math.min(x.values[i] ?? Number.POSITIVE_INFINITY, y.values[j] ?? Number.POSITIVE_INFINITY);
    while (i < x.values.length && x.values[i] === at) before += x.weights[i++] as number;
    while (j < y.values.length && y.values[j] === at) now += y.weights[j++] as number;
    const gap = Math.abs(before / reference.count - now / current.count);
    if (gap > largest) [largest, location] = [gap, at];
    const next = Math.min(x.values[i] ?? Number.POSITIVE_INFINITY, y.values[j] ?? Number.POSITIVE_INFINITY);
    if (gap > 0) wasserstein += gap * (next - at);
  }
  return { kolmogorovSmirnov: largest, location, wasserstein };
}

/** Over the bins that the reference's tenths cut; a value that is more frequent than a tenth ends one bin. */
function stabilityOfNumbers(reference: QuantileSketch, current: QuantileSketch): number {
  const edges = [...new Set(Array.from({ length: 9 }, (_, k) => reference.quantile((k + 1) / 10)))];
  const counts = (sketch: QuantileSketch) => {
    const upTo = [...edges.map((edge) => Math.round(sketch.rank(edge) * sketch.count)), sketch.count];
    return Float64Array.from(upTo, (rows, i) => rows - (upTo[i - 1] ?? 0));
  };
  return populationStability(counts(reference), counts(current));
}
