import type { JsonValue } from "../../bytes.ts";
import { localForecasterOf } from "../models/local-forecasters.ts";
import { localParts } from "./local-forecaster.ts";
import type { LocalFit } from "./local-model.ts";
import { type Refused, tryFit } from "./try-fit.ts";

/** Series to fit one after the other. Can be sent to a thread. */
export interface FitWork {
  readonly kind: string;
  readonly params: Readonly<Record<string, JsonValue>>;
  /** Each as `LocalModel.fit` takes it. */
  readonly series: readonly { readonly y: Float64Array; readonly regressors: readonly Float64Array[] }[];
}

/** Fits series on this thread: the same arrays as anywhere else. */
export function fitSeries({ kind, params, series }: FitWork): readonly (LocalFit | Refused)[] {
  const parts = localParts(localForecasterOf(kind));
  if (parts === undefined) throw new Error(`There is no model "${kind}" of single series.`);
  const model = parts.loadModel(params);
  return series.map((one) => tryFit(model, one));
}
