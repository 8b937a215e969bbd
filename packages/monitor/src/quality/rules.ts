import { type ColumnKind, checkOptions, shown, TsopsError } from "@tsops/core";

/** From the least to the greatest, both allowed. */
export type Bounds = readonly [least: number, greatest: number];

/** Where the values of a column, or of one series of it, lie. */
export interface LevelRules {
  readonly rows: number;
  /** Median, and the values below which 1 % and 99 % of the reference lie. */
  readonly median: number;
  readonly central: Bounds;
  /** Medians of stretches of the reference: the least and the greatest. */
  readonly levels: Bounds;
  /** A value outside is a warning. */
  readonly usual: Bounds;
  /** A value outside is an error. */
  readonly possible: Bounds;
  /** The greatest change from one step to the next; a greater one is a warning. Null where none was learnt. */
  readonly maxStep: number | null;
}

/** What is known of the numbers of a column. */
export interface NumberRules extends LevelRules {
  /** Whether the numbers are few whole ones, as those of flags, codes and small counts. */
  readonly isFew: boolean;
  /** Whether the reference has no number below 0. */
  readonly isNeverNegative: boolean;
  /** Digits behind the point that nearly all numbers do with; null for more than 9. */
  readonly decimals: number | null;
  /** Share of the numbers that do with one digit less. */
  readonly rounder: number;
  /** More rows than these of one value, one after the other, are frozen: of zeros, and of another value; null where it is not judged. */
  readonly longestRun: { readonly zero: number | null; readonly other: number | null };
  /** Shares of rows at the least and at the greatest value of the reference. */
  readonly atEnds: Bounds;
  /** Numbers of the reference that stand for "no value". */
  readonly sentinels: readonly number[];
  /** What a day looks like, where days look alike. */
  readonly day: DayPattern | null;
}

/** The mean day in the zone of the rules, by hour: each day standardised, Saturday and Sunday apart. */
export interface DayPattern {
  readonly weekday: readonly number[];
  readonly weekend: readonly number[];
  /** Mean correlation of a day of the reference with the pattern. */
  readonly correlation: number;
  /** Hours by which three days of the reference in a row look early or late, at most. */
  readonly wander: number;
}

/** What is known of one column. */
export interface ColumnRules {
  readonly kind: ColumnKind;
  readonly unit: string | null;
  /** Share of nulls in the reference, and the share beyond which they are a warning. */
  readonly missing: { readonly usual: number; readonly most: number };
  /** Share of NaN and infinities among the values. */
  readonly nonFinite: number;
  readonly numbers: NumberRules | null;
  /** All texts that can occur; null where new ones are no news. */
  readonly texts: readonly string[] | null;
}

/**
 * What `learnQuality` learnt of a reference, and `checkQuality` holds other rows against: plain JSON, to be saved, read, and edited by
 * hand. A rule that is null is not checked.
 */
export interface QualityRules {
  readonly version: 1;
  readonly keys: readonly string[];
  readonly eventTime: string;
  readonly availableAt: string | null;
  readonly zone: string;
  /** How often a series has a row; null where it is irregular. */
  readonly frequency: string | null;
  /** An instant of the grid, where it does not begin at whole steps; ISO 8601. */
  readonly origin: string | null;
  /** A series whose latest row is older is stale. */
  readonly maxAge: string | null;
  readonly reference: {
    readonly rows: number;
    readonly series: number;
    readonly from: string | null;
    readonly to: string | null;
  };
  readonly columns: Readonly<Record<string, ColumnRules>>;
  /** Keys of the series, each with the levels of its own by column; null where there are too many to list. */
  readonly series: Readonly<Record<string, Readonly<Record<string, LevelRules>>>> | null;
}

/**
 * Refuses what is no `QualityRules`, as after an edit by hand that went wrong.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkRules(rules: QualityRules): void {
  checkOptions("MONITOR_INVALID", "rules", rules, {
    version: true,
    keys: true,
    eventTime: true,
    availableAt: true,
    zone: true,
    frequency: true,
    origin: true,
    maxAge: true,
    reference: true,
    columns: true,
    series: true,
  });
  if (rules.version !== 1)
    throw refused(`The rules are of version ${shown(rules.version)}; this release reads version 1.`);
  if (!Array.isArray(rules.keys) || typeof rules.eventTime !== "string" || typeof rules.zone !== "string")
    throw refused("The rules do not say keys, eventTime and zone.");
  if (typeof rules.columns !== "object" || rules.columns === null)
    throw refused(`The columns of the rules are ${shown(rules.columns)}.`);
  for (const [name, column] of Object.entries(rules.columns)) checkColumn(name, column);
  for (const [key, columns] of Object.entries(rules.series ?? {}))
    for (const [name, levels] of Object.entries(columns)) checkLevels(`${name} of ${key}`, levels);
}

function checkColumn(name: string, column: ColumnRules): void {
  checkOptions("MONITOR_INVALID", `The rules of column "${name}"`, column, {
    kind: true,
    unit: true,
    missing: true,
    nonFinite: true,
    numbers: true,
    texts: true,
  });
  if (typeof column.missing?.most !== "number")
    throw refused(`The rules of column "${name}" do not say what share can be missing.`);
  if (column.texts !== null && !Array.isArray(column.texts))
    throw refused(`The texts of column "${name}" are ${shown(column.texts)}, not a list or null.`);
  if (column.numbers !== null) checkLevels(name, column.numbers);
}

function checkLevels(name: string, levels: LevelRules): void {
  for (const field of ["central", "levels", "usual", "possible"] as const) {
    const bounds: unknown = levels?.[field];
    const isFine =
      Array.isArray(bounds) &&
      bounds.length === 2 &&
      bounds.every((value) => typeof value === "number" && Number.isFinite(value)) &&
      bounds[0] <= bounds[1];
    if (!isFine)
      throw refused(
        `The rule "${field}" of ${name} is ${Array.isArray(bounds) ? JSON.stringify(bounds) : shown(bounds)}; two numbers are needed, the least first.`,
      );
  }
}

function refused(message: string): TsopsError {
  return new TsopsError("MONITOR_INVALID", message, {
    hint: "Learn them with learnQuality(reference, { table }); a rule that is set to null by hand is not checked.",
  });
}
