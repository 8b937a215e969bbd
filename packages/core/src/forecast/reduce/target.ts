import { TsopsError } from "../../errors.ts";
import { formatInstant } from "../../time/instant.ts";
import type { Panel, SeriesFailure } from "../panel/panel.ts";
import { listSome, seriesName } from "../panel/rows.ts";
import { withFailures } from "../series-failures.ts";
import type { LevelOptions, TargetTransform } from "./options.ts";

/** What a fit has learnt of the target of one series: the power of Box-Cox (1 without it), and how its differences are centred and scaled. */
export interface LocalTarget {
  readonly lambda: number;
  readonly center: number;
  readonly scale: number;
}

/** The function of the target. NaN stays NaN. */
export function transformed(values: Float64Array, transform: TargetTransform, lambda: number): Float64Array {
  if (typeof transform === "object") return values.map((value) => boxCox(value, lambda));
  if (transform === "log") return values.map(Math.log);
  if (transform === "log1p") return values.map(Math.log1p);
  return transform === "sqrt" ? values.map(Math.sqrt) : values.slice();
}

function boxCox(value: number, lambda: number): number {
  // expm1 keeps the digits that y^lambda - 1 would lose near lambda = 0.
  return lambda === 0 ? Math.log(value) : Math.expm1(lambda * Math.log(value)) / lambda;
}

function inverseBoxCox(value: number, lambda: number): number {
  if (lambda === 0) return Math.exp(value);
  return lambda * value <= -1 ? 0 : Math.exp(Math.log1p(lambda * value) / lambda);
}

/** Undoes the function. What no target gives (a root below 0, a power below that of 0) becomes 0. */
export function untransformed(value: number, transform: TargetTransform, lambda: number): number {
  if (typeof transform === "object") return inverseBoxCox(value, lambda);
  if (transform === "log") return Math.exp(value);
  if (transform === "log1p") return Math.expm1(value);
  return transform === "sqrt" ? Math.max(value, 0) ** 2 : value;
}

/** @throws TsopsError VALUE_INVALID listing the rows that the transform cannot take. */
export function refuseOutsideDomain(panel: Panel, transform: TargetTransform): void {
  if (transform === "none") return;
  const name = typeof transform === "object" ? "boxCox" : transform;
  const least = { isAllowed: name === "sqrt", value: name === "log1p" ? -1 : 0 };
  const wrong: string[] = [];
  const failures: SeriesFailure[] = [];
  const code = "VALUE_INVALID";
  const needs = `The transform "${name}" needs targets ${least.isAllowed ? "of at least" : "above"} ${least.value}`;
  panel.series.forEach((key, s) => {
    const before = wrong.length;
    for (let i = panel.offsets[s] as number; i < (panel.offsets[s + 1] as number); i++) {
      const value = panel.y[i] as number;
      if (least.isAllowed ? value < least.value : value <= least.value)
        wrong.push(`${seriesName(key)} at ${formatInstant(panel.times[i] as bigint)} (${value})`);
    }
    const count = wrong.length - before;
    if (count > 0) failures.push({ key, code, message: `${needs}; ${count} of the series are not.` });
  });
  if (wrong.length === 0) return;
  throw withFailures(
    new TsopsError(code, `${needs}; found ${listSome(wrong, 3)}.`, {
      hint: 'Leave such rows out or null, or use transform: "none".',
      details: { count: wrong.length, first: wrong.slice(0, 5) },
    }),
    failures,
  );
}

/** Lags and coefficients of the product of (1 - B^d): w_t = g_t + sum of coefficient * g_(t - lag). */
export function differencePolynomial(
  differences: readonly number[],
): readonly { readonly lag: number; readonly coefficient: number }[] {
  let terms = new Map([[0, 1]]);
  for (const d of differences) {
    const next = new Map(terms);
    for (const [lag, coefficient] of terms) next.set(lag + d, (next.get(lag + d) ?? 0) - coefficient);
    terms = next;
  }
  return [...terms]
    .filter(([lag, coefficient]) => lag > 0 && coefficient !== 0)
    .sort(([a], [b]) => a - b)
    .map(([lag, coefficient]) => ({ lag, coefficient }));
}

type Polynomial = ReturnType<typeof differencePolynomial>;

/** The differenced series; NaN where a value it needs is missing. */
export function differenced(g: Float64Array, polynomial: Polynomial): Float64Array {
  const w = g.slice();
  for (const { lag, coefficient } of polynomial)
    for (let t = g.length - 1; t >= 0; t--)
      w[t] = (w[t] as number) + coefficient * (t < lag ? Number.NaN : (g[t - lag] as number));
  return w;
}

/** How many seasons back a missing value is looked for when differences are undone. */
const mostSeasonsBack = 4;

/** Rows that undoing the differences may look back. */
export function undoReach(differences: readonly number[]): number {
  if (differences.length === 0) return 0;
  return differences.reduce((sum, d) => sum + d, 0) + mostSeasonsBack * Math.max(...differences);
}

/**
 * The value at t whose difference is `w`. Where a value that it builds on is missing, the one up to four seasons (the longest difference) before
 * stands in, and at last `fallback`.
 */
export function undifferenced(
  w: number,
  t: number,
  g: Float64Array,
  polynomial: Polynomial,
  season: number,
  fallback: number,
): number {
  let value = w;
  for (const { lag, coefficient } of polynomial) {
    let base = Number.NaN;
    for (let back = 0; back <= mostSeasonsBack && Number.isNaN(base); back++) {
      const at = t - lag - back * season;
      if (at >= 0) base = g[at] as number;
    }
    value -= coefficient * (Number.isNaN(base) ? fallback : base);
  }
  return value;
}

/** What a value is put in relation to: (value - center) / scale. */
export interface Level {
  center: number;
  scale: number;
}

/**
 * The level of the rows up to and including `cutoff`.
 * @param fallback - Stands in where all rows of the window are missing or, for ratios, their mean is 0.
 */
export function setLevel(
  level: Level,
  w: Float64Array,
  cutoff: number,
  { width, by }: Required<LevelOptions>,
  fallback: number,
): void {
  let sum = 0;
  let count = 0;
  for (let i = Math.max(0, cutoff - width + 1); i <= cutoff; i++) {
    const value = w[i] as number;
    if (Number.isNaN(value)) continue;
    sum += by === "ratio" ? Math.abs(value) : value;
    count++;
  }
  if (by === "difference") level.center = count === 0 ? fallback : sum / count;
  else level.scale = sum > 0 ? sum / count : fallback;
}

/** What stands in for a level that cannot be told: the same mean over all known rows, and 1 for a ratio to nothing. */
export function levelFallback(w: Float64Array, by: "ratio" | "difference"): number {
  let sum = 0;
  let count = 0;
  for (const value of w) {
    if (Number.isNaN(value)) continue;
    sum += by === "ratio" ? Math.abs(value) : value;
    count++;
  }
  const mean = count === 0 ? 0 : sum / count;
  return by === "ratio" && !(mean > 0) ? 1 : mean;
}
