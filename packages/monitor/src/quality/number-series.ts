import type { Column, Columns } from "@tsops/core";
import type { WriteInstant } from "./finding.ts";
import { learnLevels } from "./learn-levels.ts";
import type { LevelRules, NumberRules, QualityRules } from "./rules.ts";
import { blankOut, sentinelsOf } from "./sentinels.ts";
import { numbersOf, type TimedRows } from "./series.ts";

/** A column of numbers with what is expected of it, in front of the checks. */
export interface NumberColumn {
  readonly name: string;
  /** Unit for sentences, with a space before it. */
  readonly unit: string;
  readonly parts: readonly NumberSeries[];
  /** Rules of a reference; null where the rows are held against themselves. */
  readonly rules: NumberRules | null;
  readonly write: WriteInstant;
}

/** The numbers of one series. */
export interface NumberSeries {
  readonly series: TimedRows;
  /** By time; NaN for nulls, for what is not finite, and for what a check before has explained. */
  readonly values: Float64Array;
  /** Of the reference, else of these rows; null for too few. */
  readonly levels: LevelRules | null;
  /** Whether the levels are of this one series. */
  readonly isOwn: boolean;
}

/** Reads a column; its levels come from the rules, or from the rows themselves. */
export function numberColumn(
  columns: Columns,
  name: string,
  series: readonly TimedRows[],
  rules: QualityRules | null,
  write: WriteInstant,
): NumberColumn {
  const column = columns.data[name] as Extract<Column, { kind: "float64" | "int64" }>;
  const values = series.map(({ rows }) => numbersOf(column, rows));
  const unit = columns.types[name]?.unit;
  const numbers = rules?.columns[name]?.numbers ?? null;
  const levelsOf = rules === null ? ownLevels(values) : ruleLevels(name, series, rules);
  return {
    name,
    unit: unit === undefined ? "" : ` ${unit}`,
    parts: series.map((one, i) => ({ series: one, values: values[i] as Float64Array, ...levelsOf(i) })),
    rules: numbers,
    write,
  };
}

type LevelsOf = (i: number) => Pick<NumberSeries, "levels" | "isOwn">;

function ruleLevels(name: string, series: readonly TimedRows[], rules: QualityRules): LevelsOf {
  const pooled = rules.columns[name]?.numbers ?? null;
  const isOne = rules.series !== null && Object.keys(rules.series).length <= 1;
  return (i) => {
    const { key } = series[i] as TimedRows;
    const own =
      rules.series !== null && Object.hasOwn(rules.series, key) ? rules.series[key]?.[name] : undefined;
    return own === undefined || pooled === null
      ? { levels: pooled, isOwn: isOne }
      : { levels: own, isOwn: true };
  };
}

/** Rows of a series that is held against itself. */
const leastOwnRows = 200;

function ownLevels(values: readonly Float64Array[]): LevelsOf {
  const clean = values.map((part) => part.slice());
  blankOut(clean, sentinelsOf(clean));
  return (i) => {
    const part = clean[i] as Float64Array;
    return { levels: part.length < leastOwnRows ? null : learnLevels([part], null), isOwn: true };
  };
}
