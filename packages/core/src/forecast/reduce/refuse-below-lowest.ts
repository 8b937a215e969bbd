import { TsopsError } from "../../errors.ts";
import { formatInstant } from "../../time/instant.ts";
import type { Panel, SeriesFailure } from "../panel/panel.ts";
import { listSome, seriesName } from "../panel/rows.ts";
import type { Regressor } from "../regressor.ts";
import { withFailures } from "../series-failures.ts";
import type { TrainingRows } from "./training.ts";

/**
 * Refuses targets that the regressor does not take, where their series and times are still known.
 * @throws TsopsError VALUE_INVALID
 */
export function refuseBelowLowest(
  panel: Panel,
  { y, origins }: Pick<TrainingRows, "y" | "origins">,
  { kind, lowest }: Regressor,
): void {
  if (lowest === undefined) return;
  const code = "VALUE_INVALID";
  const needs = `The regressor ${kind} with its loss takes no target below ${lowest}`;
  const rowsBelow = Array.from(y.keys()).filter((row) => (y[row] as number) < lowest);
  if (rowsBelow.length === 0) return;
  const seriesOf = new Int32Array(panel.y.length);
  panel.series.forEach((_, s) => {
    seriesOf.fill(s, panel.offsets[s], panel.offsets[s + 1]);
  });
  const counts = new Int32Array(panel.series.length);
  const found = rowsBelow.map((row) => {
    const origin = origins[row] as number;
    const s = seriesOf[origin] as number;
    counts[s] = (counts[s] as number) + 1;
    const [target, learnt] = [panel.y[origin] as number, y[row] as number];
    return `${seriesName(panel.series[s] ?? {})} at ${formatInstant(panel.times[origin] as bigint)} (${target}${target === learnt ? "" : `, learnt as ${Number(learnt.toPrecision(6))}`})`;
  });
  const failures = panel.series.flatMap((key, s): SeriesFailure[] =>
    counts[s] === 0 ? [] : [{ key, code, message: `${needs}; ${counts[s]} of the series are.` }],
  );
  const isChanged = rowsBelow.some((row) => (panel.y[origins[row] as number] as number) >= lowest);
  throw withFailures(
    new TsopsError(code, `${needs}; found ${listSome(found, 3)}.`, {
      hint: isChanged
        ? "Take another loss, or leave out the differences, scale or level that make such targets."
        : 'Take another loss, clip the target, or leave these series out (fit with { failures: "collect" }).',
      details: { count: found.length, first: found.slice(0, 5) },
    }),
    failures,
  );
}
