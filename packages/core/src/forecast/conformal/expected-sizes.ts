import { parseFrequency } from "../../time/frequency.ts";
import type { PanelSpec } from "../panel/panel.ts";

/**
 * By how much errors are expected to be larger than usual, row by row, for their place in a season of the calendar.
 * @param factors - Of the cells of the grid, by their number modulo the length.
 * @param origins - Per series the instant of the last row before, microseconds UTC.
 * @returns Series by series, steps ascending.
 */
export function expectedSizes(
  factors: Float64Array,
  { frequency, zone }: PanelSpec,
  origins: BigInt64Array,
  steps: number,
): Float64Array {
  const grid = parseFrequency(frequency, { zone });
  const expected = new Float64Array(origins.length * steps);
  origins.forEach((origin, s) => {
    const cell = grid.indexOf(origin);
    for (let h = 0; h < steps; h++) expected[s * steps + h] = atCell(factors, cell + 1 + h);
  });
  return expected;
}

/** The factor of a cell of the grid. */
export function atCell(factors: Float64Array, cell: number): number {
  return factors[cellOf(cell, factors.length)] as number;
}

/** A cell of the grid by its number modulo a length. */
export function cellOf(cell: number, length: number): number {
  return ((cell % length) + length) % length;
}
