import { TsopsError } from "../../errors.ts";
import { type Frequency, parseFrequency } from "../../time/frequency.ts";
import { formatInstant } from "../../time/instant.ts";
import type { FittedForecaster, Forecaster } from "../forecaster.ts";
import type { Panel, SeriesFailure } from "../panel/panel.ts";
import { panelToColumns, slicePanel, takeSeries } from "../panel/panel-slices.ts";
import { seriesKeyText } from "../panel/series-key.ts";
import type { BacktestSettings } from "./settings.ts";

/** Folds that share a fit. */
export interface FoldGroup {
  /** Indexes of the series that take part. */
  readonly series: readonly number[];
  readonly folds: readonly { readonly fold: number; readonly cutoff: bigint; readonly until: bigint }[];
}

/**
 * Folds by the fit that they share.
 * @throws TsopsError BACKTEST_INVALID when no series has the rows.
 */
export function planFolds(panel: Panel, settings: BacktestSettings, frequency: Frequency): FoldGroup[] {
  const { horizon, folds, step, refitEvery, gap, embargo } = settings;
  const reach = gap + horizon;
  const firstCells = panel.series.map((_, s) =>
    frequency.indexOf(panel.times[panel.offsets[s] as number] as bigint),
  );
  const lastCells = panel.series.map((_, s) =>
    frequency.indexOf(panel.times[(panel.offsets[s + 1] as number) - 1] as bigint),
  );
  const last = lastCells.reduce((most, cell) => Math.max(most, cell), Number.NEGATIVE_INFINITY);
  const cutoffCell = (fold: number): number => last - reach - (folds - 1 - fold) * step;
  const groups: FoldGroup[] = [];
  for (let start = 0; start < folds; start += refitEvery) {
    const end = Math.min(folds, start + refitEvery);
    const series = panel.series.flatMap((_, s) =>
      (firstCells[s] as number) <= cutoffCell(start) - embargo &&
      (lastCells[s] as number) >= cutoffCell(end - 1) + reach
        ? [s]
        : [],
    );
    if (series.length === 0) {
      const longest = panel.series.reduce(
        (most, _, s) => Math.max(most, (panel.offsets[s + 1] as number) - (panel.offsets[s] as number)),
        0,
      );
      const needed = reach + embargo + (folds - 1) * step + 1;
      throw new TsopsError(
        "BACKTEST_INVALID",
        `${folds} folds of ${horizon} steps, ${step} apart${besides(settings)}, need ${needed} rows of a series that reaches the end of fold ${end}, besides what the forecaster needs before the first cutoff; the longest series has ${longest}.`,
        {
          hint: `Give a longer history, or fewer folds, a shorter horizon or a smaller step${embargo > 0 ? ", gap or embargo" : gap > 0 ? " or gap" : ""}.`,
          details: { needed, longest, horizon, folds, step, gap, embargo },
        },
      );
    }
    groups.push({
      series,
      folds: Array.from({ length: end - start }, (_, i) => ({
        fold: start + i,
        cutoff: frequency.instantAt(cutoffCell(start + i)),
        until: frequency.instantAt(cutoffCell(start + i) + reach),
      })),
    });
  }
  return groups;
}

function besides({ gap, embargo }: BacktestSettings): string {
  if (gap === 0 && embargo === 0) return "";
  return `, ${[...(gap > 0 ? [`a gap of ${gap}`] : []), ...(embargo > 0 ? [`an embargo of ${embargo}`] : [])].join(" and ")}`;
}

/** A forecaster as a fold has it. */
export interface FittedFold<Known extends string> {
  readonly fitted: FittedForecaster<Known>;
  /** Indexes of the series that were fitted among those that take part. */
  readonly kept: readonly number[];
}

/**
 * Fits on the rows up to the cutoff, without those under embargo, which are then absorbed.
 * @throws TsopsError BACKTEST_INVALID when the history of the fold is too short for the forecaster.
 */
export async function fitFold<Known extends string>(
  forecaster: Forecaster,
  active: Panel<Known>,
  cutoff: bigint,
  fold: number,
  { horizon, folds, step, gap, embargo, window, failures, threads, signal }: BacktestSettings,
): Promise<FittedFold<Known>> {
  const frequency = parseFrequency(active.spec.frequency, { zone: active.spec.zone });
  const before = (rows: number): bigint => frequency.instantAt(frequency.indexOf(cutoff) - rows);
  const until = before(embargo);
  const history = slicePanel(active, {
    until,
    ...(window === undefined ? {} : { from: before(embargo + window - 1) }),
  });
  try {
    const fitted = await forecaster.fit(history, {
      horizon: gap + horizon,
      ...(failures === "collect" ? { failures } : {}),
      ...(threads === undefined ? {} : { threads }),
      ...(signal === undefined ? {} : { signal }),
    });
    const kept = seriesBesides(active, fitted.failures ?? []);
    if (embargo === 0) return { fitted, kept };
    const late = slicePanel(takeSeries(active, kept), { from: until + 1n, until: cutoff });
    return { fitted: fitted.update(panelToColumns(late)), kept };
  } catch (cause) {
    if (!TsopsError.is(cause, "SERIES_TOO_SHORT")) throw cause;
    throw new TsopsError(
      "BACKTEST_INVALID",
      `Fold ${fold + 1} of ${folds} ends its history at ${formatInstant(cutoff)}, ${gap + horizon + (folds - 1 - fold) * step} steps before the end of the panel, ${seen(window, embargo)}and that is too short for "${forecaster.kind}": ${cause.message}`,
      {
        hint: `Give ${window === undefined ? "" : "a wider window, where the history has more rows than it: else "}a longer history, or fewer folds, a shorter horizon or a smaller step${embargo > 0 ? " or embargo" : ""}.`,
        details: { ...cause.details, fold, horizon, folds, step },
        cause,
      },
    );
  }
}

/** What a fit sees of the history before a cutoff, in words. */
function seen(window: number | undefined, embargo: number): string {
  const without = embargo === 0 ? "" : ` without its last ${embargo} (embargo)`;
  if (window !== undefined) return `its fit sees a window of ${window}${without}, `;
  return embargo === 0 ? "" : `its fit sees the rows${without}, `;
}

function seriesBesides(panel: Panel, failures: readonly SeriesFailure[]): readonly number[] {
  const failed = new Set(failures.map(({ key }) => seriesKeyText(key)));
  return panel.series.flatMap((key, s) => (failed.has(seriesKeyText(key)) ? [] : [s]));
}
