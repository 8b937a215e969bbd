import { type DuckDBDecimalType, type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";
import { type ColumnKind, isValid, TsopsError } from "@tsops/core";

/** Arrays that hold a column's values, or codes of text. */
export type Numbers = Float64Array | BigInt64Array | Uint8Array | Int32Array;
/** Copies `rows` values of a vector to `target` from `start`; `row` is the first one's number in the result, for errors. */
type Copy<A> = (
  bytes: Uint8Array,
  valid: Uint8Array | null,
  rows: number,
  target: A,
  start: number,
  row: number,
) => void;

/** The kind that a DuckDB type becomes, and how its values are copied. */
export interface Widening<A extends Numbers = Numbers> {
  readonly kind: ColumnKind;
  /** Bytes of one value in DuckDB's vector. */
  readonly width: number;
  readonly create: (length: number) => A;
  readonly copy: Copy<A>;
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/** How a fixed-width DuckDB type is read; null when it cannot be. `wanted` float64 turns integers into floats. */
export function widening(name: string, type: DuckDBType, wanted: ColumnKind | undefined): Widening | null {
  const float = wanted === "float64";
  switch (type.typeId) {
    case DuckDBTypeId.DOUBLE:
      return floats(8, (bytes, rows) => new Float64Array(bytes.buffer, bytes.byteOffset, rows));
    case DuckDBTypeId.FLOAT:
      return floats(4, (bytes, rows) => new Float32Array(bytes.buffer, bytes.byteOffset, rows));
    case DuckDBTypeId.BOOLEAN:
      return erase({
        kind: "bool",
        width: 1,
        create: (length) => new Uint8Array(length),
        copy: (bytes, _, rows, target, start) => target.set(bytes.subarray(0, rows), start),
      });
    case DuckDBTypeId.BIGINT:
      return float ? bigFloats(int64s, 0) : sameInt64("int64", () => undefined);
    case DuckDBTypeId.TINYINT:
      return smallIntegers(1, Int8Array, float);
    case DuckDBTypeId.SMALLINT:
      return smallIntegers(2, Int16Array, float);
    case DuckDBTypeId.INTEGER:
      return smallIntegers(4, Int32Array, float);
    case DuckDBTypeId.UTINYINT:
      return smallIntegers(1, Uint8Array, float);
    case DuckDBTypeId.USMALLINT:
      return smallIntegers(2, Uint16Array, float);
    case DuckDBTypeId.UINTEGER:
      return smallIntegers(4, Uint32Array, float);
    case DuckDBTypeId.UBIGINT:
      return float ? bigFloats(uint64s, 0) : checkedInt64(name, type, uint64s);
    case DuckDBTypeId.HUGEINT:
      return float ? bigFloats(int128s, 0) : checkedInt64(name, type, int128s);
    case DuckDBTypeId.UHUGEINT:
      return float ? bigFloats(uint128s, 0) : checkedInt64(name, type, uint128s);
    case DuckDBTypeId.DECIMAL:
      return decimals(type as DuckDBDecimalType);
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return sameInt64("timestamp", (values, valid, row) => refuseInfinite(name, values, valid, row));
    case DuckDBTypeId.DATE:
      return dates(name);
    case DuckDBTypeId.TIMESTAMP_S:
      return instants(name, 1_000_000n, null);
    case DuckDBTypeId.TIMESTAMP_MS:
      return instants(name, 1000n, null);
    case DuckDBTypeId.TIMESTAMP_NS:
      return instants(name, null, 1000n);
    default:
      return null;
  }
}

function erase<A extends Numbers>(how: Widening<A>): Widening {
  return how as unknown as Widening;
}

function floats(width: number, view: (bytes: Uint8Array, rows: number) => ArrayLike<number>): Widening {
  return erase({
    kind: "float64",
    width,
    create: (length) => new Float64Array(length),
    copy: (bytes, _, rows, target, start) => target.set(view(bytes, rows), start),
  });
}

function sameInt64(
  kind: "int64" | "timestamp",
  check: (values: BigInt64Array, valid: Uint8Array | null, row: number) => void,
): Widening {
  return erase({
    kind,
    width: 8,
    create: (length) => new BigInt64Array(length),
    copy: (bytes, valid, rows, target, start, row) => {
      const source = int64s.view(bytes, rows);
      check(source, valid, row);
      target.set(source, start);
    },
  });
}

type SmallArray = new (
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
) => Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

function smallIntegers(width: number, array: SmallArray, float: boolean): Widening {
  if (float) return floats(width, (bytes, rows) => new array(bytes.buffer, bytes.byteOffset, rows));
  return erase({
    kind: "int64",
    width,
    create: (length) => new BigInt64Array(length),
    copy: (bytes, _, rows, target, start) => {
      const source = new array(bytes.buffer, bytes.byteOffset, rows);
      // Two 32-bit stores are several times faster than a conversion to bigint.
      const halves = new Int32Array(target.buffer, target.byteOffset + start * 8, rows * 2);
      for (let i = 0; i < rows; i++) {
        const value = source[i] as number;
        halves[2 * i] = value;
        halves[2 * i + 1] = value < 0 ? -1 : 0;
      }
    },
  });
}

/** Integers of 64 or 128 bits: how to view a vector and read one value. */
interface WideIntegers<V> {
  readonly width: number;
  view(bytes: Uint8Array, rows: number): V;
  at(view: V, index: number): bigint;
}

const int64s: WideIntegers<BigInt64Array> = {
  width: 8,
  view: (bytes, rows) => new BigInt64Array(bytes.buffer, bytes.byteOffset, rows),
  at: (view, index) => view[index] as bigint,
};
const uint64s: WideIntegers<BigUint64Array> = {
  width: 8,
  view: (bytes, rows) => new BigUint64Array(bytes.buffer, bytes.byteOffset, rows),
  at: (view, index) => view[index] as bigint,
};
const int128s: WideIntegers<BigUint64Array> = {
  width: 16,
  view: (bytes, rows) => new BigUint64Array(bytes.buffer, bytes.byteOffset, rows * 2),
  at: (view, index) =>
    (BigInt.asIntN(64, view[2 * index + 1] as bigint) << 64n) | (view[2 * index] as bigint),
};
const uint128s: WideIntegers<BigUint64Array> = {
  width: 16,
  view: int128s.view,
  at: (view, index) => ((view[2 * index + 1] as bigint) << 64n) | (view[2 * index] as bigint),
};

/** The nearest float64 of each integer over 10 to the `scale`. */
function bigFloats<V>(integers: WideIntegers<V>, scale: number): Widening {
  const divisor = 10 ** scale;
  return erase({
    kind: "float64",
    width: integers.width,
    create: (length) => new Float64Array(length),
    copy: (bytes, _, rows, target, start) => {
      const source = integers.view(bytes, rows);
      for (let i = 0; i < rows; i++) {
        const value = integers.at(source, i);
        const number = Number(value);
        // A quotient of two exact floats is rounded once; beyond 2^53 or 10^22 it would be rounded twice.
        const isExact = scale === 0 || (scale <= 22 && Math.abs(number) <= Number.MAX_SAFE_INTEGER);
        target[start + i] = isExact ? number / divisor : Number(`${value}e-${scale}`);
      }
    },
  });
}

function checkedInt64<V>(name: string, type: DuckDBType, integers: WideIntegers<V>): Widening {
  return erase({
    kind: "int64",
    width: integers.width,
    create: (length) => new BigInt64Array(length),
    copy: (bytes, valid, rows, target, start, row) => {
      const source = integers.view(bytes, rows);
      for (let i = 0; i < rows; i++) {
        const value = integers.at(source, i);
        if ((value < minInt64 || value > maxInt64) && isValid(valid, i))
          throw new TsopsError(
            "VALUE_INVALID",
            `Column "${name}" (${type}) holds ${value} in row ${row + i}, which does not fit int64.`,
            { hint: "Cast the column to DOUBLE in the query.", details: { column: name, row: row + i } },
          );
        target[start + i] = value;
      }
    },
  });
}

function decimals(type: DuckDBDecimalType): Widening {
  const divisor = 10 ** type.scale;
  if (type.width <= 4) return scaled(2, Int16Array, divisor);
  if (type.width <= 9) return scaled(4, Int32Array, divisor);
  return type.width <= 18 ? bigFloats(int64s, type.scale) : bigFloats(int128s, type.scale);
}

function scaled(width: number, array: SmallArray, divisor: number): Widening {
  return erase({
    kind: "float64",
    width,
    create: (length) => new Float64Array(length),
    copy: (bytes, _, rows, target, start) => {
      const source = new array(bytes.buffer, bytes.byteOffset, rows);
      for (let i = 0; i < rows; i++) target[start + i] = (source[i] as number) / divisor;
    },
  });
}

function dates(name: string): Widening {
  return erase({
    kind: "timestamp",
    width: 4,
    create: (length) => new BigInt64Array(length),
    copy: (bytes, valid, rows, target, start, row) => {
      const source = new Int32Array(bytes.buffer, bytes.byteOffset, rows);
      for (let i = 0; i < rows; i++) {
        const days = source[i] as number;
        if ((days === 0x7fffffff || days === -0x7fffffff) && isValid(valid, i)) throw infinite(name, row + i);
        target[start + i] = fitting(name, BigInt(days) * 86_400_000_000n, valid, i, row);
      }
    },
  });
}

/** Instants in another unit: `times` µs each, or `per` of them a microsecond. */
function instants(name: string, times: bigint | null, per: bigint | null): Widening {
  return erase({
    kind: "timestamp",
    width: 8,
    create: (length) => new BigInt64Array(length),
    copy: (bytes, valid, rows, target, start, row) => {
      const source = int64s.view(bytes, rows);
      refuseInfinite(name, source, valid, row);
      for (let i = 0; i < rows; i++) {
        const value = source[i] as bigint;
        if (per === null) target[start + i] = fitting(name, value * (times as bigint), valid, i, row);
        else {
          const micros = value / per;
          if (micros * per !== value && isValid(valid, i))
            throw new TsopsError(
              "VALUE_INVALID",
              `Column "${name}" holds an instant with nanoseconds in row ${row + i}; tsops keeps microseconds.`,
              {
                hint: "Cast the column to TIMESTAMP in the query to drop the nanoseconds.",
                details: { column: name, row: row + i },
              },
            );
          target[start + i] = micros;
        }
      }
    },
  });
}

function fitting(name: string, micros: bigint, valid: Uint8Array | null, i: number, row: number): bigint {
  if (BigInt.asIntN(64, micros) === micros || !isValid(valid, i)) return micros;
  throw new TsopsError(
    "VALUE_INVALID",
    `Column "${name}" holds an instant beyond the year 294246 in row ${row + i}, which 64 bits of microseconds cannot hold.`,
    { hint: "Replace such instants by null in the query.", details: { column: name, row: row + i } },
  );
}

/** DuckDB keeps ±infinity as ±(2^63 - 1). */
function refuseInfinite(name: string, values: BigInt64Array, valid: Uint8Array | null, row: number): void {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const high = halves[2 * i + 1] as number;
    if (high !== 0x7fffffff && high !== -0x80000000) continue;
    const low = halves[2 * i] as number;
    if (low === (high < 0 ? 1 : -1) && isValid(valid, i)) throw infinite(name, row + i);
  }
}

function infinite(name: string, row: number): TsopsError {
  return new TsopsError("VALUE_INVALID", `Column "${name}" holds an infinite instant (row ${row}).`, {
    hint: "Replace infinite instants by null in the query.",
    details: { column: name, row },
  });
}
