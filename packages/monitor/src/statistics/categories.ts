import { isValid, shown, TsopsError, type Utf8Column } from "@tsops/core";

/** How often each category came. */
export type CategoryCounts = ReadonlyMap<string, number>;

/** Counts of two windows, in the same order. */
export interface AlignedCounts {
  /** Those of the reference first, in its order, then those that only the current window has. */
  readonly categories: readonly string[];
  readonly reference: Float64Array;
  readonly current: Float64Array;
  /** Categories that the current window has and the reference does not. */
  readonly unseen: readonly string[];
}

/**
 * Counts the categories of a text column or of a list, in the order in which they first come. Nulls are left out: that they are more frequent than they
 * were is for `driftTest`'s missingness test.
 * @throws TsopsError MONITOR_INVALID when there are none, or for what is no text.
 */
export function countCategories(values: Utf8Column | Iterable<string | null>): CategoryCounts {
  const counts = new Map<string, number>();
  let rows = 0;
  const add = (value: string): void => void counts.set(value, (counts.get(value) ?? 0) + 1);
  if (isUtf8(values)) {
    const { codes, dictionary, valid } = values;
    for (let row = 0; row < codes.length; row++) if (isValid(valid, row)) add(dictionary[codes[row]!]!);
    rows = codes.length;
  } else {
    if (typeof values === "string" || typeof Object(values)[Symbol.iterator] !== "function")
      throw new TsopsError("MONITOR_INVALID", `countCategories() was given ${shown(values)}.`, {
        hint: "Give a text column, or a list of texts and nulls.",
      });
    for (const value of values) {
      if (typeof value === "string") add(value);
      else if (value !== null)
        throw new TsopsError("MONITOR_INVALID", `Row ${rows} is ${shown(value)}, which is no text.`, {
          hint: "Categories are text; null is missing.",
          details: { row: rows },
        });
      rows++;
    }
  }
  if (counts.size === 0)
    throw new TsopsError("MONITOR_INVALID", `There are no categories in ${rows} rows.`, {
      hint: "Give at least one row that is not null.",
      details: { rows },
    });
  return counts;
}

/** Puts the counts of two windows in one order, for `populationStability`, `jensenShannon` and `hellinger`. */
export function alignCounts(reference: CategoryCounts, current: CategoryCounts): AlignedCounts {
  for (const [name, counts] of Object.entries({ reference, current }))
    if (!(counts instanceof Map))
      throw new TsopsError("MONITOR_INVALID", `The ${name} counts must be a Map, got ${shown(counts)}.`, {
        hint: "countCategories(column) makes one.",
      });
  const isUnseen = (category: string): boolean => (reference.get(category) ?? 0) === 0;
  const unseen = [...current].flatMap(([category, count]) =>
    count !== 0 && isUnseen(category) ? [category] : [],
  );
  const categories = [...new Set([...reference.keys(), ...current.keys()])];
  const counted = (counts: CategoryCounts): Float64Array =>
    Float64Array.from(categories, (category) => counts.get(category) ?? 0);
  return { categories, reference: counted(reference), current: counted(current), unseen };
}

function isUtf8(values: Utf8Column | Iterable<string | null>): values is Utf8Column {
  return typeof values === "object" && values !== null && "codes" in values && "dictionary" in values;
}
