import type { Instants } from "../as-of/instants.ts";
import { firstAfter, firstAtOrAfter } from "../as-of/ordered-rows.ts";

const neverFloat = Number.POSITIVE_INFINITY;
const neverInteger = 2n ** 63n - 1n;

/** The rows of one key, ordered by (event time, available at with null lowest, order of arrival). */
export class KeyBlock {
  /** Event time by position, up to `length`. */
  time: Instants = new Float64Array(4);
  /** Available at by position, null ones after every instant. */
  available: Instants = new Float64Array(4);
  /** Row of the table's columns by position. */
  row: Int32Array = new Int32Array(4);
  length = 0;

  /** Puts a row in its place and returns its position. Amortised O(1) in order of time, else a block move. */
  insert(time: bigint, available: bigint | null, row: number): number {
    if (!(isExact(time) && (available === null || isExact(available)))) this.#useIntegers();
    if (this.length === this.row.length) this.#grow();
    const position = this.#placeOf(fastest(time), available === null ? null : fastest(available));
    if (position < this.length)
      for (const array of [this.time, this.available, this.row])
        array.copyWithin(position + 1, position, this.length);
    if (this.time instanceof BigInt64Array) this.time[position] = time;
    else this.time[position] = Number(time);
    if (this.available instanceof BigInt64Array) this.available[position] = available ?? neverInteger;
    else this.available[position] = available === null ? neverFloat : Number(available);
    this.row[position] = row;
    this.length++;
    return position;
  }

  /** Positions [start, end) of the rows at an event time. */
  at(time: bigint): { readonly start: number; readonly end: number } {
    const bound = fastest(time);
    const start = firstAtOrAfter(this.time, 0, this.length, bound);
    return { start, end: firstAfter(this.time, start, this.length, bound) };
  }

  /** Whether the row at a position has no available at. */
  isNeverKnown(position: number): boolean {
    const available = this.available[position];
    return available === neverFloat || available === neverInteger;
  }

  /** Keeps only the given positions, which are in order. */
  keep(positions: readonly number[]): void {
    positions.forEach((from, to) => {
      this.time[to] = this.time[from] as never;
      this.available[to] = this.available[from] as never;
      this.row[to] = this.row[from] as number;
    });
    this.length = positions.length;
  }

  /** After every row that is not greater: a later arrival wins among equals. */
  #placeOf(time: number | bigint, available: number | bigint | null): number {
    const { length } = this;
    let position = length;
    if (length > 0 && (this.time[length - 1] as number | bigint) > time)
      position = firstAfter(this.time, 0, length, time);
    // Among rows of one time, null availability comes first and the others follow in order.
    while (
      position > 0 &&
      (this.time[position - 1] as number | bigint) >= time &&
      !this.isNeverKnown(position - 1) &&
      (available === null || (this.available[position - 1] as number | bigint) > available)
    )
      position--;
    return position;
  }

  #grow(): void {
    const capacity = this.row.length * 2;
    const copy = (from: Instants): Instants => {
      const to = from instanceof BigInt64Array ? new BigInt64Array(capacity) : new Float64Array(capacity);
      (to as Float64Array).set(from as Float64Array);
      return to;
    };
    this.time = copy(this.time);
    this.available = copy(this.available);
    const rows = new Int32Array(capacity);
    rows.set(this.row);
    this.row = rows;
  }

  /** Instants beyond 2^53 microseconds (the year 2255) need int64. */
  #useIntegers(): void {
    const convert = (from: Instants): Instants =>
      from instanceof BigInt64Array
        ? from
        : BigInt64Array.from(from, (value) => (value === neverFloat ? neverInteger : BigInt(value)));
    this.time = convert(this.time);
    this.available = convert(this.available);
  }
}

/** A number where it is exact, which compares faster than a bigint. */
function fastest(micros: bigint): number | bigint {
  return isExact(micros) ? Number(micros) : micros;
}

function isExact(micros: bigint): boolean {
  return micros >= -(2n ** 53n) && micros <= 2n ** 53n;
}
