import {
  columnOf,
  type FeatureContext,
  invalid,
  placeOfLag,
  type ReduceFeature,
  type RowValue,
  requireCovariate,
  requireHorizon,
} from "./feature.ts";
import type { WindowAggregateName, WindowFeature } from "./options.ts";

/** A feature from several past values, see `WindowFeature`. @throws TsopsError MODEL_PARAMETER_INVALID. */
export function windowFeature(window: WindowFeature, context: FeatureContext): ReduceFeature {
  const { aggregate, of, compare } = window;
  const every = window.every ?? 1;
  const { horizon, spec } = context;
  const isRecursive = context.strategy === "recursive";
  const isKnown = of !== undefined && spec.knownFuture.includes(of);
  if (of !== undefined) {
    requireCovariate(of, context, "A window");
    if (context.isCategorical(of))
      throw invalid(
        `A window cannot sum up "${of}", which is text.`,
        "Give a numeric column, e.g. 1 where the text applies and 0 elsewhere.",
      );
    if (!isKnown) requireHorizon(of, window.lag, context, `The window of "${of}"`);
    if (compare !== undefined && !isKnown)
      throw invalid(
        `"${of}" is past-only: the row's own value is not known.`,
        "compare is for known-future columns.",
      );
  }
  // In a recursion each row has a cutoff of its own, the row before, where past-only columns end at the first one.
  const lag = window.lag ?? (isRecursive && of !== undefined && !isKnown ? horizon : undefined);
  const place =
    lag === undefined ? null : placeOfLag(lag, isKnown ? { ...context, isNearAllowed: false } : context);
  const farthest = place?.reach ?? Math.ceil((isRecursive ? 1 : horizon) / every) * every;
  const isAll = window.width === "all";
  const width = window.width === "all" ? Number.POSITIVE_INFINITY : window.width;
  const reach = farthest + (width - 1) * every;
  const spread = aggregate === "std";
  const parts = [
    aggregate,
    String(window.width),
    ...(window.alpha === undefined ? [] : [`alpha_${window.alpha}`]),
    ...(every === 1 ? [] : [`every_${every}`]),
    ...(window.lag === undefined || place === null ? [] : [place.name]),
  ];
  const name = [
    ...(of === undefined ? [] : [of]),
    ...(compare === undefined ? [] : [compare === "ratio" ? "by" : "minus"]),
    ...parts,
  ].join("_");
  return {
    name,
    kind: "numeric",
    complete: isAll ? farthest : reach,
    reach,
    bind(work, level) {
      const values = of === undefined ? work.w : columnOf(work, of);
      const ask = summaryOf(aggregate, values, every, width, window.alpha ?? 0);
      let newestBefore = Number.NaN;
      let valueBefore = Number.NaN;
      const isCut = place === null ? every === 1 : place.isFromCutoff;
      const raw: RowValue = (t, cutoff) => {
        const newest = place === null ? newestAtCutoff(t, cutoff, every) : place.of(t, cutoff);
        if (isCut && newest === newestBefore) return valueBefore;
        valueBefore = ask(newest);
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

/** The summary of the values that end with the newest; always summed in the same order, so that an update changes no bit. */
function summaryOf(
  aggregate: WindowAggregateName,
  values: Float64Array,
  every: number,
  width: number,
  alpha: number,
): (newest: number) => number {
  if (width === Number.POSITIVE_INFINITY) return expandingSummary(aggregate, values);
  if (aggregate === "mean") return (newest) => meanOf(values, newest, every, width);
  if (aggregate === "ewm") return (newest) => weightedMean(values, newest, every, width, alpha);
  const scratch = new Float64Array(width);
  return (newest) => aggregateOf(values, newest, every, width, aggregate, scratch);
}

function meanOf(values: Float64Array, newest: number, every: number, width: number): number {
  const oldest = Math.max(0, newest - (width - 1) * every);
  let count = 0;
  let sum = 0;
  for (let i = newest; i >= oldest; i -= every) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

function weightedMean(
  values: Float64Array,
  newest: number,
  every: number,
  width: number,
  alpha: number,
): number {
  const oldest = Math.max(0, newest - (width - 1) * every);
  let weight = 1;
  let weights = 0;
  let sum = 0;
  for (let i = newest; i >= oldest; i -= every, weight *= 1 - alpha) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    sum += weight * value;
    weights += weight;
  }
  return weights === 0 ? Number.NaN : sum / weights;
}

/** Summaries of all rows up to the newest. Rows are asked for in order, so each is taken in once; an earlier one starts anew. */
function expandingSummary(aggregate: WindowAggregateName, values: Float64Array): (newest: number) => number {
  const empty = {
    next: 0,
    count: 0,
    mean: 0,
    squares: 0,
    least: Number.POSITIVE_INFINITY,
    most: Number.NEGATIVE_INFINITY,
  };
  const state = { ...empty };
  return (newest) => {
    if (newest < state.next - 1) Object.assign(state, empty);
    for (; state.next <= newest; state.next++) {
      const value = values[state.next] as number;
      if (Number.isNaN(value)) continue;
      state.count++;
      const change = value - state.mean;
      state.mean += change / state.count;
      state.squares += change * (value - state.mean);
      if (value < state.least) state.least = value;
      if (value > state.most) state.most = value;
    }
    if (state.count === 0) return Number.NaN;
    if (aggregate === "mean") return state.mean;
    if (aggregate === "min") return state.least;
    if (aggregate === "max") return state.most;
    return state.count < 2 ? Number.NaN : Math.sqrt(state.squares / (state.count - 1));
  };
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
