import type { FitOptions, FittedForecaster } from "../forecaster.ts";
import { naive } from "../models/naive.ts";
import { theta } from "../models/theta/theta.ts";
import type { Panel } from "../panel.ts";
import type { AutoChoice, JudgedCandidate } from "./choice.ts";
import type { FittedAuto } from "./fitted.ts";
import { reasonOf } from "./trial.ts";
import { withIntervals } from "./with-intervals.ts";

/** What a panel without any series that could be judged is forecast by: theta, or the last value where even that is too much. */
export async function fitUnjudged<Known extends string>(
  panel: Panel<Known>,
  fitOptions: FitOptions,
  seasons: Pick<AutoChoice, "seasonLengths" | "seasonsTooLong" | "referenceSeason">,
  lowest: number | null | "auto",
): Promise<FittedAuto<Known>> {
  const { horizon } = fitOptions;
  const primary = seasons.referenceSeason;
  const { name, fitted, skipped } = await fitSimple(panel, fitOptions, seasons);
  const choice = {
    ...seasons,
    folds: 0,
    judgedSeries: 0,
    candidates: skipped,
    members: [name],
    combine: "alone",
    score: null,
  } as const;
  return withIntervals(panel, choice, [fitted as FittedForecaster<Known>], {
    horizon,
    seasonLength: primary,
    chosen: [],
    lowest,
    isIntermittent: false,
    means: [],
    outcomes: [],
  });
}

async function fitSimple(
  panel: Panel,
  fitOptions: FitOptions,
  { seasonLengths, referenceSeason }: Pick<AutoChoice, "seasonLengths" | "referenceSeason">,
): Promise<{ name: string; fitted: FittedForecaster; skipped: readonly JudgedCandidate[] }> {
  // A season that was found, or given, is not asked for again: the model's own test needs more seasons than there are.
  const model = theta({ seasonLength: referenceSeason, seasonTest: seasonLengths.length === 0 });
  try {
    return { name: "theta", fitted: await model.fit(panel, fitOptions), skipped: [] };
  } catch (error) {
    const skipped = [{ name: "theta", score: null, skipped: reasonOf(error) }];
    return { name: "naive", fitted: await naive().fit(panel, fitOptions), skipped };
  }
}
