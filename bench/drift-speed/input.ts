import { closeSync, openSync, writeSync } from "node:fs";
import { createRandom } from "@tsops/core";

/** Numeric columns of each window. */
export const columns = 25;

/** What the case with so many rows in each window is called. */
export function caseOf(rows: number): string {
  return `${columns} columns x ${rows} + ${rows} rows`;
}

/**
 * Writes the two windows one after the other, column by column: minutes of a persistent series (AR(1) with 0.8) with a daily pattern.
 * Nothing changes between them.
 */
export function writeWindows(file: string, rows: number): void {
  const random = createRandom("drift-speed");
  // Drawing 50,000,000 normal values anew would take longer than what is measured.
  const shocks = Float64Array.from({ length: 1 << 16 }, () => random.normal());
  const descriptor = openSync(file, "w");
  const noise = new Float64Array(columns);
  const values = new Float64Array(rows);
  for (let first = 0; first < 2 * rows; first += rows)
    for (let column = 0; column < columns; column++) {
      for (let i = 0; i < rows; i++) {
        const shock = shocks[random.integer(shocks.length)] as number;
        noise[column] = 0.8 * (noise[column] as number) + shock;
        values[i] = 100 + 3 * Math.sin((2 * Math.PI * (first + i)) / 1440) + (noise[column] as number);
      }
      writeSync(descriptor, new Uint8Array(values.buffer));
    }
  closeSync(descriptor);
}
