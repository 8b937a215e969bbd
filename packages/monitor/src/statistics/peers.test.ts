import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { benjaminiHochberg, binCounts, hellinger, jensenShannon, populationStability } from "./index.ts";

interface Scores {
  readonly psi: number;
  readonly jensenShannon: number;
  readonly hellinger: number;
}
interface Windows {
  readonly reference: number[];
  readonly current: number[];
}
const { generator, ...cases } = JSON.parse(
  readFileSync(new URL("./__fixtures__/peers.json", import.meta.url), "utf8"),
) as {
  readonly generator: string;
  readonly numbers: readonly (Windows & Scores & { readonly edges: number[] })[];
  readonly categories: readonly (Windows & Scores)[];
  readonly benjaminiHochberg: readonly {
    readonly pValues: number[];
    readonly adjusted: number[];
    readonly rejected: boolean[];
  }[];
};

/** Absolute: of the last digit of a sum of a few hundred terms. */
const tolerance = 1e-12;
/** Evidently takes the root of 1 - a sum, which leaves half of the digits where that sum is near 1. */
const hellingerTolerance = 1e-9;

function expectScores(reference: ArrayLike<number>, current: ArrayLike<number>, expected: Scores): void {
  // Evidently gives bins that are empty on one side a share of 0.0001, and takes natural logarithms.
  const index = populationStability(reference, current, { floor: 1e-4 });
  expect(Math.abs(index - expected.psi)).toBeLessThan(tolerance * Math.max(1, expected.psi));
  const distance = jensenShannon(reference, current, { base: Math.E });
  expect(Math.abs(distance - expected.jensenShannon)).toBeLessThan(tolerance);
  expect(Math.abs(hellinger(reference, current) - expected.hellinger)).toBeLessThan(hellingerTolerance);
}

describe(`equal to ${generator}`, () => {
  it.each(cases.numbers)(
    "PSI $psi, Jensen-Shannon and Hellinger of numbers",
    ({ reference, current, edges, ...scores }) => {
      const bins = { edges: Float64Array.from(edges) };
      const [before, now] = [reference, current].map((values) =>
        binCounts(bins, Float64Array.from(values)),
      ) as [Float64Array, Float64Array];
      expectScores(before, now, scores);
    },
  );

  it.each(cases.categories)("PSI $psi, Jensen-Shannon and Hellinger of categories", (known) =>
    expectScores(known.reference, known.current, known),
  );

  it.each(cases.benjaminiHochberg)("Benjamini-Hochberg of $pValues", ({ pValues, adjusted, rejected }) => {
    const own = benjaminiHochberg(pValues);
    own.forEach((p, i) => {
      expect(Math.abs(p - (adjusted[i] as number))).toBeLessThan(tolerance);
    });
    expect(own.map((p) => p <= 0.05)).toEqual(rejected);
  });
});
