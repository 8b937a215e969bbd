import { TsopsError, type TsopsErrorCode } from "../../errors.ts";
import { atOnce, type InTurns } from "./in-turns.ts";
import type { LocalFit, LocalModel, SeriesToFit } from "./local-model.ts";
import { targetsLess } from "./regressors.ts";
import { absorbed, notFinite, stepsAhead } from "./steps-ahead.ts";

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

/** Fits one series, so that all of the horizon has a finite forecast; what is thrown is no end of the others. */
export function tryFit(model: LocalModel, series: SeriesToFit, horizon: number): LocalFit | Refused {
  return atOnce(tryFitInTurns(model, series, horizon));
}

/** The same in turns. */
export function* tryFitInTurns(
  model: LocalModel,
  series: SeriesToFit,
  horizon: number,
): InTurns<LocalFit | Refused> {
  try {
    const fit =
      model.fitInTurns === undefined
        ? model.fit(series.y, series.regressors)
        : yield* model.fitInTurns(series.y, series.regressors);
    const message = notFiniteAfter(model, fit, series, horizon);
    return message === null ? fit : { code: "FIT_FAILED", message, hint: undefined, cause: undefined };
  } catch (error) {
    if (TsopsError.is(error))
      return { code: error.code, message: error.message, hint: error.hint, cause: undefined };
    const message = error instanceof Error ? error.message : String(error);
    return { code: "FIT_FAILED", message, hint: undefined, cause: error };
  }
}

/** What is not finite in the forecast after the last row, as a sentence. */
function notFiniteAfter(
  model: LocalModel,
  fit: LocalFit,
  { y, regressors }: SeriesToFit,
  horizon: number,
): string | null {
  const slopes = model.slopes?.(fit);
  // A slope that is no number makes all targets missing, which the states bear.
  if (slopes?.some((slope) => !Number.isFinite(slope))) return "A slope of the regressors is not finite.";
  const now = absorbed(model, fit, targetsLess({ y, known: regressors }, slopes));
  const hasQuantiles = model.quantiles !== undefined && (model.knowsErrors?.(now) ?? true);
  const isBounded =
    hasQuantiles && (model.largestQuantile?.(now, horizon) ?? Number.POSITIVE_INFINITY) < 1e300;
  return notFinite(stepsAhead(model, now, horizon, hasQuantiles && !isBounded ? outerQuantiles : []));
}

/** Whether there is a reason rather than a fit. */
export function isRefused(one: LocalFit | Refused): one is Refused {
  return "code" in one;
}
