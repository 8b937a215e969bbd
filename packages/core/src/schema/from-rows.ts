import { TsopsError } from "../errors.ts";
import { checkList, checkOptions, shown } from "../options.ts";
import { type Disambiguation, type InstantInput, type InstantProblem, readMicros } from "../time/instant.ts";
import { resolveZone } from "../time/zone.ts";
import { assertColumnTypes } from "./check-schema.ts";
import type { ColumnType, ColumnTypes, InputRowOf } from "./column-type.ts";
import type { Column, Columns } from "./columns.ts";
import { dictionaryBuilder } from "./dictionary.ts";
import { fullBitmap, setNull } from "./validity.ts";
import { describeValue, problemList, type ValueProblems } from "./value-problems.ts";

/** How to read rows. */
export interface FromRowsOptions {
  /** What to do with zone-less times that occur twice or never in the column's zone. Default `"reject"`. */
  readonly disambiguation?: Disambiguation;
}

/**
 * Turns row objects into columns (copies). Fields that are not in `types` are ignored; a missing field is null. Both at once look
 * like a misspelt name and are refused: a field that is not in `types`, and a nullable column that no row has.
 * All rows are checked before the error is thrown: it lists the first offending values and counts all.
 * @throws TsopsError VALUE_INVALID (wrong type, null where none is allowed, a number that is no exact int64),
 * TIME_INVALID, TIME_ZONE_MISSING (zone-less text in a timestamp column without `zone`), SCHEMA_INVALID, SCHEMA_MISMATCH
 * @example
 * const columns = columnsFromRows({ at: timestamp(), mw: float64() }, [{ at: "2026-01-01T00:00:00Z", mw: 41.5 }]);
 */
export function columnsFromRows<const S extends ColumnTypes>(
  types: S,
  rows: readonly InputRowOf<S>[],
  options: FromRowsOptions = {},
): Columns<S> {
  checkOptions("SCHEMA_INVALID", "columnsFromRows()", options, { disambiguation: true });
  assertColumnTypes(types);
  checkList("VALUE_INVALID", "rows", rows);
  refuseNoObjects(types, rows);
  refuseMisspelt(types, rows);
  const problems = problemList();
  const data: Record<string, Column> = {};
  for (const [name, type] of Object.entries(types)) {
    const column = columnFromValues(
      name,
      type,
      rows.length,
      (row) => (rows[row] as Record<string, unknown>)[name],
      problems,
      options.disambiguation ?? "reject",
    );
    data[name] = column;
  }
  problems.throwIfAny("rows");
  return { length: rows.length, types, data: data as Columns<S>["data"] };
}

function refuseNoObjects(types: ColumnTypes, rows: readonly unknown[]): void {
  const isRow = (row: unknown): boolean => typeof row === "object" && row !== null && !Array.isArray(row);
  const first = rows.findIndex((row) => !isRow(row));
  if (first === -1) return;
  const count = rows.reduce<number>((sum, row) => sum + Number(!isRow(row)), 0);
  throw new TsopsError(
    "VALUE_INVALID",
    `Row ${first} is ${shown(rows[first])}, not an object.${count > 1 ? ` So are ${count - 1} more.` : ""}`,
    {
      hint: `Give rows like { ${Object.keys(types).slice(0, 3).join(", ")} }, and leave out those that are none.`,
      details: { row: first, count },
    },
  );
}

/** Nothing would tell a misspelt field of a nullable column from a missing value, so its values would be lost in silence. */
function refuseMisspelt(types: ColumnTypes, rows: readonly unknown[]): void {
  const isObject = (row: unknown): row is object => typeof row === "object" && row !== null;
  const absent = Object.keys(types).filter(
    (name) => types[name]?.nullable === true && !rows.some((row) => isObject(row) && name in row),
  );
  if (absent.length === 0) return;
  for (const [index, row] of rows.entries()) {
    const unknown = isObject(row) ? Object.keys(row).filter((name) => !Object.hasOwn(types, name)) : [];
    if (unknown.length > 0)
      throw new TsopsError(
        "SCHEMA_MISMATCH",
        `No row has ${absent.map((name) => `"${name}"`).join(", ")}, but row ${index} has ${unknown.map((name) => `"${name}"`).join(", ")}, which the schema does not know.`,
        {
          hint: `Correct the name; or leave out the unknown field, or give ${absent[0]} as null, if that is meant.`,
          details: { absent, unknown, row: index },
        },
      );
  }
}

/** Reads one column of plain values; offending values are added to `problems` and left as zero. */
export function columnFromValues(
  name: string,
  type: ColumnType,
  length: number,
  valueAt: (row: number) => unknown,
  problems: ValueProblems,
  disambiguation: Disambiguation,
): Column {
  let valid: Uint8Array | null = null;
  const each = (read: (value: unknown, row: number) => string | InstantProblem | null): void => {
    for (let row = 0; row < length; row++) {
      const value = valueAt(row);
      if (value === null || value === undefined) {
        if (!type.nullable)
          problems.add(
            row,
            name,
            value === null
              ? "is null, and the column is not nullable"
              : "is absent (the row has no value of that name), and the column is not nullable",
          );
        valid ??= fullBitmap(length);
        setNull(valid, row);
        continue;
      }
      const problem = read(value, row);
      if (problem !== null) problems.add(row, name, problem);
    }
  };
  switch (type.kind) {
    case "float64": {
      const values = new Float64Array(length);
      each((value, row) => {
        if (typeof value !== "number") return `is ${describeValue(value)}, expected a number`;
        values[row] = value;
        return null;
      });
      return { kind: "float64", values, valid };
    }
    case "int64": {
      const values = new BigInt64Array(length);
      each((value, row) => {
        if (typeof value === "bigint") {
          if (BigInt.asIntN(64, value) !== value) return `is ${value}, outside 64 bits`;
          values[row] = value;
          return null;
        }
        if (typeof value !== "number") return `is ${describeValue(value)}, expected a bigint`;
        if (!Number.isInteger(value)) return `is ${value}, not an integer`;
        if (!Number.isSafeInteger(value))
          return `is ${value}, beyond 2^53 where numbers are not exact: pass a bigint`;
        values[row] = BigInt(value);
        return null;
      });
      return { kind: "int64", values, valid };
    }
    case "timestamp": {
      const values = new BigInt64Array(length);
      const zone = type.zone === undefined ? null : resolveZone(type.zone);
      each((value, row) => {
        const micros = readMicros(value as InstantInput, zone, disambiguation);
        if (typeof micros !== "bigint") return micros;
        values[row] = micros;
        return null;
      });
      return { kind: "timestamp", values, valid };
    }
    case "bool": {
      const values = new Uint8Array(length);
      each((value, row) => {
        if (typeof value !== "boolean") return `is ${describeValue(value)}, expected true or false`;
        values[row] = value ? 1 : 0;
        return null;
      });
      return { kind: "bool", values, valid };
    }
    case "utf8": {
      const codes = new Int32Array(length);
      const dictionary = dictionaryBuilder();
      each((value, row) => {
        if (typeof value !== "string") return `is ${describeValue(value)}, expected text`;
        codes[row] = dictionary.codeOf(value);
        return null;
      });
      return { kind: "utf8", codes, dictionary: dictionary.texts, valid };
    }
  }
}
