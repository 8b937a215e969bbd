import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { canonicalJson, parseCanonicalJson } from "../../canonical-json.ts";
import { TsopsError } from "../../errors.ts";
import type { Columns } from "../../schema/columns.ts";
import { firstTimesOf, lastTimesOf } from "../absorb.ts";
import { checkPredict } from "../check.ts";
import type { Forecast } from "../forecast.ts";
import type { FittedForecaster, PredictOptions } from "../forecaster.ts";
import { arrangementOf, forecastOf } from "../future.ts";
import { levelOfQuantile, probabilitiesOf } from "../levels.ts";
import { chooseSeries, panelOfChosen } from "../panel/choose-series.ts";
import type { SeriesKey } from "../panel/panel.ts";
import { panelFromBinary, panelToBinary } from "../panel/panel-bytes.ts";
import { panelToColumns, selectRows } from "../panel/panel-slices.ts";
import { columnsOf } from "../panel/plain-rows.ts";
import { columnOfKind, numbersOf } from "../panel/rows.ts";
import type { SamplePaths } from "../sample-paths.ts";
import { type Adaptation, aimOf } from "./adaptation.ts";
import { type Calibration, clip, originsOf, quantilesAround, scoresOf, withOrigin } from "./calibration.ts";
import { expectedSizes } from "./expected-sizes.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { dueSeries, type Pending, rowsUpToOrigin, takeBlock, withPending } from "./pending.ts";
import { requireScores } from "./require-scores.ts";
import { drawPaths, resolveSamplePathOptions, type SamplePathOptions } from "./sample-paths.ts";

/** How a level's intervals have adapted. */
export interface AdaptedLevel {
  /** The series, or null when all series pool their scores. */
  readonly key: SeriesKey | null;
  /** Percent. */
  readonly level: number;
  /** The miss rate aimed at now; (100 - level) / 100 before anything was observed, and with `adapt: "pid"`. */
  readonly missRate: number;
  /** With `adapt: "pid"`, by how many times the largest recent score the bounds are moved out now; 0 before anything was observed. */
  readonly offset: number;
}

/** A fitted forecaster with intervals. */
export interface FittedConformal<Known extends string = string> extends FittedForecaster<Known> {
  readonly kind: "conformal";
  /** The forecaster within. */
  readonly forecaster: FittedForecaster<Known>;
  /** Origins whose scores the intervals stand on, of the series that has most. */
  readonly origins: number;
  readonly adaptedLevels: readonly AdaptedLevel[];
  /** No forecast and no interval lies below. */
  readonly lowest: number | null;
  /**
   * Draws paths of the asked series and steps together, from the error trajectories of past origins: a bad day for one series is a bad day for others as far as it was so before, and
   * errors last over the steps as they did. For sums over the horizon or over series, whose intervals are not sums of intervals. They learn as `update` scores origins; `adapt` does not touch them.
   * @throws TsopsError ABORTED; what `predict` throws.
   */
  samplePaths(options?: SamplePathOptions): Promise<SamplePaths>;
  update(...args: Parameters<FittedForecaster<Known>["update"]>): FittedConformal<Known>;
}

interface State<Known extends string> {
  readonly options: ResolvedConformalOptions;
  readonly calibration: Calibration;
  /** The forecaster as it was at the last scored origin. */
  readonly anchor: FittedForecaster<Known>;
  /** The anchor with all pending rows. */
  readonly current: FittedForecaster<Known>;
  readonly pending: Pending;
}

/** A fitted conformal forecaster from its state. */
export function fittedConformal<Known extends string>(state: State<Known>): FittedConformal<Known> {
  const { options, calibration, current, pending } = state;
  const groups = options.by === "series" ? pending.series : [null];
  /** Means of the asked series, in order. */
  const centre = ({ future, keys }: PredictOptions, steps: number) => {
    const chosen = chooseSeries(pending, keys);
    const forecast = (current as FittedForecaster).predict({
      horizon: steps,
      ...(future === undefined ? {} : { future }),
      ...(keys === undefined ? {} : { keys }),
    });
    const asked = panelOfChosen(pending, chosen);
    const { seasonFactors } = calibration;
    const expected =
      seasonFactors === null ? null : expectedSizes(seasonFactors, asked.spec, lastTimesOf(asked), steps);
    return { chosen, asked, expected, mean: meansInOrder(forecast, asked.series, steps, options) };
  };
  return {
    kind: "conformal",
    spec: current.spec,
    horizon: current.horizon,
    series: pending.series,
    failures: pending.failures ?? [],
    hasIntervals: true,
    lastTimes: lastTimesOf(pending),
    forecaster: current,
    origins: originsOf(calibration),
    lowest: options.lowest,
    get adaptedLevels() {
      return groups.flatMap((key, group) =>
        options.levels.map((level) => ({
          key,
          level,
          ...aimOf(calibration.adaptation, options, group, level),
        })),
      );
    },
    predict: (predictOptions: PredictOptions = {}) => {
      const { levels = [], quantiles: further = [] } = predictOptions;
      const probabilities = probabilitiesOf(levels, further);
      const steps = checkPredict(predictOptions, current.horizon);
      const { chosen, asked, expected, mean } = centre(predictOptions, steps);
      const asks = [...new Set(probabilities.map(levelOfQuantile))];
      const others = asks.filter((level) => !options.levels.includes(level));
      requireScores(calibration, options, others, chosen);
      const quantiles = quantilesAround({
        calibration,
        options,
        chosen,
        mean,
        steps,
        expected,
        probabilities,
      });
      return forecastOf(asked, steps, mean, quantiles);
    },
    samplePaths: async (pathOptions: SamplePathOptions = {}) => {
      const resolved = resolveSamplePathOptions(pathOptions);
      const steps = checkPredict(resolved.predict, current.horizon);
      const { chosen, asked, expected, mean } = centre(resolved.predict, steps);
      const paths = { calibration, options, series: asked.series, chosen, mean, steps, expected };
      return drawPaths(paths, resolved);
    },
    update(input) {
      const rows = columnsOf("update()", pending, input);
      const next = current.update(rows);
      const late = rowsUpToOrigin(pending, rows);
      return fittedConformal(
        scorePending({
          ...state,
          options: withoutDisprovedBound(options, rows, pending),
          current: next,
          anchor: late.length > 0 ? state.anchor.update(late) : state.anchor,
          pending: withPending(pending, rows),
        }),
      );
    },
    save: () => save(state),
  };
}

/** A guessed bound goes as soon as a target lies below it. */
function withoutDisprovedBound(
  options: ResolvedConformalOptions,
  rows: Columns,
  { spec }: Pending,
): ResolvedConformalOptions {
  const { lowest, isLowestGuessed } = options;
  if (!isLowestGuessed || lowest === null) return options;
  const target = columnOfKind(rows, spec.target, ["float64", "int64", "bool"], "target");
  const isBelow = numbersOf(target, spec.target, rows.length).some((value) => value < lowest);
  return isBelow ? { ...options, lowest: null } : options;
}

/** Scores forecasts from the anchor while there are rows to score them against, and moves the anchor on. */
function scorePending<Known extends string>(state: State<Known>): State<Known> {
  const { horizon } = state.current;
  let { anchor, pending, calibration } = state;
  for (;;) {
    const due = dueSeries(pending, horizon);
    if (due.length === 0) break;
    const block = takeBlock(pending, horizon, due);
    const asked = due.map((s) => pending.series[s] as SeriesKey);
    const keys = due.length === pending.series.length ? {} : { keys: asked };
    const forecast = (anchor as FittedForecaster).predict({ horizon, future: block.future, ...keys });
    const means = meansInOrder(forecast, asked, horizon, state.options);
    const mean = new Float64Array(pending.series.length * horizon).fill(Number.NaN);
    due.forEach((s, place) => {
      mean.set(means.subarray(place * horizon, (place + 1) * horizon), s * horizon);
    });
    const { seasonFactors, floor } = calibration;
    const expected =
      seasonFactors === null
        ? null
        : expectedSizes(seasonFactors, pending.spec, firstTimesOf(pending), horizon);
    const scores = scoresOf(mean, block.outcomes, state.options, floor, expected);
    calibration = withOrigin(calibration, scores, state.options);
    anchor = anchor.update(block.rows);
    pending = block.rest;
  }
  return { ...state, anchor, pending, calibration };
}

/**
 * The means of a forecast series by series, steps ascending, within what the target can be.
 * @throws TsopsError PANEL_INVALID when it does not predict each series and step once.
 */
export function meansInOrder(
  forecast: Forecast,
  series: readonly SeriesKey[],
  horizon: number,
  range: Pick<ResolvedConformalOptions, "lowest" | "highest">,
): Float64Array {
  const arrange = arrangementOf(forecast, series, horizon);
  if (arrange !== null) return arrange(forecast.mean).map((value) => clip(value, range));
  throw new TsopsError(
    "PANEL_INVALID",
    `The forecaster was asked for ${series.length} series x ${horizon} steps and answered ${forecast.series.length} series, ${forecast.length} rows.`,
    { hint: "A forecaster predicts every series that it was fitted on, each step once." },
  );
}

function save<Known extends string>({ options, calibration, anchor, pending }: State<Known>): Uint8Array {
  const { header, arrays } = panelToBinary(pending, "pending");
  const counts = Int32Array.from(calibration.scores, (own) => own.length / calibration.horizon);
  const scores = new Float64Array(calibration.scores.reduce((sum, own) => sum + own.length, 0));
  let at = 0;
  for (const own of calibration.scores) {
    scores.set(own, at);
    at += own.length;
  }
  const { horizon, seriesCount, floor } = calibration;
  return writeBinary(
    "conformal",
    6,
    {
      ...header,
      options: canonicalJson(options),
      calibration: { horizon, seriesCount, floor } satisfies JsonValue,
    },
    {
      ...arrays,
      scores,
      origins: counts,
      typicalSizes: (calibration.typicalSizes ?? new Float64Array(0)) as Float64Array<ArrayBuffer>,
      reaches: (calibration.reaches ?? new Float64Array(0)) as Float64Array<ArrayBuffer>,
      seasonFactors: (calibration.seasonFactors ?? new Float64Array(0)) as Float64Array<ArrayBuffer>,
      ...(calibration.adaptation as { readonly [Name in keyof Adaptation]: Float64Array<ArrayBuffer> }),
      forecaster: anchor.save() as Uint8Array<ArrayBuffer>,
    },
  );
}

/**
 * Restores a saved conformal forecaster.
 * @param loadInner - Restores the forecaster within.
 * @throws TsopsError MODEL_FORMAT_INVALID.
 */
export function loadConformal(
  bytes: Uint8Array,
  loadInner: (bytes: Uint8Array) => FittedForecaster,
): FittedConformal {
  const contents = readBinary(bytes, "conformal", 6);
  const saved = contents.header as unknown as {
    readonly options: string;
    readonly calibration: Pick<Calibration, "horizon" | "seriesCount" | "floor">;
  };
  const pending = panelFromBinary(contents, "pending");
  const anchor = loadInner(contents.array("forecaster", "uint8"));
  const scores = contents.array("scores", "float64");
  let end = 0;
  const bySeries = Array.from(contents.array("origins", "int32"), (count) => {
    end += count * saved.calibration.horizon;
    return scores.subarray(end - count * saved.calibration.horizon, end);
  });
  const typicalSizes = contents.array("typicalSizes", "float64");
  const reaches = contents.array("reaches", "float64");
  const seasonFactors = contents.array("seasonFactors", "float64");
  const news = selectRows(pending, () => [1, Number.POSITIVE_INFINITY]);
  return fittedConformal({
    options: parseCanonicalJson(saved.options) as ResolvedConformalOptions,
    calibration: {
      ...saved.calibration,
      scores: bySeries,
      typicalSizes: typicalSizes.length === 0 ? null : typicalSizes,
      reaches: reaches.length === 0 ? null : reaches,
      seasonFactors: seasonFactors.length === 0 ? null : seasonFactors,
      adaptation: {
        missRates: contents.array("missRates", "float64"),
        offsets: contents.array("offsets", "float64"),
        excess: contents.array("excess", "float64"),
        counts: contents.array("counts", "float64"),
      },
    },
    anchor,
    current: news.times.length === 0 ? anchor : anchor.update(panelToColumns(news)),
    pending,
  });
}
