import { TsopsError } from "../../errors.ts";
import type { ColumnTypes } from "../../schema/column-type.ts";
import { type Column, type Columns, isValid, type TimestampColumn } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import type { Table } from "../../schema/table.ts";
import { type KeyIndex, keyIndex } from "../as-of/key-index.ts";
import type { ViewPlan } from "../as-of/plan.ts";
import { visibleFrom } from "./forget.ts";
import { GrowingColumns } from "./growing-columns.ts";
import { KeyBlock } from "./key-block.ts";

/** What became of observed rows. */
export interface ObservedCounts {
  /** Rows taken in. */
  readonly accepted: number;
  /** Accepted rows older than a row of their key that was there before them. */
  readonly late: number;
  /** Rows that were there already, with the same key, times and values; not taken in again. */
  readonly repeated: number;
  /** Rows with a null key, which match nothing and are not kept. */
  readonly withoutKey: number;
}

/** What `onlineFeatures` keeps of one table: the columns that its views read, by key and in order. */
export class OnlineTable {
  readonly #table: Table;
  readonly #types: ColumnTypes;
  #index: KeyIndex;
  #blocks: KeyBlock[] = [];
  #rows: GrowingColumns;
  #live = 0;

  /** @param types - The columns to keep, keys and times among them. */
  constructor(table: Table, types: ColumnTypes) {
    this.#table = table;
    this.#types = types;
    this.#index = keyIndex(table.keys.length);
    this.#rows = new GrowingColumns(this.#types);
  }

  /** Rows kept. */
  get length(): number {
    return this.#live;
  }

  /** Keys ever seen. */
  get keys(): number {
    return this.#index.size;
  }

  observe(rows: Columns, dropRepeats: boolean): ObservedCounts {
    checkObservedRows(this.#table, this.#types, rows);
    const { keys, eventTime, availableAt } = this.#table;
    const keyOf = this.#index.add(rows, keys);
    const time = rows.data[eventTime] as TimestampColumn;
    const available = availableAt === undefined ? null : (rows.data[availableAt] as TimestampColumn);
    const append = this.#rows.appender(rows);
    const isSame = this.#comparer(rows);
    const before = this.#rows.length;
    const matched = new Set<number>();
    const counts = { accepted: 0, late: 0, repeated: 0, withoutKey: 0 };
    for (let i = 0; i < rows.length; i++) {
      const key = keyOf[i] as number;
      if (key < 0) {
        counts.withoutKey++;
        continue;
      }
      const at = time.values[i] as bigint;
      const availableMicros =
        available !== null && isValid(available.valid, i) ? (available.values[i] as bigint) : null;
      let block = this.#blocks[key];
      if (block === undefined) {
        block = new KeyBlock();
        this.#blocks[key] = block;
      }
      if (dropRepeats && before > 0 && this.#hasRepeat(block, at, i, isSame, before, matched)) {
        counts.repeated++;
        continue;
      }
      if (block.length > 0 && (block.time[block.length - 1] as number | bigint) > at) counts.late++;
      block.insert(at, availableMicros, append(i));
      counts.accepted++;
    }
    this.#live += counts.accepted;
    return counts;
  }

  /** Positions of a key's rows by key number; undefined when nothing of it was observed. */
  block(key: number): KeyBlock | undefined {
    return this.#blocks[key];
  }

  /** The key number of every spine row, -1 when unknown. @param names - Spine columns, in the order of the table's keys. */
  findKeys(spine: Columns, names: readonly string[]): Int32Array {
    return this.#index.find(spine, names);
  }

  /** The columns that the blocks' rows point into; do not keep them past the next `observe`. */
  columns(): Columns {
    return this.#rows.view();
  }

  /** Drops what no lookup at or after `horizon` can see; see `visibleFrom`. */
  forget(views: readonly ViewPlan[], horizon: bigint): number {
    const { data } = this.#rows.view();
    let dropped = 0;
    for (const block of this.#blocks) {
      if (block === undefined) continue;
      const kept = visibleFrom(block, views, data, horizon);
      dropped += block.length - kept.length;
      if (kept.length < block.length) block.keep(kept);
    }
    this.#live -= dropped;
    if (this.#live < this.#rows.length / 2) this.#compact();
    return dropped;
  }

  /** The kept rows in order of arrival (a copy). */
  keptRows(): Columns {
    return takeColumns(this.#rows.view(), this.#keptRowNumbers());
  }

  #keptRowNumbers(): Int32Array {
    const numbers = new Int32Array(this.#live);
    let count = 0;
    for (const block of this.#blocks) {
      if (block === undefined) continue;
      numbers.set(block.row.subarray(0, block.length), count);
      count += block.length;
    }
    return numbers.sort();
  }

  #compact(): void {
    const kept = this.#keptRowNumbers();
    const renumbered = new Int32Array(this.#rows.length);
    const smaller = new GrowingColumns(this.#types);
    const append = smaller.appender(this.#rows.view());
    for (const row of kept) renumbered[row] = append(row);
    for (const block of this.#blocks)
      if (block !== undefined)
        for (let i = 0; i < block.length; i++) block.row[i] = renumbered[block.row[i] as number] as number;
    this.#rows = smaller;
  }

  /** A row that was there before this call and was not yet matched by another row of it. */
  #hasRepeat(
    block: KeyBlock,
    time: bigint,
    row: number,
    isSame: (stored: number, row: number) => boolean,
    before: number,
    matched: Set<number>,
  ): boolean {
    const { start, end } = block.at(time);
    for (let position = start; position < end; position++) {
      const stored = block.row[position] as number;
      if (stored >= before || matched.has(stored) || !isSame(stored, row)) continue;
      matched.add(stored);
      return true;
    }
    return false;
  }

  /** Compares a row that is stored by now with a new one, value by value; NaN equals NaN. */
  #comparer(rows: Columns): (stored: number, row: number) => boolean {
    const names = Object.keys(this.#types);
    const kept = this.#rows.view().data;
    return (stored, row) =>
      names.every((name) => sameValue(kept[name] as Column, stored, rows.data[name] as Column, row));
  }
}

function sameValue(a: Column, i: number, b: Column, j: number): boolean {
  const isHere = isValid(a.valid, i);
  if (isHere !== isValid(b.valid, j)) return false;
  if (!isHere) return true;
  const first = a.kind === "utf8" ? a.dictionary[a.codes[i] as number] : a.values[i];
  const second = b.kind === "utf8" ? b.dictionary[b.codes[j] as number] : b.values[j];
  return Object.is(first, second);
}

/**
 * Refuses rows that lack a column that is kept, or an event time.
 * @throws TsopsError COLUMN_NOT_FOUND, SCHEMA_MISMATCH, VALUE_INVALID
 */
export function checkObservedRows(table: Table, types: ColumnTypes, rows: Columns): void {
  const label = `The observed rows of table "${table.name}"`;
  for (const [name, type] of Object.entries(types)) {
    const found = Object.hasOwn(rows.data, name) ? (rows.data[name] as Column) : undefined;
    if (found === undefined)
      throw new TsopsError("COLUMN_NOT_FOUND", `${label} have no column "${name}".`, {
        hint: `They need ${Object.keys(types).join(", ")}.`,
        details: { table: table.name, column: name },
      });
    if (found.kind !== type.kind)
      throw new TsopsError("SCHEMA_MISMATCH", `${label} have "${name}" as ${found.kind}, not ${type.kind}.`, {
        hint: "Convert the column.",
        details: { table: table.name, column: name },
      });
  }
  const { valid } = rows.data[table.eventTime] as Column;
  for (let i = 0; i < rows.length; i++)
    if (!isValid(valid, i))
      throw new TsopsError("VALUE_INVALID", `${label} have no event time in row ${i}.`, {
        hint: "Leave out rows without an event time.",
        details: { table: table.name, row: i },
      });
}
