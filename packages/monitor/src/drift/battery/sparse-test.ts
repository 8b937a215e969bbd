import { medianOf } from "../model/median.ts";
import { presentValues } from "../model/regular-series.ts";
import { calibratedCategoryTest } from "../null-windows/calibrated-categories.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Share of the reference's rows that one value has, from which the others are events beside it: tests of means and spreads do not hold there. */
const mostlyOne = 0.75;

interface Values {
  readonly first: number;
  readonly values: Float64Array;
}

/** The value that nearly all rows of a sparse column have (no errors, no rain, nothing sold); null where no value is so frequent. */
export function usualValue(values: Float64Array): number | null {
  // The vote of Boyer & Moore (1991): what more than half of the rows have is left over.
  let [candidate, votes, rows] = [Number.NaN, 0, 0];
  const most = 2 * (1 - mostlyOne) * values.length;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    if (votes === 0) {
      // Half of the rows so far have another value, whichever it is.
      if (rows > most) return null;
      candidate = value;
    }
    rows++;
    votes += value === candidate ? 1 : -1;
  }
  // A vote of less leaves no need to count, as for most columns.
  if (rows === 0 || votes < (2 * mostlyOne - 1) * rows) return null;
  let hits = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === candidate) hits++;
  return hits >= mostlyOne * rows ? candidate : null;
}

/**
 * Drift of a column that has one value in nearly all rows: whether the other values became more or less frequent, smaller or larger, by the test of categories on three of them: the usual value, the
 * others up to the median that they have in the reference, and those above it.
 * @param usual - From `usualValue` of the reference.
 * @returns Null where the others are too rare to tell.
 */
export function sparseTest(
  reference: Values,
  current: Values,
  usual: number,
  seasonLength: number,
): TestOutcome | null {
  const others = presentValues(reference.values).filter((value) => value !== usual);
  const middle = others.length === 0 ? usual : medianOf(others);
  const codesOf = ({ first, values }: Values) => ({
    first,
    codes: Int32Array.from(values, (value) =>
      Number.isNaN(value) ? -1 : value === usual ? 0 : value <= middle ? 1 : 2,
    ),
  });
  const outcome = calibratedCategoryTest(codesOf(reference), codesOf(current), 3, seasonLength);
  if (outcome === null) return null;
  const { code, ...found } = outcome;
  const shown = Number(middle.toPrecision(4));
  const names = [`${usual}`, `other values up to ${shown}`, `values above ${shown}`];
  return { ...found, category: names[code] as string };
}
