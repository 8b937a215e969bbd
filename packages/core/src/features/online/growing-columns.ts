import type { ColumnKind, ColumnTypes } from "../../schema/column-type.ts";
import { type Column, type Columns, isValid } from "../../schema/columns.ts";
import { type DictionaryBuilder, dictionaryBuilder } from "../../schema/dictionary.ts";
import { setNull } from "../../schema/validity.ts";

type Values = Float64Array | BigInt64Array | Uint8Array | Int32Array;

/** Columns that rows are appended to one at a time; memory doubles as they grow. */
export class GrowingColumns {
  readonly types: ColumnTypes;
  readonly #columns: readonly GrowingColumn[];
  #length = 0;

  constructor(types: ColumnTypes) {
    this.types = types;
    this.#columns = Object.entries(types).map(([name, type]) => new GrowingColumn(name, type.kind));
  }

  get length(): number {
    return this.#length;
  }

  /** Starts taking rows of `source`, which has at least these columns; the result copies one row and returns its number. */
  appender(source: Columns): (row: number) => number {
    const copies = this.#columns.map((column) => column.copier(source.data[column.name] as Column));
    return (row) => {
      for (const copy of copies) copy(row, this.#length);
      return this.#length++;
    };
  }

  /** The columns so far, on the same memory: do not keep them past the next append. */
  view(): Columns {
    const data: Record<string, Column> = {};
    for (const column of this.#columns) data[column.name] = column.view(this.#length);
    return { length: this.#length, types: this.types, data };
  }
}

class GrowingColumn {
  readonly name: string;
  readonly #kind: ColumnKind;
  readonly #dictionary: DictionaryBuilder = dictionaryBuilder();
  #values: Values;
  #valid: Uint8Array | null = null;

  constructor(name: string, kind: ColumnKind) {
    this.name = name;
    this.#kind = kind;
    this.#values = valuesOf(kind, 64);
  }

  copier(source: Column): (from: number, to: number) => void {
    const values = source.kind === "utf8" ? this.#recoded(source.codes, source.dictionary) : source.values;
    return (from, to) => {
      if (to >= this.#values.length) this.#grow(to + 1);
      if (isValid(source.valid, from)) {
        if (typeof values === "function") this.#values[to] = values(from);
        else this.#values[to] = values[from] as never;
      } else {
        this.#valid ??= new Uint8Array((this.#values.length + 7) >> 3).fill(0xff);
        setNull(this.#valid, to);
      }
    };
  }

  view(length: number): Column {
    const valid = this.#valid === null ? null : this.#valid.subarray(0, (length + 7) >> 3);
    if (this.#kind === "utf8")
      return {
        kind: "utf8",
        codes: this.#values.subarray(0, length) as Int32Array,
        dictionary: this.#dictionary.texts,
        valid,
      };
    return { kind: this.#kind, values: this.#values.subarray(0, length), valid } as Column;
  }

  #recoded(codes: Int32Array, dictionary: readonly string[]): (row: number) => number {
    const known = new Int32Array(dictionary.length).fill(-1);
    return (row) => {
      const code = codes[row] as number;
      if (known[code] === -1) known[code] = this.#dictionary.codeOf(dictionary[code] as string);
      return known[code] as number;
    };
  }

  #grow(length: number): void {
    const larger = valuesOf(this.#kind, Math.max(length, this.#values.length * 2));
    (larger as Int32Array).set(this.#values as Int32Array);
    this.#values = larger;
    if (this.#valid === null) return;
    const bits = new Uint8Array((larger.length + 7) >> 3).fill(0xff);
    bits.set(this.#valid);
    this.#valid = bits;
  }
}

function valuesOf(kind: ColumnKind, length: number): Values {
  switch (kind) {
    case "float64":
      return new Float64Array(length);
    case "utf8":
      return new Int32Array(length);
    case "bool":
      return new Uint8Array(length);
    default:
      return new BigInt64Array(length);
  }
}
