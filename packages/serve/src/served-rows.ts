import { type Columns, type SeriesKey, seriesKeyText } from "@tsops/core";
import { keyAt, timesOf } from "./rows.ts";

/** A row of feature columns. */
export interface RowRef {
  readonly columns: Columns;
  readonly row: number;
}

/**
 * Remembers which feature row was served for a series and instant until that instant is observed, so that a model absorbs
 * the covariates that it was really given. Holds no more than what is predicted and not yet observed.
 */
export class ServedRows {
  readonly #keys: readonly string[];
  readonly #time: string;
  readonly #rows = new Map<string, Map<bigint, RowRef>>();

  /** @param keys - Key columns. @param time - Time column. */
  constructor(keys: readonly string[], time: string) {
    this.#keys = keys;
    this.#time = time;
  }

  /** Remembers one prediction's features; a later prediction of the same instant replaces an earlier one. */
  add(columns: Columns): void {
    const times = timesOf(columns, this.#time);
    for (let row = 0; row < columns.length; row++) {
      const series = seriesKeyText(keyAt(columns, this.#keys, row));
      const byTime = this.#rows.get(series) ?? new Map<bigint, RowRef>();
      byTime.set(times[row] as bigint, { columns, row });
      this.#rows.set(series, byTime);
    }
  }

  /** Where the features of an instant were served, or null. */
  find(key: SeriesKey, time: bigint): RowRef | null {
    return this.#rows.get(seriesKeyText(key))?.get(time) ?? null;
  }

  /** Forgets what a series has observed, up to and including `time`. */
  forget(key: SeriesKey, time: bigint): void {
    const byTime = this.#rows.get(seriesKeyText(key));
    for (const served of byTime?.keys() ?? []) if (served <= time) byTime?.delete(served);
  }
}
