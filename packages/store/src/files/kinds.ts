import { quoteName, quoteText } from "../engine/sql-text.ts";
import { known, trimmed } from "./known-text.ts";
import { isLikeNumber } from "./number-form.ts";

/** A text as an instant; with or without seconds, and a blank before its offset. */
export function instant(name: string): string {
  const closed = `regexp_replace(${known(name)}, ' (Z|[+-][0-9:]{2,6})$', '\\1')`;
  return `TRY_CAST(regexp_replace(${closed}, '([T ][0-9]{1,2}:[0-9]{2})(Z|[+-])', '\\1:00\\2') AS TIMESTAMPTZ)`;
}

const offsetPattern = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$";
const datePattern = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}";

/** One row of counts about a column of text, under names that begin with its number: all that tells whether it holds plain numbers. */
export function plainCountsOf(name: string, number: number): string {
  const counts = {
    known: `count(${known(name)})`,
    filled: `count(${trimmed(name)})`,
    distinct: `count(DISTINCT ${trimmed(name)})`,
    numbers: `count(TRY_CAST(${known(name)} AS DOUBLE))`,
  };
  return Object.entries(counts)
    .map(([what, sql]) => `${sql}::BIGINT AS c${number}_${what}`)
    .join(", ");
}

/** The different texts of a column of `input`, in how many rows each stands. Most columns have few, and patterns take long. */
const textsOf = (name: string) =>
  `(SELECT ${quoteName(name)}::VARCHAR AS text, count(*) AS times FROM input GROUP BY ALL) AS texts`;

const rowsWhere = (condition: string) => `coalesce(sum(times) FILTER (${condition}), 0)::BIGINT`;

/** Query of one row: how many rows of a column of plain numbers are whole ones, and how many begin with a 0 that says nothing. */
export function wholeNumbersOf(name: string): string {
  const value = known("text");
  const integers = rowsWhere(`regexp_full_match(${value}, '0|-?[1-9][0-9]{0,17}')`);
  const padded = rowsWhere(`regexp_full_match(${value}, '0[0-9]+')`);
  return `SELECT ${integers} AS integers, ${padded} AS padded FROM ${textsOf(name)}`;
}

/** Query of one row: in how many rows a column of text that is not all plain numbers holds what may be numbers, truth values and times. */
export function textKindsOf(name: string): string {
  const value = known("text");
  const isTime = `regexp_full_match(${value}, '${datePattern}([T ].*)?')`;
  const hasOffset = `regexp_matches(${value}, ':[0-9]{2}.*${offsetPattern}')`;
  const offset = `regexp_extract(${value}, '${offsetPattern}')`;
  const counts = {
    likeNumbers: rowsWhere(isLikeNumber("text")),
    bools: rowsWhere(`lower(${value}) IN ('true', 'false')`),
    instants: rowsWhere(`${isTime} AND ${hasOffset} AND ${instant("text")} IS NOT NULL`),
    locals: rowsWhere(`${isTime} AND NOT ${hasOffset} AND TRY_CAST(${value} AS TIMESTAMP) IS NOT NULL`),
    dates: rowsWhere(`regexp_full_match(${value}, '${datePattern}')`),
    // +02, +0200 and +02:00 are one, and so are Z and +00:00.
    offsets: `count(DISTINCT rpad(replace(replace(${offset}, 'Z', '+00'), ':', ''), 5, '0'))::BIGINT`,
    offset: `min(${offset})`,
  };
  const list = Object.entries(counts).map(([what, sql]) => `${sql} AS ${what}`);
  return `SELECT ${list.join(", ")} FROM ${textsOf(name)}`;
}

/** Forms of times that `strptime` has none for, as SQL of the value; null where a text has another form. */
const ownForms: Readonly<Record<string, (value: string) => string>> = {
  unix: (value) =>
    `CASE WHEN regexp_full_match(${value}, '-?[0-9]{1,11}([.][0-9]+)?') THEN to_timestamp(${value}::DOUBLE) END`,
  "unix-ms": (value) =>
    `CASE WHEN regexp_full_match(${value}, '-?[0-9]{1,14}') THEN timezone('UTC', epoch_ms(${value}::BIGINT)) END`,
  week(value) {
    const part = (pattern: string) => `regexp_extract(upper(${value}), '${pattern}', 1)::BIGINT`;
    const ofYear = (year: string) => `date_trunc('week', make_timestamp(${year}, 1, 4, 0, 0, 0))`;
    const monday = `${ofYear(part("^([0-9]{4})"))} + to_days((7 * (${part("W([0-9]{2})$")} - 1))::INTEGER)`;
    // A year has a 53rd week where the next one does not begin before it ends.
    return `CASE WHEN regexp_full_match(upper(${value}), '[0-9]{4}-?W(0[1-9]|[1-4][0-9]|5[0-3])') AND ${monday} < ${ofYear(`${part("^([0-9]{4})")} + 1`)} THEN ${monday} END`;
  },
  quarter(value) {
    const part = (pattern: string) => `regexp_extract(upper(${value}), '${pattern}', 1)::BIGINT`;
    return `CASE WHEN regexp_full_match(upper(${value}), '[0-9]{4}[-/ ]?Q[1-4]|Q[1-4][-/ ]?[0-9]{4}') THEN make_timestamp(${part("([0-9]{4})")}, 3 * ${part("Q([1-4])")} - 2, 1, 0, 0, 0) END`;
  },
};

/** The time of a text by its form, as SQL; null where the text has another one. */
export function timeByForm(name: string, form: string): string {
  const own = Object.hasOwn(ownForms, form) ? ownForms[form] : undefined;
  return own === undefined ? `try_strptime(${known(name)}, ${quoteText(form)})` : own(known(name));
}

/** Seconds or milliseconds since 1970 that are in the years from 2000 to 2100; others are numbers of something else. */
const plausible = { unix: [946_684_800, 4_102_444_800], "unix-ms": [946_684_800_000, 4_102_444_800_000] };

/** One row of counts of the texts that have a form, in the order of `timeForms`; with those of `unix` only where they are likely to be meant. */
export function countsByForm(name: string): string {
  return timeForms
    .map((form, i) => {
      const value = timeByForm(name, form);
      const range = form === "unix" || form === "unix-ms" ? plausible[form] : null;
      const filter =
        range === null
          ? ""
          : ` FILTER (regexp_full_match(${known(name)}, '[0-9]{9,13}') AND TRY_CAST(${known(name)} AS BIGINT) BETWEEN ${range[0]} AND ${range[1]})`;
      return `count(${value})${filter}::BIGINT AS f${i}`;
    })
    .join(", ");
}

/** Formats that times are looked for in where they are not ISO 8601. Those of years alone come last: they are numbers as well. */
const timeFormats = [
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

/** All forms that times are looked for in. */
export const timeForms = [...timeFormats, "week", "quarter", "unix", "unix-ms"] as const;
