import { dataOf, residualsOf } from "../models/arima/select.ts";
import type { Panel } from "./panel.ts";

/** Share of rows that a regressor is known in, at least: where it is missing, the target counts as missing. */
const leastKnown = 0.9;

/** Numeric known-future columns that nearly all rows have: those that a slope can be found for. */
export function regressorsOf({ known, y }: Panel): readonly string[] {
  return known
    .filter(({ kind }) => kind === "numeric")
    .filter(({ values }) => values.filter(Number.isFinite).length >= leastKnown * y.length)
    .map(({ name }) => name);
}

/** The panel less what these regressors explain, series by series: seasons are seen better in it, as promotions look like noise. */
export function withoutRegressors<Known extends string>(
  panel: Panel<Known>,
  names: readonly string[],
): Panel<Known> {
  if (names.length === 0) return panel;
  const columns = panel.known.filter(({ name }) => names.includes(name));
  const y = panel.y.slice();
  panel.series.forEach((_, s) => {
    const [start, end] = [panel.offsets[s] as number, panel.offsets[s + 1] as number];
    const regressors = columns.map(({ values }) => values.subarray(start, end));
    const targets = y
      .subarray(start, end)
      .map((value, row) => (regressors.some((values) => Number.isNaN(values[row])) ? Number.NaN : value));
    if (targets.every(Number.isNaN)) return;
    const rest = residualsOf(dataOf(targets, regressors));
    y.set(
      rest.map((value, row) => (Number.isNaN(targets[row]) ? Number.NaN : value)),
      start,
    );
  });
  return { ...panel, y };
}
