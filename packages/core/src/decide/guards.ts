import { TsopsError } from "../errors.ts";
import { seriesKeyText } from "../forecast/panel/series-key.ts";
import { checkOptions } from "../options.ts";
import { formatInstant } from "../time/instant.ts";
import { meanOf } from "./losses.ts";
import type { ScoredForecasts } from "./scored-forecasts.ts";

/** A condition that a candidate must meet whatever its loss; plain data, so that it is part of the decision record. */
export type Guard =
  /** The share of outcomes inside the central interval of `level` percent is within so many points of `level`. */
  | { readonly kind: "coverage"; readonly level: number; readonly withinPoints: number }
  /** The absolute mean error is at most `max`, in units of the target. */
  | { readonly kind: "bias"; readonly max: number }
  /** The absolute mean error is at most this share of the mean absolute outcome. */
  | { readonly kind: "bias"; readonly maxShare: number }
  /** In no segment is the candidate's mean loss more than `maxRatio` times the reference's. */
  | {
      readonly kind: "worst";
      readonly by: "series" | "step" | "fold" | { readonly key: string };
      readonly maxRatio: number;
    }
  /** A figure that came with the candidate, e.g. `sizeBytes`, `latencyMs` or `parityMismatches`, is at most `max`. */
  | { readonly kind: "measure"; readonly name: string; readonly max: number }
  /** A figure that came with both models is at most `maxRatio` times the reference's. */
  | { readonly kind: "measure"; readonly name: string; readonly maxRatio: number };

/** How a guard turned out. */
export interface GuardResult {
  readonly guard: Guard;
  readonly passed: boolean;
  /** What is compared with `threshold`; NaN when it could not be computed, which is a failure. */
  readonly value: number;
  readonly threshold: number;
  /** One sentence with the numbers. */
  readonly finding: string;
}

/** What guards are judged on: rows of the candidate's backtest with losses of both models. */
export interface GuardSubject {
  readonly scored: ScoredForecasts;
  readonly rows: Int32Array;
  readonly candidateLosses: Float64Array;
  readonly referenceLosses: Float64Array;
  readonly measures: Readonly<Record<string, number>>;
  readonly referenceMeasures: Readonly<Record<string, number>>;
}

const guardNames: { readonly [Kind in Guard["kind"]]: Readonly<Record<string, true>> } = {
  coverage: { kind: true, level: true, withinPoints: true },
  bias: { kind: true, max: true, maxShare: true },
  worst: { kind: true, by: true, maxRatio: true },
  measure: { kind: true, name: true, max: true, maxRatio: true },
};

/** @throws TsopsError GATE_INVALID when a guard cannot be judged: an interval, key column or figure that is not there. */
export function judgeGuard(guard: Guard, subject: GuardSubject): GuardResult {
  if (Object.hasOwn(guardNames, guard.kind))
    checkOptions("GATE_INVALID", `A ${guard.kind} guard`, guard as object, guardNames[guard.kind]);
  switch (guard.kind) {
    case "coverage":
      return judgeCoverage(guard, subject);
    case "bias":
      return judgeBias(guard, subject);
    case "worst":
      return judgeWorst(guard, subject);
    case "measure":
      return judgeMeasure(guard, subject);
    default:
      throw invalid(
        `There is no guard of kind ${JSON.stringify((guard as { kind?: unknown }).kind)}.`,
        "Use coverage, bias, worst or measure.",
      );
  }
}

function judgeCoverage(
  guard: Extract<Guard, { kind: "coverage" }>,
  { scored, rows }: GuardSubject,
): GuardResult {
  const { level, withinPoints } = guard;
  const tail = (1 - level / 100) / 2;
  const [lower, upper] = [tail, 1 - tail].map((probability) =>
    scored.quantiles.find((quantile) => Math.abs(quantile.probability - probability) < 1e-9),
  );
  if (lower === undefined || upper === undefined)
    throw invalid(
      `The guard on ${level} % coverage needs the quantiles ${rounded(tail)} and ${rounded(1 - tail)}, and the candidate's backtest has [${scored.quantiles.map((quantile) => quantile.probability).join(", ")}].`,
      `Backtest with levels: [${level}].`,
    );
  let known = 0;
  let inside = 0;
  for (const row of rows) {
    const [low, high] = [lower.values[row] as number, upper.values[row] as number];
    if (Number.isNaN(low) || Number.isNaN(high)) continue;
    known++;
    const y = scored.y[row] as number;
    if (y >= low && y <= high) inside++;
  }
  const covered = (100 * inside) / known;
  const gap = Math.abs(covered - level);
  const finding =
    known === 0
      ? `no row has a ${level} % interval`
      : `the ${level} % interval covers ${rounded(covered)} % of ${known} rows${known < rows.length ? ` (${rows.length - known} rows have none)` : ""}, ${rounded(gap)} points off, ${withinPoints} allowed`;
  return result(guard, gap, withinPoints, finding);
}

function judgeBias(guard: Extract<Guard, { kind: "bias" }>, { scored, rows }: GuardSubject): GuardResult {
  const error = meanOf(
    Float64Array.from(rows, (row) => (scored.mean[row] as number) - (scored.y[row] as number)),
  );
  if ("max" in guard)
    return result(
      guard,
      Math.abs(error),
      guard.max,
      `the mean error is ${rounded(error)}, ${guard.max} allowed`,
    );
  const size = meanOf(Float64Array.from(rows, (row) => Math.abs(scored.y[row] as number)));
  const share = error === 0 ? 0 : Math.abs(error) / size;
  return result(
    guard,
    share,
    guard.maxShare,
    `the mean error is ${rounded(error)}, ${rounded(100 * share)} % of the mean outcome, ${rounded(100 * guard.maxShare)} % allowed`,
  );
}

function judgeWorst(guard: Extract<Guard, { kind: "worst" }>, subject: GuardSubject): GuardResult {
  const { rows, candidateLosses, referenceLosses } = subject;
  const nameOf = segmentNamer(guard.by, subject.scored);
  const segments = new Map<string, { candidate: number; reference: number; count: number }>();
  rows.forEach((row, i) => {
    const name = nameOf(row);
    let segment = segments.get(name);
    if (segment === undefined) {
      segment = { candidate: 0, reference: 0, count: 0 };
      segments.set(name, segment);
    }
    segment.candidate += candidateLosses[i] as number;
    segment.reference += referenceLosses[i] as number;
    segment.count++;
  });
  let worst = Number.NEGATIVE_INFINITY;
  let finding = "";
  for (const [name, { candidate, reference, count }] of segments) {
    const ratio = candidate === reference ? 1 : candidate / reference;
    if (ratio <= worst) continue;
    worst = ratio;
    finding = `in ${name} its loss is ${rounded(candidate / count)} against ${rounded(reference / count)}, ${rounded(ratio)} times, ${guard.maxRatio} allowed`;
  }
  return result(guard, worst, guard.maxRatio, finding);
}

function segmentNamer(
  by: Extract<Guard, { kind: "worst" }>["by"],
  scored: ScoredForecasts,
): (row: number) => string {
  if (by === "step") return (row) => `step ${scored.step[row]}`;
  if (by === "fold") return (row) => `the fold of ${formatInstant(scored.cutoff[row] as bigint)}`;
  if (by === "series") {
    const names = scored.series.map((key) => `series ${seriesKeyText(key)}`);
    return (row) => names[scored.seriesIndex[row] as number] as string;
  }
  const names = scored.series.map((key) => {
    const value = key[by.key];
    if (value === undefined)
      throw invalid(
        `The guard's key column ${JSON.stringify(by.key)} is not a key of the series ${seriesKeyText(key)}.`,
      );
    return `${by.key} ${value}`;
  });
  return (row) => names[scored.seriesIndex[row] as number] as string;
}

function judgeMeasure(
  guard: Extract<Guard, { kind: "measure" }>,
  { measures, referenceMeasures }: GuardSubject,
): GuardResult {
  if ("max" in guard && "maxRatio" in guard)
    throw invalid(
      `The guard on ${guard.name} has both max and maxRatio.`,
      "Give two guards, one for each: every guard has to pass.",
    );
  const value = measureOf(guard.name, measures, "candidate");
  if ("max" in guard)
    return result(guard, value, guard.max, `${guard.name} is ${value}, ${guard.max} allowed`);
  const reference = measureOf(guard.name, referenceMeasures, "reference");
  const ratio = value === reference ? 1 : value / reference;
  return result(
    guard,
    ratio,
    guard.maxRatio,
    `${guard.name} is ${value} against ${reference}, ${rounded(ratio)} times, ${guard.maxRatio} allowed`,
  );
}

function measureOf(
  name: string,
  measures: Readonly<Record<string, number>>,
  side: "candidate" | "reference",
): number {
  const value = Object.hasOwn(measures, name) ? measures[name] : undefined;
  if (value !== undefined) return value;
  throw invalid(
    `The guard on ${name} cannot be judged: the ${side} came with [${Object.keys(measures).join(", ")}].`,
    `Measure it and pass it as ${side === "candidate" ? "candidate" : "champion"}.measures.${name}.`,
  );
}

function result(guard: Guard, value: number, threshold: number, finding: string): GuardResult {
  if (!Number.isFinite(threshold) || threshold < 0)
    throw invalid(`The threshold of a ${guard.kind} guard must be a number of 0 or more, got ${threshold}.`);
  // Rounding in the last digits must not decide at the edge: 80.2 - 80 is more than 0.2.
  return { guard, passed: value <= threshold * (1 + 1e-12), value, threshold, finding };
}

/** Four significant digits, for sentences. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function invalid(message: string, hint?: string): TsopsError {
  return new TsopsError("GATE_INVALID", message, hint === undefined ? {} : { hint });
}
