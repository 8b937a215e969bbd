import { presentView } from "../model/regular-series.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * A reference without any variation leaves nothing to estimate an error from; how likely it is that what differs lies in the current window alone can be counted. Where few rows
 * differ, those beside each other are one event; a new value that most rows have counts row by row.
 * @returns Null when the reference varies. The p-value is 1 where nothing differs.
 */
export function constantTest(reference: Float64Array, current: Float64Array): TestOutcome | null {
  if (varies(reference)) return null;
  const present = presentView(reference);
  const constant = present[0] as number;
  let largest = 0;
  const now = presentView(current);
  let [rows, runs] = [0, 0];
  now.forEach((value, i) => {
    if (value === constant) return;
    rows++;
    if (i === 0 || now[i - 1] === constant) runs++;
    if (Math.abs(value - constant) > Math.abs(largest)) largest = value - constant;
  });
  const events = 2 * rows > now.length ? rows : runs;
  let pValue = 1;
  for (let i = 0; i < events; i++) pValue *= (now.length - i) / (present.length + now.length - i);
  return {
    test: "constant",
    statistic: Math.abs(largest),
    pValue,
    effect: largest,
    meaning: "shift",
  };
}

/** Whether values that are not NaN differ. */
function varies(values: Float64Array): boolean {
  let first = Number.NaN;
  for (let slot = 0; slot < values.length; slot++) {
    const value = values[slot] as number;
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(first)) first = value;
    else if (value !== first) return true;
  }
  return false;
}
