import { type Data, DataType, DateUnit, TimeUnit, type Vector } from "apache-arrow";
import { TsopsError } from "../errors.ts";
import { isValid, type Validity } from "../schema/columns.ts";
import { secondsOf } from "../time/instant.ts";
import { resolveLocal } from "../time/local.ts";
import { resolveZone } from "../time/zone.ts";

/**
 * Values of a timestamp or date vector as microseconds UTC; shared when it is one chunk of microseconds that needs no
 * zone rule.
 */
export function timestampColumn(
  vector: Vector,
  valid: Validity,
  name: string,
  zone: string | undefined,
): BigInt64Array {
  const micros = inMicros(vector, valid, name);
  const { type } = vector;
  if (DataType.isTimestamp(type) && type.timezone) return micros;
  if (zone === undefined)
    throw new TsopsError(
      "TIME_ZONE_MISSING",
      `Column "${name}" is ${type} without a zone, so it holds no instants.`,
      {
        hint: `Declare the zone of the data: fromArrow(table, types, { zone: "UTC" }) or timestamp({ zone: "..." }).`,
        details: { column: name },
      },
    );
  return localToInstants(micros, valid, name, zone);
}

function inMicros(vector: Vector, valid: Validity, name: string): BigInt64Array {
  const { factor, divisor } = unitOf(vector.type);
  const [only] = vector.data;
  if (factor === 1n && divisor === 1n && vector.data.length === 1 && only !== undefined)
    return (only.values as BigInt64Array).subarray(0, vector.length);
  const result = new BigInt64Array(vector.length);
  let at = 0;
  for (const data of vector.data) {
    const values = int64Of(data);
    for (let i = 0; i < data.length; i++) {
      const value = values(i);
      const scaled = divisor === 1n ? value * factor : value / divisor;
      if (isValid(valid, at + i)) {
        if (divisor !== 1n && scaled * divisor !== value) throw cut(name, at + i, value);
        if (BigInt.asIntN(64, scaled) !== scaled) throw tooFar(name, at + i, value);
        result[at + i] = scaled;
      }
    }
    at += data.length;
  }
  return result;
}

function unitOf(type: DataType): { factor: bigint; divisor: bigint } {
  if (DataType.isDate(type))
    return { factor: type.unit === DateUnit.DAY ? 86_400_000_000n : 1_000n, divisor: 1n };
  switch ((type as { unit?: TimeUnit }).unit) {
    case TimeUnit.SECOND:
      return { factor: 1_000_000n, divisor: 1n };
    case TimeUnit.MILLISECOND:
      return { factor: 1_000n, divisor: 1n };
    case TimeUnit.NANOSECOND:
      return { factor: 1n, divisor: 1_000n };
    default:
      return { factor: 1n, divisor: 1n };
  }
}

function int64Of(data: Data): (index: number) => bigint {
  const values = data.values as BigInt64Array | Int32Array;
  return values instanceof BigInt64Array
    ? (index) => values[index] as bigint
    : (index) => BigInt(values[index] as number);
}

function localToInstants(
  local: BigInt64Array,
  valid: Validity,
  name: string,
  zoneName: string,
): BigInt64Array {
  const zone = resolveZone(zoneName);
  if (zone.fixedOffset === 0) return local;
  const result = new BigInt64Array(local.length);
  for (let i = 0; i < local.length; i++) {
    if (!isValid(valid, i)) continue;
    const micros = local[i] as bigint;
    const seconds = secondsOf(micros);
    const found = resolveLocal(zone, seconds);
    if (found.kind !== "unique")
      throw new TsopsError(
        "TIME_INVALID",
        `Column "${name}" holds a local time in row ${i} that ${zone.id} has ${found.kind === "repeated" ? "twice" : "not at all"}.`,
        {
          hint: "Convert the column to UTC where it is made, or declare a fixed offset if the data has no daylight saving.",
          details: { column: name, row: i },
        },
      );
    result[i] = micros + BigInt(found.earlier - seconds) * 1_000_000n;
  }
  return result;
}

function cut(name: string, row: number, nanos: bigint): TsopsError {
  return new TsopsError(
    "TIME_INVALID",
    `Column "${name}" holds ${nanos} ns in row ${row}, which is finer than a microsecond.`,
    {
      hint: "Cast the column to microseconds before, so that the cut is your decision.",
      details: { column: name, row },
    },
  );
}

function tooFar(name: string, row: number, value: bigint): TsopsError {
  return new TsopsError(
    "TIME_INVALID",
    `Column "${name}" holds ${value} in row ${row}, beyond 64-bit microseconds.`,
    {
      hint: "Check the unit of the column.",
      details: { column: name, row },
    },
  );
}
