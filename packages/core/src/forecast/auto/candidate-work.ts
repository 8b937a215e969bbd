import type { FitOptions } from "../forecaster.ts";
import type { Panel } from "../panel/panel.ts";
import { type CandidateTask, globalCandidates } from "./candidates.ts";
import type { HeldOutMeans } from "./judge.ts";
import { forecastToJudge } from "./trial.ts";

/** A model of all series to fit. Can be sent to a thread. */
export interface CandidateWork {
  readonly task: CandidateTask;
  readonly trees: number;
  readonly name: string;
  readonly panel: Panel;
  readonly horizon: number;
  /** Horizons of each series to hold out and forecast; null to fit on all rows. */
  readonly folds: Int32Array | null;
}

/** Forecasts of the held-out rows, or the bytes of the fitted forecaster. */
export type CandidateResult = { readonly means: HeldOutMeans } | { readonly bytes: Uint8Array };

/** Does the work on this thread. */
export async function workOnCandidate(
  { task, trees, name, panel, horizon, folds }: CandidateWork,
  more: Pick<FitOptions, "signal"> = {},
): Promise<CandidateResult> {
  const candidate = globalCandidates(task, trees).find((one) => one.name === name);
  if (candidate === undefined) throw new Error(`There is no candidate "${name}".`);
  const options: FitOptions = { horizon, ...more };
  if (folds === null) return { bytes: (await candidate.make().fit(panel, options)).save() };
  const { means } = await forecastToJudge(candidate, panel, options, folds);
  return { means };
}
