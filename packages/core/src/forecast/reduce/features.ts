import { TsopsError } from "../../errors.ts";
import type { PanelSpec, SeriesKey } from "../panel.ts";
import { type CalendarField, calendarFieldNames, cycles } from "./calendar-features.ts";
import type { MatchFeature, ResolvedReduceOptions, WindowAggregateName, WindowFeature } from "./options.ts";
import type { Level } from "./target.ts";

/** All that the features of one series are made from: history and, after it, the rows to predict. */
export interface SeriesWork {
  readonly key: SeriesKey;
  /** Rows of history. */
  readonly observed: number;
  /** The transformed target; NaN where missing or not yet predicted. */
  readonly g: Float64Array;
  /** Its differences. */
  readonly w: Float64Array;
  readonly calendar: ReadonlyMap<CalendarField, Float64Array>;
  /** Known-future and past-only columns by name. */
  readonly covariates: ReadonlyMap<string, Float64Array>;
  /** Stands in where the level cannot be told. */
  readonly levelFallback: number;
  /** Stands in for values that undoing differences needs and does not find. */
  readonly valueFallback: number;
}

/** The value of a feature for row `t` when rows up to `cutoff` are known. */
export type RowValue = (t: number, cutoff: number) => number;

/** One column of the model's input. */
export interface ReduceFeature {
  readonly name: string;
  readonly kind: "numeric" | "categorical";
  /** Rows before the predicted one that a complete value needs. */
  readonly complete: number;
  /** Rows before the predicted one that may matter at all. */
  readonly reach: number;
  /** Binds the feature to a series. `level` changes from row to row. */
  bind(work: SeriesWork, level: Level): RowValue;
}

/** What the features may draw on besides the options. */
export interface FeatureContext {
  readonly spec: PanelSpec;
  readonly horizon: number;
  /** Whether the model predicts one step and is fed its own predictions. */
  readonly isRecursive: boolean;
  readonly isCategorical: (covariate: string) => boolean;
  /** Values by key column, sorted: the codes of key features. */
  readonly keyValues: ReadonlyMap<string, readonly string[]>;
}

/**
 * Compiles the options to columns.
 * @throws TsopsError MODEL_PARAMETER_INVALID (unknown columns, past-only columns nearer than the horizon, equal names).
 */
export function compileFeatures(options: ResolvedReduceOptions, context: FeatureContext): ReduceFeature[] {
  const { spec } = context;
  for (const name of options.covariates ?? [])
    if (!spec.knownFuture.includes(name))
      throw invalid(
        `covariates names "${name}", which is not a known-future column of the panel.`,
        spec.pastOnly.includes(name)
          ? "A past-only column takes part through covariateLags and windows."
          : `Its known-future columns are ${spec.knownFuture.join(", ") || "none"}.`,
      );
  const features = [
    ...options.lags.map((lag) => lagFeature(lag)),
    ...options.windows.map((window) => windowFeature(window, context)),
    ...options.matches.map((match) => matchFeature(match, context)),
    ...options.calendar.flatMap(({ field, as }) => calendarFeature(field, as)),
    ...(options.covariates ?? spec.knownFuture).map((name) => covariateFeature(name, 0, context)),
    ...Object.entries(options.covariateLags).flatMap(([name, lags]) =>
      lags.map((lag) => covariateFeature(name, lag, context)),
    ),
    ...options.keys.map((name) => keyFeature(name, context)),
  ];
  if (features.length === 0)
    throw invalid(
      "reduce has no features.",
      "Give lags, windows, calendar features or known-future columns.",
    );
  const names = features.map((feature) => feature.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw invalid(`Two features would be called "${twice}".`, "Leave one out, or rename the covariate.");
  return features;
}

function lagFeature(lag: number): ReduceFeature {
  return {
    name: `lag_${lag}`,
    kind: "numeric",
    complete: lag,
    reach: lag,
    bind:
      ({ w }, level) =>
      (t) =>
        t < lag ? Number.NaN : ((w[t - lag] as number) - level.center) / level.scale,
  };
}

function windowFeature(window: WindowFeature, context: FeatureContext): ReduceFeature {
  const { aggregate, width, of, compare } = window;
  const every = window.every ?? 1;
  const { horizon, isRecursive, spec } = context;
  const isKnown = of !== undefined && spec.knownFuture.includes(of);
  if (of !== undefined) {
    requireCovariate(of, context, "A window");
    if (context.isCategorical(of))
      throw invalid(
        `A window cannot sum up "${of}", which is text.`,
        "Give a numeric column, e.g. 1 where the text applies and 0 elsewhere.",
      );
    if (!isKnown) requireHorizon(of, window.lag, horizon, `The window of "${of}"`);
    if (compare !== undefined && !isKnown)
      throw invalid(
        `"${of}" is past-only: the row's own value is not known.`,
        "compare is for known-future columns.",
      );
  }
  // In a recursion each row has a cutoff of its own, the row before, where past-only columns end at the first one.
  const lag = window.lag ?? (isRecursive && of !== undefined && !isKnown ? horizon : undefined);
  const farthest = lag ?? Math.ceil((isRecursive ? 1 : horizon) / every) * every;
  const back = farthest + (width - 1) * every;
  const spread = aggregate === "std";
  const parts = [
    aggregate,
    String(width),
    ...(every === 1 ? [] : [`every_${every}`]),
    ...(window.lag === undefined ? [] : [`lag_${window.lag}`]),
  ];
  const name = [
    ...(of === undefined ? [] : [of]),
    ...(compare === undefined ? [] : [compare === "ratio" ? "by" : "minus"]),
    ...parts,
  ].join("_");
  return {
    name,
    kind: "numeric",
    complete: back,
    reach: back,
    bind(work, level) {
      const values = of === undefined ? work.w : columnOf(work, of);
      const scratch = new Float64Array(width);
      let newestBefore = Number.NaN;
      let valueBefore = Number.NaN;
      const isCut = lag === undefined && every === 1;
      const raw: RowValue = (t, cutoff) => {
        const newest = lag === undefined ? newestAtCutoff(t, cutoff, every) : t - lag;
        if (isCut && newest === newestBefore) return valueBefore;
        valueBefore = aggregateOf(values, newest, every, width, aggregate, scratch);
        newestBefore = newest;
        return valueBefore;
      };
      if (of === undefined)
        return (t, cutoff) => (raw(t, cutoff) - (spread ? 0 : level.center)) / level.scale;
      if (compare === "difference") return (t, cutoff) => (values[t] as number) - raw(t, cutoff);
      if (compare === "ratio")
        return (t, cutoff) => {
          const value = raw(t, cutoff);
          return value === 0 ? Number.NaN : (values[t] as number) / value;
        };
      return raw;
    },
  };
}

/** The newest row, at or before the cutoff, that lies a multiple of `every` rows before `t`. */
function newestAtCutoff(t: number, cutoff: number, every: number): number {
  return every === 1 ? cutoff : t - Math.ceil((t - cutoff) / every) * every;
}

function aggregateOf(
  values: Float64Array,
  newest: number,
  every: number,
  width: number,
  aggregate: WindowAggregateName,
  scratch: Float64Array,
): number {
  let count = 0;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0, i = newest; k < width && i >= 0; k++, i -= every) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    scratch[count++] = value;
    sum += value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (count === 0) return Number.NaN;
  if (aggregate === "mean") return sum / count;
  if (aggregate === "min") return least;
  if (aggregate === "max") return most;
  if (aggregate === "std") {
    if (count < 2) return Number.NaN;
    const mean = sum / count;
    let squares = 0;
    for (let k = 0; k < count; k++) squares += ((scratch[k] as number) - mean) ** 2;
    return Math.sqrt(squares / (count - 1));
  }
  const sorted = scratch.subarray(0, count).sort();
  const middle = count >> 1;
  return count % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

function matchFeature(
  { fields, count, within }: Required<MatchFeature>,
  context: FeatureContext,
): ReduceFeature {
  for (const field of fields)
    if (
      !(calendarFieldNames as readonly string[]).includes(field) &&
      !context.spec.knownFuture.includes(field)
    )
      throw invalid(
        `A match on "${field}" is not possible: it is neither a calendar field nor a known-future column of the panel.`,
        `Calendar fields are ${calendarFieldNames.join(", ")}.`,
      );
  return {
    name: `match_${fields.join("_")}${count === 1 ? "" : `_${count}`}`,
    kind: "numeric",
    complete: context.isRecursive ? 1 : context.horizon,
    reach: within,
    bind(work, level) {
      const groups = groupRows(
        fields.map((field) => work.calendar.get(field as CalendarField) ?? columnOf(work, field)),
        work.w.length,
      );
      return (t, cutoff) => {
        const group = groups[t] as number;
        if (group < 0) return Number.NaN;
        let sum = 0;
        let found = 0;
        for (let i = cutoff; i >= 0 && i >= t - within && found < count; i--) {
          if (groups[i] !== group) continue;
          const value = work.w[i] as number;
          if (Number.isNaN(value)) continue;
          sum += value;
          found++;
        }
        return found === 0 ? Number.NaN : (sum / found - level.center) / level.scale;
      };
    },
  };
}

/** Numbers the rows by their combination of values; -1 where one is missing. */
function groupRows(columns: readonly Float64Array[], length: number): Int32Array {
  let groups = new Int32Array(length);
  for (const values of columns) {
    const seen = new Map<number, Map<number, number>>();
    const next = new Int32Array(length);
    let count = 0;
    for (let i = 0; i < length; i++) {
      const before = groups[i] as number;
      const value = values[i] as number;
      if (before < 0 || Number.isNaN(value)) {
        next[i] = -1;
        continue;
      }
      let inner = seen.get(before);
      if (inner === undefined) {
        inner = new Map();
        seen.set(before, inner);
      }
      let group = inner.get(value);
      if (group === undefined) {
        group = count++;
        inner.set(value, group);
      }
      next[i] = group;
    }
    groups = next;
  }
  return groups;
}

function calendarFeature(field: CalendarField, as: "numeric" | "categorical" | "cyclic"): ReduceFeature[] {
  const none = { complete: 0, reach: 0 };
  const valuesOf = (work: SeriesWork): Float64Array => work.calendar.get(field) as Float64Array;
  if (as !== "cyclic" || field === "trend")
    return [
      {
        name: `calendar_${field}`,
        kind: as === "categorical" ? "categorical" : "numeric",
        ...none,
        bind(work) {
          const values = valuesOf(work);
          return (t) => values[t] as number;
        },
      },
    ];
  const [length, first] = cycles[field];
  return (["sin", "cos"] as const).map((wave) => ({
    name: `calendar_${field}_${wave}`,
    kind: "numeric" as const,
    ...none,
    bind(work: SeriesWork) {
      const values = valuesOf(work);
      return (t: number) => Math[wave]((2 * Math.PI * ((values[t] as number) - first)) / length);
    },
  }));
}

function covariateFeature(name: string, lag: number, context: FeatureContext): ReduceFeature {
  requireCovariate(name, context, "covariateLags");
  if (!context.spec.knownFuture.includes(name))
    requireHorizon(name, lag, context.horizon, `Lag ${lag} of "${name}"`);
  return {
    name: lag === 0 ? name : `${name}_lag_${lag}`,
    kind: context.isCategorical(name) ? "categorical" : "numeric",
    complete: lag,
    reach: lag,
    bind(work) {
      const values = columnOf(work, name);
      return (t) => (t < lag ? Number.NaN : (values[t - lag] as number));
    },
  };
}

function keyFeature(name: string, { keyValues }: FeatureContext): ReduceFeature {
  const values = keyValues.get(name);
  if (values === undefined)
    throw invalid(
      `keys names "${name}", which is not a key of the panel.`,
      `Its keys are ${[...keyValues.keys()].join(", ") || "none"}.`,
    );
  return {
    name: `key_${name}`,
    kind: "categorical",
    complete: 0,
    reach: 0,
    bind({ key }) {
      const code = values.indexOf(String(key[name]));
      return () => code;
    },
  };
}

function columnOf(work: SeriesWork, name: string): Float64Array {
  return work.covariates.get(name) as Float64Array;
}

function requireCovariate(name: string, { spec }: FeatureContext, what: string): void {
  if (!spec.knownFuture.includes(name) && !spec.pastOnly.includes(name))
    throw invalid(
      `${what} names "${name}", which is not a covariate of the panel.`,
      `Its covariates are ${[...spec.knownFuture, ...spec.pastOnly].join(", ") || "none"}.`,
    );
}

/** A past-only value nearer than the horizon would be known in training and unknown when it counts. */
function requireHorizon(name: string, lag: number | undefined, horizon: number, what: string): void {
  if (lag !== undefined && lag < horizon)
    throw invalid(
      `${what} is not known for a horizon of ${horizon} steps, because "${name}" is past-only.`,
      `Use a lag of at least ${horizon}, a window without a lag (it ends at the cutoff), or list "${name}" under knownFuture.`,
    );
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
