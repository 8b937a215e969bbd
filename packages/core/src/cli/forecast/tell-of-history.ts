import { lastTimesOf } from "../../forecast/absorb.ts";
import { rowCounts } from "../../forecast/check.ts";
import type { Panel } from "../../forecast/panel/panel.ts";
import { listSome, seriesName } from "../../forecast/panel/rows.ts";
import type { History } from "./read-history.ts";

/** Share of steps without a row from which on the frequency is doubtful. */
const mostlyMissing = 0.6;

/** A series that ends before the others. */
export interface EarlyEnd {
  readonly series: string;
  /** Its last time, of the panel. */
  readonly last: bigint;
}

/**
 * Tells what a reader of the forecast should know about the history.
 * @returns The series that end before the others.
 */
export function tellOfHistory(
  history: History,
  target: string,
  horizon: number,
  tell: (line: string) => void,
): readonly EarlyEnd[] {
  const { panel, unknownEnd, aggregated } = history;
  if (aggregated !== null && aggregated.leftOut.length > 0)
    tell(
      `the ${aggregated.leftOut.join(" and the ")} step of ${history.axis.text} ${aggregated.leftOut.length === 1 ? "is" : "are"} left out, as the ${aggregated.rows.toLocaleString("en-US")} rows do not fill ${aggregated.leftOut.length === 1 ? "it" : "them"}`,
    );
  if (unknownEnd.rows > 0)
    tell(
      `${unknownEnd.rows} ${unknownEnd.rows === 1 ? "row" : "rows"} at the end of ${unknownEnd.series === 1 ? "a series" : `${unknownEnd.series} series`} without ${target}: the forecast begins after the last known one${
        panel.series.length === 1 ? `, ${history.textOf(panel.times.at(-1) as bigint)}` : ""
      }`,
    );
  const { latest, early } = earlyEnds(panel);
  if (early.length > 0)
    tell(
      `${early.length} of ${panel.series.length} series end before ${history.textOf(latest)} and are forecast from their own ends: ${listSome(
        early.map(({ series, last }) => `${series} till ${history.textOf(last)}`),
        3,
      )}`,
    );
  if (history.likelyZone !== null)
    tell(
      `${history.likelyZone.missing} is missing, where clocks are put forward: if the file has such a clock, say its zone, e.g. --zone ${history.likelyZone.zone}`,
    );
  const missing = panel.gaps.reduce((sum, gap) => sum + gap.steps, 0);
  if (missing > mostlyMissing * panel.times.length)
    tell(
      `${missing.toLocaleString("en-US")} of ${panel.times.length.toLocaleString("en-US")} steps of ${history.axis.text} have no row in the file: is that the frequency? --freq says otherwise`,
    );
  const counts = rowCounts(panel).sort();
  const usual = counts[Math.floor((counts.length - 1) / 2)] ?? 0;
  if (2 * horizon > usual)
    tell(
      `the horizon of ${horizon.toLocaleString("en-US")} steps is more than half of the history, ${usual.toLocaleString("en-US")} rows${panel.series.length === 1 ? "" : " in a usual series"}: little can be known so far ahead, and no backtest can judge it well`,
    );
  return early;
}

/** The series that end before the last time of all, the earliest first. */
function earlyEnds(panel: Panel): { readonly latest: bigint; readonly early: readonly EarlyEnd[] } {
  const lasts = lastTimesOf(panel);
  const latest = lasts.reduce((most, last) => (last > most ? last : most));
  const early = panel.series
    .map((key, s) => ({ series: seriesName(key), last: lasts[s] as bigint }))
    .filter(({ last }) => last < latest)
    .sort((a, b) => (a.last < b.last ? -1 : a.last > b.last ? 1 : 0));
  return { latest, early };
}
