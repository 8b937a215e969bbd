import type { Column, Columns } from "../../schema/columns.ts";
import { isValid } from "../../schema/columns.ts";

/** Numbers entity keys 0, 1, 2, ... by first appearance. Keys are equal when every part is, by type and value. */
export interface KeyIndex {
  /** Number of keys. */
  readonly size: number;
  /** The key number of every row, -1 where a part is null; keys that are new get the next number. */
  add(columns: Columns, names: readonly string[]): Int32Array;
  /** The key number of every row, -1 where a part is null or the key is unknown. */
  find(columns: Columns, names: readonly string[]): Int32Array;
}

/** Ids of parts and keys stay below this, so that a pair of them is one exact float64. */
const maxIds = 2 ** 26;

/** An empty index of keys with `parts` columns each. With no column there is one key, number 0. */
export function keyIndex(parts: number): KeyIndex {
  const values = Array.from({ length: parts }, () => new Map<string | bigint | number, number>());
  // pairs[p] numbers (number of the parts before p, value of part p); the last one's numbers are the key numbers.
  const pairs = Array.from({ length: parts }, () => new Map<number, number>());
  let size = parts === 0 ? 1 : 0;

  const encode = (columns: Columns, names: readonly string[], grow: boolean): Int32Array => {
    const result = new Int32Array(columns.length);
    names.forEach((name, part) => {
      const column = columns.data[name] as Column;
      const ids = idsOf(column, columns.length, values[part] as Map<string | bigint | number, number>, grow);
      const numbers = pairs[part] as Map<number, number>;
      for (let row = 0; row < result.length; row++) {
        const before = result[row] as number;
        const id = ids[row] as number;
        result[row] = before < 0 || id < 0 ? -1 : numberOf(numbers, before * maxIds + id, grow);
      }
      if (part === parts - 1) size = numbers.size;
    });
    return result;
  };
  return {
    get size() {
      return size;
    },
    add: (columns, names) => encode(columns, names, true),
    find: (columns, names) => encode(columns, names, false),
  };
}

function numberOf<T>(numbers: Map<T, number>, value: T, grow: boolean): number {
  const found = numbers.get(value);
  if (found !== undefined) return found;
  if (!grow) return -1;
  if (numbers.size === maxIds) throw new RangeError(`More than ${maxIds} distinct keys.`);
  numbers.set(value, numbers.size);
  return numbers.size - 1;
}

function idsOf(
  column: Column,
  length: number,
  known: Map<string | bigint | number, number>,
  grow: boolean,
): Int32Array {
  const ids = new Int32Array(length);
  const { valid } = column;
  if (column.kind === "utf8") {
    const byCode = new Int32Array(column.dictionary.length).fill(-2);
    for (let row = 0; row < length; row++) {
      if (!isValid(valid, row)) {
        ids[row] = -1;
        continue;
      }
      const code = column.codes[row] as number;
      let id = byCode[code] as number;
      if (id === -2) {
        id = numberOf(known, column.dictionary[code] as string, grow);
        byCode[code] = id;
      }
      ids[row] = id;
    }
    return ids;
  }
  for (let row = 0; row < length; row++)
    ids[row] = isValid(valid, row) ? numberOf(known, column.values[row] as bigint | number, grow) : -1;
  return ids;
}
