import { TsopsError } from "../../errors.ts";
import type { SeriesFailure, SeriesKey } from "../panel/panel.ts";
import { withFailures } from "../series-failures.ts";
import { type Calibration, coverageOfSide, eachGroup, originsOf } from "./calibration.ts";
import { sizesOf, totalOf } from "./error-sizes.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { scoresNeeded } from "./scores.ts";

/**
 * @param chosen - Series that must have scores enough. Default: all.
 * @param series - The calibrated series, where those that lack scores could be left out.
 * @throws TsopsError MODEL_PARAMETER_INVALID when the scores of some group are too few for a level.
 */
export function requireScores(
  calibration: Calibration,
  options: ResolvedConformalOptions,
  levels: readonly number[],
  chosen: readonly number[] = calibration.scores.map((_, s) => s),
  series: readonly SeriesKey[] = [],
): void {
  const code = "MODEL_PARAMETER_INVALID";
  const failed = (places: readonly number[], message: string): SeriesFailure[] =>
    series.length === 0 ? [] : places.map((s) => ({ key: series[s] as SeriesKey, code, message }));
  const sizes = sizesOf(calibration, options);
  const unknown = chosen.filter((s) => Number.isNaN(sizes[s]));
  const [first] = unknown;
  if (first !== undefined) {
    const lack =
      "has no known outcome in the calibration, so that nothing is known of the size of its errors.";
    throw withFailures(
      new TsopsError(code, `Series ${first + 1} of ${calibration.seriesCount} ${lack}`, {
        hint: "Leave it out, or use more folds.",
        details: { series: first, count: unknown.length },
      }),
      failed(unknown, `It ${lack}`),
    );
  }
  if (options.fewScores === "student") return;
  const groups: { readonly first: number; readonly known: number }[] = [];
  eachGroup(calibration, options, (_, start, count) => {
    if (!chosen.some((s) => s >= start && s < start + count)) return;
    const known = calibration.scores
      .slice(start, start + count)
      .reduce((sum, scores) => sum + totalOf(scores).known, 0);
    groups.push({ first: start, known });
  });
  for (const level of levels) {
    const needed = scoresNeeded(coverageOfSide(options, level));
    const lacking = groups.filter(({ known }) => known < needed);
    const [group] = lacking;
    if (group === undefined) continue;
    const needs = `An interval of ${level} % needs ${needed} scores`;
    throw withFailures(
      new TsopsError(
        code,
        `${needs}; the calibration has ${group.known} from ${originsOf(calibration)} origins of ${calibration.horizon} steps.`,
        {
          hint: 'Use more folds, by: "panel" to pool the series, or lower levels: conformal(model, { levels: [80] }) prepares those that it names.',
          details: { level, needed, known: group.known },
        },
      ),
      options.by === "series"
        ? failed(
            lacking.map((one) => one.first),
            `${needs}, and the calibration has fewer.`,
          )
        : [],
    );
  }
}
