import { TsopsError, type TsopsErrorCode } from "../../errors.ts";
import { atOnce, type InTurns } from "./in-turns.ts";
import { pastForecasts } from "./intervals/inflation.ts";
import type { LocalFit, LocalModel, SeriesToFit } from "./local-model.ts";
import { firstKept } from "./open-gap.ts";
import { targetsLess } from "./regressors.ts";
import { absorbAll, copyOf, notFinite, stepsAhead } from "./steps-ahead.ts";

/** Why a model could not be fitted to a series. Can be sent between threads. */
export interface Refused {
  readonly code: TsopsErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  /** What was thrown, unless it was an error of tsops, which is told whole. */
  readonly cause: unknown;
}

/** Bounds that stand for all: no quantile that can be asked for lies farther out, as no probability is nearer to 0 or 1. */
const outerQuantiles = [1e-300, 1 - Number.EPSILON / 2];

/** What a fit is asked for. */
export interface Wanted {
  /** Steps whose forecasts have to be finite. */
  readonly horizon: number;
  /** Last rows in which late values are still taken in. */
  readonly keptRows: number;
  /** Whether intervals are widened by what the history shows. */
  readonly isWidened: boolean;
}

/** Fits one series, so that all of the horizon has a finite forecast: the state before the kept rows. What is thrown is no end of the others. */
export function tryFit(model: LocalModel, series: SeriesToFit, wanted: Wanted): LocalFit | Refused {
  return atOnce(tryFitInTurns(model, series, wanted));
}

/** The same in turns. */
export function* tryFitInTurns(
  model: LocalModel,
  series: SeriesToFit,
  wanted: Wanted,
): InTurns<LocalFit | Refused> {
  try {
    const fit =
      model.fitInTurns === undefined
        ? model.fit(series.y, series.regressors)
        : yield* model.fitInTurns(series.y, series.regressors);
    return movedOn(model, fit, series, wanted);
  } catch (error) {
    if (TsopsError.is(error))
      return { code: error.code, message: error.message, hint: error.hint, cause: undefined };
    const message = error instanceof Error ? error.message : String(error);
    return { code: "FIT_FAILED", message, hint: undefined, cause: error };
  }
}

/** Moves a fit on to the last row, and gives it as it was before the kept ones: each row is passed once. */
function movedOn(
  model: LocalModel,
  fit: LocalFit,
  { y, regressors }: SeriesToFit,
  { horizon, keptRows, isWidened }: Wanted,
): LocalFit | Refused {
  const slopes = model.slopes?.(fit);
  // A slope that is no number makes all targets missing, which the states bear.
  if (slopes?.some((slope) => !Number.isFinite(slope)))
    return refusedFor("A slope of the regressors is not finite.");
  const targets = targetsLess({ y, known: regressors }, slopes);
  const kept = firstKept(model, targets, keptRows);
  const past = isWidened ? pastForecasts(model, fit, targets, horizon) : null;
  const now = copyOf(fit);
  let before = now;
  let row = 0;
  const origins = new Set(past?.origins);
  for (const stop of [...new Set([...origins, kept])].sort((a, b) => a - b)) {
    absorbAll(model, now, targets.subarray(row, stop));
    row = stop;
    if (row === kept) before = copyOf(now);
    if (origins.has(row)) past?.forecastFrom(now, row);
  }
  absorbAll(model, now, targets.subarray(row));
  const message = notFiniteAfter(model, now, horizon);
  if (message !== null) return refusedFor(message);
  const settled = model.settle?.(before) ?? before;
  return past === null ? settled : { ...settled, inflation: past.inflation(now) };
}

function refusedFor(message: string): Refused {
  return { code: "FIT_FAILED", message, hint: undefined, cause: undefined };
}

/** What is not finite in the forecast from a state, as a sentence. */
function notFiniteAfter(model: LocalModel, now: LocalFit, horizon: number): string | null {
  const hasQuantiles = model.quantiles !== undefined && (model.knowsErrors?.(now) ?? true);
  const isBounded =
    hasQuantiles && (model.largestQuantile?.(now, horizon) ?? Number.POSITIVE_INFINITY) < 1e300;
  return notFinite(stepsAhead(model, now, horizon, hasQuantiles && !isBounded ? outerQuantiles : []));
}

/** Whether there is a reason rather than a fit. */
export function isRefused(one: LocalFit | Refused): one is Refused {
  return "code" in one;
}
