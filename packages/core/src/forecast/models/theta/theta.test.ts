import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../../test/hourly-series.ts";
import { createRandom } from "../../../random.ts";
import { classicalSeason } from "../../local/decompose/classical-season.ts";
import { burnIn, fitTheta, type ThetaFit } from "./fit-theta.ts";
import { moveOn, nextOf, spreadOf } from "./recursion.ts";
import { type ThetaVariant, theta } from "./theta.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../local/__fixtures__/${name}.json`, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = fixture("series");

interface Expected {
  readonly season: string;
  readonly squaredError: number;
  readonly deviation: number;
  readonly alpha: number;
  readonly theta: number;
  readonly mean: number[];
}
const expected: ({ readonly name: string } & Record<string, Expected>)[] = fixture("theta");
const kept = [1, 2, 5, 8, 13, 14];
const variants = {
  STM: "standard",
  OTM: "optimized",
  DSTM: "dynamic",
  DOTM: "dynamicOptimized",
} as const;

const cases = expected.flatMap(({ name, ...models }) =>
  Object.entries(models as Record<keyof typeof variants, Expected>).map(([model, wanted]) => ({
    name,
    model: model as keyof typeof variants,
    wanted,
    ...(series.find((one) => one.name === name) as { season: number; y: number[] }),
  })),
);

/** The least squared errors of a static line with a fitted share. */
function squaresOfOtm(y: readonly number[], season: number, kind: string): number {
  const isFactor = kind === "multiplicative";
  const values = kind === "none" ? null : classicalSeason(Float64Array.from(y), season, isFactor);
  const adjusted = Float64Array.from(y, (value, t) => {
    const phase = values?.[t % season];
    return phase === undefined ? value : isFactor ? value / phase : value - phase;
  });
  return fitTheta(adjusted, adjusted, false, undefined).squares;
}

// What variants forecast at the reference's own parameters: `at-reference.test.ts`.
describe("a variant that was asked for", () => {
  it("has squared errors no greater than statsforecast's in 140 cases, less by 0.1 % or more in 35, and forecasts the same in the 59 where they are the same", async () => {
    const counts = { better: 0, same: 0 };
    for (const { name, model, wanted, season, y } of cases) {
      const which = `${model} on ${name}`;
      const fitted = await theta({ variant: variants[model], seasonLength: season, outliers: "keep" }).fit(
        hourlyPanel(y),
        {
          horizon: 14,
        },
      );
      const fit = fitted.fits[0] as Record<string, number>;
      expect(fit["season"], which).toBe(wanted.season);
      const scale = Math.max(...y.map(Math.abs)) ** 2 * y.length;
      const squares =
        model === "OTM" ? squaresOfOtm(y, season, wanted.season) : (fit["squaredError"] as number);
      expect(squares, which).toBeLessThanOrEqual(wanted.squaredError * (1 + 1e-9) + 1e-15 * scale);
      if (squares < wanted.squaredError * 0.999) counts.better++;
      // Where AICc prefers a line with a given share, or none.
      if (fit["squaredError"] !== squares) continue;
      expect(fit["model"], which).toBe(model);
      if (squares < wanted.squaredError * (1 - 1e-5)) continue;
      counts.same++;
      expect(Math.abs((fit["deviation"] as number) / wanted.deviation - 1), which).toBeLessThan(0.01);
      const { mean } = fitted.predict();
      const size = Math.max(...y.map(Math.abs));
      kept.forEach((step, i) => {
        const off = Math.abs((mean[step - 1] as number) - (wanted.mean[i] as number));
        expect(off / size, which).toBeLessThan(0.005);
      });
    }
    expect(counts).toEqual({ better: 35, same: 59 });
    expect(cases.length).toBe(140);
  });
});

describe("the choice", () => {
  it.each(series.filter(({ y }) => new Set(y).size > 1))(
    "on $name is the dynamic variant with the lesser AICc",
    async ({ y, season }) => {
      const fitOf = async (variant: ThetaVariant) =>
        (await theta({ variant, seasonLength: season }).fit(hourlyPanel(y), { horizon: 1 }))
          .fits[0] as unknown as { readonly aicc: number; readonly squaredError: number };
      const [auto, simple, fitted] = [
        await fitOf("auto"),
        await fitOf("dynamic"),
        await fitOf("dynamicOptimized"),
      ];
      expect(auto).toEqual(simple.aicc <= fitted.aicc ? simple : fitted);
      // Theta = 2 is a case of the fitted one.
      expect(fitted.squaredError).toBeLessThanOrEqual(simple.squaredError * (1 + 1e-9));
    },
  );
});

/** The squared errors by running the recursion row by row. */
function squaresOf(fit: ThetaFit, y: Float64Array, change: Partial<ThetaFit> = {}): number {
  const parameters = { ...fit, ...change };
  const state = Float64Array.of(0, 0, 0, fit.intercept, fit.slope, 1);
  let squares = 0;
  y.forEach((value, t) => {
    if (t >= burnIn) squares += (value - nextOf(state, parameters)) ** 2;
    moveOn(state, parameters, value);
  });
  return squares;
}

describe("the optimized variant", () => {
  it("does without the line where AICc does, which counts it as two parameters", async () => {
    const random = createRandom(12);
    let level = 100;
    const wandering = Array.from({ length: 80 }, () => {
      level += random.normal();
      return level;
    });
    const drifting = wandering.map((value, t) => value + 2 * t);
    const thetaOf = async (y: readonly number[]) =>
      (await theta({ variant: "optimized" }).fit(hourlyPanel(y), { horizon: 1 })).fits[0]?.["theta"];
    expect(await thetaOf(wandering)).toBe(1);
    expect(await thetaOf(drifting)).toBeGreaterThanOrEqual(2);
  });
});

describe("the fit", () => {
  const walk = fc
    .tuple(
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 12, max: 60 }),
      fc.double({ min: -2, max: 2, noNaN: true }),
    )
    .map(([seed, length, drift]) => {
      const random = createRandom(seed);
      let level = 50;
      return Float64Array.from({ length }, () => {
        level += drift + random.normal();
        return level + 2 * random.normal();
      });
    });

  test.prop([walk, fc.boolean(), fc.constantFrom(0.5, undefined)], { numRuns: 60 })(
    "gives the squared errors of the recursion, and no other parameters near by or far off give less",
    (y, isDynamic, share) => {
      const fit = fitTheta(y, y, isDynamic, share);
      expect(squaresOf(fit, y) / fit.squares).toBeCloseTo(1, 6);
      const random = createRandom(y.length);
      for (let k = 0; k < 200; k++) {
        const by = 10 ** -random.uniform(0, 3);
        const bounded = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
        const other = {
          alpha: bounded(fit.alpha + by * random.normal(), 0.1, 0.99),
          start: fit.start + 20 * by * random.normal(),
          ...(share === undefined ? { share: bounded(fit.share + by * random.normal(), 0, 1) } : {}),
        };
        expect(squaresOf(fit, y, other)).toBeGreaterThan(fit.squares * (1 - 1e-7));
      }
    },
  );

  it.each([false, true])("spreads as paths of the recursion do (dynamic: %s)", (isDynamic) => {
    const random = createRandom(5);
    const y = Float64Array.from({ length: 20 }, (_, t) => 10 + t + random.normal());
    const fit = fitTheta(y, y, isDynamic, 0.5);
    const now = Float64Array.of(0, 0, 0, fit.intercept, fit.slope, 1);
    for (const value of y) moveOn(now, fit, value);
    const steps = 12;
    const [sums, squares] = [new Float64Array(steps), new Float64Array(steps)];
    const paths = 20_000;
    for (let p = 0; p < paths; p++) {
      const state = now.slice();
      for (let h = 0; h < steps; h++) {
        const value = nextOf(state, fit) + random.normal();
        sums[h] = (sums[h] as number) + value;
        squares[h] = (squares[h] as number) + value * value;
        moveOn(state, fit, value);
      }
    }
    spreadOf(now, fit, steps).forEach((spread, h) => {
      const mean = (sums[h] as number) / paths;
      const deviation = Math.sqrt((squares[h] as number) / paths - mean * mean);
      expect(Math.abs(deviation / spread - 1)).toBeLessThan(0.03);
    });
  });
});

describe("theta", () => {
  const values = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 24, maxLength: 60 });

  test.prop([values, fc.constantFrom(0.25, 8), fc.constantFrom(0, 64)], { numRuns: 25 })(
    "is scaled and shifted with its series",
    async (y, factor, shift) => {
      for (const variant of ["standard", "dynamicOptimized"] as const) {
        const of = async (some: readonly number[]) =>
          (
            await theta({ variant, season: "additive", seasonLength: 4 }).fit(hourlyPanel(some), {
              horizon: 3,
            })
          ).predict().mean[2] as number;
        const [plain, changed] = [await of(y), await of(y.map((value) => factor * value + shift))];
        expect(Math.abs(changed - (factor * plain + shift))).toBeLessThan(factor * 0.05);
      }
    },
  );

  it("takes a constant series for what it is", async () => {
    for (const value of [7, 0, -3]) {
      const fitted = await theta({ seasonLength: 4 }).fit(hourlyPanel(new Array(20).fill(value)), {
        horizon: 2,
      });
      const { mean, quantiles } = fitted.predict({ levels: [80] });
      expect([...mean]).toEqual([value, value]);
      expect([...(quantiles[0]?.values ?? [])]).toEqual([value, value]);
    }
  });

  it("lets its own forecast stand for missing rows", async () => {
    const y = Array.from({ length: 40 }, (_, t) => 10 + 2 * t + (t % 4));
    const fitted = await theta({ seasonLength: 4 }).fit(hourlyPanel(y), { horizon: 4 });
    expect(fitted.fits[0]?.["season"]).not.toBe("none");
    const after = fitted.update(hourlyRows([null, null], 40));
    expect(after.predict().mean[0]).toBeCloseTo(fitted.predict().mean[2] as number, 9);
    const holed = y.map((value, t) => (t % 7 === 3 ? null : value));
    const other = await theta({ seasonLength: 4 }).fit(hourlyPanel(holed), { horizon: 4 });
    expect(Math.abs((other.predict().mean[3] as number) - (fitted.predict().mean[3] as number))).toBeLessThan(
      2,
    );
  });

  it("adds the season where it cannot multiply", async () => {
    const y = Array.from({ length: 48 }, (_, t) => (t % 4) - 1 + 0.01 * Math.sin(t));
    const fitted = await theta({ seasonLength: 4 }).fit(hourlyPanel(y), { horizon: 4 });
    expect(fitted.fits[0]?.["season"]).toBe("additive");
    [-1, 0, 1, 2].forEach((value, h) => {
      expect(Math.abs((fitted.predict().mean[h] as number) - value)).toBeLessThan(0.05);
    });
    const none = await theta({ seasonLength: 4, season: "none" }).fit(hourlyPanel(y), { horizon: 4 });
    expect(none.fits[0]?.["season"]).toBe("none");
  });

  it("takes a season out of every series of two seasons when it need not be found", async () => {
    const shape = [-20, -15, -5, 0, 5, 10, 15, 20, 10, 5, -5, -20];
    const value = (t: number) => 200 + t + (shape[t % 12] as number);
    const rows = (count: number) =>
      hourlyPanel(Array.from({ length: count }, (_, t) => value(t) + 5 * Math.sin(t * t)));
    const fit = (seasonTest: boolean, count = 30) =>
      theta({ seasonLength: 12, seasonTest }).fit(rows(count), { horizon: 6 });
    const [tested, taken] = [await fit(true), await fit(false)];
    expect([tested.fits[0]?.["season"], taken.fits[0]?.["season"]]).toEqual(["none", "multiplicative"]);
    const error = (mean: Float64Array) =>
      mean.reduce((sum, one, h) => sum + Math.abs(one - value(30 + h)), 0);
    expect(error(taken.predict().mean)).toBeLessThan(error(tested.predict().mean) / 2);
    expect((await fit(false, 23)).fits[0]?.["season"]).toBe("none");
    const again = theta().load(taken.save());
    expect(again.predict().mean).toEqual(taken.predict().mean);
    expect(again.update(hourlyRows([210], 30)).predict().mean).toEqual(
      taken.update(hourlyRows([210], 30)).predict().mean,
    );
  });

  it("refuses too few rows and wrong settings", async () => {
    expect(() => theta({ seasonTest: "no" as never })).toThrow(/seasonTest is true or false/);
    await expect(theta().fit(hourlyPanel([1, 2, 3, 4]), { horizon: 1 })).rejects.toThrow(/5/);
    expect(() => theta({ variant: "fast" as never })).toThrow(/variant is one of standard, optimized/);
    expect(() => theta({ seasonLength: 0 })).toThrow(/seasonLength must be a whole number of at least 1/);
  });
});
