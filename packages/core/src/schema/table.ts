import { TsopsError } from "../errors.ts";
import { checkList, checkOptions } from "../options.ts";
import { assertColumnTypes } from "./check-schema.ts";
import type { ColumnType, ColumnTypes, NamesOfKind } from "./column-type.ts";

/**
 * A table's definition: its columns, what a row belongs to (keys), when it happened (event time) and, if it says so,
 * when it became known (available at).
 */
export interface Table<
  Name extends string = string,
  S extends ColumnTypes = ColumnTypes,
  Key extends keyof S & string = keyof S & string,
> {
  readonly name: Name;
  readonly columns: S;
  /** Entity key columns, most significant first. May be empty: the table then describes one entity. */
  readonly keys: readonly Key[];
  /** A timestamp column without nulls; `table` checks it. Plain text here, so that every table is a `Table`. */
  readonly eventTime: string;
  /** A timestamp column; null hides the row from joins that ask what was known. */
  readonly availableAt?: string;
}

/** Names of columns that can be keys: text, integers, booleans and instants, but not floats. */
export type KeyName<S extends ColumnTypes> = OrSentence<
  NamesOfKind<S, "utf8" | "int64" | "bool" | "timestamp">,
  "This table has no column that can be a key: keys are utf8, int64, bool or timestamp columns."
>;

/** Names of columns that can be the event time: timestamps that are never null. */
export type EventTimeName<S extends ColumnTypes> = OrSentence<
  {
    [K in keyof S & string]: S[K] extends ColumnType<infer Kind, infer Nullable>
      ? Kind extends "timestamp"
        ? Nullable extends true
          ? never
          : K
        : never
      : never;
  }[keyof S & string],
  "This table has no column that can be the event time: add a timestamp() that is not nullable."
>;

/** Names of timestamp columns, nullable or not. */
export type AvailableAtName<S extends ColumnTypes> = OrSentence<
  NamesOfKind<S, "timestamp">,
  "This table has no timestamp column: add one with timestamp()."
>;

type OrSentence<Names extends string, Sentence extends string> = [Names] extends [never] ? Sentence : Names;

/** What `table` takes. */
export interface TableDefinition<
  Name extends string,
  S extends ColumnTypes,
  Key extends string,
  EventTime extends string,
  AvailableAt extends string,
> {
  /** Letters, digits, `_` and `-`; it names a folder. */
  readonly name: Name;
  readonly columns: S;
  readonly keys: readonly Key[];
  readonly eventTime: EventTime;
  readonly availableAt?: AvailableAt;
}

/**
 * Defines a table.
 * @throws TsopsError SCHEMA_INVALID when a name is not a column, or a column of the wrong kind.
 * @example
 * const load = table({
 *   name: "load",
 *   columns: { station: utf8(), at: timestamp(), known: timestamp(), mw: nullable(float64()) },
 *   keys: ["station"],
 *   eventTime: "at",
 *   availableAt: "known",
 * });
 */
export function table<
  const Name extends string,
  const S extends ColumnTypes,
  const Key extends KeyName<S>,
  const EventTime extends EventTimeName<S>,
  const AvailableAt extends AvailableAtName<S>,
>(definition: TableDefinition<Name, S, Key, EventTime, AvailableAt>): Table<Name, S, Key & keyof S & string> {
  checkOptions("SCHEMA_INVALID", "table()", definition, {
    name: true,
    columns: true,
    keys: true,
    eventTime: true,
    availableAt: true,
  });
  const { name, columns, keys, eventTime, availableAt } = definition;
  if (typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(name))
    throw invalid(`${JSON.stringify(name)} cannot be a table name.`, {
      hint: "Use up to 100 letters, digits, _ and -, beginning with a letter.",
    });
  assertColumnTypes(columns);
  if (keys === undefined)
    throw invalid(`Table "${name}" does not say its keys.`, {
      hint: "Name the columns that tell its entities apart; write keys: [] for a table of one entity.",
    });
  checkList("SCHEMA_INVALID", "keys", keys);
  if (eventTime === undefined)
    throw invalid(`Table "${name}" does not say its event time.`, {
      hint: 'Name the timestamp column that says when a row happened: eventTime: "at".',
    });
  const require = (column: string, role: string, kinds: readonly string[]): ColumnType => {
    const type = Object.hasOwn(columns, column) ? columns[column] : undefined;
    if (type === undefined)
      throw invalid(`The ${role} "${column}" of table "${name}" is not one of its columns.`, {
        hint: `Its columns are ${Object.keys(columns).join(", ")}.`,
      });
    if (kinds.includes(type.kind)) return type;
    throw invalid(`The ${role} "${column}" of table "${name}" is ${type.kind}.`, {
      hint: `${role === "key" ? "A" : "An"} ${role} is ${kinds.join(", ")}.`,
    });
  };
  for (const key of keys) require(key, "key", ["utf8", "int64", "bool", "timestamp"]);
  if (new Set<string>(keys).size !== keys.length)
    throw invalid(`Table "${name}" names a key twice: ${keys.join(", ")}.`, { hint: "Name each key once." });
  if (require(eventTime, "event time", ["timestamp"]).nullable)
    throw invalid(`The event time "${eventTime}" of table "${name}" is nullable.`, {
      hint: "A row without an event time cannot be placed: drop such rows or fill them before.",
    });
  if ((keys as readonly string[]).includes(eventTime))
    throw invalid(`"${eventTime}" of table "${name}" is both a key and the event time.`, {
      hint: "Take it out of the keys.",
    });
  if (availableAt !== undefined) require(availableAt, "available-at column", ["timestamp"]);
  return {
    name,
    columns,
    keys: [...keys],
    eventTime,
    ...(availableAt === undefined ? {} : { availableAt }),
  } as unknown as Table<Name, S, Key & keyof S & string>;
}

function invalid(message: string, options: { hint: string }): TsopsError {
  return new TsopsError("SCHEMA_INVALID", message, options);
}
