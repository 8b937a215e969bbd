import { type BinaryContents, type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions } from "../../options.ts";
import { type Absorbed, absorb, changedSeries, lastTimesOf } from "../absorb.ts";
import { checkFit, checkPredict, firstKnown, observedCounts, requireRows, rowCounts } from "../check.ts";
import type { FitOptions, FittedForecaster, Forecaster, PredictOptions } from "../forecaster.ts";
import { forecastOf, readFuture } from "../future.ts";
import { probabilitiesOf } from "../levels.ts";
import { withoutCovariates } from "../models/without-covariates.ts";
import { type NotFinite, refuseNotFinite } from "../not-finite.ts";
import { chooseSeries, panelOfChosen, rowsOfChosen } from "../panel/choose-series.ts";
import type { Panel, SeriesFailure } from "../panel/panel.ts";
import { panelFromBinary, panelToBinary } from "../panel/panel-bytes.ts";
import { type RowRange, rangesOf, withRowsOfSeries } from "../panel/panel-patches.ts";
import { selectRows } from "../panel/panel-slices.ts";
import { refuseIntervals } from "../refuse-intervals.ts";
import { type PathOptions, pathOptionNames, resolvePathOptions, type SamplePaths } from "../sample-paths.ts";
import { fitOthers, leaveOut } from "../series-failures.ts";
import { fitAll } from "./fit-all.ts";
import { drawPaths, type Standing } from "./intervals/draw-paths.ts";
import { withoutRows } from "./known-values.ts";
import type { LocalFit, LocalModel, LocalSummary } from "./local-model.ts";
import { type Note, type Notes, noteOf, notesFromJson, notesToJson, outliersFor } from "./notes.ts";
import { type Current, currentOf, firstKept, stepsAfterGap } from "./open-gap.ts";
import { failuresAmong, nameOf, refuseBelow, refuseFits } from "./refusals.ts";
import { sumOf, targetsIn, targetsWithRegressors, withRegressors } from "./regressors.ts";
import { absorbed, notFinite } from "./steps-ahead.ts";
import { isRefused } from "./try-fit.ts";

/**
 * A forecaster that fits each series by itself. Covariates, and future rows, are used only where its regressors are named.
 * `Regressor` is the names of those: with some, `predict` needs the future of the panel's known-future columns.
 */
export interface LocalForecaster<Kind extends string = string, Regressor extends string = never>
  extends Forecaster {
  readonly kind: Kind;
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedWith<Regressor, Known>>;
  load(bytes: Uint8Array): FittedLocal;
}

/** What a fit gives: without regressors it takes no notice of the panel's known-future columns; where their names are not known to the type checker, a missing future is found when it runs. */
type FittedWith<Regressor extends string, Known extends string> = [Regressor] extends [never]
  ? FittedLocal
  : string extends Regressor
    ? // biome-ignore lint/suspicious/noExplicitAny: stands for the columns of whichever panel, also where these are not yet known.
      FittedLocal<any>
    : FittedLocal<Known>;

/** A fitted forecaster with one state per series. */
export interface FittedLocal<Known extends string = never> extends FittedForecaster<Known> {
  /**
   * What the fit decided, per series in the order of `series`: smoothing parameters, the chosen model, the likelihood. Where there is something to tell, `seasonsTooLong` names seasons that a series is too
   * short for, and `outliers` values that are outliers beyond doubt (`withoutOutliers`), which the fit, its states and its intervals took for missing. `fewRows` says
   * that more is estimated than the rows can tell, `intervals` that a series has shown no errors to make bounds of, which are NaN.
   */
  readonly fits: readonly LocalSummary[];
  readonly failures: readonly SeriesFailure[];
  /**
   * Draws paths of each series from the model's own distribution, step after step, so that errors last as the model has them last: for sums over the horizon, whose
   * intervals are not sums of intervals. Series are drawn independently of each other. Paths are as wide as the intervals, but follow the model in how errors last: where series err together, or sums
   * must be held as often as their intervals say, draw from `conformal`.
   * @throws TsopsError MODEL_PARAMETER_INVALID where the model has no distribution; FIT_FAILED naming the series whose draws are not all finite, or that have shown no errors; ABORTED; what `predict` throws.
   */
  samplePaths(options?: PathOptions): Promise<SamplePaths>;
  update(...args: Parameters<FittedForecaster<Known>["update"]>): FittedLocal<Known>;
}

/**
 * Makes a forecaster of a model.
 *
 * A series begins with its first known value, unless its model says otherwise. The fitted forecaster keeps the last rows (the horizon, or what the model asks
 * for) and the state before them: a late value among those rows changes the forecast as if it had come in time, an older one changes nothing.
 * Rows that leave the kept ones move the state on with the parameters of the fit, so what is predicted is to the bit what
 * these parameters predict on the longer history.
 *
 * Outliers beyond doubt in the rows of the fit are missing values for models that say so (`LocalModel.seasons`), and stay so. Rows that come later count as they are until the next fit: the last
 * one may be a new level, and when others have shown that it was none, few rows are kept to tell.
 * @param loadModel - The model from its saved `params`.
 */
export function localForecaster<Kind extends string>(
  model: LocalModel<Kind>,
  loadModel: (params: Readonly<Record<string, JsonValue>>) => LocalModel,
): LocalForecaster<Kind> {
  const forecaster: LocalForecaster<Kind> = {
    kind: model.kind,
    params: model.params,
    fit: (panel, options) =>
      fitOthers(panel, options, (others, own) => fit(model, others, own, options?.failures === "collect")),
    load: (bytes) => loadLocal(bytes, model.kind, loadModel),
  };
  partsOf.set(forecaster, { model, loadModel });
  return forecaster;
}

interface LocalParts {
  readonly model: LocalModel;
  readonly loadModel: (params: Readonly<Record<string, JsonValue>>) => LocalModel;
}

const partsOf = new WeakMap<object, LocalParts>();

/** What a local forecaster is made of, for models that are built on others; undefined for any other forecaster. */
export function localParts(forecaster: unknown): LocalParts | undefined {
  return typeof forecaster === "object" && forecaster !== null ? partsOf.get(forecaster) : undefined;
}

/** A fitted local forecaster from within. */
interface State {
  readonly model: LocalModel;
  readonly horizon: number;
  /** The kept rows of each series. */
  readonly history: Panel<never>;
  /** Per series the state before `history`. */
  readonly fits: readonly LocalFit[];
  readonly notes: Notes;
}

/** What `fits` say of a series without bounds. */
const noErrors = "none: the series has shown no errors yet, and its bounds are NaN";

const stateOf = new WeakMap<FittedLocal<string>, State>();

/** What a fitted local forecaster is made of. */
export function localState(fitted: FittedLocal<string>): State {
  return stateOf.get(fitted) as State;
}

async function fit(
  model: LocalModel,
  panel: Panel,
  options: FitOptions,
  collects: boolean,
): Promise<FittedLocal> {
  checkFit(panel, options);
  const { horizon } = options;
  const whole =
    model.regressors === undefined
      ? withoutCovariates(panel)
      : withRegressors(panel, model.regressors, nameOf(model));
  const seen = { ...whole, y: targetsWithRegressors(whole) };
  if (model.span !== undefined)
    requireRows(seen, rowCounts(seen), model.span.rows, `${nameOf(model)} with ${model.span.of}`);
  const knownRows = observedCounts(seen);
  requireRows(
    seen,
    knownRows,
    model.neededRows,
    nameOf(model),
    whole.known.length > 0 ? " with a known target and regressors" : " with a known target",
  );
  refuseBelow(model, panel);
  const fromFirst = (s: number) =>
    [model.span === undefined ? firstKnown(seen, s) : 0, Number.POSITIVE_INFINITY] as const;
  const begun = selectRows(whole, fromFirst);
  const { y } = selectRows(seen, fromFirst);
  const outliersOf = outliersFor(model, panel, knownRows);
  const notes: (Note | null)[] = [];
  const found = await fitAll(
    model,
    begun.series.length,
    (s) => {
      const [start, end] = [begun.offsets[s] as number, begun.offsets[s + 1] as number];
      // A series begins later than in the panel, but ends with it.
      const left = (panel.offsets[s + 1] as number) - (panel.offsets[s] as number) - (end - start);
      const outliers = outliersOf(s);
      const own = withoutRows(
        y.subarray(start, end),
        outliers.map(({ row }) => row - left),
      );
      notes[s] = noteOf(model, panel, s, own, outliers);
      return { y: own, regressors: begun.known.map(({ values }) => values.subarray(start, end)) };
    },
    { horizon, keptRows: keptBy(model, horizon), isWidened: model.estimated !== undefined },
    options,
  );
  const failures = failuresAmong(begun.series, found);
  if (!collects) refuseFits(model, failures, found.find(isRefused));
  const fits = found.filter((one): one is LocalFit => !isRefused(one));
  const kept = notes.filter((_, s) => !isRefused(found[s] as LocalFit));
  return fitted(keepLast({ model, horizon, history: leaveOut(begun, failures), fits, notes: notesOf(kept) }));
}

function notesOf(all: readonly (Note | null)[]): Notes {
  return new Map(all.flatMap((note, s) => (note === null ? [] : [[s, note] as const])));
}

/** Last rows that a fitted forecaster keeps of each series, at least. */
function keptBy(model: LocalModel, horizon: number): number {
  return Math.max(horizon, model.keptRows ?? 1);
}

/** The targets of the kept rows of a series, as its states take them. */
export function targetsOf(
  { model, history, fits, notes }: State,
  s: number,
  rows: RowRange = rangesOf(history)(s),
): Float64Array {
  return targetsIn(rows, model.slopes?.(fits[s] as LocalFit), notes.get(s)?.outliers);
}

/** Leaves out of the history the rows that the states of a fit have passed. */
function keepLast(state: State): State {
  const { model, horizon, history, fits } = state;
  const rangeOf = rangesOf(history);
  const kept = fits.map((_, s): [number, RowRange] => {
    const range = rangeOf(s);
    const first = firstKept(model, targetsOf(state, s, range), keptBy(model, horizon));
    return [s, { ...range, start: range.start + first }];
  });
  return { ...state, history: withRowsOfSeries(history, new Map(kept)) };
}

/** Gives some series other rows, and moves their states on over those that are not kept. */
function settleChanged(state: State, { changed, covariates }: Absorbed): State {
  const { model, horizon, history, fits } = state;
  const moved = fits.slice();
  const kept = new Map<number, RowRange>();
  for (const [s, range] of changed) {
    const before = fits[s] as LocalFit;
    const targets = targetsOf(state, s, range);
    const first = firstKept(model, targets, keptBy(model, horizon));
    kept.set(s, { ...range, start: range.start + first });
    const after = absorbed(model, before, targets.subarray(0, first));
    moved[s] = { ...after, ...model.settle?.(after) };
  }
  return { ...state, history: withRowsOfSeries(history, kept, covariates), fits: moved };
}

function fitted(state: State): FittedLocal {
  const { model, horizon: fittedHorizon, history } = state;
  const current = (s: number): Current => currentOf(model, state.fits[s] as LocalFit, targetsOf(state, s));
  /** The series that are asked for, and where each stands with what the regressors add to its steps. */
  const asked = (options: PredictOptions, horizon: number) => {
    const chosen = chooseSeries(history, options.keys);
    const panel = panelOfChosen(history, chosen);
    const future = readFuture(
      panel,
      horizon,
      panel.known.length === 0 ? undefined : options.future && rowsOfChosen(options.future, history, chosen),
    );
    const none = new Float64Array(horizon);
    const standing = (i: number): Standing => {
      const at = current(chosen[i] as number);
      const slopes = model.slopes?.(at.now);
      const added =
        slopes === undefined
          ? none
          : none.map((_, h) => sumOf(slopes, (k) => future[k]?.[i * horizon + h] as number));
      return { ...at, added };
    };
    return { panel, standing };
  };
  const made: FittedLocal = {
    kind: model.kind,
    spec: history.spec,
    horizon: fittedHorizon,
    series: history.series,
    failures: history.failures ?? [],
    hasIntervals: model.quantiles !== undefined,
    lastTimes: lastTimesOf(history),
    get fits() {
      return history.series.map((_, s) => {
        const { now } = current(s);
        const knowsErrors = model.knowsErrors?.(now) ?? true;
        return {
          ...model.summary(now),
          ...state.notes.get(s)?.told,
          ...(knowsErrors ? {} : { intervals: noErrors }),
        };
      });
    },
    predict(options = {}) {
      const horizon = checkPredict(options, fittedHorizon);
      if (model.quantiles === undefined) refuseIntervals(nameOf(model), options);
      const { panel, standing } = asked(options, horizon);
      const count = panel.series.length;
      const probabilities = probabilitiesOf(options.levels ?? [], options.quantiles);
      const mean = new Float64Array(count * horizon);
      const quantiles = probabilities.map((probability) => ({
        probability,
        values: new Float64Array(count * horizon),
      }));
      const wrong: NotFinite[] = [];
      panel.series.forEach((key, i) => {
        const at = standing(i);
        // The whole horizon, so that a shorter one is its beginning also where paths are drawn.
        const ahead = stepsAfterGap(model, at, fittedHorizon, probabilities);
        const put = (from: Float64Array, to: Float64Array): Float64Array => {
          const own = to.subarray(i * horizon, (i + 1) * horizon);
          for (let h = 0; h < horizon; h++) own[h] = (from[h] as number) + (at.added[h] as number);
          return own;
        };
        const own = put(ahead.mean, mean);
        const bounds = quantiles.map(({ values }, q) => put(ahead.bounds[q] as Float64Array, values));
        const message = notFinite({ mean: own, bounds: (model.knowsErrors?.(at.now) ?? true) ? bounds : [] });
        if (message !== null) wrong.push({ key, message });
      });
      refuseNotFinite(
        nameOf(model),
        wrong,
        "The rows after the fit took it out of range: look at them and fit again, or predict the other series with { keys }.",
      );
      return forecastOf(panel, horizon, mean, quantiles);
    },
    async samplePaths(options = {}) {
      checkOptions("MODEL_PARAMETER_INVALID", "samplePaths()", options, pathOptionNames);
      const resolved = resolvePathOptions(options);
      if (model.quantiles === undefined)
        throw new TsopsError(
          "MODEL_PARAMETER_INVALID",
          `${nameOf(model)} has no distribution to draw from.`,
          {
            hint: `Draw from its past errors: conformal(${nameOf(model)}(...)).`,
          },
        );
      const horizon = checkPredict(resolved.predict, fittedHorizon);
      const { panel, standing } = asked(resolved.predict, horizon);
      return drawPaths(model, panel.series, standing, horizon, resolved);
    },
    update(rows) {
      const news = absorb(history, rows);
      if (model.lowest !== undefined) refuseBelow(model, changedSeries(history, news));
      return fitted(settleChanged(state, news));
    },
    save() {
      const { header, arrays } = panelToBinary(history);
      return writeBinary(
        model.kind,
        1,
        {
          ...header,
          params: model.params,
          horizon: fittedHorizon,
          ...(state.notes.size === 0 ? {} : { notes: notesToJson(state.notes) }),
        },
        {
          ...arrays,
          ...ragged(
            "parameters",
            state.fits.map(({ parameters }) => parameters),
          ),
          ...ragged(
            "state",
            state.fits.map((one) => one.state),
          ),
          ...ragged(
            "inflation",
            state.fits.map(({ inflation = new Float64Array(0) }) => inflation),
          ),
        },
      );
    },
  };
  stateOf.set(made, state);
  return made;
}

function loadLocal(
  bytes: Uint8Array,
  kind: string,
  loadModel: (params: Readonly<Record<string, JsonValue>>) => LocalModel,
): FittedLocal {
  const contents = readBinary(bytes, kind, 1);
  const {
    params,
    horizon,
    notes = [],
  } = contents.header as unknown as {
    readonly params: Readonly<Record<string, JsonValue>>;
    readonly horizon: number;
    readonly notes?: JsonValue;
  };
  const history = panelFromBinary<never>(contents);
  const count = history.series.length;
  const parameters = readRagged(contents, "parameters", count);
  const states = readRagged(contents, "state", count);
  const inflations = readRagged(contents, "inflation", count);
  const fits = parameters.map((one, s) => {
    const inflation = inflations[s] as Float64Array;
    return {
      parameters: one,
      state: states[s] as Float64Array,
      ...(inflation.length === 0 ? {} : { inflation }),
    };
  });
  return fitted({ model: loadModel(params), horizon, history, fits, notes: notesFromJson(notes) });
}

function ragged(name: string, parts: readonly Float64Array[]) {
  const ends = new Int32Array(parts.length);
  let length = 0;
  parts.forEach((part, s) => {
    length += part.length;
    ends[s] = length;
  });
  const values = new Float64Array(length);
  parts.forEach((part, s) => {
    values.set(part, (ends[s] as number) - part.length);
  });
  return { [name]: values, [`${name}.ends`]: ends };
}

function readRagged(contents: BinaryContents, name: string, count: number): Float64Array[] {
  const values = contents.array(name, "float64");
  const ends = contents.array(`${name}.ends`, "int32", count);
  return Array.from(ends, (end, s) => values.subarray(s === 0 ? 0 : ends[s - 1], end));
}
