import { TsopsError } from "@tsops/core";

/** A name in SQL, as it is: quoted, case kept. */
export function quoteName(name: string): string {
  if (name === "" || name.includes("\0"))
    throw new TsopsError("SCHEMA_INVALID", `${JSON.stringify(name)} cannot be a name in PostgreSQL.`, {
      hint: "Give it at least one character, and no NUL.",
    });
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"name"` or `"schema.name"` as SQL. */
export function quoteRelation(relation: string): string {
  const parts = relation.split(".");
  if (parts.length <= 2) return parts.map(quoteName).join(".");
  throw new TsopsError("CONFIG_INVALID", `The relation ${JSON.stringify(relation)} has more than one dot.`, {
    hint: 'Write "name" or "schema.name".',
  });
}

/** Text in SQL, whatever `standard_conforming_strings` says. Not for text with NUL, which no value of PostgreSQL has. */
export function quoteText(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

const lowest = -210_866_803_200_000_000n; // 4714-11-24 BC, the first day of timestamptz
const microsOfDay = 86_400_000_000n;

/** Whether `timestamptz` can hold an instant. Its end lies beyond 64-bit microseconds since 1970. */
export function fitsTimestamptz(micros: bigint): boolean {
  return micros >= lowest;
}

/** An instant as a constant of type `timestamptz`, to the microsecond. */
export function instantSql(micros: bigint): string {
  return `'${wallClock(micros)}+00${isBeforeChrist(micros) ? " BC" : ""}'::timestamptz`;
}

/** A wall-clock time (microseconds as if in UTC) as a constant of type `timestamp`. */
export function localSql(micros: bigint): string {
  return `'${wallClock(micros)}${isBeforeChrist(micros) ? " BC" : ""}'::timestamp`;
}

const isBeforeChrist = (micros: bigint): boolean => civilOf(micros).year < 1;

function wallClock(micros: bigint): string {
  const { year, month, day, microsOfDay: rest } = civilOf(micros);
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = Math.floor(rest / 1e6);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  const shownYear = String(year < 1 ? 1 - year : year).padStart(4, "0");
  return `${shownYear}-${two(month)}-${two(day)} ${time}.${String(rest % 1e6).padStart(6, "0")}`;
}

/** Date covers fewer years than timestamptz: 400 years are 146,097 days, so the date is looked up in a year that it has. */
function civilOf(micros: bigint): { year: number; month: number; day: number; microsOfDay: number } {
  const rest = ((micros % microsOfDay) + microsOfDay) % microsOfDay;
  const days = Number((micros - rest) / microsOfDay);
  const eras = Math.floor(days / 146_097);
  const date = new Date((days - eras * 146_097) * 86_400_000);
  return {
    year: date.getUTCFullYear() + eras * 400,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    microsOfDay: Number(rest),
  };
}
