import { normalQuantile } from "../../stats/distributions.ts";
import type { FitOptions, FittedForecaster } from "../forecaster.ts";
import { naive } from "../models/naive.ts";
import { theta } from "../models/theta/theta.ts";
import type { Panel } from "../panel.ts";
import type { AutoChoice, JudgedCandidate } from "./choice.ts";
import type { FittedAuto } from "./fitted.ts";
import { reasonOf } from "./trial.ts";
import { ownScales, withIntervals } from "./with-intervals.ts";

/** What a panel without any series that could be judged is forecast by: theta, or the last value where even that is too much. */
export async function fitUnjudged<Known extends string>(
  panel: Panel<Known>,
  fitOptions: FitOptions,
  seasons: Pick<AutoChoice, "seasonLengths" | "seasonsTooLong" | "referenceSeason">,
  lowest: number | null,
): Promise<FittedAuto<Known>> {
  const { horizon } = fitOptions;
  const primary = seasons.referenceSeason;
  const { name, fitted, skipped } = await fitSimple(panel, fitOptions, primary);
  const choice = {
    ...seasons,
    folds: 0,
    judgedSeries: 0,
    candidates: skipped,
    members: [name],
    combine: "alone",
    score: null,
    lowest,
  } as const;
  return withIntervals(panel, choice, [fitted as FittedForecaster<Known>], {
    horizon,
    seasonLength: primary,
    chosen: panel.series.map((_, s) => s),
    neighbours: 0,
    ...guessedErrors(panel, horizon),
  });
}

async function fitSimple(
  panel: Panel,
  fitOptions: FitOptions,
  seasonLength: number,
): Promise<{ name: string; fitted: FittedForecaster; skipped: readonly JudgedCandidate[] }> {
  try {
    return { name: "theta", fitted: await theta({ seasonLength }).fit(panel, fitOptions), skipped: [] };
  } catch (error) {
    const skipped = [{ name: "theta", score: null, skipped: reasonOf(error) }];
    return { name: "naive", fitted: await naive().fit(panel, fitOptions), skipped };
  }
}

/** Origins that the guessed errors are spread over. */
const origins = 20;

/** Errors of a random walk: normal, in units of each series' changes from row to row, growing with the root of the steps. */
function guessedErrors(panel: Panel, horizon: number) {
  const scales = ownScales(panel, 1);
  // The mean absolute value of a normal variable is 0.8 of its standard deviation.
  const deviation = Math.sqrt(Math.PI / 2);
  const length = panel.series.length * horizon;
  return {
    means: Array.from({ length: origins }, () => new Float64Array(length)),
    outcomes: Array.from({ length: origins }, (_, k) =>
      Float64Array.from(
        { length },
        (_, row) =>
          deviation *
          (scales[Math.floor(row / horizon)] as number) *
          Math.sqrt((row % horizon) + 1) *
          normalQuantile((k + 0.5) / origins),
      ),
    ),
  };
}
