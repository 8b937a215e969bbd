import { readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import type { Columns } from "../../schema/columns.ts";
import { selectColumns } from "../../schema/reshape.ts";
import { absorbRows, lastTimesOf } from "../absorb.ts";
import { checkPredict } from "../check.ts";
import { meansInOrder } from "../conformal/fitted.ts";
import type { Forecast } from "../forecast.ts";
import type { FittedForecaster, PredictOptions } from "../forecaster.ts";
import { forecastOf, futureTimes, readFuture } from "../future.ts";
import { chooseSeries, panelOfChosen, valuesOfChosen } from "../panel/choose-series.ts";
import type { Panel, SeriesKey } from "../panel/panel.ts";
import { panelFromBinary, panelToBinary } from "../panel/panel-bytes.ts";
import { panelToColumns, selectRows, takeSeries } from "../panel/panel-slices.ts";
import type { RowsInput } from "../panel/plain-rows.ts";
import { refuseIntervals } from "../refuse-intervals.ts";
import { withSums } from "./aggregate.ts";
import type { ResolvedReconciledOptions } from "./options.ts";
import { type Projection, projection } from "./project.ts";
import { bottomOf, type Structure, structureOf, sumCount, sumUp } from "./structure.ts";
import type { ErrorCovariance } from "./weights.ts";

/** A fitted forecaster whose forecasts add up. */
export interface FittedReconciled<Known extends string = string> extends FittedForecaster<Known> {
  readonly kind: "reconciled";
  /** The forecaster within: of the sums and the series, or of the series alone for `"bottomUp"`. */
  readonly forecaster: FittedForecaster;
  /** The sums, level by level, and then the series themselves: what `predictLevels` predicts. */
  readonly allSeries: readonly SeriesKey[];
  /**
   * Predicts all levels: `predict` with the sums. Keys are text, `"*"` in the columns that are summed over; `keys` are such keys.
   * @throws what `predict` throws.
   */
  predictLevels(options?: PredictOptions): Forecast;
  update(...args: Parameters<FittedForecaster<Known>["update"]>): FittedReconciled<Known>;
}

/** All that a fitted reconciliation consists of. */
export interface ReconciledState<Known extends string> {
  readonly options: ResolvedReconciledOptions;
  readonly structure: Structure;
  /** Null for bottom-up. */
  readonly covariance: ErrorCovariance | null;
  readonly inner: FittedForecaster;
  /** The last rows of the bottom series, from which sums are made when late values come. */
  readonly tail: Panel<Known>;
}

/** Rows that are kept of each series. */
export function keptRows(horizon: number): number {
  return horizon + 1;
}

/** The last rows of a panel with the covariates that a forecaster uses. */
export function tailOf<Known extends string>(panel: Panel<Known>, inner: FittedForecaster): Panel<Known> {
  const { knownFuture, pastOnly, static: statics } = inner.spec;
  const own: Panel<Known> = {
    ...panel,
    spec: { ...panel.spec, knownFuture: knownFuture as readonly Known[], pastOnly, static: statics },
    known: panel.known.filter(({ name }) => knownFuture.includes(name)),
    past: panel.past.filter(({ name }) => pastOnly.includes(name)),
    static: panel.static.filter(({ name }) => statics.includes(name)),
  };
  return trimmed(own, inner.horizon);
}

function trimmed<Known extends string>(panel: Panel<Known>, horizon: number): Panel<Known> {
  return selectRows(panel, (s) => [
    Math.max(0, (panel.offsets[s + 1] as number) - (panel.offsets[s] as number) - keptRows(horizon)),
    Number.POSITIVE_INFINITY,
  ]);
}

/** The structure that the forecaster within is fitted on. */
export function innerStructure(structure: Structure, { method }: ResolvedReconciledOptions): Structure {
  return method === "bottomUp" ? bottomOf(structure) : structure;
}

/** A fitted reconciliation from its state. */
export function fittedReconciled<Known extends string>(
  state: ReconciledState<Known>,
): FittedReconciled<Known> {
  const { options, structure, covariance, inner, tail } = state;
  const sums = sumCount(structure);
  const within = innerStructure(structure, options);
  let made: Projection | null = null;
  /** Of all levels, series by series. */
  const reconcile = (predictOptions: PredictOptions | undefined): { steps: number; mean: Float64Array } => {
    const steps = checkPredict(predictOptions, inner.horizon);
    refuseIntervals("reconciled", predictOptions);
    const forecast = predictWithSums(state, within, steps, predictOptions?.future);
    const base = meansInOrder(forecast, within.series, steps, { lowest: null, highest: null });
    if (covariance !== null) made ??= projection(structure, covariance, options.nonNegative);
    const mean = new Float64Array(structure.series.length * steps);
    const values = new Float64Array(structure.series.length);
    for (let h = 0; h < steps; h++) {
      const missing = structure.series.length - within.series.length;
      for (let s = 0; s < within.series.length; s++) values[missing + s] = base[s * steps + h] as number;
      if (made !== null) made.apply(values);
      else {
        if (options.nonNegative)
          for (let s = sums; s < values.length; s++) values[s] = Math.max(0, values[s] as number);
        sumUp(structure, values);
      }
      for (let s = 0; s < values.length; s++) mean[s * steps + h] = values[s] as number;
    }
    return { steps, mean };
  };
  return {
    kind: "reconciled",
    spec: tail.spec,
    horizon: inner.horizon,
    series: tail.series,
    hasIntervals: false,
    lastTimes: lastTimesOf(tail),
    forecaster: inner,
    allSeries: structure.series,
    predict(predictOptions?: PredictOptions) {
      const chosen = chooseSeries(tail, predictOptions?.keys);
      const { steps, mean } = reconcile(predictOptions);
      const own = valuesOfChosen(mean.subarray(sums * steps), chosen, steps);
      return forecastOf(panelOfChosen(tail, chosen), steps, own);
    },
    predictLevels(predictOptions) {
      const chosen = chooseSeries(structure, predictOptions?.keys);
      const { steps, mean } = reconcile(predictOptions);
      const all = withSums(tail, structure);
      return forecastOf(panelOfChosen(all, chosen), steps, valuesOfChosen(mean, chosen, steps));
    },
    update(rows) {
      const longer = evened(absorbRows(tail, rows));
      return fittedReconciled({
        ...state,
        inner: inner.update(panelToColumns(withSums(longer, within))),
        tail: trimmed(longer, inner.horizon),
      });
    },
    save: () => save(state),
  };
}

/** A panel whose series all end with the last one: the others have missing rows until then. */
function evened<Known extends string>(panel: Panel<Known>): Panel<Known> {
  const ends = lastTimesOf(panel);
  const last = ends.reduce((latest, end) => (end > latest ? end : latest), ends[0] as bigint);
  const behind = panel.series.flatMap((_, s) => ((ends[s] as bigint) < last ? [s] : []));
  if (behind.length === 0) return panel;
  const missing = new Float64Array(behind.length).fill(Number.NaN);
  const ending: Panel = {
    ...takeSeries(panel, behind),
    offsets: Int32Array.from({ length: behind.length + 1 }, (_, s) => s),
    times: new BigInt64Array(behind.length).fill(last),
    y: missing,
    known: panel.known.map((covariate) => ({ ...covariate, values: missing })),
    past: panel.past.map((covariate) => ({ ...covariate, values: missing })),
    gaps: [],
  };
  return absorbRows(panel, panelToColumns(ending));
}

/** What the forecaster within predicts. Of wrong future rows only those of the series are told: no one gives those of sums. */
function predictWithSums(
  { inner, tail }: Pick<ReconciledState<string>, "inner" | "tail">,
  within: Structure,
  steps: number,
  future: RowsInput | undefined,
): Forecast {
  if (future === undefined) return inner.predict({ horizon: steps });
  try {
    return inner.predict({ horizon: steps, future: futureWithSums(tail, within, steps, future) });
  } catch (error) {
    if (TsopsError.is(error, "FUTURE_VALUES_MISSING") || TsopsError.is(error, "VALUE_INVALID"))
      readFuture(tail, steps, future, columnsOfError(error));
    throw error;
  }
}

function columnsOfError({ details }: TsopsError): readonly string[] {
  return (details["columns"] ?? []) as readonly string[];
}

/** Future rows of the series and of their sums. */
function futureWithSums(tail: Panel, within: Structure, steps: number, future: RowsInput): Columns {
  const values = readFuture(tail, steps, future, []);
  const bottom: Panel = {
    ...tail,
    offsets: Int32Array.from({ length: tail.series.length + 1 }, (_, s) => s * steps),
    times: futureTimes(tail.spec, lastTimesOf(tail), steps),
    y: new Float64Array(tail.series.length * steps).fill(Number.NaN),
    known: tail.known.map((covariate, k) => ({ ...covariate, values: values[k] as Float64Array })),
    past: [],
    gaps: [],
  };
  const all = withSums(bottom, within, "others");
  // A category that the history never had is told by its code alone; any other text that is new says the same.
  const named = all.known.map((covariate) =>
    covariate.categories === undefined
      ? covariate
      : { ...covariate, categories: [...covariate.categories, newText(covariate.categories)] },
  );
  const { keys, time, knownFuture } = tail.spec;
  return selectColumns(panelToColumns({ ...all, known: named }), [...keys, time, ...knownFuture]);
}

function newText(categories: readonly string[]): string {
  let text = "other";
  while (categories.includes(text)) text = `${text} `;
  return text;
}

function save<Known extends string>({
  options,
  covariance,
  inner,
  tail,
}: ReconciledState<Known>): Uint8Array {
  const { header, arrays } = panelToBinary(tail, "tail");
  return writeBinary(
    "reconciled",
    1,
    { ...header, options: { ...options }, rank: covariance?.rank ?? -1 },
    {
      ...arrays,
      ...(covariance === null
        ? {}
        : {
            diagonal: covariance.diagonal as Float64Array<ArrayBuffer>,
            factors: covariance.factors as Float64Array<ArrayBuffer>,
          }),
      forecaster: inner.save() as Uint8Array<ArrayBuffer>,
    },
  );
}

/**
 * Restores a saved reconciliation.
 * @param loadInner - Restores the forecaster within.
 * @throws TsopsError MODEL_FORMAT_INVALID.
 */
export function loadReconciled(
  bytes: Uint8Array,
  loadInner: (bytes: Uint8Array) => FittedForecaster,
): FittedReconciled {
  const contents = readBinary(bytes, "reconciled", 1);
  const { options, rank } = contents.header as unknown as {
    readonly options: ResolvedReconciledOptions;
    readonly rank: number;
  };
  const tail = panelFromBinary(contents, "tail");
  const structure = structureOf(tail.spec.keys, tail.series, options.levels);
  const count = structure.series.length;
  return fittedReconciled({
    options,
    structure,
    covariance:
      rank < 0
        ? null
        : {
            diagonal: contents.array("diagonal", "float64", count),
            factors: contents.array("factors", "float64", count * rank),
            rank,
          },
    inner: loadInner(contents.array("forecaster", "uint8")),
    tail,
  });
}

/** @throws TsopsError PANEL_INVALID unless all series end at the same instant. */
export function requireEvenEnds(
  panel: Panel,
  nameOf: (key: SeriesKey) => string,
  shownTime: (time: bigint) => string,
): void {
  const ends = lastTimesOf(panel);
  const last = ends.reduce((latest, end) => (end > latest ? end : latest), ends[0] as bigint);
  const early = panel.series.flatMap((key, s) =>
    (ends[s] as bigint) < last ? [`${nameOf(key)} at ${shownTime(ends[s] as bigint)}`] : [],
  );
  if (early.length === 0) return;
  throw new TsopsError(
    "PANEL_INVALID",
    `Forecasts can only add up where they begin together, at ${shownTime(last)}; ${early.length} series end before: ${early.slice(0, 5).join(", ")}.`,
    {
      hint: "Leave these series out, or give them rows without a target until then.",
      details: { count: early.length, first: early.slice(0, 20) },
    },
  );
}
