import { TsopsError } from "../../errors.ts";
import { listSome } from "../panel/rows.ts";
import type { FeatureColumn } from "../regressor.ts";
import { type LeafTotals, shrink } from "./leaf-totals.ts";
import type { ResolvedGbdtOptions } from "./options.ts";

/** Least and greatest value that a leaf may have. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** 1 for a column that predictions may only rise with, -1 for one that they may only fall with, 0 for others. */
export type Directions = Int8Array;

/** No bounds at all. */
export const unbounded: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/**
 * The direction of every column; undefined when none has one.
 * @throws TsopsError MODEL_PARAMETER_INVALID when a constraint names a column that there is not, or a categorical one.
 */
export function directionsOf(
  columns: readonly Pick<FeatureColumn, "name" | "kind">[],
  monotone: ResolvedGbdtOptions["monotone"],
): Directions | undefined {
  const wanted = Object.entries(monotone);
  if (wanted.length === 0) return undefined;
  const directions = new Int8Array(columns.length);
  for (const [name, direction] of wanted) {
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0)
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `monotone names the column "${name}", which there is not.`,
        {
          hint: `There are ${listSome(columns.map((column) => column.name))}.`,
          details: { columns: columns.slice(0, 20).map((column) => column.name), count: columns.length },
        },
      );
    if (columns[index]?.kind === "categorical")
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `monotone names the column "${name}", which is categorical: its codes have no order.`,
        { hint: "Pass it as a numeric column if its codes are ranks." },
      );
    directions[index] = direction === "increasing" ? 1 : -1;
  }
  return directions;
}

/** Bounds of the two sides of a split whose sides would have these values if they were leaves (LightGBM's method `basic`). */
export function boundsOfSides(
  bounds: Bounds,
  direction: number,
  left: number,
  right: number,
): readonly [Bounds, Bounds] {
  if (direction === 0) return [bounds, bounds];
  const middle = left / 2 + right / 2;
  const below = { low: bounds.low, high: Math.min(bounds.high, middle) };
  const above = { low: Math.max(bounds.low, middle), high: bounds.high };
  return direction > 0 ? [below, above] : [above, below];
}

/** The nearest value within bounds. */
export function clamp(value: number, { low, high }: Bounds): number {
  return Math.max(low, Math.min(high, value));
}

/** The value of a leaf within its bounds that decreases the loss most, in histogram units. */
export function boundedOutput({ sum, weight }: LeafTotals, l1: number, l2: number, bounds: Bounds): number {
  return clamp(-shrink(sum, l1) / (weight + l2), bounds);
}

/** Twice the decrease of the loss by a leaf of this value. */
export function outputScore({ sum, weight }: LeafTotals, l1: number, l2: number, output: number): number {
  return -2 * (sum * output + l1 * Math.abs(output)) - (weight + l2) * output * output;
}
