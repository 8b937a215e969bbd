import { type Column, isValid } from "../../schema/columns.ts";
import { ExactSquareSum, ExactSum, exactStandardDeviation } from "../exact-sum.ts";
import type { WindowAggregate } from "../feature.ts";
import { LazyHeap } from "./lazy-heap.ts";

/** Aggregates that give the value of one of the rows in the window; the others compute a number. */
export type PickingAggregate = "min" | "max" | "first" | "last";

/** Whether an aggregate gives the value of one row. */
export function isPicking(aggregate: WindowAggregate): aggregate is PickingAggregate {
  return aggregate === "min" || aggregate === "max" || aggregate === "first" || aggregate === "last";
}

/**
 * The rows of a window, for the aggregates of one column. Rows come and go in any order; what is read depends only on
 * the rows that are in. Null values are left out.
 */
export class WindowColumn {
  readonly #column: Column;
  readonly #rowOf: (position: number) => number;
  readonly #sum: ExactSum | null;
  readonly #squares: ExactSquareSum | null;
  readonly #heaps: { readonly aggregate: PickingAggregate; readonly heap: LazyHeap }[] = [];
  #count = 0;

  constructor(column: Column, row: Int32Array | null, aggregates: ReadonlySet<WindowAggregate>) {
    this.#column = column;
    this.#rowOf = row === null ? (position) => position : (position) => row[position] as number;
    const needsSum = aggregates.has("sum") || aggregates.has("mean") || aggregates.has("std");
    this.#sum = needsSum ? new ExactSum() : null;
    this.#squares = aggregates.has("std") ? new ExactSquareSum() : null;
    for (const aggregate of aggregates)
      if (isPicking(aggregate)) this.#heaps.push({ aggregate, heap: new LazyHeap(this.#order(aggregate)) });
  }

  add(position: number): void {
    const row = this.#rowOf(position);
    if (!isValid(this.#column.valid, row)) return;
    this.#count++;
    this.#accumulate(row, true);
    for (const { heap } of this.#heaps) heap.push(position);
  }

  /** Takes out a row that was put in. Positions must also stop counting for `pick`. */
  remove(position: number): void {
    const row = this.#rowOf(position);
    if (!isValid(this.#column.valid, row)) return;
    this.#count--;
    this.#accumulate(row, false);
  }

  clear(): void {
    this.#count = 0;
    this.#sum?.clear();
    this.#squares?.clear();
    for (const { heap } of this.#heaps) heap.clear();
  }

  /** Number of non-null values. */
  get count(): number {
    return this.#count;
  }

  /** `sum`, `mean` or `std`, or null where it has no value. */
  number(aggregate: WindowAggregate): number | null {
    if (this.#count < (aggregate === "std" ? 2 : 1)) return null;
    const sum = this.#sum as ExactSum;
    if (aggregate === "sum") return sum.value();
    if (aggregate === "mean") return sum.value() / this.#count;
    return exactStandardDeviation(this.#count, sum, this.#squares as ExactSquareSum);
  }

  /** Row whose value is the aggregate, or -1. `counts` says which positions are still in. */
  pick(aggregate: PickingAggregate, counts: (position: number) => boolean): number {
    if (this.#count === 0) return -1;
    for (const entry of this.#heaps)
      if (entry.aggregate === aggregate) {
        const position = entry.heap.best(counts);
        return position < 0 ? -1 : this.#rowOf(position);
      }
    return -1;
  }

  #accumulate(row: number, isIn: boolean): void {
    if (this.#sum === null) return;
    if (this.#column.kind === "float64") {
      const value = this.#column.values[row] as number;
      this.#put(value, isIn);
      if (this.#squares !== null && Number.isFinite(value))
        isIn ? this.#squares.add(value) : this.#squares.remove(value);
      return;
    }
    // An int64 is two float64 exactly; sums and squares stay exact.
    const value = (this.#column as { readonly values: BigInt64Array }).values[row] as bigint;
    const low = Number(value & 0xffffffffn);
    const high = Number(value >> 32n) * 0x100000000;
    this.#put(high, isIn);
    this.#put(low, isIn);
    this.#squares?.addInt64(value, isIn ? 1 : -1);
  }

  #put(value: number, isIn: boolean): void {
    if (isIn) this.#sum?.add(value);
    else this.#sum?.remove(value);
  }

  #order(aggregate: PickingAggregate): (a: number, b: number) => boolean {
    if (aggregate === "first") return (a, b) => a < b;
    if (aggregate === "last") return (a, b) => a > b;
    const rowOf = this.#rowOf;
    const sign = aggregate === "min" ? -1 : 1;
    if (this.#column.kind === "float64") {
      const { values } = this.#column;
      return (a, b) => sign * compareFloats(values[rowOf(a)] as number, values[rowOf(b)] as number, sign) > 0;
    }
    const { values } = this.#column as { readonly values: BigInt64Array };
    return (a, b) => {
      const x = values[rowOf(a)] as bigint;
      const y = values[rowOf(b)] as bigint;
      return sign < 0 ? x < y : x > y;
    };
  }
}

/** Negative, zero or positive as in sorting; -0 is less than 0, and NaN lies beyond everything in the direction `nan`. */
function compareFloats(a: number, b: number, nan: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return a === 0 ? Math.sign(1 / a - 1 / b) || 0 : 0;
  return (Number.isNaN(a) ? nan : 0) - (Number.isNaN(b) ? nan : 0);
}
