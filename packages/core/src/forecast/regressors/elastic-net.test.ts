import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { elasticNet, lasso } from "./elastic-net.ts";
import { laterErrors, penaltiesOf, piecesOf, sumsOf } from "./penalty-path.ts";
import { standardise } from "./standardise.ts";

const matrixOf = (columns: readonly ArrayLike<number>[]): FeatureMatrix => ({
  rows: columns[0]?.length ?? 0,
  columns: columns.map((values, c) => ({
    name: `x${c}`,
    kind: "numeric",
    values: Float64Array.from(values),
  })),
});

const deviationOf = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

interface Problem {
  readonly l1Ratio: number;
  readonly columns: number[][];
  readonly y: number[];
  readonly weights: number[];
  readonly fits: { penalty: number; weighted: boolean; intercept: number; coefficients: number[] }[];
  readonly path: number[];
  readonly errors: number[];
}
const { elasticNet: problems } = JSON.parse(
  readFileSync(new URL("./__fixtures__/scikit-learn.json", import.meta.url), "utf8"),
) as { elasticNet: Problem[] };

describe("elasticNet beside scikit-learn", () => {
  it.each(problems)("fits the same, case %#", async ({ l1Ratio, columns, y, weights, fits }) => {
    for (const { penalty, weighted, intercept, coefficients } of fits) {
      const model = await elasticNet({ penalty, l1Ratio }).fit(
        matrixOf(columns),
        Float64Array.from(y),
        weighted ? { weights: Float64Array.from(weights) } : {},
      );
      expect(Math.abs(model.intercept - intercept)).toBeLessThan(1e-8 * Math.max(1, Math.abs(intercept)));
      const largest = Math.max(...coefficients.map(Math.abs));
      coefficients.forEach((value, c) => {
        expect(Math.abs(model.coefficients[c]! - value)).toBeLessThan(1e-8 * largest);
        expect(model.coefficients[c] === 0).toBe(value === 0);
      });
    }
  });

  it.each(problems)(
    "has the same errors on later rows, and takes the penalty of the least, case %#",
    async ({ l1Ratio, columns, y, path, errors }) => {
      const x = matrixOf(columns);
      const target = Float64Array.from(y);
      const ends = piecesOf(y.length, 5);
      const standardised = standardise(
        x.columns.map(({ values }) => values),
        target,
        undefined,
      );
      const pieces = ends.slice(1).map((end, k) => sumsOf(standardised, ends[k]!, end));
      const penalties = path.map((penalty) => penaltiesOf(penalty, l1Ratio));
      const found = (await laterErrors(pieces, penalties, undefined))!;
      errors.forEach((error, k) => {
        expect(Math.abs(found[k]! / error - 1)).toBeLessThan(1e-6);
      });
      // What is chosen: the target in units of its deviation, where penalties have no unit.
      const { penalty } = await elasticNet({ l1Ratio }).fit(x, target);
      const deviation = deviationOf(y);
      const inDeviations = target.map((value) => value / deviation);
      const scaled = standardise(
        x.columns.map(({ values }) => values),
        inDeviations,
        undefined,
      );
      const own = path.map((value) => penaltiesOf(value / deviation, l1Ratio));
      const ownErrors = (await laterErrors(
        ends.slice(1).map((end, k) => sumsOf(scaled, ends[k]!, end)),
        own,
        undefined,
      ))!;
      const least = path[ownErrors.indexOf(Math.min(...ownErrors))]!;
      // The path of the fixture ends sooner.
      if (penalty > path.at(-1)! * 0.999) expect(penalty / least).toBeCloseTo(1, 9);
      else expect(ownErrors.at(-1)).toBe(Math.min(...ownErrors));
    },
  );
});

describe("elasticNet", () => {
  it("meets the conditions of the minimum of its penalised error", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(0.01, 0.3, 0.9, 1),
        fc.constantFrom(1e-3, 0.05, 0.5),
        fc.boolean(),
        async (seed, rows, width, l1Ratio, share, isWalk) => {
          const random = createRandom(seed);
          // Lags of a random walk are nearly the same.
          const walk: number[] = [0];
          while (walk.length < rows + width) walk.push(walk.at(-1)! + random.normal());
          const columns = Array.from({ length: width }, (_, c) =>
            Float64Array.from({ length: rows }, (_, row) =>
              isWalk ? walk[row + c]! : random.normal(3, 2 ** (c % 5)),
            ),
          );
          const y = Float64Array.from({ length: rows }, (_, row) => columns[0]![row]! + random.normal(0, 2));
          const weights = Float64Array.from({ length: rows }, () => random.uniform(0.1, 3));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const mean = (values: Float64Array): number =>
            values.reduce((sum, value, row) => sum + weights[row]! * value, 0) / total;
          const power = Math.sqrt(mean(y.map((value) => (value - mean(y)) ** 2)));
          const penalty = share * power;
          const model = await elasticNet({ penalty, l1Ratio }).fit(matrixOf(columns), y, { weights });
          const predicted = model.predict(matrixOf(columns));
          const residuals = y.map((value, row) => value - predicted[row]!);
          expect(Math.abs(mean(residuals))).toBeLessThan(1e-9 * Math.max(1, power));
          columns.forEach((values, c) => {
            const center = mean(values);
            const deviation = Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
            const slope = mean(values.map((value, row) => ((value - center) / deviation) * residuals[row]!));
            const own = model.coefficients[c]! * deviation;
            const pull = slope - penalty * (1 - l1Ratio) * own;
            if (own === 0) expect(Math.abs(pull)).toBeLessThan(penalty * l1Ratio + 1e-6 * power);
            else expect(Math.abs(pull - penalty * l1Ratio * Math.sign(own))).toBeLessThan(1e-6 * power);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it("predicts the same in any unit of the target with a chosen penalty, and with a given one of absolute coefficients", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom(0.05, 0.5, 1),
        fc.double({ min: Math.log(1e-6), max: Math.log(1e9), noNaN: true }).map(Math.exp),
        fc.boolean(),
        async (seed, l1Ratio, unit, isWeighted) => {
          const random = createRandom(seed);
          const columns = Array.from({ length: 4 }, () =>
            Float64Array.from({ length: 60 }, () => random.normal(2, 5)),
          );
          const y = columns[0]!.map((value, row) => 3 * value - columns[1]![row]! + 10 + random.normal(0, 4));
          const weights = isWeighted
            ? { weights: Float64Array.from({ length: 60 }, () => random.uniform(0.1, 3)) }
            : {};
          const x = matrixOf(columns);
          const scaled = y.map((value) => value * unit);
          const one = await elasticNet({ l1Ratio }).fit(x, y, weights);
          const other = await elasticNet({ l1Ratio }).fit(x, scaled, weights);
          expect(other.penalty / unit / one.penalty).toBeCloseTo(1, 8);
          one.coefficients.forEach((value, c) => {
            expect(other.coefficients[c]! / unit).toBeCloseTo(value, 6);
          });
          expect(other.intercept / unit).toBeCloseTo(one.intercept, 6);
          const given = await lasso({ penalty: 0.5 }).fit(x, y, weights);
          const inUnit = await lasso({ penalty: 0.5 * unit }).fit(x, scaled, weights);
          expect(inUnit.intercept / unit).toBeCloseTo(given.intercept, 6);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("fits the same again with the penalty that the lasso chose", async () => {
    const random = createRandom(21);
    const x = matrixOf([0, 1, 2].map(() => Array.from({ length: 60 }, () => random.normal())));
    const y = x.columns[0]!.values.map((value) => 5000 * value + random.normal(0, 3000));
    const chosen = await lasso().fit(x, y);
    const again = await lasso({ penalty: chosen.penalty }).fit(x, y);
    again.coefficients.forEach((value, c) => {
      expect(value / 5000).toBeCloseTo(chosen.coefficients[c]! / 5000, 8);
    });
  });

  it("predicts a target that never changes", async () => {
    const x = matrixOf([Array.from({ length: 30 }, (_, row) => row % 7)]);
    const model = await elasticNet().fit(x, new Float64Array(30).fill(42.1));
    for (const value of model.predict(x)) expect(value).toBeCloseTo(42.1, 10);
  });

  it("finds the few lags of many that count", async () => {
    const random = createRandom(8);
    const noise = Array.from({ length: 40 }, () => Float64Array.from({ length: 400 }, () => random.normal()));
    const y = noise[3]!.map((value, row) => 5 + 2 * value - noise[17]![row]! + random.normal(0, 0.5));
    const { coefficients, intercept, penalty } = await lasso().fit(matrixOf(noise), y);
    expect(coefficients[3]).toBeGreaterThan(1.8);
    expect(coefficients[17]).toBeLessThan(-0.8);
    expect(intercept).toBeCloseTo(5, 0);
    expect(penalty).toBeLessThan(0.2);
    const others = coefficients.filter((_, c) => c !== 3 && c !== 17);
    expect(Math.max(...others.map(Math.abs))).toBeLessThan(0.1);
  });

  it("solves hundreds of lags of a series, which are nearly the same, along the whole path", async () => {
    const random = createRandom(2);
    const walk = new Float64Array(900);
    for (let t = 1; t < 900; t++) walk[t] = 0.98 * walk[t - 1]! + random.normal();
    const lags = Array.from({ length: 200 }, (_, lag) => walk.subarray(199 - lag, 899 - lag));
    const { coefficients } = await lasso().fit(matrixOf(lags), walk.slice(200));
    await elasticNet().fit(matrixOf(lags), walk.slice(200));
    expect(coefficients[0]).toBeGreaterThan(0.8);
    expect(coefficients.filter((value) => value !== 0).length).toBeLessThan(100);
  });

  it("keeps one of equal columns as lasso, and shares between them as elastic net", async () => {
    const random = createRandom(6);
    const a = Float64Array.from({ length: 50 }, () => random.normal());
    const y = a.map((value) => 3 * value + random.normal(0, 0.1));
    const shared = await elasticNet({ penalty: 0.1 }).fit(matrixOf([a, a]), y);
    expect(shared.coefficients[0]).toBeCloseTo(shared.coefficients[1]!, 6);
    const one = await lasso({ penalty: 0.1 }).fit(matrixOf([a, a]), y);
    expect([...one.coefficients].filter((value) => value !== 0)).toHaveLength(1);
  });

  it("predicts the mean where rows are too few to choose a penalty", async () => {
    const x = matrixOf([Float64Array.of(1, 2, 3, 4)]);
    const model = await elasticNet().fit(x, Float64Array.of(2, 4, 6, 8));
    expect([...model.predict(x)]).toEqual([5, 5, 5, 5]);
  });

  it("keeps its penalty in its bytes", async () => {
    const x = matrixOf([Float64Array.from({ length: 30 }, (_, row) => row)]);
    const fitted = await lasso().fit(
      x,
      x.columns[0]!.values.map((value) => Math.sin(value)),
    );
    expect(lasso().load(fitted.save()).penalty).toBe(fitted.penalty);
  });

  it("stops while it chooses when its signal fires", async () => {
    const random = createRandom(4);
    const columns = Array.from({ length: 20 }, () =>
      Float64Array.from({ length: 200 }, () => random.normal()),
    );
    const controller = new AbortController();
    const fitting = elasticNet().fit(matrixOf(columns), columns[0]!, { signal: controller.signal });
    controller.abort();
    await expect(fitting).rejects.toMatchObject({ code: "ABORTED" });
  });

  it.each([
    { penalty: 0 },
    { penalty: -1 },
    { penalty: Number.NaN },
    { penalty: Infinity },
    { penalty: "automatic" as "auto" },
    { l1Ratio: 0 },
    { l1Ratio: 1.1 },
    { folds: 0 },
    { folds: 2.5 },
  ])("refuses %j", (options) => {
    expect(() => elasticNet(options)).toThrow(expect.objectContaining({ code: "MODEL_PARAMETER_INVALID" }));
  });

  it("refuses infinite values", async () => {
    const refusal = elasticNet().fit(matrixOf([[1, Infinity]]), Float64Array.of(1, 2));
    await expect(refusal).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });
});

describe("a lasso of columns that repeat exactly", () => {
  it("is that of the columns without the repeats, which get the coefficient 0", async () => {
    const random = createRandom("repeats");
    const [a, b, c] = Array.from({ length: 3 }, () => Array.from({ length: 300 }, () => random.normal())) as [
      number[],
      number[],
      number[],
    ];
    const y = Float64Array.from(a, (value, row) => 3 * value - 2 * (b[row] as number) + random.normal());
    const order = [0, 1, 0, 0, 2, 1, ...Array.from({ length: 45 }, (_, i) => i % 3)];
    const repeated = matrixOf(order.map((k) => [a, b, c][k] as number[]));
    const once = await lasso().fit(matrixOf([a, b, c]), y);
    const all = await lasso().fit(repeated, y);
    expect(all.penalty).toBe(once.penalty);
    expect(all.predict(repeated)).toEqual(once.predict(matrixOf([a, b, c])));
    const [first, second, third] = once.coefficients;
    expect([...all.coefficients]).toEqual([first, second, 0, 0, third, ...new Array(46).fill(0)]);
    expect(lasso().load(all.save()).coefficients).toEqual(all.coefficients);
  });
});
