import { TsopsError } from "../../errors.ts";
import { bool, nullable } from "../../schema/column-type.ts";
import { type BoolColumn, type Column, type Float64Column, isValid } from "../../schema/columns.ts";
import { calendarFields } from "../../time/calendar.ts";
import type { Roles } from "./choose-roles.ts";
import type { Read } from "./read-files.ts";

/** The rows with the columns as they are compared. */
export interface SettledColumns {
  readonly read: readonly Read[];
  readonly roles: Roles;
}

/**
 * What only the values tell of a column: numbers that are 0 or 1 are compared as true and false, and those that follow from the time (its hour, its weekday) are left out unless they
 * were named.
 * @throws TsopsError CONFIG_INVALID where no column is left
 */
export function settleColumns(
  read: readonly Read[],
  roles: Roles,
  isNamed: boolean,
  zone: string,
  tell: (line: string) => void,
): SettledColumns {
  const numbers = roles.columns.filter(({ kind }) => kind === "number").map(({ name }) => name);
  const calendar = isNamed ? new Set<string>() : calendarColumns(read, numbers, zone);
  const flags = new Set(numbers.filter((name) => !calendar.has(name) && areFlags(read, name)));
  if (flags.size > 0) tell(`compared as true and false, as all values are 0 or 1: ${[...flags].join(", ")}`);
  const columns = roles.columns.filter(({ name }) => !calendar.has(name));
  if (columns.length === 0)
    throw new TsopsError("CONFIG_INVALID", "All columns follow from the time.", {
      hint: "Name those that are to be tested anyway with --columns.",
    });
  return {
    read: flags.size === 0 ? read : read.map((one) => withFlags(one, flags)),
    roles: {
      ...roles,
      columns: columns.map((column) => (flags.has(column.name) ? { ...column, kind: "bool" } : column)),
      untested: [
        ...roles.untested,
        ...[...calendar].map((column) => ({
          column,
          reason: "It follows from the time; --columns has it tested.",
        })),
      ],
    },
  };
}

/** Whether all values are 0 or 1, and both are there. */
function areFlags(read: readonly Read[], name: string): boolean {
  let [zeros, ones] = [false, false];
  for (const { columns } of read) {
    const column = columns.data[name] as Float64Column;
    for (let row = 0; row < columns.length; row++) {
      const value = column.values[row] as number;
      if (!isValid(column.valid, row) || Number.isNaN(value)) continue;
      if (value === 0) zeros = true;
      else if (value === 1) ones = true;
      else return false;
    }
  }
  return zeros && ones;
}

function withFlags(read: Read, flags: ReadonlySet<string>): Read {
  const { columns } = read;
  const flagged = (name: string): BoolColumn => {
    const { values, valid } = columns.data[name] as Float64Column;
    const bits = new Uint8Array(Math.ceil(columns.length / 8));
    for (let row = 0; row < columns.length; row++)
      if (isValid(valid, row) && !Number.isNaN(values[row]))
        bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7));
    return { kind: "bool", values: Uint8Array.from(values, (value) => (value === 1 ? 1 : 0)), valid: bits };
  };
  const names = Object.keys(columns.types);
  return {
    ...read,
    columns: {
      length: columns.length,
      types: { ...columns.types, ...Object.fromEntries([...flags].map((name) => [name, nullable(bool())])) },
      data: Object.fromEntries(
        names.map((name) => [name, flags.has(name) ? flagged(name) : (columns.data[name] as Column)]),
      ),
    },
  };
}

const calendarNames = /^(year|month|day|hour|minute|week|dow|week_?day|day_?of_?(week|month|year))$/i;

/** Columns that are called like a field of the calendar, and are that field of each time. */
function calendarColumns(read: readonly Read[], names: readonly string[], zone: string): ReadonlySet<string> {
  const named = names.filter((name) => calendarNames.test(name));
  if (named.length === 0 || read.some(({ times }) => times.isSteps)) return new Set();
  const fields = read.map(({ times }) => fieldsOf(times.values, zone));
  const counts = fields[0]?.length ?? 0;
  return new Set(
    named.filter((name) =>
      Array.from({ length: counts }, (_, field) => field).some((field) =>
        read.every(({ columns }, file) =>
          isField(columns.data[name] as Float64Column, fields[file]?.[field]),
        ),
      ),
    ),
  );
}

/** Fields as people number them, weekdays from Monday or Sunday and from 0 or 1 on. */
function fieldsOf(times: BigInt64Array, zone: string): readonly ArrayLike<number>[] {
  const { year, month, dayOfMonth, dayOfYear, week, weekday, hour, minute } = calendarFields(times, zone);
  const sunday = weekday.map((day) => (day + 1) % 7);
  const plusOne = (values: Uint8Array) => values.map((value) => value + 1);
  return [
    year,
    month,
    dayOfMonth,
    dayOfYear,
    week,
    weekday,
    plusOne(weekday),
    sunday,
    plusOne(sunday),
    hour,
    minute,
  ];
}

function isField({ values, valid }: Float64Column, field: ArrayLike<number> | undefined): boolean {
  if (field === undefined) return false;
  for (let row = 0; row < field.length; row++)
    if (!isValid(valid, row) || values[row] !== field[row]) return false;
  return true;
}
