import { TsopsError } from "../../errors.ts";
import { checkList, checkOptions, checkWord, type OptionNames, shown } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import { type CalendarFeature, type CalendarField, calendarFieldNames } from "./calendar-features.ts";
import type { Holidays } from "./holidays.ts";
import { type AnyHolidays, type RegionalHolidays, resolveAnyHolidays } from "./regional-holidays.ts";

/** How values of a window are summed up; missing values are left out, and a window without any is missing. */
export type WindowAggregateName = "mean" | "std" | "min" | "max" | "median" | "ewm";

/** A feature from several past values. */
export interface WindowFeature {
  readonly aggregate: WindowAggregateName;
  /**
   * Number of values. `"all"` takes every row since the first one (an expanding window; not for medians, ewm or with `every`): the fitted
   * forecaster then keeps the whole history.
   */
  readonly width: number | "all";
  /** For `"ewm"`, in (0, 1): a value weighs (1 - alpha) times as much as the next newer one. */
  readonly alpha?: number;
  /** Rows from one value to the next. Default 1; 24 takes the same hour of successive days from hourly data. */
  readonly every?: number;
  /**
   * Rows from the newest value to the predicted row. Left out, the window ends at the cutoff: with `every`, at the newest
   * known value a multiple of `every` rows before the predicted one. 0 (the row itself) is for known-future columns only.
   */
  readonly lag?: number;
  /** Covariate that is summed up. Default: the target. */
  readonly of?: string;
  /** Known-future columns only: gives the row's own value minus the window, or divided by it, instead of the window. */
  readonly compare?: "difference" | "ratio";
}

/** A feature from the latest known values of rows that are like the predicted row. */
export interface MatchFeature {
  /** Calendar fields and known-future columns that must be equal, e.g. `["hour", "workingday"]`. */
  readonly fields: readonly string[];
  /** Number of matching values that are averaged. Default 1. */
  readonly count?: number;
  /** Rows to look back from the predicted one, at most. */
  readonly within: number;
}

/** The level that a row's target is put in relation to. */
export interface LevelOptions {
  /** Number of rows before the cutoff whose mean is the level. */
  readonly width: number;
  /** `"ratio"`: divided by the mean of the absolute values. `"difference"`: the mean is subtracted. Default `"ratio"`. */
  readonly by?: "ratio" | "difference";
}

/** Sine and cosine waves through a season, for regressors that cannot cut it into pieces. */
export interface FourierTerms {
  /** Rows in one cycle; not necessarily a whole number, e.g. 365.25. */
  readonly length: number;
  /** Number of waves: 1 wave of the whole length, 2 with its half too, and so on. Default 1. */
  readonly terms?: number;
}

/**
 * What predicts the steps of a horizon. `"recursive"`: a model of one step, fed its own predictions. `"direct"`: one model of all steps from the cutoff. `"perStep"`: a model for each step.
 */
export type ReduceStrategy = "recursive" | "direct" | "perStep";

/** Settings of `reduce`. */
export interface ReduceOptions {
  /**
   * Default: `"direct"` when no lag, target window or difference reaches nearer than the horizon, otherwise `"recursive"`. When `"direct"` or `"perStep"` is asked for, lags shorter than the
   * horizon (of the target, of past-only columns and of windows) count back from the cutoff instead: 1 is the last value that is known there. A direct model that was asked for also knows the
   * `step` as a feature; those of single steps learn from every row and take as many fits as the horizon has steps.
   */
  readonly strategy?: ReduceStrategy;
  /** Past values of the target: 1 is the row before the predicted one. */
  readonly lags?: readonly number[];
  readonly windows?: readonly WindowFeature[];
  readonly matches?: readonly MatchFeature[];
  readonly calendar?: readonly CalendarFeature[];
  /**
   * Days that are unlike others, as lists of dates. Where rows lie within a day: whether it is a holiday, days to the next one and days since the last one. Of longer rows
   * (weeks, months): the number of holidays in them. Beyond the days that a list speaks for, a forecast is refused. Where they differ by region, a list for each
   * value of a static column: `{ by: "state", lists: { BY: bavarian, BE: berlin } }`.
   */
  readonly holidays?: readonly (Holidays | RegionalHolidays)[];
  /**
   * Lengths of seasons in rows: the place of a row in each, 0 to length - 1, is a numeric feature. It is counted on the panel's grid from a fixed cell, the same
   * for all series, so it needs no calendar: `[24, 168]` for hourly rows with days and weeks.
   */
  readonly positions?: readonly number[];
  readonly fourier?: readonly FourierTerms[];
  /** Past values of covariates. Past-only columns take part through lags and windows only. */
  readonly covariateLags?: Readonly<Record<string, readonly number[]>>;
  /** Known-future columns that are features as they are. Default: all of the panel's. */
  readonly covariates?: readonly string[];
  /** Key columns that are categorical features. Default: none. */
  readonly keys?: readonly string[];
  /** Static columns that are features: text as categories, the others as numbers. Default: all of the panel's. */
  readonly static?: readonly string[];
  /**
   * Applied to the target first, undone last. `"sqrt"` needs targets >= 0, `"log1p"` > -1, `"log"` and Box-Cox > 0. Default `"none"`. What a forecast then has as its mean is the mean on
   * the scale of the transform, brought back: about the median of the target, which is below its mean where errors are skewed.
   */
  readonly transform?: TargetTransform;
  /** Then the target becomes its difference to so many rows before, one after the other, e.g. `[1, 24]`. Default: none. */
  readonly differences?: readonly number[];
  /**
   * Then each series is centred and scaled by what its whole history in the fit says: `"standard"` by mean and standard deviation, `"robust"`
   * by median and interquartile range, `"absolute"` by the mean of absolute values alone. Default: none.
   */
  readonly scale?: LocalScale;
  /** Last, the target and all its features are put in relation to the level. Default: none. */
  readonly level?: LevelOptions;
  /**
   * First rows of each series that are not trained on, because their features look back beyond the beginning. Default: as many as lags and
   * windows look back; a smaller number trains on rows with missing features.
   */
  readonly warmup?: number;
  /**
   * Rows that are learnt from, at most: of more, so many are taken evenly over time and series. It bounds memory and time, as the features of all rows are held at once. Default:
   * all rows.
   */
  readonly maxTrainingRows?: number;
}

/** How each series is centred and scaled, see `ReduceOptions.scale`. */
export type LocalScale = "standard" | "robust" | "absolute";

/** A power of the target that evens out its variance: (y^lambda - 1) / lambda, and the logarithm for 0. Box & Cox 1964. */
export interface BoxCoxTransform {
  /**
   * The power, from 0 to 2; negative ones are refused, because not every forecast could be undone. `"guerrero"` chooses it within [0, 1] for each
   * series, so that pieces of a season's length vary alike. Guerrero 1993.
   */
  readonly boxCox: number | "guerrero";
  /** Rows in a piece, for `"guerrero"`. Default 2. */
  readonly seasonLength?: number;
}

/** A function of the target. */
export type TargetTransform = "none" | "log" | "log1p" | "sqrt" | BoxCoxTransform;

/** Options with every default filled in; `null` where there is none. JSON-serialisable. */
export interface ResolvedReduceOptions {
  readonly strategy: ReduceStrategy | null;
  readonly lags: readonly number[];
  readonly windows: readonly WindowFeature[];
  readonly matches: readonly Required<MatchFeature>[];
  readonly calendar: readonly {
    readonly field: CalendarField;
    readonly as: "numeric" | "categorical" | "cyclic";
  }[];
  readonly holidays: readonly AnyHolidays[];
  readonly positions: readonly number[];
  readonly fourier: readonly Required<FourierTerms>[];
  readonly covariateLags: Readonly<Record<string, readonly number[]>>;
  readonly covariates: readonly string[] | null;
  readonly keys: readonly string[];
  readonly static: readonly string[] | null;
  readonly transform: TargetTransform;
  readonly differences: readonly number[];
  readonly scale: LocalScale | null;
  readonly level: Required<LevelOptions> | null;
  readonly warmup: number | null;
  readonly maxTrainingRows: number | null;
}

const aggregates: readonly string[] = [
  "mean",
  "std",
  "min",
  "max",
  "median",
  "ewm",
] satisfies WindowAggregateName[];
const categoricalByDefault: readonly CalendarField[] = ["hour", "weekday", "month", "quarter", "hourOfWeek"];

const reduceOptionNames: OptionNames<ReduceOptions> = {
  strategy: true,
  lags: true,
  windows: true,
  matches: true,
  calendar: true,
  holidays: true,
  positions: true,
  fourier: true,
  covariateLags: true,
  covariates: true,
  keys: true,
  static: true,
  transform: true,
  differences: true,
  scale: true,
  level: true,
  warmup: true,
  maxTrainingRows: true,
};

/** @throws TsopsError MODEL_PARAMETER_INVALID naming the option. */
export function resolveReduceOptions(options: ReduceOptions): ResolvedReduceOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "reduce()", options, reduceOptionNames);
  const lists = [
    "lags",
    "windows",
    "matches",
    "calendar",
    "holidays",
    "positions",
    "fourier",
    "covariates",
    "keys",
    "static",
  ] as const;
  for (const name of [...lists, "differences"] as const)
    if (options[name] !== undefined) checkList("MODEL_PARAMETER_INVALID", name, options[name]);
  if (options.strategy !== undefined)
    checkWord("MODEL_PARAMETER_INVALID", "strategy", options.strategy, ["recursive", "direct", "perStep"]);
  const lags = distinct("lags", options.lags ?? [], 1);
  const windows = (options.windows ?? []).map((window, i) => checkWindow(window, `windows[${i}]`));
  const matches = (options.matches ?? []).map((match, i) => {
    checkOptions("MODEL_PARAMETER_INVALID", `matches[${i}]`, match, {
      fields: true,
      count: true,
      within: true,
    });
    if (!Array.isArray(match.fields) || match.fields.length === 0)
      throw invalid(
        `matches[${i}] names no fields.`,
        'Write e.g. { fields: ["hour", "workingday"], within: 336 }.',
      );
    return {
      fields: [...match.fields],
      count: wholeNumber(`matches[${i}].count`, match.count ?? 1),
      within: wholeNumber(`matches[${i}].within`, match.within),
    };
  });
  const calendar = (options.calendar ?? []).map((feature) => {
    if (typeof feature !== "string")
      checkOptions("MODEL_PARAMETER_INVALID", "A calendar feature", feature, { field: true, as: true });
    const { field, as } = typeof feature === "string" ? { field: feature, as: undefined } : feature;
    checkWord("MODEL_PARAMETER_INVALID", "A calendar feature", field, calendarFieldNames);
    if (as !== undefined && !["numeric", "categorical", "cyclic"].includes(as))
      throw invalid(
        `The calendar feature "${field}" cannot be ${shown(as)}.`,
        "Use numeric, categorical or cyclic.",
      );
    if (as === "cyclic" && field === "trend")
      throw invalid("The trend has no cycle.", "Use the trend as a numeric feature.");
    return {
      field,
      as: as ?? (categoricalByDefault.includes(field) ? ("categorical" as const) : ("numeric" as const)),
    };
  });
  const transform = checkTransform(options.transform ?? "none");
  const { scale } = options;
  if (scale !== undefined)
    checkWord("MODEL_PARAMETER_INVALID", "scale", scale, ["standard", "robust", "absolute"]);
  const { level } = options;
  if (level !== undefined) checkOptions("MODEL_PARAMETER_INVALID", "level", level, { width: true, by: true });
  const by = level?.by ?? "ratio";
  checkWord("MODEL_PARAMETER_INVALID", "level.by", by, ["ratio", "difference"]);
  return {
    strategy: options.strategy ?? null,
    lags,
    windows,
    matches,
    calendar,
    holidays: (options.holidays ?? []).map((one, i) => resolveAnyHolidays(one, `holidays[${i}]`)),
    positions: distinct("positions", options.positions ?? [], 2),
    fourier: (options.fourier ?? []).map((one, i) => checkFourier(one, `fourier[${i}]`)),
    covariateLags: Object.fromEntries(
      Object.entries(options.covariateLags ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, own]) => [name, distinct(`covariateLags.${name}`, own, 0)]),
    ),
    covariates: options.covariates === undefined ? null : [...options.covariates],
    keys: [...(options.keys ?? [])],
    static: options.static === undefined ? null : [...options.static],
    transform,
    differences: (options.differences ?? []).map((lag, i) => wholeNumber(`differences[${i}]`, lag)),
    scale: scale ?? null,
    level: level === undefined ? null : { width: wholeNumber("level.width", level.width), by },
    warmup: options.warmup === undefined ? null : wholeNumber("warmup", options.warmup, 0),
    maxTrainingRows:
      options.maxTrainingRows === undefined ? null : wholeNumber("maxTrainingRows", options.maxTrainingRows),
  };
}

function checkTransform(transform: TargetTransform): TargetTransform {
  if (typeof transform === "string") {
    if (!["none", "log", "log1p", "sqrt"].includes(transform))
      throw invalid(
        `The transforms are none, log, log1p, sqrt and { boxCox }, got "${transform}".`,
        'Give "log1p", for example.',
      );
    return transform;
  }
  checkOptions("MODEL_PARAMETER_INVALID", "transform", transform, { boxCox: true, seasonLength: true });
  const { boxCox, seasonLength } = transform;
  if (boxCox !== "guerrero") {
    if (!(typeof boxCox === "number" && boxCox >= 0 && boxCox <= 2))
      throw invalid(
        `boxCox is a power from 0 to 2 or "guerrero", got ${shown(boxCox)}.`,
        'Give boxCox: "guerrero" to have it chosen; 0 is the logarithm, 1 no transform.',
      );
    if (seasonLength !== undefined)
      throw invalid("transform.seasonLength has no use with a given power.", 'It is for boxCox: "guerrero".');
    return { boxCox };
  }
  return { boxCox, seasonLength: wholeNumber("transform.seasonLength", seasonLength ?? 2, 2) };
}

function checkFourier(fourier: FourierTerms, name: string): Required<FourierTerms> {
  checkOptions("MODEL_PARAMETER_INVALID", name, fourier, { length: true, terms: true });
  const { length } = fourier;
  if (!(typeof length === "number" && Number.isFinite(length) && length >= 2))
    throw invalid(
      `${name}.length is at least 2 rows, got ${shown(length)}.`,
      "Give the rows of a season: 24 for the day of hours.",
    );
  const terms = wholeNumber(`${name}.terms`, fourier.terms ?? 1);
  if (2 * terms > length)
    throw invalid(
      `${name} has ${terms} terms, but ${length} rows show no more than ${Math.floor(length / 2)} waves.`,
      `Give terms: ${Math.floor(length / 2)} or fewer.`,
    );
  return { length, terms };
}

function checkWindow(window: WindowFeature, name: string): WindowFeature {
  checkOptions("MODEL_PARAMETER_INVALID", name, window, {
    aggregate: true,
    width: true,
    alpha: true,
    every: true,
    lag: true,
    of: true,
    compare: true,
  });
  checkWord("MODEL_PARAMETER_INVALID", `${name}.aggregate`, window.aggregate, aggregates);
  const { aggregate, alpha } = window;
  if (window.width !== "all") wholeNumber(`${name}.width`, window.width);
  else if (aggregate === "median" || aggregate === "ewm" || window.every !== undefined)
    throw invalid(
      `${name} cannot take all rows ${window.every === undefined ? `for its ${aggregate}` : "at a distance"}.`,
      "Give a width.",
    );
  if (aggregate === "ewm" && !(typeof alpha === "number" && alpha > 0 && alpha < 1))
    throw invalid(
      `${name}.alpha is between 0 and 1 for ewm, got ${shown(alpha)}.`,
      "Give the weight of the latest row: alpha: 0.3.",
    );
  if (aggregate !== "ewm" && alpha !== undefined)
    throw invalid(`${name}.alpha has no use for ${aggregate}.`, 'Leave it out, or give aggregate: "ewm".');
  if (window.every !== undefined) wholeNumber(`${name}.every`, window.every);
  if (window.lag !== undefined) wholeNumber(`${name}.lag`, window.lag, window.of === undefined ? 1 : 0);
  if (window.compare !== undefined)
    checkWord("MODEL_PARAMETER_INVALID", `${name}.compare`, window.compare, ["difference", "ratio"]);
  if (window.compare !== undefined && window.of === undefined)
    throw invalid(
      `${name} compares the target with its own past, but the row's target is what is predicted.`,
      "compare is for known-future columns: name one with `of`.",
    );
  return { ...window };
}

function distinct(name: string, lags: readonly number[], least: number): number[] {
  checkList("MODEL_PARAMETER_INVALID", name, lags);
  lags.forEach((lag, i) => {
    wholeNumber(`${name}[${i}]`, lag, least);
  });
  if (new Set(lags).size !== lags.length)
    throw invalid(`${name} names a lag twice: ${lags.join(", ")}.`, "Name each once.");
  return [...lags];
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
