import { type Columns, isValid, localToInstants, TsopsError, type Utf8Column, type Zone } from "@tsops/core";
import type { RelationColumn, ServerType } from "./relation.ts";
import { fitsTimestamptz } from "./sql-text.ts";

/** A column on its way out. */
export interface Origin {
  readonly serverType: ServerType;
  readonly doubles: Float64Array;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly codes: Int32Array;
  /** UTF-8 of a dictionary's texts, one after the other, and where each ends. */
  readonly texts: Uint8Array;
  readonly ends: Int32Array;
  readonly valid: Uint8Array | null;
}

const nothing = { doubles: new Float64Array(0), bytes: new Uint8Array(0), words: new Int32Array(0) };
const noText = { codes: new Int32Array(0), texts: new Uint8Array(0), ends: new Int32Array(0) };

/** The column's values, once they are known to fit. @throws TsopsError VALUE_INVALID, TIME_INVALID with the row, counted from `before` */
export function originOf(column: RelationColumn, { data, length }: Columns, before: number): Origin {
  const { name, serverType, zone } = column;
  const found = data[name];
  if (found === undefined) throw new TypeError(`no column ${name}`);
  const { valid } = found;
  const shared = { ...nothing, ...noText, serverType, valid };
  switch (found.kind) {
    case "float64":
      if (serverType === "float4") checkFloats(name, found.values, length, valid, before);
      return { ...shared, doubles: found.values };
    case "bool":
      return { ...shared, bytes: found.values };
    case "utf8":
      return { ...shared, codes: found.codes, ...encodeTexts(name, found, before) };
    case "int64":
      if (serverType !== "int8") checkIntegers(name, found.values, length, valid, before, serverType);
      return { ...shared, words: wordsOf(found.values) };
    case "timestamp": {
      checkInstants(name, found.values, length, valid, before);
      const values =
        zone === null ? found.values : toWallClock(name, found.values, zone, length, valid, before);
      return { ...shared, words: wordsOf(values) };
    }
  }
}

function wordsOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

const loneSurrogate = /\p{Surrogate}/u;

function encodeTexts(
  name: string,
  { codes, dictionary, valid }: Utf8Column,
  before: number,
): Pick<Origin, "texts" | "ends"> {
  const ends = new Int32Array(dictionary.length);
  let total = 0;
  for (const [code, text] of dictionary.entries()) {
    if (text.includes("\0") || loneSurrogate.test(text)) {
      // A dictionary may hold texts that no row has.
      const row = codes.findIndex((each, at) => each === code && isValid(valid, at));
      if (row >= 0)
        throw new TsopsError(
          "VALUE_INVALID",
          `Column "${name}" holds ${text.includes("\0") ? "NUL" : "half a character (a lone surrogate)"} in row ${before + row}, which PostgreSQL cannot store.`,
          {
            hint: "Remove it from the text before writing.",
            details: { column: name, row: before + row, text: JSON.stringify(text) },
          },
        );
    }
    total += Buffer.byteLength(text);
    ends[code] = total;
  }
  const texts = Buffer.allocUnsafe(total);
  for (const [code, text] of dictionary.entries())
    texts.write(text, code === 0 ? 0 : (ends[code - 1] as number));
  return { texts, ends };
}

type Valid = Uint8Array | null;

function checkFloats(name: string, values: Float64Array, length: number, valid: Valid, before: number): void {
  for (let row = 0; row < length; row++)
    if (!Object.is(Math.fround(values[row] as number), values[row]) && isValid(valid, row))
      throw doesNotFit(name, before + row, String(values[row]), "real");
}

function checkIntegers(
  name: string,
  values: BigInt64Array,
  length: number,
  valid: Valid,
  before: number,
  serverType: ServerType,
): void {
  const bound = serverType === "int4" ? 2n ** 31n : 2n ** 15n;
  for (let row = 0; row < length; row++) {
    const value = values[row] as bigint;
    if ((value >= bound || value < -bound) && isValid(valid, row))
      throw doesNotFit(name, before + row, String(value), serverType === "int4" ? "integer" : "smallint");
  }
}

function checkInstants(
  name: string,
  values: BigInt64Array,
  length: number,
  valid: Valid,
  before: number,
): void {
  const words = wordsOf(values);
  for (let row = 0; row < length; row++)
    // The high word is below this from about 4714 BC on: only then it is looked at exactly.
    if (
      (words[row * 2 + 1] as number) < -49_096_000 &&
      !fitsTimestamptz(values[row] as bigint) &&
      isValid(valid, row)
    )
      throw doesNotFit(name, before + row, `${values[row]} µs`, "timestamptz", "TIME_INVALID");
}

/** What the zone's clocks show, where that leads back to the same instant. */
function toWallClock(
  name: string,
  values: BigInt64Array,
  zone: Zone,
  length: number,
  valid: Valid,
  before: number,
): BigInt64Array {
  const local = new BigInt64Array(length);
  for (let row = 0; row < length; row++) {
    if (!isValid(valid, row)) continue;
    const micros = values[row] as bigint;
    local[row] = micros + BigInt(zone.periodAt(Math.floor(Number(micros) / 1e6)).offset) * 1_000_000n;
  }
  const back = local.slice();
  const problem = localToInstants(back, zone, (row) => isValid(valid, row));
  if (problem === null) return local;
  throw new TsopsError(
    "TIME_INVALID",
    `Column "${name}" holds an instant in row ${before + problem.row} that ${zone.id} has no time of its own for: its clocks show it twice.`,
    {
      hint: "Change the column's type to timestamptz, which keeps instants.",
      details: { column: name, row: before + problem.row },
    },
  );
}

function doesNotFit(
  name: string,
  row: number,
  value: string,
  serverType: string,
  code: "VALUE_INVALID" | "TIME_INVALID" = "VALUE_INVALID",
): TsopsError {
  return new TsopsError(
    code,
    `Column "${name}" holds ${value} in row ${row}, which ${serverType} cannot hold.`,
    {
      hint: "Widen the column's type in the database, or leave the row out.",
      details: { column: name, row },
    },
  );
}
