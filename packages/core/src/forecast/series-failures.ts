import { TsopsError } from "../errors.ts";
import { shown } from "../options.ts";
import type { FitOptions } from "./forecaster.ts";
import type { Panel, SeriesFailure } from "./panel/panel.ts";
import { takeSeries } from "./panel/panel-slices.ts";
import { capital, listSome, seriesName } from "./panel/rows.ts";
import { seriesKeyText } from "./panel/series-key.ts";

/** All series that an error is about. Its details show the first few only, as they are printed. */
const failuresOf = new WeakMap<object, readonly SeriesFailure[]>();

/** An error with the series that it is about. */
export function withFailures(error: TsopsError, failures: readonly SeriesFailure[]): TsopsError {
  failuresOf.set(error, failures);
  return error;
}

/** The series that an error, or what caused it, is about. */
function failuresBehind(error: unknown): readonly SeriesFailure[] {
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const failures = failuresOf.get(one);
    if (failures !== undefined) return failures;
  }
  return [];
}

/**
 * Fits all series, or with `failures: "collect"` those that can be: while the fit refuses some, it is tried again without them. The panel of the last try, which the fitted
 * forecaster keeps, names those that were left out.
 * @param fit - Is given no `failures`, so that forecasters within it fit the same series.
 * @throws TsopsError what the fit throws for other reasons, or when no series is left.
 */
export async function fitOthers<Known extends string, Fitted>(
  panel: Panel<Known>,
  options: FitOptions,
  fit: (panel: Panel<Known>, options: FitOptions) => Promise<Fitted>,
): Promise<Fitted> {
  if (options?.failures !== "collect") return fit(panel, options);
  const { failures: _, ...rest } = options;
  let others = panel;
  for (;;)
    try {
      return await fit(others, rest);
    } catch (error) {
      const failures = failuresBehind(error);
      if (failures.length === 0) throw error;
      others = leaveOut(others, failures);
    }
}

/**
 * A panel without the series that failed; it names them.
 * @throws TsopsError with the code of the first when none is left.
 */
export function leaveOut<Known extends string>(
  panel: Panel<Known>,
  failures: readonly SeriesFailure[],
): Panel<Known> {
  if (failures.length === 0) return panel;
  const failed = new Set(failures.map(({ key }) => seriesKeyText(key)));
  const kept = panel.series.flatMap((key, s) => (failed.has(seriesKeyText(key)) ? [] : [s]));
  const all = [...(panel.failures ?? []), ...failures];
  const [first] = all;
  if (kept.length === 0 && first !== undefined)
    throw new TsopsError(
      first.code,
      all.length === 1
        ? `${capital(seriesName(first.key))} cannot be fitted: ${first.message}`
        : `None of the ${all.length} series can be fitted: ${listSome(all.map(({ key, message }) => `${seriesName(key)} (${message.replace(/\.$/, "")})`))}.`,
      {
        hint: "Choose settings that look back less far, or look at how the panel was made.",
        details: { count: all.length, failures: all.slice(0, 20) },
      },
    );
  return { ...takeSeries(panel, kept), failures: all };
}

/** Whether series that cannot be fitted are left out. @throws TsopsError MODEL_PARAMETER_INVALID for other words. */
export function checkFailures(failures: FitOptions["failures"]): void {
  if (failures === undefined || failures === "throw" || failures === "collect") return;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `failures is "throw" or "collect", got ${shown(failures)}.`,
    { hint: 'Write failures: "collect" to fit the other series when some cannot be.' },
  );
}

/**
 * Refuses `failures: "collect"` where it would change what the other series are.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function refuseCollecting({ failures }: FitOptions, why: string): void {
  if (failures !== "collect") return;
  throw new TsopsError("MODEL_PARAMETER_INVALID", `failures: "collect" is not possible here: ${why}.`, {
    hint: "Leave series that cannot be fitted out of the panel first.",
  });
}
