import type { SqliteDatabase } from "../../../src/home/sqlite.ts";

/** One object of a database's schema. */
export interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly sql: string | null;
}

/** The schema of an open database. */
export function schemaOf(sql: SqliteDatabase): SchemaObject[] {
  return sql
    .prepare('SELECT type, name, tbl_name AS "table", sql FROM sqlite_master ORDER BY type, name')
    .all<SchemaObject>();
}

/** One line per object that only one side has or that the two define differently; layout, quoting and the order of constraints do not count. */
export function schemaDifferences(ours: readonly SchemaObject[], theirs: readonly SchemaObject[]): string[] {
  const left = new Map(ours.map((object) => [`${object.type} ${object.name}`, normalised(object)]));
  const right = new Map(theirs.map((object) => [`${object.type} ${object.name}`, normalised(object)]));
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  return names.flatMap((name) => {
    if (!right.has(name)) return [`only ours: ${name}`];
    if (!left.has(name)) return [`only theirs: ${name}`];
    return left.get(name) === right.get(name)
      ? []
      : [`differs: ${name}\n  ours:   ${left.get(name)}\n  theirs: ${right.get(name)}`];
  });
}

function normalised({ table, sql }: SchemaObject): string {
  const text = (sql ?? "").replaceAll('"', "").replace(/\s+/g, " ");
  const parts = topLevelParts(text.replace(/ ?([(),]) ?/g, "$1"));
  // MLflow itself writes the constraints of a table that it rebuilt in an order that changes from run to run.
  const isConstraint = (part: string): boolean => /^(CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)\b/.test(part);
  const ordered = [...parts.filter((part) => !isConstraint(part)), ...parts.filter(isConstraint).sort()];
  return `${table}: ${ordered.join(", ")}`;
}

/** Splits at the commas inside the outermost parentheses only. */
function topLevelParts(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")") depth--;
    const isEdge =
      (text[i] === "(" && depth === 1) || (text[i] === "," && depth === 1) || i === text.length - 1;
    if (!isEdge) continue;
    parts.push(text.slice(start, i));
    start = i + 1;
  }
  return parts;
}

/** What SQLite itself makes of every table: columns, keys, indexes. Rows of PRAGMAs by table. */
export function structureOf(sql: SqliteDatabase): Record<string, unknown> {
  const tables = schemaOf(sql).filter((object) => object.type === "table");
  return Object.fromEntries(
    tables.map(({ name }) => {
      const pragma = (call: string): unknown[] => sql.prepare(`PRAGMA ${call}`).all();
      const indexes = (pragma(`index_list(${name})`) as { name: string; unique: bigint; origin: string }[])
        .map(({ name, unique, origin }) => ({
          name,
          unique,
          origin,
          columns: pragma(`index_xinfo(${name})`),
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return [
        name,
        {
          columns: pragma(`table_xinfo(${name})`),
          foreignKeys: pragma(`foreign_key_list(${name})`),
          indexes,
        },
      ];
    }),
  );
}
