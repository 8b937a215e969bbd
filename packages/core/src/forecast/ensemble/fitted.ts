import { readBinary, writeBinary } from "../../bytes.ts";
import { canonicalJson, parseCanonicalJson } from "../../canonical-json.ts";
import { TsopsError } from "../../errors.ts";
import { checkPredict } from "../check.ts";
import { meansInOrder } from "../conformal/fitted.ts";
import type { Forecast, ForecastQuantile } from "../forecast.ts";
import type { FittedForecaster, PredictOptions } from "../forecaster.ts";
import { arrangementOf } from "../future.ts";
import { probabilitiesOf } from "../levels.ts";
import { refuseMeans } from "../not-finite.ts";
import { chooseSeries } from "../panel/choose-series.ts";
import type { PanelSpec } from "../panel/panel.ts";
import { listSome } from "../panel/rows.ts";
import { refuseIntervals } from "../refuse-intervals.ts";
import type { ResolvedEnsembleOptions } from "./options.ts";

/** A fitted combination of forecasters. */
export interface FittedEnsemble<Known extends string = string> extends FittedForecaster<Known> {
  readonly kind: "ensemble";
  readonly members: readonly FittedForecaster<Known>[];
  /** For each series the weights of the members, together 1; null for medians. */
  readonly weights: readonly (readonly number[])[] | null;
  update(...args: Parameters<FittedForecaster<Known>["update"]>): FittedEnsemble<Known>;
}

interface State<Known extends string> {
  readonly options: ResolvedEnsembleOptions;
  readonly members: readonly FittedForecaster<Known>[];
  /** Series by series; null for medians. */
  readonly weights: Float64Array | null;
}

/** A fitted ensemble from its state. */
export function fittedEnsemble<Known extends string>(state: State<Known>): FittedEnsemble<Known> {
  const { members, weights, options } = state;
  const first = members[0] as FittedForecaster<Known>;
  const { series, failures = [], horizon, lastTimes } = first;
  const without = members.filter(({ hasIntervals }) => !hasIntervals).map(({ kind }) => kind);
  return {
    kind: "ensemble",
    spec: joinedSpec(members),
    horizon,
    series,
    failures,
    hasIntervals: without.length === 0,
    lastTimes,
    members,
    weights:
      weights === null
        ? null
        : series.map((_, s) => [...weights.subarray(s * members.length, (s + 1) * members.length)]),
    predict: (predictOptions: PredictOptions = {}) => {
      const steps = checkPredict(predictOptions, horizon);
      if (without.length > 0)
        refuseIntervals(
          "ensemble",
          predictOptions,
          `${without.length} of its ${members.length} members ${without.length === 1 ? "has" : "have"} none: ${listSome(without)}`,
        );
      const chosen = chooseSeries(first, predictOptions.keys);
      return combined(
        members.map((member) => (member as FittedForecaster).predict(predictOptions)),
        state,
        chosen,
        steps,
        probabilitiesOf(predictOptions.levels ?? [], predictOptions.quantiles),
      );
    },
    update: (rows) => fittedEnsemble({ ...state, members: members.map((member) => member.update(rows)) }),
    save: () =>
      writeBinary(
        "ensemble",
        1,
        { options: canonicalJson(options), members: members.length },
        {
          ...(weights === null ? {} : { weights: weights as Float64Array<ArrayBuffer> }),
          ...Object.fromEntries(
            members.map((member, m) => [`member${m}`, member.save() as Uint8Array<ArrayBuffer>]),
          ),
        },
      ),
  };
}

/** The columns that any of the members needs. */
function joinedSpec<Known extends string>(members: readonly FittedForecaster<Known>[]): PanelSpec<Known> {
  const spec = (members[0] as FittedForecaster<Known>).spec;
  return {
    ...spec,
    knownFuture: [...new Set(members.flatMap((member) => member.spec.knownFuture))],
    pastOnly: [...new Set(members.flatMap((member) => member.spec.pastOnly))],
    static: [...new Set(members.flatMap((member) => member.spec.static))],
  };
}

function combined<Known extends string>(
  forecasts: readonly Forecast[],
  { weights, members }: State<Known>,
  chosen: readonly number[],
  steps: number,
  probabilities: readonly number[],
): Forecast {
  const first = forecasts[0] as Forecast;
  const mix = (columns: readonly Float64Array[]): Float64Array =>
    weights === null ? medians(columns) : mixed(columns, weights, chosen, steps);
  const means = forecasts.map((forecast) =>
    meansInOrder(forecast, first.series, steps, { lowest: null, highest: null }),
  );
  const mean = mix(means);
  refuseMeans(
    "ensemble",
    first.series,
    mean,
    "Look at the members named, leave them out, or predict the other series with { keys }.",
    (row) =>
      ` Of its members ${listSome(
        means.flatMap((own, m) =>
          Number.isFinite(own[row] as number) ? [] : [`${members[m]?.kind} says ${own[row]}`],
        ),
      )}.`,
  );
  const quantiles = probabilities.map((probability): ForecastQuantile => {
    const columns = forecasts.map((forecast, m) => {
      const found = forecast.quantiles.find((one) => Math.abs(one.probability - probability) < 1e-9);
      const values = found && arrangementOf(forecast, first.series, steps)?.(found.values);
      if (values !== undefined) return values;
      throw new TsopsError(
        "PANEL_INVALID",
        `Member ${members[m]?.kind} of the ensemble was asked for the quantile ${probability} and did not give it.`,
        { hint: "A forecaster whose hasIntervals is true gives every quantile that it is asked for." },
      );
    });
    return { probability, values: mix(columns) };
  });
  return { ...first, mean, quantiles };
}

function mixed(
  columns: readonly Float64Array[],
  weights: Float64Array,
  chosen: readonly number[],
  steps: number,
): Float64Array {
  const result = new Float64Array(chosen.length * steps);
  for (let row = 0; row < result.length; row++) {
    const s = chosen[Math.floor(row / steps)] as number;
    let sum = 0;
    for (let m = 0; m < columns.length; m++) {
      const weight = weights[s * columns.length + m] as number;
      // A member of no weight does not take part, whatever it says.
      if (weight > 0) sum += weight * ((columns[m] as Float64Array)[row] as number);
    }
    result[row] = sum;
  }
  return result;
}

/** Row by row the middle of the columns, or the mean of the two in the middle; NaN where one of them is not finite. */
export function medians(columns: readonly Float64Array[]): Float64Array {
  const values = new Float64Array(columns.length);
  const middle = columns.length >> 1;
  return (columns[0] as Float64Array).map((_, row) => {
    for (let m = 0; m < columns.length; m++) values[m] = (columns[m] as Float64Array)[row] as number;
    if (!values.every(Number.isFinite)) return Number.NaN;
    values.sort();
    return columns.length % 2 === 1
      ? (values[middle] as number)
      : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
  });
}

/**
 * Restores a saved ensemble.
 * @param loadMember - Restores one member.
 * @throws TsopsError MODEL_FORMAT_INVALID.
 */
export function loadEnsemble(
  bytes: Uint8Array,
  loadMember: (bytes: Uint8Array, index: number) => FittedForecaster,
): FittedEnsemble {
  const contents = readBinary(bytes, "ensemble", 1);
  const saved = contents.header as unknown as { readonly options: string; readonly members: number };
  const members = Array.from({ length: saved.members }, (_, m) =>
    loadMember(contents.array(`member${m}`, "uint8"), m),
  );
  const seriesCount = members[0]?.series.length ?? 0;
  return fittedEnsemble({
    options: parseCanonicalJson(saved.options) as ResolvedEnsembleOptions,
    members,
    weights: contents.arrayNames.includes("weights")
      ? contents.array("weights", "float64", seriesCount * members.length)
      : null,
  });
}
