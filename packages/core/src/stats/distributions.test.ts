import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as distributions from "./distributions.ts";
import * as gamma from "./gamma.ts";

const { cases } = JSON.parse(
  readFileSync(new URL("./__fixtures__/distributions.json", import.meta.url), "utf8"),
) as { cases: Record<string, number[][]> };
const functions: Record<string, (...values: number[]) => number> = { ...gamma, ...distributions };

describe("reference values of mpmath and scipy", () => {
  it.each(Object.keys(cases))("%s agrees to 1e-12, also in the tails", (name) => {
    const rows = cases[name] as number[][];
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) {
      const expected = row.at(-1) as number;
      const got = (functions[name] as (...values: number[]) => number)(...row.slice(0, -1));
      const error = expected === 0 ? Math.abs(got) : Math.abs(got / expected - 1);
      if (!(error < 1e-12))
        expect.fail(`${name}(${row.slice(0, -1)}) = ${got}, expected ${expected} (${error})`);
    }
  });
});

describe("edges", () => {
  it("goes to the limits of each distribution", () => {
    expect(distributions.normalCdf(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(distributions.normalSurvival(Number.NEGATIVE_INFINITY)).toBe(1);
    expect(distributions.studentTSurvival(Number.POSITIVE_INFINITY, 5)).toBe(0);
    expect(distributions.studentTSurvival(1e200, 3)).toBeGreaterThanOrEqual(0);
    expect(distributions.studentTSurvival(1.5, Number.POSITIVE_INFINITY)).toBe(
      distributions.normalSurvival(1.5),
    );
    expect(distributions.fSurvival(Number.POSITIVE_INFINITY, 2, 3)).toBe(0);
    expect(distributions.fCdf(-1, 2, 3)).toBe(0);
    expect(distributions.chiSquareSurvival(0, 3)).toBe(1);
    expect(distributions.normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(distributions.normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
    expect(distributions.studentTQuantile(1, 4)).toBe(Number.POSITIVE_INFINITY);
    expect(distributions.binomialProbability(3, 3, 1)).toBe(1);
    expect(distributions.binomialProbability(2, 3, 1)).toBe(0);
    expect(distributions.binomialProbability(0, 3, 0)).toBe(1);
  });

  it("refuses values outside the domain instead of returning NaN", () => {
    expect(() => distributions.studentTSurvival(1, 0)).toThrow(RangeError);
    expect(() => distributions.studentTSurvival(Number.NaN, 3)).toThrow(RangeError);
    expect(() => distributions.normalQuantile(1.1)).toThrow(RangeError);
    expect(() => distributions.chiSquareCdf(1, Number.NaN)).toThrow(RangeError);
    expect(() => gamma.logGamma(-1)).toThrow(RangeError);
    expect(() => distributions.normalCdf(Number.NaN)).toThrow(RangeError);
    expect(() => distributions.fCdf(Number.NaN, 2, 2)).toThrow(RangeError);
    expect(() => distributions.binomialProbability(4, 3, 0.5)).toThrow(RangeError);
    expect(() => distributions.binomialProbability(1.5, 3, 0.5)).toThrow(RangeError);
    expect(() => distributions.binomialProbability(1, 3, Number.NaN)).toThrow(RangeError);
  });
});
