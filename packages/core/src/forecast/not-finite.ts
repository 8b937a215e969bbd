import { TsopsError } from "../errors.ts";
import type { SeriesKey } from "./panel/panel.ts";
import { listSome, seriesName } from "./panel/rows.ts";
import { withFailures } from "./series-failures.ts";

/** A series whose forecast is no number, and where. */
export interface NotFinite {
  readonly key: SeriesKey;
  readonly message: string;
}

/** @throws TsopsError FIT_FAILED naming the series whose forecasts are not finite. */
export function refuseNotFinite(kind: string, wrong: readonly NotFinite[], hint: string): void {
  if (wrong.length === 0) return;
  const code = "FIT_FAILED";
  throw withFailures(
    new TsopsError(
      code,
      `${kind} has no finite forecast of ${listSome(wrong.map(({ key, message }) => `${seriesName(key)} (${message})`))}.`,
      { hint, details: { count: wrong.length, series: wrong.slice(0, 20) } },
    ),
    wrong.map(({ key, message }) => ({ key, code, message })),
  );
}

/**
 * Refuses forecasts that are not finite.
 * @param mean - Series by series, steps ascending.
 * @param because - What more is known of a row, as a sentence that follows.
 * @throws TsopsError FIT_FAILED naming the series with their first such step.
 */
export function refuseMeans(
  kind: string,
  series: readonly SeriesKey[],
  mean: Float64Array,
  hint: string,
  because: (row: number) => string = () => "",
): void {
  const steps = mean.length / series.length;
  const wrong = series.flatMap((key, s): NotFinite[] => {
    for (let row = s * steps; row < (s + 1) * steps; row++)
      if (!Number.isFinite(mean[row] as number))
        return [
          { key, message: `The forecast of step ${row - s * steps + 1} is ${mean[row]}.${because(row)}` },
        ];
    return [];
  });
  refuseNotFinite(kind, wrong, hint);
}
