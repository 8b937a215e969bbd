import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../../errors.ts";
import { createRandom } from "../../random.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { synthetic } from "./__fixtures__/synthetic.ts";
import { gbdt } from "./gbdt.ts";
import type { GbdtNode } from "./model.ts";
import type { GbdtOptions } from "./options.ts";

const matrixOf = (...columns: ArrayLike<number>[]): FeatureMatrix => ({
  rows: columns[0]?.length ?? 0,
  columns: columns.map((values, c) => ({
    name: `x${c}`,
    kind: "numeric",
    values: Float64Array.from(values),
  })),
});
const mapNumeric = (x: FeatureMatrix, change: (value: number) => number): FeatureMatrix => ({
  rows: x.rows,
  columns: x.columns.map((c) => (c.kind === "numeric" ? { ...c, values: c.values.map(change) } : c)),
});
const takeRows = (x: FeatureMatrix, rows: ArrayLike<number>): FeatureMatrix => ({
  rows: rows.length,
  columns: x.columns.map((c) => ({ ...c, values: Float64Array.from(rows, (row) => c.values[row]!) })),
});
const squaredError = (y: Float64Array, p: Float64Array): number =>
  y.reduce((sum, value, row) => sum + (value - p[row]!) ** 2, 0);

/** Small data of every kind of column; y has no ties, so that the trees are unique. */
const problem = fc
  .record({ seed: fc.integer(), rows: fc.integer({ min: 20, max: 120 }), missing: fc.constantFrom(0, 0.3) })
  .map(({ seed, rows, missing }) => {
    const random = createRandom(seed);
    const hole = (value: number): number => (random.uniform() < missing ? Number.NaN : value);
    const column = (draw: () => number): Float64Array =>
      Float64Array.from({ length: rows }, () => hole(draw()));
    const a = column(() => random.normal());
    const b = column(() => random.integer(-4, 5));
    const c = column(() => random.integer(12));
    const y = Float64Array.from(a, (value, row) => (value || 1) + (c[row] || 0) ** 2 / 10 + random.normal());
    const x: FeatureMatrix = {
      rows,
      columns: [
        { name: "a", kind: "numeric", values: a },
        { name: "b", kind: "numeric", values: b },
        { name: "c", kind: "categorical", values: c },
      ],
    };
    return { x, y, random };
  });
const options: GbdtOptions = {
  trees: 8,
  leaves: 6,
  minLeafRows: 4,
  categorical: { minGroupRows: 5, smoothing: 2 },
};

describe("gbdt on any data", { timeout: 60_000 }, () => {
  it("does not care for increasing transformations of its columns", async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y }) => {
        const transformed = mapNumeric(x, (value) => value ** 3 * 1e5 - 7);
        const plain = (await gbdt(options).fit(x, y)).predict(x);
        expect((await gbdt(options).fit(transformed, y)).predict(transformed)).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });

  it("does not care for the order of rows, rounding apart", async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y, random }) => {
        const order = random.shuffle(Uint32Array.from(y, (_, row) => row));
        const shuffled = await gbdt(options).fit(
          takeRows(x, order),
          Float64Array.from(order, (row) => y[row]!),
        );
        const predicted = shuffled.predict(x);
        (await gbdt(options).fit(x, y)).predict(x).forEach((value, row) => {
          expect(predicted[row]).toBeCloseTo(value, 9);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("scales with its target", async () => {
    await fc.assert(
      fc.asyncProperty(problem, fc.constantFrom(2 ** -40, 0.5, 2 ** 300), async ({ x, y }, factor) => {
        for (const loss of ["squared", "absolute"] as const) {
          const plain = (await gbdt({ ...options, loss }).fit(x, y)).predict(x);
          const scaled = await gbdt({ ...options, loss }).fit(
            x,
            y.map((value) => value * factor),
          );
          expect(scaled.predict(x)).toEqual(plain.map((value) => value * factor));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("counts a whole weight like that many equal rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        problem,
        fc.constantFrom("squared", "absolute", "huber", "poisson"),
        async ({ x, y: signed, random }, loss) => {
          const y = loss === "poisson" ? signed.map(Math.abs) : signed;
          const numeric: FeatureMatrix = { rows: x.rows, columns: x.columns.slice(0, 2) };
          const weights = Float64Array.from(y, () => random.integer(4) || 1);
          const repeated = Uint32Array.from(
            [...y.keys()].flatMap((row) => Array<number>(weights[row]!).fill(row)),
          );
          const own: GbdtOptions = { ...options, loss: loss as "squared", minLeafRows: 1, minLeafHessian: 5 };
          const weighted = (await gbdt(own).fit(numeric, y, { weights })).predict(numeric);
          const copies = await gbdt(own).fit(
            takeRows(numeric, repeated),
            Float64Array.from(repeated, (row) => y[row]!),
          );
          copies.predict(numeric).forEach((value, row) => {
            expect(weighted[row]).toBeCloseTo(value, 8);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("takes Poisson's and Tweedie's losses to positive predictions that scale with the target", async () => {
    await fc.assert(
      fc.asyncProperty(problem, fc.constantFrom("poisson", "tweedie"), async ({ x: all, y }, loss) => {
        // The penalties of categories are in units of hessians, which scale too.
        const x: FeatureMatrix = { rows: all.rows, columns: all.columns.slice(0, 2) };
        const own: GbdtOptions = { ...options, loss: loss as "poisson", minLeafHessian: 0 };
        const counts = y.map((value) => Math.max(0, value));
        counts[0] = 1;
        const plain = (await gbdt(own).fit(x, counts)).predict(x);
        const scaled = (
          await gbdt(own).fit(
            x,
            counts.map((value) => value * 2 ** 30),
          )
        ).predict(x);
        plain.forEach((value, row) => {
          expect(value).toBeGreaterThan(0);
          expect(scaled[row]! / 2 ** 30 / value).toBeCloseTo(1, 6);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("moves no leaf by more than delta in a step of Huber's loss", async () => {
    const { x, y } = synthetic("numeric", 9, 400);
    const fit = async (loss: "huber" | "squared", far: number) => {
      const target = y.with(7, far);
      return (await gbdt({ loss, trees: 1 }).fit(x, target)).tree(0);
    };
    const leaves = (node: GbdtNode): number[] =>
      "rows" in node ? [node.value] : [...leaves(node.left), ...leaves(node.right)];
    const near = leaves(await fit("huber", 1e3)).map(Math.abs);
    expect(Math.max(...near)).toBeLessThanOrEqual(0.09 + 1e-12);
    expect(Math.max(...leaves(await fit("squared", 1e3)).map(Math.abs))).toBeGreaterThan(1);
  });

  it("never gets worse on its training rows with another tree", async () => {
    await fc.assert(
      fc.asyncProperty(problem, async ({ x, y }) => {
        let before = Number.POSITIVE_INFINITY;
        for (const trees of [1, 2, 4, 8]) {
          const error = squaredError(y, (await gbdt({ ...options, trees }).fit(x, y)).predict(x));
          expect(error).toBeLessThanOrEqual(before * (1 + 1e-12));
          before = error;
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("gbdt on odd values", { timeout: 60_000 }, () => {
  const step = [0, 0, 0, 0, 0, 0, 9, 9, 9, 9];
  const small: GbdtOptions = { trees: 1, learningRate: 1, leaves: 2, minLeafRows: 1 };

  it("sends missing values it never saw to the child with more rows", async () => {
    const x = matrixOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const model = await gbdt(small).fit(x, Float64Array.from(step));
    expect(model.predictRow([Number.NaN])).toBeCloseTo(0, 12);
    const turned = await gbdt(small).fit(x, Float64Array.from(step.toReversed()));
    expect(turned.predictRow([Number.NaN])).toBeCloseTo(0, 12);
  });

  it("learns where missing values belong", async () => {
    const { NaN: hole } = Number;
    const y = Float64Array.from(step);
    const high = await gbdt(small).fit(matrixOf([1, 2, 1, 2, 1, 2, hole, hole, 8, 9]), y);
    expect([high.predictRow([hole]), high.predictRow([0])].map(Math.round)).toEqual([9, 0]);
    const low = await gbdt(small).fit(matrixOf([hole, hole, hole, 2, 1, 2, 7, 7, 8, 9]), y);
    expect([low.predictRow([hole]), low.predictRow([99])].map(Math.round)).toEqual([0, 9]);
    const alone = await gbdt(small).fit(matrixOf([1, 2, 3, 1, 2, 3, hole, hole, hole, hole]), y);
    expect([alone.predictRow([hole]), alone.predictRow([99])].map(Math.round)).toEqual([9, 0]);
  });

  it("takes infinities as the smallest and largest values", async () => {
    const y = Float64Array.of(0, 0, 0, 5, 5, 5, 9, 9, 9);
    const x = matrixOf([-Infinity, -Infinity, -Infinity, 1, 2, 3, Infinity, Infinity, Infinity]);
    const model = await gbdt({ ...small, leaves: 3 }).fit(x, y);
    expect([-Infinity, -1e308, 2, 1e308, Infinity].map((v) => Math.round(model.predictRow([v])))).toEqual([
      0, 5, 5, 5, 9,
    ]);
  });

  it("sends categories it never saw with those that are not listed", async () => {
    const codes = Float64Array.from({ length: 90 }, (_, row) => row % 9);
    const y = codes.map((code) => (code < 3 ? 10 : 0));
    const x: FeatureMatrix = { rows: 90, columns: [{ name: "c", kind: "categorical", values: codes }] };
    const model = await gbdt({ ...small, categorical: { smoothing: 1, minGroupRows: 1, l2: 0 } }).fit(x, y);
    const root = model.tree(0);
    expect("codes" in root ? root.codes : undefined).toEqual([0, 1, 2]);
    expect([0, 2, 3, 8, 9, 77, Number.NaN].map((code) => Math.round(model.predictRow([code])) + 0)).toEqual([
      10, 10, 0, 0, 0, 0, 0,
    ]);
  });

  it("refuses a target whose sum is not finite", async () => {
    const fit = gbdt().fit(matrixOf([1, 2, 3]), Float64Array.of(1.7e308, 1.7e308, 0));
    await expect(fit).rejects.toSatisfy((error) => TsopsError.is(error, "VALUE_INVALID"));
  });

  it("predicts finite numbers for targets of any size", async () => {
    const { x, y } = synthetic("numeric", 5, 200);
    for (const size of [1e-310, 1e-200, 1e200, 1e303]) {
      const target = y.map((value) => value * size);
      for (const loss of ["squared", "absolute"] as const) {
        const predicted = (await gbdt({ trees: 5, loss }).fit(x, target)).predict(x);
        for (const value of predicted) expect(Math.abs(value)).toBeLessThanOrEqual(20 * size);
      }
    }
  });

  it("learns from the other rows when all those held out, or all others, have weight 0", async () => {
    const { x, y } = synthetic("numeric", 6, 100);
    const regressor = gbdt({ trees: 3, earlyStopping: { fraction: 0.2 } });
    const first = y.map((_, row) => (row < 80 ? 1 : 0));
    const model = await regressor.fit(x, y, { weights: first });
    expect([model.treeCount, model.validationLosses]).toEqual([3, []]);
    const refusal = regressor.fit(x, y, { weights: first.map((weight) => 1 - weight) });
    await expect(refusal).rejects.toSatisfy((error) => TsopsError.is(error, "VALUE_INVALID"));
  });

  it("keeps small differences on a large offset", async () => {
    const { x, y } = synthetic("numeric", 5, 500);
    const plain = (await gbdt({ trees: 20 }).fit(x, y)).predict(x);
    const offset = await gbdt({ trees: 20 }).fit(
      x,
      y.map((value) => value + 1e9),
    );
    offset.predict(x).forEach((value, row) => {
      expect(value - 1e9).toBeCloseTo(plain[row]!, 4);
    });
  });
});

describe("gbdt while it fits", { timeout: 60_000 }, () => {
  it("stops early at the best number of trees", async () => {
    const train = synthetic("numeric", 11, 400);
    const validation = synthetic("numeric", 12, 400);
    const model = await gbdt({ trees: 500, learningRate: 0.3, earlyStopping: { rounds: 15 } }).fit(
      train.x,
      train.y,
      {
        validation,
      },
    );
    const losses = model.validationLosses;
    expect(model.treeCount).toBe(losses.indexOf(Math.min(...losses)));
    expect(losses.length).toBe(model.treeCount + 15 + 1);
    const mse = squaredError(validation.y, model.predict(validation.x)) / validation.y.length;
    expect(mse).toBeCloseTo(losses[model.treeCount]!, 9);
    const full = await gbdt({ trees: 500, learningRate: 0.3, earlyStopping: false }).fit(train.x, train.y, {
      validation,
    });
    expect(full.treeCount).toBe(500);
    expect(full.validationLosses).toEqual([]);
  });

  it("holds out the last rows when early stopping has no validation set", async () => {
    const { x, y } = synthetic("numeric", 13, 1000);
    const settings: GbdtOptions = { trees: 300, learningRate: 0.2 };
    const held = await gbdt({ ...settings, earlyStopping: { rounds: 10, fraction: 0.2 } }).fit(x, y);
    const first = Uint32Array.from({ length: 800 }, (_, row) => row);
    const last = Uint32Array.from({ length: 200 }, (_, row) => 800 + row);
    const explicit = await gbdt({ ...settings, earlyStopping: { rounds: 10 } }).fit(
      takeRows(x, first),
      y.slice(0, 800),
      {
        validation: { x: takeRows(x, last), y: y.slice(800) },
      },
    );
    expect(held.treeCount).toBeLessThan(300);
    expect(held.predict(x)).toEqual(explicit.predict(x));
  });

  it("weighs the validation rows", async () => {
    const train = synthetic("weights", 14, 300);
    const validation = synthetic("weights", 15, 300);
    const fit = async (weights: Float64Array) =>
      gbdt({ trees: 30 }).fit(train.x, train.y, { validation: { ...validation, weights } });
    const weighted = await fit(validation.weights);
    const predicted = weighted.predict(validation.x);
    const total = validation.weights.reduce((sum, weight) => sum + weight, 0);
    const loss = validation.weights.reduce(
      (sum, weight, row) => sum + (weight * (predicted[row]! - validation.y[row]!) ** 2) / total,
      0,
    );
    expect(weighted.validationLosses[weighted.treeCount]).toBeCloseTo(loss, 9);
  });

  it("draws rows and columns by its seed", async () => {
    const { x, y } = synthetic("numeric", 16, 500);
    const fit = async (seed: number | string, more: GbdtOptions = {}) =>
      (await gbdt({ trees: 10, rowFraction: 0.5, columnFraction: 0.5, seed, ...more }).fit(x, y)).predict(x);
    expect(await fit(1)).toEqual(await fit(1));
    expect(await fit(1)).not.toEqual(await fit(2));
    expect(await fit("a")).not.toEqual(await fit("b"));
    const model = await gbdt({ trees: 5, rowFraction: 0.5 }).fit(x, y);
    const countRows = (node: ReturnType<typeof model.tree>): number =>
      "rows" in node ? node.rows : countRows(node.left) + countRows(node.right);
    for (let tree = 0; tree < 5; tree++) expect(countRows(model.tree(tree))).toBe(250);
    const oneColumn = await gbdt({ trees: 20, columnFraction: 0.01 }).fit(x, y);
    for (let tree = 0; tree < 20; tree++) {
      const names = (node: ReturnType<typeof model.tree>): string[] =>
        "rows" in node ? [] : [node.column, ...names(node.left), ...names(node.right)];
      expect(new Set(names(oneColumn.tree(tree))).size).toBeLessThanOrEqual(1);
    }
  });

  it("reports progress, lets others work, and stops when told to", async () => {
    const { x, y } = synthetic("numeric", 17, 4000);
    const controller = new AbortController();
    const done: number[] = [];
    let ticks = 0;
    const ticker = setInterval(() => {
      ticks++;
    });
    const fit = gbdt({ trees: 100_000, leaves: 4 }).fit(x, y, {
      signal: controller.signal,
      progress: (event) => {
        expect(event).toMatchObject({ task: "gbdt", total: 100_000 });
        done.push(event.done);
        if (ticks >= 3) controller.abort(new Error("enough"));
      },
    });
    await expect(fit).rejects.toSatisfy((error) => TsopsError.is(error, "ABORTED"));
    clearInterval(ticker);
    expect(ticks).toBeGreaterThanOrEqual(3);
    expect(done).toEqual(done.map((_, index) => index + 1));
  });

  it("predicts and saves a model without trees", async () => {
    const x = matrixOf([1, 1, 1]);
    const model = await gbdt().fit(x, Float64Array.of(1, 2, 6));
    expect(model.treeCount).toBe(0);
    expect([...gbdt().load(model.save()).predict(x)]).toEqual([3, 3, 3]);
    expect(() => model.tree(0)).toThrow(RangeError);
    expect(model.importance()).toEqual([{ name: "x0", gain: 0, splits: 0 }]);
  });
});
