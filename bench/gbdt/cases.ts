import { createRandom } from "@tsops/core";

/** One thing to measure: data and settings that both sides get alike. */
export interface BenchCase {
  readonly name: string;
  readonly rows: number;
  readonly numeric: number;
  readonly categorical: number;
  /** Share of missing values in every second numeric column. */
  readonly missing: number;
  readonly loss: "squared" | "absolute";
  readonly trees: number;
  readonly leaves: number;
}

export const cases: readonly BenchCase[] = [
  {
    name: "wide",
    rows: 200_000,
    numeric: 30,
    categorical: 0,
    missing: 0,
    loss: "squared",
    trees: 50,
    leaves: 31,
  },
  {
    name: "million",
    rows: 1_112_000,
    numeric: 30,
    categorical: 0,
    missing: 0,
    loss: "squared",
    trees: 50,
    leaves: 31,
  },
  {
    name: "many trees",
    rows: 13_000,
    numeric: 30,
    categorical: 0,
    missing: 0,
    loss: "squared",
    trees: 300,
    leaves: 31,
  },
  {
    name: "absolute",
    rows: 13_000,
    numeric: 30,
    categorical: 0,
    missing: 0,
    loss: "absolute",
    trees: 300,
    leaves: 31,
  },
  {
    name: "mixed",
    rows: 100_000,
    numeric: 16,
    categorical: 4,
    missing: 0.2,
    loss: "squared",
    trees: 100,
    leaves: 31,
  },
];

/**
 * The input of a case as bytes: one line of JSON (the case), then the columns and at last the target as little-endian float64. A tenth of the rows, the
 * last ones, is kept for testing.
 */
export function makeInput(bench: BenchCase): Uint8Array {
  const random = createRandom(bench.name);
  const { rows } = bench;
  const width = bench.numeric + bench.categorical;
  const header = new TextEncoder().encode(`${JSON.stringify(bench)}\n`);
  const data = new Float64Array(rows * (width + 1));
  const effects = Float64Array.from({ length: 50 }, () => random.normal());
  for (let c = 0; c < width; c++)
    for (let row = 0; row < rows; row++)
      data[c * rows + row] = c < bench.numeric ? random.normal() : random.integer(10 + 10 * (c % 5));
  const at = (c: number, row: number): number => data[c * rows + row] as number;
  for (let row = 0; row < rows; row++) {
    const groups = bench.categorical === 0 ? 0 : (effects[at(bench.numeric, row)] as number);
    data[width * rows + row] =
      2 * at(0, row) +
      Math.sin(3 * at(1, row)) +
      // Without the 1, no single split gains anything, and how soon a tree finds the product is luck.
      at(2, row) * (at(3, row) + 1) +
      groups +
      random.normal(0, 0.5);
  }
  if (bench.missing > 0)
    for (let c = 0; c < bench.numeric; c += 2)
      for (let row = 0; row < rows; row++)
        if (random.uniform() < bench.missing) data[c * rows + row] = Number.NaN;
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer), header.length);
  return bytes;
}

/** What one child process measured. */
export interface Measured {
  readonly version: string;
  /** The first fit of the process: binning and training, nothing compiled before. */
  readonly fitMs: number;
  /** The same again in the same process. */
  readonly refitMs: number;
  readonly fitCpuMs: number;
  readonly predictMs: number;
  readonly testRows: number;
  /** Mean time of a prediction of one row by itself, over 1000 rows. */
  readonly rowMicros: number;
  /** Root mean squared error, or mean absolute error for the absolute loss, on the test rows. */
  readonly error: number;
  /** Peak of the process, and what it held before the first fit, in MiB. */
  readonly peakRssMb: number;
  readonly rssBeforeMb: number;
}
