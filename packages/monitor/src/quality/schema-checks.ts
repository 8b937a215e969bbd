import { type Columns, isValid, TsopsError } from "@tsops/core";
import { type QualityFinding, some } from "./finding.ts";
import type { ColumnRules, QualityRules } from "./rules.ts";

/** What differs between the columns and those of the reference. */
export function schemaDifferences(columns: Columns, rules: QualityRules): QualityFinding[] {
  const missing = Object.keys(rules.columns).filter((name) => !Object.hasOwn(columns.data, name));
  const extra = Object.keys(columns.types).filter((name) => !Object.hasOwn(rules.columns, name));
  const renamed = new Map(
    missing.map((name) => [name, extra.filter((other) => squeezed(other) === squeezed(name))]),
  );
  return [
    ...missing.map((name) => missingColumn(name, renamed.get(name) ?? [])),
    ...Object.entries(rules.columns).flatMap(([name, column]) =>
      Object.hasOwn(columns.data, name) ? differences(columns, name, column) : [],
    ),
    ...extraColumns(extra),
  ];
}

/** A name without what people write differently. */
function squeezed(name: string): string {
  return name.toLowerCase().replace(/[\s_\-.]/g, "");
}

function schemaFinding(
  told: Pick<QualityFinding, "column" | "severity" | "reason" | "sentence" | "cause" | "hint"> & {
    readonly count?: number;
    readonly rows?: readonly number[];
  },
): QualityFinding {
  const { column, severity, reason, sentence, cause, hint, count = 1, rows = [] } = told;
  return {
    check: "schema",
    column,
    key: null,
    severity,
    reason,
    count,
    rows,
    from: null,
    to: null,
    sentence,
    cause,
    hint,
  };
}

function missingColumn(name: string, renamed: readonly string[]): QualityFinding {
  return schemaFinding({
    column: name,
    severity: "error",
    reason: "what reads it fails or goes without",
    sentence: `The column ${name} is not there; the reference has it.`,
    cause:
      renamed.length > 0 ? `It is called ${some(renamed)} now.` : "It was renamed or left out at the source.",
    hint: "Bring the column back, or learn the rules again if nobody reads it any more.",
  });
}

function extraColumns(names: readonly string[]): QualityFinding[] {
  if (names.length === 0) return [];
  return [
    schemaFinding({
      column: names.length === 1 ? (names[0] as string) : null,
      severity: "info",
      reason: "nothing reads it yet",
      count: names.length,
      sentence: `The reference has no column ${some(names)}.`,
      cause: "It was added at the source.",
      hint: "Learn the rules again, so that it is checked.",
    }),
  ];
}

function differences(columns: Columns, name: string, { kind, unit }: ColumnRules): QualityFinding[] {
  const type = columns.types[name] as Columns["types"][string];
  const found: QualityFinding[] = [];
  if (type.kind !== kind) found.push(otherKind(columns, name, kind));
  if (unit !== null && type.unit !== undefined && type.unit !== unit)
    found.push(
      schemaFinding({
        column: name,
        severity: "error",
        reason: "numbers of two units are compared",
        sentence: `The unit of ${name} is ${type.unit}; in the reference it is ${unit}.`,
        cause: "The source, or the table's definition, has another unit.",
        hint: `Convert the values to ${unit}, or learn the rules again.`,
      }),
    );
  return found;
}

function otherKind(columns: Columns, name: string, kind: ColumnRules["kind"]): QualityFinding {
  const column = columns.data[name] as Columns["data"][string];
  const isNumber = (text: string) => text.trim() !== "" && Number.isFinite(Number(text));
  const wasNumber = kind === "float64" || kind === "int64";
  const isSoft = wasNumber && (column.kind === "float64" || column.kind === "int64");
  let [cause, rows, count] = [
    "The source, or what reads it, changed the type.",
    [] as number[],
    columns.length,
  ];
  if (wasNumber && column.kind === "utf8") {
    const isText = column.dictionary.map((text) => !isNumber(text));
    const odd = new Set<string>();
    count = 0;
    for (let row = 0; row < columns.length; row++) {
      const code = column.codes[row] as number;
      if (!isValid(column.valid, row) || !isText[code]) continue;
      count++;
      if (rows.length < 5) rows.push(row);
      odd.add(JSON.stringify(column.dictionary[code]));
    }
    cause =
      odd.size === 0
        ? "All texts are numbers: the numbers are quoted."
        : `Texts that are no numbers turned the whole column into text: ${some([...odd])}.`;
    if (count === 0) [rows, count] = [[], columns.length];
  } else if (isSoft)
    cause =
      kind === "int64"
        ? "A null or a fraction among whole numbers turned them into floats."
        : "All values are whole now: they may have been rounded.";
  return schemaFinding({
    column: name,
    severity: isSoft ? "warning" : "error",
    reason: isSoft
      ? "the numbers can still be read"
      : "values of this type cannot be held against those of the reference",
    count,
    rows,
    sentence: `${name} is ${column.kind}; in the reference it is ${kind}.`,
    cause,
    hint: `Read it as ${kind} again.`,
  });
}

/** @throws TsopsError SCHEMA_MISMATCH when the columns that make series are not those of the rules */
export function checkRoles(
  table: { readonly keys: readonly string[]; readonly eventTime: string },
  rules: QualityRules,
): void {
  if (table.eventTime === rules.eventTime && table.keys.join("\n") === rules.keys.join("\n")) return;
  const shown = ({ keys, eventTime }: typeof table) =>
    `keys ${keys.length === 0 ? "none" : keys.join(", ")}, time ${eventTime}`;
  throw new TsopsError(
    "SCHEMA_MISMATCH",
    `The rules were learnt of a table with ${shown(rules)}; this one has ${shown(table)}.`,
    { hint: "Leave `table` out, or learn the rules of the same keys and time." },
  );
}
