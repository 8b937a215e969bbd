import { checkOptions, checkWord, shown, TsopsError } from "@tsops/core";
import { sortNumbers } from "./radix-sort.ts";

/** Values in ascending order: keep one of a reference, and no statistic sorts it again. */
export interface SortedSample {
  /** Ascending, without NaN. Not to be changed. */
  readonly sorted: Float64Array;
  /** NaN that were left out. */
  readonly omitted: number;
}

/** Numbers in any order, or sorted by `sortedSample`. */
export type Sample = Float64Array | SortedSample;

/** How to make a sorted sample. */
export interface SortOptions {
  /** Default `"refuse"`. Values that are missing more often than they were are drift too, which leaving them out hides. */
  readonly nan?: "refuse" | "omit";
}

/**
 * Sorts values once, for all statistics that need order (`kolmogorovSmirnov`, `cramerVonMises`, `andersonDarling`, `wasserstein`,
 * `energyDistance`, `quantileBins`, `binCounts`). The input stays as it is. O(n): a radix sort, several times as fast as
 * `Float64Array.sort` from some thousands of values on; it needs room for two further copies while it runs.
 * @throws TsopsError MONITOR_INVALID when values are NaN, with their number; when none are left; or for what is no Float64Array.
 */
export function sortedSample(values: Float64Array, options: SortOptions = {}): SortedSample {
  checkOptions("MONITOR_INVALID", "sortedSample()", options, { nan: true });
  const { nan = "refuse" } = options;
  checkWord("MONITOR_INVALID", "nan", nan, ["refuse", "omit"]);
  if (!(values instanceof Float64Array))
    throw new TsopsError("MONITOR_INVALID", `sortedSample() takes a Float64Array, got ${shown(values)}.`, {
      hint: "Float64Array.from(values) makes one.",
    });
  const omitted = nan === "omit" ? countNaN(values) : 0;
  if (omitted === 0) refuseNaN(values, "The sample");
  refuseNone(values.length, omitted, "The sample");
  const present = omitted === 0 ? values : values.filter((value) => !Number.isNaN(value));
  return { sorted: sortNumbers(present), omitted };
}

/**
 * A sample's values in ascending order, at least one.
 * @param name - As a sentence begins, e.g. `"The reference"`.
 */
export function sortedValues(sample: Sample, name: string): Float64Array {
  if (sample instanceof Float64Array) {
    refuseNaN(sample, name);
    return sortNumbers(sample);
  }
  if (typeof sample === "object" && sample !== null && sample.sorted instanceof Float64Array)
    return sample.sorted;
  throw new TsopsError("MONITOR_INVALID", `${name} is ${shown(sample)}.`, {
    hint: "Give a Float64Array, or keep sortedSample(values) and give that.",
  });
}

/** The same, for what has no meaning when values are infinite. */
export function finiteSortedValues(sample: Sample, name: string): Float64Array {
  const values = sortedValues(sample, name);
  if (Number.isFinite(values[0]) && Number.isFinite(values.at(-1))) return values;
  const infinite = values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  throw new TsopsError("MONITOR_INVALID", `${name} has ${infinite} infinite of ${values.length} values.`, {
    hint: "Leave them out, or use a test of ranks (kolmogorovSmirnov, cramerVonMises, andersonDarling), which takes them.",
    details: { infinite, values: values.length },
  });
}

/**
 * Refuses NaN, and having no values at all.
 * @param name - As a sentence begins, e.g. `"The reference"`.
 */
export function refuseNaN(values: Float64Array, name: string): void {
  const missing = countNaN(values);
  if (missing > 0)
    throw new TsopsError("MONITOR_INVALID", `${name} has ${missing} NaN among ${values.length} values.`, {
      hint: 'sortedSample(values, { nan: "omit" }) leaves them out.',
      details: { missing, values: values.length },
    });
  refuseNone(values.length, 0, name);
}

function refuseNone(length: number, missing: number, name: string): void {
  if (length > missing) return;
  const what = length === 0 ? "is empty" : `has nothing but NaN, ${missing} of them`;
  throw new TsopsError("MONITOR_INVALID", `${name} ${what}.`, {
    hint: "Give at least one value.",
    details: { missing, values: length },
  });
}

function countNaN(values: Float64Array): number {
  let missing = 0;
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) missing++;
  return missing;
}
