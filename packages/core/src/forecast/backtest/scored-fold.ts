import { TsopsError } from "../../errors.ts";
import { formatInstant } from "../../time/instant.ts";
import type { Forecast } from "../forecast.ts";
import { arrangementOf, futureTimes } from "../future.ts";
import { intervalOf, probabilitiesOf } from "../levels.ts";
import { seasonalNaiveScale } from "../metrics.ts";
import { refuseMeans } from "../not-finite.ts";
import type { Panel } from "../panel/panel.ts";
import { slicePanel } from "../panel/panel-slices.ts";
import type { BacktestSettings } from "./settings.ts";

/** The rows of one fold, series by series, steps ascending. */
export interface ScoredFold {
  readonly fold: number;
  readonly cutoff: bigint;
  /** Series of the panel, by index. */
  readonly seriesIds: readonly number[];
  readonly time: BigInt64Array;
  readonly y: Float64Array;
  readonly mean: Float64Array;
  /** Values by probability; null when the forecaster has no intervals. */
  readonly quantiles: ReadonlyMap<number, Float64Array> | null;
  /** Per series. */
  readonly absoluteScale: Float64Array;
  readonly squaredScale: Float64Array;
}

/**
 * Puts a forecast beside the outcomes.
 * @throws TsopsError BACKTEST_INVALID when it does not predict what was asked for, FIT_FAILED when it predicts what is not finite.
 */
export function scoreFold(
  forecast: Forecast,
  active: Panel,
  outcomes: Float64Array,
  { fold, cutoff, seriesIds }: { fold: number; cutoff: bigint; seriesIds: readonly number[] },
  { horizon, gap, levels, seasonLength }: BacktestSettings,
): ScoredFold {
  const reach = gap + horizon;
  const arrange = arrangementOf(forecast, active.series, reach);
  if (arrange === null || forecast.cutoff.some((instant) => instant !== cutoff))
    throw new TsopsError(
      "BACKTEST_INVALID",
      `The forecaster was asked for ${active.series.length} series x ${reach} steps after ${formatInstant(cutoff)} and answered ${forecast.series.length} series, ${forecast.length} rows.`,
      { hint: "A forecaster predicts every series that it was fitted on, from its last observed instant." },
    );
  const mean = arrange(forecast.mean);
  refuseMeans(
    `After ${formatInstant(cutoff)} the forecaster`,
    active.series,
    mean,
    "Look at what it predicts there, or leave these series out of the panel.",
  );
  const hasIntervals =
    levels.length > 0 && levels.every((level) => intervalOf(forecast.quantiles, level) !== null);
  /** The judged steps of each series. */
  const judged = <T extends Float64Array | BigInt64Array>(values: T): T =>
    gap === 0 ? values : (values.filter((_: unknown, row: number) => row % reach >= gap) as T);
  const history = slicePanel(active, { until: cutoff });
  const scales = (kind: "absolute" | "squared"): Float64Array =>
    Float64Array.from(history.series, (_, s) =>
      seasonalNaiveScale(history.y.subarray(history.offsets[s], history.offsets[s + 1]), seasonLength, kind),
    );
  return {
    fold,
    cutoff,
    seriesIds,
    time: judged(futureTimes(active.spec, new BigInt64Array(active.series.length).fill(cutoff), reach)),
    y: judged(outcomes),
    mean: judged(mean),
    quantiles: hasIntervals
      ? new Map(
          probabilitiesOf(levels).map((probability) => [
            probability,
            judged(
              arrange(
                forecast.quantiles.find((quantile) => Math.abs(quantile.probability - probability) < 1e-9)
                  ?.values as Float64Array,
              ),
            ),
          ]),
        )
      : null,
    absoluteScale: scales("absolute"),
    squaredScale: scales("squared"),
  };
}
