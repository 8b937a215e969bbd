import { rowCounts } from "../../forecast/check.ts";
import { withoutOutliers } from "../../forecast/outliers/outliers.ts";
import type { Panel } from "../../forecast/panel/panel.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { findSeasons } from "../../forecast/seasons/find-seasons.ts";
import { seasonsOfFrequency } from "../../forecast/seasons/season-length.ts";
import type { TimeAxis } from "../table-file/time-axis.ts";

/** Seasons of a panel in steps, ascending, and why these. */
export interface GuessedSeasons {
  readonly seasons: readonly number[];
  readonly because: string;
}

/** Those that the frequency suggests, as far as the series go with them; where the steps suggest none, what the series have in common. */
export function guessSeasons(whole: Panel, { scale, frequency, zone }: TimeAxis): GuessedSeasons {
  // One broken reading would hide them.
  const { panel } = withoutOutliers(whole);
  if (scale.kind === "steps") {
    const seasons = findSeasons(panel, null);
    return { seasons, because: seasons.length > 0 ? "what the series repeat" : "the series repeat nothing" };
  }
  const candidates = scale.kind === "businessDays" ? [5, 21] : seasonsOfFrequency(frequency, zone);
  const seasons = findSeasons(panel, candidates);
  const longest = rowCounts(panel).reduce((most, rows) => Math.max(most, rows), 0);
  const others = candidates.filter((season) => !seasons.includes(season));
  const [asked, tooLong] = [
    others.filter((season) => 2 * season <= longest),
    others.filter((season) => 2 * season > longest),
  ];
  const list = (lengths: readonly number[]) => listSome(lengths.map(String));
  const reasons = [
    ...(seasons.length > 0 ? ["what the series go with"] : []),
    ...(asked.length > 0 ? [`they do not clearly go with ${list(asked)}`] : []),
    ...(tooLong.length > 0
      ? [`for ${list(tooLong)} it takes two seasons, and the longest series has ${longest} rows`]
      : []),
    ...(candidates.length === 0 ? [`no season is usual for ${frequency}`] : []),
  ];
  return { seasons, because: reasons.join("; ").replace(/^they do/, "the series do") };
}
