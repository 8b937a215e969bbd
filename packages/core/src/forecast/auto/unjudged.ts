import type { FitOptions, FittedForecaster } from "../forecaster.ts";
import type { LocalForecaster } from "../local/local-forecaster.ts";
import { ets } from "../models/ets/ets.ts";
import { mstl } from "../models/mstl/mstl.ts";
import { naive } from "../models/naive.ts";
import { theta } from "../models/theta/theta.ts";
import type { Panel } from "../panel/panel.ts";
import { asMember } from "./as-member.ts";
import { longestState } from "./candidates.ts";
import type { AutoChoice, JudgedCandidate } from "./choice.ts";
import type { FittedAuto } from "./fitted.ts";
import { reasonOf } from "./trial.ts";
import { withIntervals } from "./with-intervals.ts";

/**
 * What a panel without any series that could be judged is forecast by: theta; where there is a season its mean with exponential smoothing, or with MSTL where the season is long; or the last value where even that is too
 * much.
 */
export async function fitUnjudged<Known extends string>(
  panel: Panel<Known>,
  fitOptions: FitOptions,
  seasons: Pick<AutoChoice, "seasonLengths" | "seasonsTooLong" | "referenceSeason" | "outliers">,
  lowest: number | null | "auto",
): Promise<FittedAuto<Known>> {
  const { horizon } = fitOptions;
  const [season] = seasons.seasonLengths;
  const fits: (readonly [name: string, fitted: FittedForecaster])[] = [];
  const candidates: JudgedCandidate[] = [];
  const tryFit = async (name: string, model: LocalForecaster) => {
    try {
      fits.push([name, await asMember(model).fit(panel, fitOptions)]);
      candidates.push({ name, score: null, skipped: "the history is too short to judge it" });
    } catch (error) {
      candidates.push({ name, score: null, skipped: reasonOf(error) });
    }
  };
  if (season === undefined) await tryFit("theta", theta({ seasonLength: seasons.referenceSeason }));
  else {
    // It was found, or given, so it is not asked for again: the models' own tests need more seasons than there are.
    if (season <= longestState) await tryFit("ets", ets({ seasonLength: season, season: "some" }));
    else await tryFit("mstl", mstl({ seasonLengths: [season] }));
    await tryFit("theta", theta({ seasonLength: season, seasonTest: false }));
  }
  if (fits.length === 0) fits.push(["naive", await naive().fit(panel, fitOptions)]);
  const choice = {
    ...seasons,
    folds: 0,
    judgedSeries: 0,
    candidates,
    members: fits.map(([name]) => name),
    combine: fits.length > 1 ? "mean" : "alone",
    score: null,
  } as const;
  const members = fits.map(([, fitted]) => fitted as FittedForecaster<Known>);
  return withIntervals(panel, choice, members, {
    horizon,
    seasonLength: seasons.referenceSeason,
    chosen: [],
    lowest,
    isIntermittent: false,
    means: [],
    outcomes: [],
  });
}
