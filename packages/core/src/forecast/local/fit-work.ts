import { localForecasterOf } from "../models/local-forecasters.ts";
import type { FitWork } from "./fit-all.ts";
import { localParts } from "./local-forecaster.ts";
import type { LocalFit } from "./local-model.ts";
import { type Refused, tryFit } from "./try-fit.ts";

/** Fits series on this thread: the same arrays as anywhere else. */
export function fitSeries({ kind, params, series, wanted }: FitWork): readonly (LocalFit | Refused)[] {
  const parts = localParts(localForecasterOf(kind));
  if (parts === undefined) throw new Error(`There is no model "${kind}" of single series.`);
  const model = parts.loadModel(params);
  return series.map((one) => tryFit(model, one, wanted));
}
