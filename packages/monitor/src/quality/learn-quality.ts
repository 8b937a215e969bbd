import {
  type Column,
  type Columns,
  checkColumns,
  checkOptions,
  countNulls,
  durationMicros,
  formatDuration,
  formatInstant,
  isValid,
  type Table,
} from "@tsops/core";
import { type Day, daysOf, patternOf } from "./day-pattern.ts";
import { countDecimals, usualDecimals } from "./decimals.ts";
import { areFew, learnLevels } from "./learn-levels.ts";
import { type Roles, rolesOf } from "./roles.ts";
import type { ColumnRules, LevelRules, NumberRules, QualityRules } from "./rules.ts";
import { countRun, eachRun, noRuns, usualRun } from "./runs.ts";
import { blankOut, sentinelsOf } from "./sentinels.ts";
import { changesOf, isNumeric, numbersOf, type TimedRows } from "./series.ts";
import { sortedSample } from "./tails.ts";
import { findFrequency } from "./usual-step.ts";

/** How a reference is read. */
export interface LearnQualityOptions {
  /** Says which columns are keys and times. */
  readonly table: Pick<Table, "keys" | "eventTime" | "availableAt">;
  /** How often each series has a row. Default: found in the times, none where they are irregular. */
  readonly frequency?: string;
  /** Zone in which days are counted. Default `"UTC"`. */
  readonly zone?: string;
}

/** Series beyond this number get no levels of their own, and no list of keys. */
const [mostLevels, mostKeys] = [1000, 50_000];
/** Rows of a series that is given levels of its own. */
const leastOwnRows = 100;
/** More different texts are no list of what can occur. */
const mostTexts = 200;

/**
 * Learns from rows that are taken for sound what `checkQuality(rows, { rules })` then expects: columns and their types, share of nulls, range
 * and rate of change by column and series, how long a value can stand still, texts, keys, decimals, frequency and the pattern of the day.
 * Outliers of the reference hardly count: bounds come from quartiles of the tails. They are wider where the reference has a trend or a season,
 * and the fewer rows it has; a reference should have 50 rows at least, and a whole season where there is one.
 * @returns Plain JSON, to be saved, read and edited by hand. O(n log n); beyond 100,000 values a column is learnt of a part of them.
 * @throws TsopsError MONITOR_INVALID, COLUMN_NOT_FOUND, SCHEMA_MISMATCH, FREQUENCY_INVALID, TIME_INVALID
 * @example const rules = learnQuality(lastMonth, { table: demand }); // JSON.stringify(rules) can be kept beside the model
 */
export function learnQuality(reference: Columns, options: LearnQualityOptions): QualityRules {
  checkColumns("MONITOR_INVALID", "learnQuality()", reference);
  checkOptions("MONITOR_INVALID", "learnQuality()", options, { table: true, frequency: true, zone: true });
  const roles = rolesOf(reference, options.table);
  return learnFrom(reference, roles, options);
}

/** `learnQuality` of rows whose series are known. */
export function learnFrom(
  reference: Columns,
  roles: Roles,
  options: Omit<LearnQualityOptions, "table">,
): QualityRules {
  const { zone = "UTC" } = options;
  const { series, table } = roles;
  const found =
    options.frequency === undefined
      ? findFrequency(series, zone)
      : { frequency: options.frequency, origin: null };
  const own: Record<string, Record<string, LevelRules>> = {};
  if (roles.keyTexts.length <= mostKeys) for (const key of [...roles.keyTexts].sort()) own[key] = {};
  const columns: Record<string, ColumnRules> = {};
  for (const name of Object.keys(reference.types))
    columns[name] = learnColumn(reference, name, roles, zone, (key, levels) => {
      (own[key] as Record<string, LevelRules>)[name] = levels;
    });
  return {
    version: 1,
    keys: [...table.keys],
    eventTime: table.eventTime,
    availableAt: table.availableAt ?? null,
    zone,
    frequency: found?.frequency ?? null,
    origin: found?.origin == null ? null : formatInstant(found.origin),
    maxAge: usualAge(series),
    reference: { rows: reference.length, series: roles.keyTexts.length, ...spanOf(series) },
    columns,
    series: roles.keyTexts.length <= mostKeys ? own : null,
  };
}

function learnColumn(
  reference: Columns,
  name: string,
  { series, table }: Roles,
  zone: string,
  tellLevels: (key: string, levels: LevelRules) => void,
): ColumnRules {
  const column = reference.data[name] as Column;
  const nulls = column.valid === null ? 0 : countNulls(column.valid, reference.length);
  const usual = reference.length === 0 ? 0 : nulls / reference.length;
  const isRole = table.keys.includes(name) || name === table.eventTime || name === table.availableAt;
  return {
    kind: column.kind,
    unit: reference.types[name]?.unit ?? null,
    missing: { usual, most: usual === 0 ? 0 : Math.min(1, 2 * usual + 0.05) },
    nonFinite: shareNonFinite(column, reference.length - nulls),
    numbers: isRole || !isNumeric(column) ? null : learnNumbers(column, series, zone, tellLevels),
    texts: isRole ? null : learnTexts(column, reference.length),
  };
}

function shareNonFinite(column: Column, values: number): number {
  if (column.kind !== "float64" || values === 0) return 0;
  let count = 0;
  column.values.forEach((value, row) => {
    if (!Number.isFinite(value) && isValid(column.valid, row)) count++;
  });
  return count / values;
}

function learnNumbers(
  column: Extract<Column, { kind: "float64" | "int64" }>,
  series: readonly TimedRows[],
  zone: string,
  tellLevels: (key: string, levels: LevelRules) => void,
): NumberRules | null {
  const parts = series.map(({ rows }) => numbersOf(column, rows));
  const sentinels = sentinelsOf(parts);
  blankOut(parts, sentinels);
  const changes = parts.map((part, i) => changesOf(part, (series[i] as TimedRows).times));
  const levels = learnLevels(parts, changes);
  if (levels === null) return null;
  if (series.length > 1 && series.length <= mostLevels)
    parts.forEach((part, i) => {
      if (part.length < leastOwnRows) return;
      const found = learnLevels([part], [changes[i] as Float64Array]);
      if (found !== null) tellLevels((series[i] as TimedRows).key, found);
    });
  const [zeros, others] = [noRuns(), noRuns()];
  for (const part of parts)
    eachRun(part, (from, to, value) => countRun(value === 0 ? zeros : others, to - from));
  const decimals = parts.reduce((counts, part) => countDecimals(part, counts), new Float64Array(11));
  const { least, greatest, atEnds } = endsOf(parts);
  const isFew = areFew(sortedSample(parts));
  return {
    ...levels,
    isFew,
    isNeverNegative: least >= 0 && greatest > 0,
    ...usualDecimals(decimals),
    longestRun: {
      zero: usualRun(zeros.longest === 0 ? others : zeros, isFew),
      other: usualRun(others, isFew),
    },
    atEnds,
    sentinels,
    day: learnDay(series, parts, zone),
  };
}

function endsOf(parts: readonly Float64Array[]): {
  least: number;
  greatest: number;
  atEnds: readonly [number, number];
} {
  let [least, greatest, atLeast, atGreatest, total] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    0,
    0,
  ];
  for (const part of parts)
    for (const value of part) {
      if (Number.isNaN(value)) continue;
      total++;
      if (value < least) [least, atLeast] = [value, 0];
      if (value > greatest) [greatest, atGreatest] = [value, 0];
      if (value === least) atLeast++;
      if (value === greatest) atGreatest++;
    }
  return { least, greatest, atEnds: total === 0 ? [0, 0] : [atLeast / total, atGreatest / total] };
}

/** Series of which the pattern of a day is learnt. */
const patternSeries = 50;

function learnDay(
  series: readonly TimedRows[],
  parts: readonly Float64Array[],
  zone: string,
): NumberRules["day"] {
  const days: Day[] = [];
  for (let i = 0; i < Math.min(series.length, patternSeries); i++)
    days.push(...daysOf(series[i] as TimedRows, parts[i] as Float64Array, zone));
  return patternOf(days);
}

/** Texts that can occur; null where so many occur once that new ones are to be expected (Good 1953). */
function learnTexts(column: Column, length: number): readonly string[] | null {
  if (column.kind !== "utf8") return null;
  const counts = new Int32Array(column.dictionary.length);
  let rows = 0;
  for (let row = 0; row < length; row++) {
    if (!isValid(column.valid, row)) continue;
    const code = column.codes[row] as number;
    counts[code] = (counts[code] as number) + 1;
    rows++;
  }
  const texts = column.dictionary.filter((_, code) => counts[code] !== 0);
  const once = counts.reduce((sum, count) => sum + (count === 1 ? 1 : 0), 0);
  return rows < 50 || texts.length > mostTexts || once > 0.01 * rows ? null : texts.sort();
}

/** Three usual steps, or half as long again as the longest break but the odd one; null for too few rows. */
function usualAge(series: readonly TimedRows[]): string | null {
  const longest = series.reduce((most, other) => (other.rows.length > most.rows.length ? other : most));
  const { times } = longest;
  if (times.length < 4) return null;
  const breaks = Float64Array.from({ length: times.length - 1 }, (_, i) =>
    Number((times[i + 1] as bigint) - (times[i] as bigint)),
  )
    .filter((step) => step > 0)
    .sort();
  if (breaks.length < 3) return null;
  const usual = breaks[Math.floor(0.5 * (breaks.length - 1))] as number;
  const long = breaks[Math.floor(0.995 * (breaks.length - 1))] as number;
  const age = Math.max(3 * usual, 1.5 * long);
  const unit = durationMicros(age >= 7_200_000_000 ? "1h" : age >= 120_000_000 ? "1m" : "1s");
  return formatDuration(((BigInt(Math.ceil(age)) + unit - 1n) / unit) * unit);
}

function spanOf(series: readonly TimedRows[]): { from: string | null; to: string | null } {
  const firsts = series.flatMap(({ times }) => (times.length === 0 ? [] : [times[0] as bigint]));
  const lasts = series.flatMap(({ times }) => (times.length === 0 ? [] : [times.at(-1) as bigint]));
  if (firsts.length === 0) return { from: null, to: null };
  return {
    from: formatInstant(firsts.reduce((a, b) => (b < a ? b : a))),
    to: formatInstant(lasts.reduce((a, b) => (b > a ? b : a))),
  };
}
