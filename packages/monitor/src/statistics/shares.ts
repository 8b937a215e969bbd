import { shown, TsopsError } from "@tsops/core";

/** How often each bin or category came, in the same order for both windows. */
export type Counts = ArrayLike<number>;

/**
 * Two lists of counts as shares that add up to 1.
 * @throws TsopsError MONITOR_INVALID for lists of different lengths, counts that are negative or not finite, or that are all 0.
 */
export function sharesOf(reference: Counts, current: Counts): [Float64Array, Float64Array] {
  const [p, q] = [normalised(reference, "reference"), normalised(current, "current")];
  if (p.length !== q.length)
    throw new TsopsError(
      "MONITOR_INVALID",
      `The reference has ${p.length} counts, the current window ${q.length}.`,
      {
        hint: "Count both with the same bins (binCounts) or categories (alignCounts).",
        details: { reference: p.length, current: q.length },
      },
    );
  return [p, q];
}

function normalised(counts: Counts, name: string): Float64Array {
  if (typeof counts !== "object" || counts === null || typeof counts.length !== "number")
    throw new TsopsError("MONITOR_INVALID", `The ${name} counts must be a list, got ${shown(counts)}.`, {
      hint: "binCounts(bins, values) gives counts.",
    });
  // A bigint does not become a number by itself.
  const values = Float64Array.from(counts, (count) => (typeof count === "number" ? count : Number.NaN));
  const wrong = values.findIndex((count) => !(count >= 0 && count < Number.POSITIVE_INFINITY));
  if (wrong >= 0)
    throw new TsopsError(
      "MONITOR_INVALID",
      `Count ${wrong} of the ${name} window is ${shown(counts[wrong])}.`,
      {
        hint:
          typeof counts[wrong] === "bigint"
            ? "Counts are numbers: Number(count) makes one."
            : "Counts are 0 or more.",
        details: { at: wrong },
      },
    );
  const total = values.reduce((sum, count) => sum + count, 0);
  if (!(total > 0 && total < Number.POSITIVE_INFINITY))
    throw new TsopsError(
      "MONITOR_INVALID",
      `The ${values.length} counts of the ${name} window add up to ${total}.`,
      {
        hint: "Give at least one count above 0.",
        details: { counts: values.length },
      },
    );
  return values.map((count) => count / total);
}
