import { findSeasons } from "../../forecast/find-seasons.ts";
import type { Panel } from "../../forecast/panel.ts";
import { seasonsOfFrequency } from "../../forecast/season-length.ts";
import type { TimeAxis } from "./time-axis.ts";

/** The seasons of a panel in steps, ascending: those that its frequency suggests; where the steps have none, what the series have in common. */
export function guessSeasons(panel: Panel, { scale, frequency, zone }: TimeAxis): readonly number[] {
  if (scale.kind === "steps") return findSeasons(panel, null);
  return findSeasons(panel, scale.kind === "businessDays" ? [5, 21] : seasonsOfFrequency(frequency, zone));
}
