import { TsopsError } from "../../errors.ts";
import type { Panel } from "../panel/panel.ts";
import type { RowRange, Rows } from "../panel/panel-patches.ts";
import { listSome } from "../panel/rows.ts";
import { withoutRows } from "./known-values.ts";

/**
 * The panel with the named known-future columns only, in that order.
 * @throws TsopsError PANEL_INVALID for a name that is no numeric known-future column.
 */
export function withRegressors(panel: Panel, names: readonly string[], kind: string): Panel<never> {
  const known = names.map((name) => {
    const covariate = panel.known.find((one) => one.name === name);
    if (covariate?.kind === "numeric") return covariate;
    throw new TsopsError(
      "PANEL_INVALID",
      covariate === undefined
        ? `${kind}'s regressor "${name}" is no known-future column of the panel.`
        : `${kind}'s regressor "${name}" is text, and has no slope.`,
      {
        hint:
          covariate === undefined
            ? `Its known-future columns are ${listSome(panel.known.map((one) => one.name)) || "none"}; list columns in panel(..., { knownFuture }).`
            : "Give a column of zeros and ones for each text.",
      },
    );
  });
  const spec = { ...panel.spec, knownFuture: names as readonly never[], pastOnly: [], static: [] };
  return { ...panel, spec, known, past: [], static: [] };
}

/** The targets, missing where one of the regressors is. */
export function targetsWithRegressors({ y, known }: Panel): Float64Array {
  return known.length === 0
    ? y
    : y.map((value, row) =>
        known.some(({ values }) => Number.isNaN(values[row] as number)) ? Number.NaN : value,
      );
}

/**
 * The targets of rows as states take them: less what the regressors add to them, and missing where they are outliers.
 * @param outliers - Their times.
 */
export function targetsIn(
  { rows, start, end }: RowRange,
  slopes: Float64Array | undefined,
  outliers: readonly bigint[] = [],
): Float64Array {
  const part = <Values extends Float64Array | BigInt64Array>(values: Values) =>
    values.subarray(start, end) as Values;
  const times = outliers.length === 0 ? undefined : part(rows.times);
  const left = outliers.map((time) => times?.indexOf(time) as number).filter((row) => row >= 0);
  const known = slopes === undefined ? [] : rows.known.map(part);
  return targetsLess({ y: withoutRows(part(rows.y), left), known }, slopes);
}

/** The targets of a series less what the regressors add to them. */
export function targetsLess(
  { y, known }: Pick<Rows, "y" | "known">,
  slopes: Float64Array | undefined,
): Float64Array {
  return slopes === undefined
    ? y
    : y.map((value, i) => value - sumOf(slopes, (k) => known[k]?.[i] as number));
}

/** What the regressors add to a step of a series. */
export function sumOf(slopes: Float64Array, columnValue: (regressor: number) => number): number {
  return slopes.reduce((sum, slope, k) => sum + slope * columnValue(k), 0);
}
