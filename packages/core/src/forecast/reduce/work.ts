import type { Frequency } from "../../time/frequency.ts";
import type { Panel, SeriesKey } from "../panel/panel.ts";
import { type CalendarField, calendarColumns, calendarFieldNames } from "./calendar-features.ts";
import type { SeriesWork } from "./feature.ts";
import { holidayColumns } from "./holiday-features.ts";
import type { ResolvedHolidays } from "./holidays.ts";
import { lambdaOf, localScale } from "./local-scale.ts";
import type { ResolvedReduceOptions } from "./options.ts";
import { holidaysOf } from "./regional-holidays.ts";
import { differenced, type differencePolynomial, levelFallback, transformed } from "./target.ts";

/** What is learnt of each series in the fit: its scale, and what stands in where history tells nothing. */
export interface Fallbacks {
  readonly level: Float64Array;
  readonly value: Float64Array;
  /** How the target was transformed and scaled. */
  readonly lambda: Float64Array;
  readonly center: Float64Array;
  readonly scale: Float64Array;
}

/** Builds them array by array. */
export function eachFallback<T extends Float64Array>(
  make: (name: keyof Fallbacks) => T,
): Record<keyof Fallbacks, T> {
  return {
    level: make("level"),
    value: make("value"),
    lambda: make("lambda"),
    center: make("center"),
    scale: make("scale"),
  };
}

/** The fallbacks and scales that a fit has learnt. */
export function fallbacksOf(works: readonly SeriesWork[]): Fallbacks {
  const column = (value: (work: SeriesWork) => number) => Float64Array.from(works, value);
  return {
    level: column((work) => work.levelFallback),
    value: column((work) => work.valueFallback),
    lambda: column((work) => work.local.lambda),
    center: column((work) => work.local.center),
    scale: column((work) => work.local.scale),
  };
}

/** How the series of a panel are prepared. */
export interface WorkPlan {
  readonly options: ResolvedReduceOptions;
  readonly polynomial: ReturnType<typeof differencePolynomial>;
  readonly frequency: Frequency;
  /** Cell of the grid at which the trend is 0. */
  readonly trendOrigin: number;
  /** Learnt in the fit; null there. */
  readonly fallbacks: Fallbacks | null;
}

/**
 * The series of a panel with `ahead` rows to predict after each.
 * @param future - Per known-future column the values of these rows, series by series.
 */
export function prepareWork(
  panel: Panel,
  plan: WorkPlan,
  ahead: number,
  future: readonly Float64Array[],
): SeriesWork[] {
  const fields = calendarFieldsOf(plan.options);
  return panel.series.map((key, s) => prepareSeries(panel, key, s, plan, ahead, future, fields));
}

function calendarFieldsOf({ calendar, matches }: ResolvedReduceOptions): CalendarField[] {
  const matched = matches.flatMap((match) => match.fields);
  return calendarFieldNames.filter(
    (name) => calendar.some(({ field }) => field === name) || matched.includes(name),
  );
}

function prepareSeries(
  panel: Panel,
  key: SeriesKey,
  s: number,
  { options, polynomial, frequency, trendOrigin, fallbacks }: WorkPlan,
  ahead: number,
  future: readonly Float64Array[],
  fields: readonly CalendarField[],
): SeriesWork {
  const [start, end] = [panel.offsets[s] as number, panel.offsets[s + 1] as number];
  const observed = end - start;
  const extended = (values: Float64Array, rest?: Float64Array): Float64Array => {
    const result = new Float64Array(observed + ahead);
    result.set(values.subarray(start, end));
    if (rest === undefined) result.fill(Number.NaN, observed);
    else result.set(rest.subarray(s * ahead, (s + 1) * ahead), observed);
    return result;
  };
  const firstCell = frequency.indexOf(panel.times[start] as bigint);
  const times = new BigInt64Array(observed + ahead);
  times.set(panel.times.subarray(start, end));
  for (let i = observed; i < times.length; i++) times[i] = frequency.instantAt(firstCell + i);
  const calendar = new Map<string, Float64Array>(calendarColumns(times, panel.spec.zone, fields));
  const statics = new Map(panel.static.map((one) => [one.name, one.values[s] as number]));
  if (fields.includes("trend"))
    calendar.set(
      "trend",
      Float64Array.from(times, (_, i) => firstCell + i - trendOrigin),
    );

  for (const holidays of options.holidays) {
    // The fit has refused series whose region has no list.
    const own = holidaysOf(holidays, panel, s) as ResolvedHolidays;
    for (const [name, values] of holidayColumns(own, times, frequency, fallbacks === null))
      calendar.set(name, values);
  }

  const y = extended(panel.y);
  const lambda = fallbacks === null ? lambdaOf(y, options.transform) : (fallbacks.lambda[s] as number);
  const g = transformed(y, options.transform, lambda);
  const w = differenced(g, polynomial);
  const { center, scale } =
    fallbacks === null
      ? localScale(w, options.scale)
      : { center: fallbacks.center[s] as number, scale: fallbacks.scale[s] as number };
  if (options.scale !== null) for (let t = 0; t < w.length; t++) w[t] = ((w[t] as number) - center) / scale;
  return {
    key,
    observed,
    firstCell,
    g,
    w,
    local: { lambda, center, scale },
    calendar,
    statics,
    covariates: new Map([
      ...panel.known.map(({ name, values }, k) => [name, extended(values, future[k])] as const),
      ...panel.past.map(({ name, values }) => [name, extended(values)] as const),
    ]),
    levelFallback:
      fallbacks === null
        ? levelFallback(w, options.level?.by ?? "difference")
        : (fallbacks.level[s] as number),
    valueFallback: fallbacks === null ? levelFallback(g, "difference") : (fallbacks.value[s] as number),
  };
}
