import { quoteName } from "../engine/sql-text.ts";

/** What is written where a number or a time is not known. */
const marks = ["na", "n/a", "#n/a", "nan", "null", "none", "-", "."];

/** A text without the blanks round it; null when nothing is left. */
export function trimmed(name: string): string {
  return `nullif(trim(${quoteName(name)}::VARCHAR), '')`;
}

/** The same, null also for what stands for a missing number or time. */
export function known(name: string): string {
  const text = trimmed(name);
  return `CASE WHEN lower(${text}) IN (${marks.map((mark) => `'${mark}'`).join(", ")}) THEN NULL ELSE ${text} END`;
}

/** A text as an instant; with or without seconds, and a blank before its offset. */
export function instant(name: string): string {
  const closed = `regexp_replace(${known(name)}, ' (Z|[+-][0-9:]{2,6})$', '\\1')`;
  return `TRY_CAST(regexp_replace(${closed}, '([T ][0-9]{1,2}:[0-9]{2})(Z|[+-])', '\\1:00\\2') AS TIMESTAMPTZ)`;
}

const offsetPattern = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$";
const datePattern = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}";

/** One row of counts about a column of text, under names that begin with its number. */
export function countsOf(name: string, number: number): string {
  const value = known(name);
  const isTime = `regexp_full_match(${value}, '${datePattern}([T ].*)?')`;
  const hasOffset = `regexp_matches(${value}, ':[0-9]{2}.*${offsetPattern}')`;
  const counts = {
    known: `count(${value})`,
    filled: `count(${trimmed(name)})`,
    distinct: `count(DISTINCT ${trimmed(name)})`,
    integers: `count(*) FILTER (regexp_full_match(${value}, '0|-?[1-9][0-9]{0,17}'))`,
    padded: `count(*) FILTER (regexp_full_match(${value}, '0[0-9]+'))`,
    numbers: `count(TRY_CAST(${value} AS DOUBLE))`,
    bools: `count(*) FILTER (lower(${value}) IN ('true', 'false'))`,
    instants: `count(*) FILTER (${isTime} AND ${hasOffset} AND ${instant(name)} IS NOT NULL)`,
    locals: `count(*) FILTER (${isTime} AND NOT ${hasOffset} AND TRY_CAST(${value} AS TIMESTAMP) IS NOT NULL)`,
    dates: `count(*) FILTER (regexp_full_match(${value}, '${datePattern}'))`,
    offsets: `count(DISTINCT regexp_extract(${value}, '${offsetPattern}'))`,
  };
  return Object.entries(counts)
    .map(([what, sql]) => `${sql}::BIGINT AS c${number}_${what}`)
    .concat(`min(regexp_extract(${value}, '${offsetPattern}')) AS c${number}_offset`)
    .join(", ");
}

/** Formats that times are looked for in where they are not ISO 8601. Those of years alone come last: they are numbers as well. */
export const timeFormats = [
  "%d.%m.%Y",
  "%d.%m.%Y %H:%M",
  "%d.%m.%Y %H:%M:%S",
  "%d/%m/%Y",
  "%d/%m/%Y %H:%M",
  "%d/%m/%Y %H:%M:%S",
  "%m/%d/%Y",
  "%m/%d/%Y %H:%M",
  "%m/%d/%Y %H:%M:%S",
  "%m/%d/%Y %I:%M %p",
  "%m/%d/%Y %I:%M:%S %p",
  "%d-%m-%Y",
  "%m-%d-%Y",
  "%d %b %Y",
  "%d-%b-%Y",
  "%b %d, %Y",
  "%b %Y",
  "%Y-%m",
  "%Y/%m",
  "%m/%Y",
  "%Y%m%d",
  "%Y%m%d%H",
  "%Y%m%d%H%M",
  "%Y%m%d %H%M",
  "%Y%m",
  "%Y-%m-%d %H",
] as const;
