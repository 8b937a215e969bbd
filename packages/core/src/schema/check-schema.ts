import { TsopsError } from "../errors.ts";
import { resolveZone } from "../time/zone.ts";
import type { ColumnKind, ColumnTypes } from "./column-type.ts";

const kinds: readonly ColumnKind[] = ["float64", "int64", "utf8", "bool", "timestamp"];

/**
 * Checks a set of column types at run time: names, kinds, zones.
 * @throws TsopsError SCHEMA_INVALID
 */
export function assertColumnTypes(types: ColumnTypes): void {
  if (typeof types !== "object" || types === null || Array.isArray(types))
    throw invalid(
      `The column types are ${Array.isArray(types) ? "a list" : "not an object"}.`,
      "Write { name: float64(), ... }. Types come first, rows after them.",
    );
  for (const [name, type] of Object.entries(types)) {
    if (name === "" || name === "__proto__" || /[\0\p{Surrogate}]/u.test(name))
      throw invalid(`${JSON.stringify(name)} cannot be a column name.`, "Rename the column.");
    if (typeof type === "function")
      throw invalid(
        `Column "${name}" is given a function where its type belongs.`,
        `Call it: ${name}: ${calledLike(type)}().`,
      );
    if (typeof type !== "object" || type === null || !kinds.includes(type.kind))
      throw invalid(
        `Column "${name}" has no type that tsops knows.`,
        `Use one of ${kinds.map((kind) => `${kind}()`).join(", ")}.`,
      );
    if (typeof type.nullable !== "boolean")
      throw invalid(
        `Column "${name}" does not say whether it is nullable.`,
        "Make types with nullable(...).",
      );
    if (type.zone === undefined) continue;
    if (type.kind !== "timestamp")
      throw invalid(`Column "${name}" is ${type.kind} and has a zone.`, "Only timestamps have zones.");
    try {
      resolveZone(type.zone);
    } catch (cause) {
      throw new TsopsError(
        "SCHEMA_INVALID",
        `Column "${name}" has an unknown zone ${JSON.stringify(type.zone)}.`,
        {
          hint: 'Use an IANA name such as "Europe/Berlin", or an offset such as "-05:00".',
          details: { column: name, zone: type.zone },
          cause,
        },
      );
    }
  }
}

/** The name of the function that makes a type; code that was made smaller has other names. */
function calledLike(type: unknown): string {
  const { name } = type as { readonly name: string };
  return (kinds as readonly string[]).includes(name) ? name : "timestamp";
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("SCHEMA_INVALID", message, { hint });
}

/** How a set of columns differs from what was expected. */
export interface SchemaDifference {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly wrongKind: readonly {
    readonly column: string;
    readonly expected: string;
    readonly actual: string;
  }[];
  /** Columns that may hold nulls where none are expected. */
  readonly unexpectedNullable: readonly string[];
}

/** Compares two sets of columns by name; order, units and zones do not matter. Null when nothing differs. */
export function compareSchemas(expected: ColumnTypes, actual: ColumnTypes): SchemaDifference | null {
  const missing = Object.keys(expected).filter((name) => !Object.hasOwn(actual, name));
  const extra = Object.keys(actual).filter((name) => !Object.hasOwn(expected, name));
  const wrongKind: { column: string; expected: string; actual: string }[] = [];
  const unexpectedNullable: string[] = [];
  for (const [name, wanted] of Object.entries(expected)) {
    const found = Object.hasOwn(actual, name) ? actual[name] : undefined;
    if (found === undefined) continue;
    if (found.kind !== wanted.kind)
      wrongKind.push({ column: name, expected: wanted.kind, actual: found.kind });
    else if (found.nullable && !wanted.nullable) unexpectedNullable.push(name);
  }
  const same = missing.length + extra.length + wrongKind.length + unexpectedNullable.length === 0;
  return same ? null : { missing, extra, wrongKind, unexpectedNullable };
}

/** Whether two sets of columns have the same names, kinds and nullability, in any order. */
export function sameSchema(a: ColumnTypes, b: ColumnTypes): boolean {
  return compareSchemas(a, b) === null && compareSchemas(b, a) === null;
}

/**
 * Refuses columns that are not the expected ones. A column without nulls is fine where nulls are allowed.
 * @param subject - What is checked, for the sentence, e.g. `'The rows appended to "load"'`.
 * @throws TsopsError SCHEMA_MISMATCH; `details` is the `SchemaDifference`.
 */
export function assertSchema(expected: ColumnTypes, actual: ColumnTypes, subject = "The columns"): void {
  const difference = compareSchemas(expected, actual);
  if (difference === null) return;
  const { missing, extra, wrongKind, unexpectedNullable } = difference;
  const parts = [
    ...(missing.length > 0 ? [`missing ${list(missing)}`] : []),
    ...(extra.length > 0 ? [`not expected ${list(extra)}`] : []),
    ...(wrongKind.length > 0
      ? [`wrong type ${list(wrongKind.map((w) => `${w.column} (${w.actual}, expected ${w.expected})`))}`]
      : []),
    ...(unexpectedNullable.length > 0 ? [`may be null ${list(unexpectedNullable)}`] : []),
  ];
  throw new TsopsError("SCHEMA_MISMATCH", `${subject} do not match the schema: ${parts.join("; ")}.`, {
    hint: "Rename or convert the columns, or change the schema.",
    details: { ...difference },
  });
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
