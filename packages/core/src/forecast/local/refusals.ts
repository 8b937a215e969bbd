import { TsopsError } from "../../errors.ts";
import { formatInstant } from "../../time/instant.ts";
import type { NotFinite } from "../not-finite.ts";
import type { Panel, SeriesFailure, SeriesKey } from "../panel/panel.ts";
import { listSome, seriesName } from "../panel/rows.ts";
import { withFailures } from "../series-failures.ts";
import type { LocalFit, LocalModel } from "./local-model.ts";
import { isRefused, type Refused } from "./try-fit.ts";

/** What is called by its maker's name, or else by its kind. */
interface Named {
  readonly kind: string;
  readonly calledAs?: string;
}

/** A model by the name that its user knows. */
export function nameOf({ calledAs, kind }: Named): string {
  return calledAs ?? kind;
}

/** The series among the fitted ones that a reason stands for. */
export function failuresAmong(
  series: readonly SeriesKey[],
  found: readonly (LocalFit | Refused)[],
): readonly SeriesFailure[] {
  return found.flatMap((one, s): SeriesFailure[] =>
    isRefused(one) ? [{ key: series[s] as SeriesKey, code: one.code, message: one.message }] : [],
  );
}

/** @throws TsopsError with the code of the first reason, naming all series that have one. */
export function refuseFits(
  model: Named,
  failures: readonly SeriesFailure[],
  first: Refused | undefined,
): void {
  if (first === undefined) return;
  const { code, hint, cause } = first;
  throw withFailures(
    new TsopsError(
      code,
      `${nameOf(model)} cannot be fitted to ${listSome(failures.map(({ key, message }) => `${seriesName(key)} (${message})`))}.`,
      {
        hint: hint ?? 'Look at these values, or fit the other series with { failures: "collect" }.',
        details: { count: failures.length, failures: failures.slice(0, 20) },
        ...(cause === undefined ? {} : { cause }),
      },
    ),
    failures,
  );
}

/** @throws TsopsError PANEL_INVALID listing the targets that are below what the model takes. */
export function refuseBelow(model: LocalModel, panel: Panel): void {
  const { lowest } = model;
  if (lowest === undefined) return;
  const wrong: string[] = [];
  const failures: SeriesFailure[] = [];
  const code = "PANEL_INVALID";
  const takes = `${nameOf(model)} takes ${lowest === Number.MIN_VALUE ? "only targets above 0" : `no target below ${lowest}`}`;
  panel.series.forEach((key, s) => {
    const times: string[] = [];
    for (let row = panel.offsets[s] as number; row < (panel.offsets[s + 1] as number); row++)
      if ((panel.y[row] as number) < lowest) times.push(formatInstant(panel.times[row] as bigint));
    if (times.length === 0) return;
    failures.push({ key, code, message: `${takes}; there are some at ${listSome(times)}.` });
    for (const time of times) wrong.push(`${seriesName(key)} at ${time}`);
  });
  if (wrong.length === 0) return;
  throw withFailures(
    new TsopsError(code, `${takes}; there are some in ${listSome(wrong)}.`, {
      hint: 'Give null where the target is unknown, choose a model that takes such values, or fit the other series with { failures: "collect" }.',
      details: { count: wrong.length, first: wrong.slice(0, 20) },
    }),
    failures,
  );
}

/** @throws TsopsError FIT_FAILED naming the series that paths cannot be drawn of. */
export function refusePaths(model: LocalModel, wrong: readonly NotFinite[]): void {
  if (wrong.length === 0) return;
  throw new TsopsError(
    "FIT_FAILED",
    `${nameOf(model)} has no path of ${listSome(wrong.map(({ key, message }) => `${seriesName(key)} (${message})`))}.`,
    {
      hint: "Draw those of the other series with { keys }, or from past errors: conformal(...).",
      details: { count: wrong.length, series: wrong.slice(0, 20) },
    },
  );
}
