import { panel } from "../../forecast/panel/build-panel.ts";
import type { Panel } from "../../forecast/panel/panel.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { findSeasons } from "../../forecast/seasons/find-seasons.ts";
import { seasonsOfFrequency } from "../../forecast/seasons/season-length.ts";
import type { ColumnType } from "../../schema/column-type.ts";
import { parseFrequency } from "../../time/frequency.ts";
import type { Roles } from "./choose-roles.ts";
import type { DriftCommandOptions } from "./options.ts";
import type { DriftData, SeriesRows } from "./read-series.ts";

/** The seasons to test with, for a reference of so many steps. */
export type SeasonsOf = (steps: number) => "auto" | readonly number[];

/** Share of the columns that have to go with a season of steps. */
const enough = 0.3;
/** Columns of numbers that are looked at, and series of which. */
const [mostColumns, mostSeries] = [12, 3];

/**
 * Which seasons are tested with: those that were said, else the usual ones of the frequency. Business days have a week of five; of whole numbers of steps only the reference can tell.
 * @param reference - Of each series.
 */
export function seasonsOf(
  { season }: Pick<DriftCommandOptions, "season">,
  { axis }: DriftData,
  roles: Roles,
  reference: readonly SeriesRows[],
): SeasonsOf {
  if (season !== "auto") return () => season;
  if (axis.scale.kind === "businessDays") return (steps) => (steps >= 15 ? [5] : []);
  if (axis.scale.kind !== "steps") return () => "auto";
  const found = seasonsOfSteps(roles, axis.frequency, reference.slice(0, mostSeries));
  return (steps) => found.filter((length) => steps >= 3 * length);
}

/** Why the seasons were taken, and which usual ones the reference is too short for: their course would be taken for drift. */
export function whySeasons({ axis }: DriftData, seasons: readonly number[]): string {
  if (axis.scale.kind === "steps")
    return seasons.length === 0 ? "the reference repeats nothing" : "what the reference repeats";
  const usual = axis.scale.kind === "businessDays" ? [5] : usualSeasons(axis);
  const short = usual.filter((length) => !seasons.includes(length));
  const reasons = [
    ...(seasons.length > 0 ? ["usual ones that the reference has three of"] : []),
    ...(short.length > 0
      ? [
          `for ${listSome(short.map(String))} the reference would have to be ${3 * (short[0] as number)} steps long; the course of such a season shows as drift`,
        ]
      : []),
    ...(usual.length === 0 ? [`no season is usual for ${axis.text}`] : []),
  ];
  return reasons.join("; ");
}

/** Those that tests look for by themselves: no year of days or weeks. */
function usualSeasons({ frequency, zone }: DriftData["axis"]): readonly number[] {
  const { kind, step } = parseFrequency(frequency, { zone });
  if (kind === "days") return step === 1n ? [7] : [];
  return seasonsOfFrequency(frequency, zone);
}

/** What clocks and calendars repeat after, in steps. */
const usualLengths = [4, 5, 7, 12, 24, 48, 52, 60, 96, 144, 168, 288, 336, 365, 672, 1440];
/** By how much of its length the peak of a noisy autocorrelation may be beside the season. */
const beside = 0.06;

/** The usual length beside one that was found, if the series goes with it as well: noise moves a peak by a step or two. */
function usualNear(series: Panel, length: number): number {
  const near = usualLengths.filter((usual) => Math.abs(usual - length) <= beside * usual);
  return findSeasons(series, near)[0] ?? length;
}

function seasonsOfSteps(
  roles: Roles,
  frequency: string,
  reference: readonly SeriesRows[],
): readonly number[] {
  const counts = new Map<number, number>();
  let asked = 0;
  const numbers = roles.columns.filter(({ kind }) => kind === "number").slice(0, mostColumns);
  for (const { columns } of reference)
    for (const { name } of numbers) {
      const series = panel<Record<string, ColumnType>, string>(columns, {
        keys: [],
        time: roles.time,
        target: name,
        frequency,
        zone: "UTC",
        knownFuture: [],
      });
      const found = new Set(findSeasons(series, null).map((length) => usualNear(series, length)));
      asked++;
      for (const length of found) counts.set(length, (counts.get(length) ?? 0) + 1);
    }
  return [...counts]
    .filter(([, count]) => count >= enough * asked)
    .map(([length]) => length)
    .sort((a, b) => a - b)
    .slice(0, 2);
}
