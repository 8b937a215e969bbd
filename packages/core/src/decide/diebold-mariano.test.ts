import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { TsopsError } from "../errors.ts";
import { createRandom } from "../random.ts";
import { dieboldMariano, type VarianceKernel } from "./diebold-mariano.ts";

interface Fixture {
  lossA: number[];
  lossB: number[];
  horizon: number;
  kernel: VarianceKernel;
  lag: number;
  statistic: number;
  less: number;
  degrees: number;
}
const fixtures = JSON.parse(
  readFileSync(new URL("./__fixtures__/diebold-mariano.json", import.meta.url), "utf8"),
) as Fixture[];
const kernels: readonly VarianceKernel[] = ["bartlett", "rectangular", "cosine"];

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return TsopsError.is(error) ? error.code : String(error);
  }
  return undefined;
}

describe("reference implementations", () => {
  it.each(
    fixtures.map((fixture) => [fixture.kernel, fixture.lossA.length, fixture.horizon, fixture] as const),
  )("agrees on %s, n = %i, horizon %i", (kernel, _n, horizon, fixture) => {
    const lossA = Float64Array.from(fixture.lossA);
    const lossB = Float64Array.from(fixture.lossB);
    const test = dieboldMariano(lossA, lossB, { horizon, kernel, lag: fixture.lag, alternative: "less" });
    expect(test.statistic).toBeCloseTo(fixture.statistic, 10);
    expect(test.pValue).toBeCloseTo(fixture.less, 10);
    expect(test.degrees).toBe(fixture.degrees);
    expect(test.kernel).toBe(kernel);
    if (kernel !== "bartlett")
      expect(dieboldMariano(lossA, lossB, { horizon, kernel, alternative: "less" })).toEqual(test);
  });
});

const neweyWest = JSON.parse(
  readFileSync(new URL("./__fixtures__/newey-west.json", import.meta.url), "utf8"),
) as {
  readonly statsmodels: string;
  readonly cases: readonly {
    readonly lossA: number[];
    readonly lossB: number[];
    readonly lag: number;
    readonly mean: number;
    readonly standardError: number;
  }[];
};

describe(`Newey and West's standard errors are those of statsmodels ${neweyWest.statsmodels}, to ten digits`, () => {
  it.each(neweyWest.cases)("$lossA.length losses, lag $lag", (known) => {
    const [lossA, lossB] = [Float64Array.from(known.lossA), Float64Array.from(known.lossB)];
    const n = lossA.length;
    const found = dieboldMariano(lossA, lossB, { kernel: "bartlett", lag: known.lag });
    // What Harvey, Leybourne and Newbold put on it for losses of one step ahead.
    const smallSample = Math.sqrt(n / (n - 1));
    expect(found.meanDifference).toBeCloseTo(known.mean, 10);
    expect(found.standardError / smallSample / known.standardError).toBeCloseTo(1, 10);
  });
});

it("takes losses of one step ahead, and either side, unless told otherwise", () => {
  const [lossA, lossB] = [Float64Array.of(1, 2, 4, 3, 1), Float64Array.of(2, 2, 5, 3, 4)];
  expect(dieboldMariano(lossA, lossB)).toEqual(
    dieboldMariano(lossA, lossB, { horizon: 1, kernel: "bartlett", alternative: "two-sided" }),
  );
  expect(codeOf(() => dieboldMariano(lossA, lossB, null as never))).toBe("COMPARISON_INVALID");
  expect(codeOf(() => dieboldMariano(lossA, lossB, { horizn: 2 } as never))).toBe("COMPARISON_INVALID");
});

describe("what must hold for any losses", () => {
  const losses = fc
    .integer({ min: 4, max: 40 })
    .chain((n) =>
      fc.tuple(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: n, maxLength: n }),
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: n, maxLength: n }),
        fc.constantFrom(...kernels),
        fc.integer({ min: 1, max: 3 }),
      ),
    );

  it("swaps sides when the series are swapped, and both sides' p-values make one", () => {
    fc.assert(
      fc.property(losses, ([a, b, kernel, horizon]) => {
        const lossA = Float64Array.from(a);
        const lossB = Float64Array.from(b);
        const less = dieboldMariano(lossA, lossB, { horizon, kernel, alternative: "less" });
        const swapped = dieboldMariano(lossB, lossA, { horizon, kernel, alternative: "greater" });
        const greater = dieboldMariano(lossA, lossB, { horizon, kernel, alternative: "greater" });
        const either = dieboldMariano(lossA, lossB, { horizon, kernel, alternative: "two-sided" });
        expect(swapped.statistic).toBe(less.statistic === 0 ? 0 : -less.statistic);
        expect(swapped.pValue).toBe(less.pValue);
        expect(less.pValue + greater.pValue).toBeCloseTo(1, 12);
        expect(either.pValue).toBeCloseTo(2 * Math.min(less.pValue, greater.pValue), 12);
        expect(either.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("does not depend on the unit of the losses", () => {
    fc.assert(
      fc.property(losses, fc.constantFrom(2, 0.25, 1024), ([a, b, kernel, horizon], unit) => {
        const options = { horizon, kernel, alternative: "less" } as const;
        const one = dieboldMariano(Float64Array.from(a), Float64Array.from(b), options);
        const other = dieboldMariano(
          Float64Array.from(a, (value) => value * unit),
          Float64Array.from(b, (value) => value * unit),
          options,
        );
        expect(other.pValue).toBeCloseTo(one.pValue, 10);
      }),
    );
  });
});

describe("degenerate losses", () => {
  const three = Float64Array.of(1, 2, 3);
  it.each(kernels)("finds no evidence between equal series (%s)", (kernel) => {
    const same = dieboldMariano(three, three, { horizon: 1, kernel, alternative: "less" });
    expect([same.statistic, same.pValue, same.interval]).toEqual([0, 0.5, [0, 0]]);
  });

  it.each(kernels)("is certain when one series is always better by the same amount (%s)", (kernel) => {
    const worse = three.map((value) => value + 1);
    expect(dieboldMariano(three, worse, { horizon: 1, kernel, alternative: "less" }).pValue).toBe(0);
    expect(dieboldMariano(worse, three, { horizon: 1, kernel, alternative: "less" }).pValue).toBe(1);
  });

  it("falls back to Bartlett's weights where the rectangular variance is negative", () => {
    const alternating = Float64Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 1.5 : -1));
    const test = dieboldMariano(alternating, new Float64Array(12), {
      horizon: 2,
      kernel: "rectangular",
      alternative: "less",
    });
    expect(test.kernel).toBe("bartlett");
    expect(test.standardError).toBeGreaterThan(0);
  });

  it("refuses unpaired, short and non-finite series, and horizons and lags out of range", () => {
    const options = { horizon: 1, alternative: "less" } as const;
    const bad = Float64Array.of(1, Number.NaN, 3);
    for (const run of [
      () => dieboldMariano(three, Float64Array.of(1, 2), options),
      () => dieboldMariano(Float64Array.of(1, 2), Float64Array.of(1, 2), options),
      () => dieboldMariano(three, bad, options),
      () =>
        dieboldMariano(
          three,
          bad.map(() => Number.POSITIVE_INFINITY),
          options,
        ),
      () => dieboldMariano(three, three, { ...options, horizon: 0 }),
      () => dieboldMariano(three, three, { ...options, horizon: 3 }),
      () => dieboldMariano(three, three, { ...options, lag: 3 }),
      () => dieboldMariano(three, three, { ...options, lag: 0, kernel: "cosine" }),
      () => dieboldMariano(three, three, { ...options, kernel: "bartlet" as never }),
      () => dieboldMariano(three, three, { ...options, alternative: "lesser" as never }),
    ])
      expect(codeOf(run)).toBe("COMPARISON_INVALID");
  });

  it("says what is no series of losses, and what was not told", async () => {
    const options = { horizon: 1, alternative: "two-sided" } as const;
    expect(await errorOf(() => dieboldMariano(untyped("abcd"), three, options))).toMatchObject({
      code: "COMPARISON_INVALID",
      message: 'The first loss series is the text "abcd", not a Float64Array.',
    });
    expect((await errorOf(() => dieboldMariano(three, untyped([1, 2, 3]), options))).hint).toMatch(
      /Float64Array\.from\(losses\)/,
    );
    expect((await errorOf(() => dieboldMariano(three, untyped(undefined), options))).message).toMatch(
      /second loss series is undefined/,
    );
    expect((await errorOf(() => dieboldMariano(three, three, untyped({ ...options, horizn: 1 })))).hint).toBe(
      'Did you mean "horizon"?',
    );
  });
});

describe("losses of any size", () => {
  it.each([1e-250, 1e170, 2e307])("are compared alike: times %d", (factor) => {
    const random = createRandom("scale");
    const a = Float64Array.from({ length: 28 }, () => random.uniform());
    const b = a.map((value) => value + 0.3 * random.uniform());
    const grown = (values: Float64Array) => values.map((value) => value * factor);
    for (const kernel of ["averaged", "prewhitened", "cosine", "bartlett", "rectangular"] as const) {
      const options = { horizon: 2, kernel, alternative: "less" } as const;
      const one = dieboldMariano(a, b, options);
      const other = dieboldMariano(grown(a), grown(b), options);
      expect(other.pValue).toBeCloseTo(one.pValue, 10);
      expect(other.statistic).toBeCloseTo(one.statistic, 9);
      expect(other.meanDifference / factor).toBeCloseTo(one.meanDifference, 10);
      expect(other.standardError / factor).toBeCloseTo(one.standardError, 10);
    }
  });
});

describe("size: how often equal expected losses are called different", () => {
  /** Share of rejections at 5 % over AR(1) loss differences of mean 0. */
  function size(kernel: VarianceKernel, n: number, phi: number, repeats = 1000): number {
    const random = createRandom(`size/${kernel}/${n}/${phi}`);
    const zero = new Float64Array(n);
    let rejected = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      let level = random.normal() / Math.sqrt(1 - phi * phi);
      const difference = Float64Array.from(zero, () => {
        level = phi * level + random.normal();
        return level;
      });
      const test = dieboldMariano(difference, zero, { horizon: 1, kernel, alternative: "less" });
      if (test.pValue <= 0.05) rejected++;
    }
    return rejected / repeats;
  }
  // Standard error of a share of 5 % over 1000 repeats: 0.7 points.
  it.each([8, 28, 60])("keeps 5 %% without autocorrelation (cosine, n = %i)", (n) => {
    expect(size("cosine", n, 0)).toBeLessThan(0.07);
    expect(size("cosine", n, 0)).toBeGreaterThan(0.03);
  });

  it("keeps 5 % with autocorrelation 0.6 and 0.8 by the prewhitened kernel", () => {
    expect(size("prewhitened", 28, 0)).toBeGreaterThan(0.03);
    expect(size("prewhitened", 28, 0.6)).toBeLessThan(0.065);
    expect(size("prewhitened", 28, 0.8)).toBeLessThan(0.065);
    expect(size("cosine", 28, 0.8)).toBeGreaterThan(0.07);
  });

  it("keeps 5 % with autocorrelation 0.8 and with skewed losses by the averaged kernel, and nearly so by the prewhitened one", () => {
    expect(size("averaged", 28, 0.8, 400)).toBeLessThan(0.065);
    const random = createRandom("skewed");
    const zero = new Float64Array(28);
    const rejections = { averaged: 0, prewhitened: 0, cosine: 0 };
    for (let repeat = 0; repeat < 400; repeat++) {
      // Mostly a little better, now and then much worse.
      const difference = zero.map(() => Math.exp(random.normal()) - Math.exp(0.5));
      for (const kernel of ["averaged", "prewhitened", "cosine"] as const)
        if (
          dieboldMariano(difference, zero, {
            kernel,
            withoutSkewness: kernel !== "cosine",
            alternative: "less",
          }).pValue <= 0.05
        )
          rejections[kernel]++;
    }
    expect(rejections.averaged / 400).toBeLessThan(0.065);
    // Skewness is taken out of the statistic of one estimated variance too, but not all of it.
    expect(rejections.prewhitened / 400).toBeLessThan(0.1);
    expect(rejections.cosine / 400).toBeGreaterThan(0.1);
  });

  it("has an interval that agrees with the test, also where losses are skewed", () => {
    const random = createRandom("interval");
    const losses = Float64Array.from({ length: 28 }, () => Math.exp(random.normal()));
    const { interval } = dieboldMariano(losses, new Float64Array(28), { kernel: "averaged" });
    for (const bound of interval) {
      const moved = dieboldMariano(losses, new Float64Array(28).fill(bound), { kernel: "averaged" });
      expect(moved.pValue).toBeCloseTo(0.05, 6);
    }
  });

  it("stays near 5 % with autocorrelation 0.6 by the cosine kernel, but by none that weighs autocovariances", () => {
    expect(size("cosine", 28, 0.6)).toBeLessThan(0.085);
    expect(size("bartlett", 28, 0.6)).toBeGreaterThan(0.1);
    expect(size("rectangular", 28, 0.6)).toBeGreaterThan(0.15);
  });
});
