import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { canonicalJson, parseCanonicalJson } from "../../canonical-json.ts";
import { TsopsError } from "../../errors.ts";
import { checkPredict } from "../check.ts";
import { chooseSeries, panelOfChosen } from "../choose-series.ts";
import type { Forecast } from "../forecast.ts";
import type { FittedForecaster, PredictOptions } from "../forecaster.ts";
import { arrangementOf, forecastOf } from "../future.ts";
import type { SeriesKey } from "../panel.ts";
import { panelFromBinary, panelToBinary } from "../panel-bytes.ts";
import { panelToColumns, selectRows } from "../panel-slices.ts";
import { type Adaptation, aimOf } from "./adaptation.ts";
import {
  type Calibration,
  clip,
  quantilesAround,
  requireScores,
  scoresOf,
  withOrigin,
} from "./calibration.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { isDue, type Pending, rowsUpToOrigin, takeBlock, withPending } from "./pending.ts";
import {
  drawPaths,
  resolveSamplePathOptions,
  type SamplePathOptions,
  type SamplePaths,
} from "./sample-paths.ts";

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
  /** Origins whose scores the intervals stand on. */
  readonly origins: number;
  readonly adaptedLevels: readonly AdaptedLevel[];
  /**
   * Draws paths of the asked series and steps together, from the error trajectories of past origins: a bad day for one series is a bad day for others as far as it was so before, and
   * errors last over the steps as they did. For sums over the horizon or over series, whose intervals are not sums of intervals. They learn as `update` scores origins; `adapt` does not touch them.
   * @throws what `predict` throws.
   */
  samplePaths(options?: SamplePathOptions): SamplePaths;
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
    return { chosen, asked, mean: meansInOrder(forecast, asked.series, steps, options) };
  };
  return {
    kind: "conformal",
    spec: current.spec,
    horizon: current.horizon,
    series: pending.series,
    failures: pending.failures ?? [],
    lastTimes: BigInt64Array.from(
      pending.series,
      (_, s) => pending.times[(pending.offsets[s + 1] as number) - 1] as bigint,
    ),
    forecaster: current,
    origins: calibration.origins.length,
    adaptedLevels: groups.flatMap((key, group) =>
      options.levels.map((level) => ({
        key,
        level,
        ...aimOf(calibration.adaptation, options, group, level),
      })),
    ),
    predict: (predictOptions: PredictOptions = {}) => {
      const { levels = [] } = predictOptions;
      const steps = checkPredict(predictOptions, current.horizon);
      requireScores(
        calibration,
        options,
        levels.filter((level) => !options.levels.includes(level)),
      );
      const { chosen, asked, mean } = centre(predictOptions, steps);
      const quantiles = quantilesAround({ calibration, options, chosen, mean, steps, levels });
      return forecastOf(asked, steps, mean, quantiles);
    },
    samplePaths: (pathOptions: SamplePathOptions = {}) => {
      const resolved = resolveSamplePathOptions(pathOptions);
      const steps = checkPredict(resolved.predict, current.horizon);
      const { chosen, asked, mean } = centre(resolved.predict, steps);
      return drawPaths({ calibration, options, series: asked.series, chosen, mean, steps }, resolved);
    },
    update(rows) {
      const next = current.update(rows);
      const late = rowsUpToOrigin(pending, rows);
      return fittedConformal(
        scorePending({
          ...state,
          current: next,
          anchor: late.length > 0 ? state.anchor.update(late) : state.anchor,
          pending: withPending(pending, rows),
        }),
      );
    },
    save: () => save(state),
  };
}

/** Scores forecasts from the anchor while there are rows to score them against, and moves the anchor on. */
function scorePending<Known extends string>(state: State<Known>): State<Known> {
  const { horizon } = state.current;
  let { anchor, pending, calibration } = state;
  while (isDue(pending, horizon)) {
    const block = takeBlock(pending, horizon);
    const forecast = (anchor as FittedForecaster).predict({ horizon, future: block.future });
    const mean = meansInOrder(forecast, pending.series, horizon, state.options);
    const scores = scoresOf(mean, block.outcomes, state.options, calibration.floor);
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
  const width = calibration.seriesCount * calibration.horizon;
  const scores = new Float64Array(calibration.origins.length * width);
  calibration.origins.forEach((origin, i) => {
    scores.set(origin, i * width);
  });
  const { horizon, seriesCount, floor } = calibration;
  return writeBinary(
    "conformal",
    2,
    {
      ...header,
      options: canonicalJson(options),
      calibration: { horizon, seriesCount, floor } satisfies JsonValue,
    },
    {
      ...arrays,
      scores,
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
  const contents = readBinary(bytes, "conformal", 2);
  const saved = contents.header as unknown as {
    readonly options: string;
    readonly calibration: Pick<Calibration, "horizon" | "seriesCount" | "floor">;
  };
  const pending = panelFromBinary(contents, "pending");
  const anchor = loadInner(contents.array("forecaster", "uint8"));
  const scores = contents.array("scores", "float64");
  const width = saved.calibration.seriesCount * saved.calibration.horizon;
  const news = selectRows(pending, () => [1, Number.POSITIVE_INFINITY]);
  return fittedConformal({
    options: parseCanonicalJson(saved.options) as ResolvedConformalOptions,
    calibration: {
      ...saved.calibration,
      origins: Array.from({ length: scores.length / width }, (_, i) =>
        scores.subarray(i * width, (i + 1) * width),
      ),
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
