import type { Vector } from "apache-arrow";
import { DataType, Precision } from "apache-arrow";
import { TsopsError } from "../errors.ts";
import { isValid, type Validity } from "../schema/columns.ts";

type NumberArray = ArrayLike<number | bigint>;

/** Values of an integer vector of any width as int64; shared when it is one chunk of int64. */
export function intColumn(vector: Vector, valid: Validity, name: string): BigInt64Array {
  const [only] = vector.data;
  if (vector.data.length === 1 && only?.values instanceof BigInt64Array)
    return only.values.subarray(0, vector.length);
  const result = new BigInt64Array(vector.length);
  let at = 0;
  for (const { values, length } of vector.data) {
    if (values instanceof BigInt64Array) result.set(values.subarray(0, length), at);
    else if (values instanceof BigUint64Array)
      for (let i = 0; i < length; i++) {
        const value = values[i] as bigint;
        if (value > 0x7fffffffffffffffn && isValid(valid, at + i))
          throw doesNotFit(name, at + i, value, "int64");
        result[at + i] = value;
      }
    else for (let i = 0; i < length; i++) result[at + i] = BigInt((values as ArrayLike<number>)[i] as number);
    at += length;
  }
  return result;
}

/** Values of a numeric vector as float64; shared when it is one chunk of float64. Integers must be exact. */
export function floatColumn(vector: Vector, valid: Validity, name: string): Float64Array {
  const [only] = vector.data;
  if (vector.data.length === 1 && only?.values instanceof Float64Array)
    return only.values.subarray(0, vector.length);
  const result = new Float64Array(vector.length);
  const { type } = vector;
  const isHalf = DataType.isFloat(type) && type.precision === Precision.HALF;
  const isWide = DataType.isInt(type) && type.bitWidth === 64;
  let at = 0;
  for (const { values, length } of vector.data) {
    for (let i = 0; i < length; i++) {
      const value = (values as NumberArray)[i] as number | bigint;
      const number = isHalf ? halfToNumber(value as number) : Number(value);
      if (isWide && BigInt(number) !== value && isValid(valid, at + i))
        throw doesNotFit(name, at + i, value as bigint, "float64");
      result[at + i] = number;
    }
    at += length;
  }
  return result;
}

function doesNotFit(name: string, row: number, value: bigint, kind: string): TsopsError {
  return new TsopsError(
    "VALUE_INVALID",
    `Column "${name}" holds ${value} in row ${row}, which ${kind} cannot hold.`,
    {
      hint: "Cast the column before, so that the loss is your decision.",
      details: { column: name, row },
    },
  );
}

/** IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
