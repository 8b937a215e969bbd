import { normalCdf, normalQuantile } from "@tsops/core";

/** What a change is a change of. */
export type StreamingChange = "level" | "scale" | "season" | "shape";

/** Shifts that are bet on, in standard deviations of an innovation per row. */
export const shifts: readonly number[] = [0.25, 0.5, 1, -0.25, -0.5, -1];

/** A bet on the distribution of innovations: density after the change over that of a standard normal number. */
interface Alternative {
  readonly change: "scale" | "shape";
  readonly ratio: (z: number) => number;
}

/** Smaller and larger spreads, and four shapes of mean 0 and variance 1. */
export const alternatives: readonly Alternative[] = [
  ...[0.6, 0.8, 1.25, 1.6].map(
    (scale): Alternative => ({
      change: "scale",
      ratio: (z) => Math.exp((z * z * (1 - 1 / scale ** 2)) / 2) / scale,
    }),
  ),
  { change: "shape", ratio: (z) => laplace(z) / normal(z) },
  { change: "shape", ratio: (z) => flat(z) / normal(z) },
  { change: "shape", ratio: (z) => skewed(z) / normal(z) },
  { change: "shape", ratio: (z) => skewed(-z) / normal(z) },
];

function normal(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Peaked, with heavy tails. */
function laplace(z: number): number {
  return Math.exp(-Math.SQRT2 * Math.abs(z)) / Math.SQRT2;
}

/** Generalised normal density of exponent 4: broad shoulders, light tails. */
function flat(z: number): number {
  const gammaOfQuarter = 3.625609908221908;
  const width = Math.sqrt(gammaOfQuarter / 1.2254167024651776); // over gamma(3/4): variance 1
  return (2 / (width * gammaOfQuarter)) * Math.exp(-((z / width) ** 4));
}

/** Azzalini's skew-normal density of slant 4. */
function skewed(z: number): number {
  const delta = 4 / Math.sqrt(17);
  const width = 1 / Math.sqrt(1 - (2 * delta ** 2) / Math.PI);
  const x = z / width + delta * Math.sqrt(2 / Math.PI);
  return (2 / width) * normal(x) * normalCdf(4 * x);
}

const cells = 256;

/** Normal scores of ranks, which are cut into cells. */
export const cellScores: Float64Array = Float64Array.from({ length: cells }, (_, cell) =>
  normalQuantile((cell + 0.5) / cells),
);

/** The cell of a rank in (0, 1). */
export function cellOf(rank: number): number {
  return Math.min(cells - 1, Math.floor(rank * cells));
}

/** What each alternative multiplies its capital by, by cell: 1 on average, so that the bet is fair while ranks are uniform. */
export const fairFactors: readonly Float64Array[] = alternatives.map(({ ratio }) => {
  const ratios = cellScores.map(ratio);
  const mean = ratios.reduce((a, b) => a + b, 0) / cells;
  return ratios.map((value) => value / mean);
});
