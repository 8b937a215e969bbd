import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../../random.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import type { GbdtModel, GbdtNode } from "../gbdt/model.ts";
import type { FeatureColumn, FeatureMatrix, FittedRegressor } from "../regressor.ts";
import { elasticNet } from "../regressors/elastic-net.ts";
import { ridge } from "../regressors/ridge.ts";
import { loadOnnx } from "./load-onnx.ts";
import { toOnnx } from "./to-onnx.ts";

/** What a column of one kind holds in training, and besides that when predicting. */
function draws(random: Random, kind: FeatureColumn["kind"], missing: number) {
  const codes = Array.from({ length: 1 + random.integer(14) }, () =>
    random.integer(random.integer(2) === 0 ? 20 : 70000),
  );
  const scale = 10 ** random.integer(-6, 9);
  const hole = (value: number): number => (random.uniform() < missing ? Number.NaN : value);
  const value =
    kind === "numeric" ? () => scale * (1 + random.normal()) : () => codes[random.integer(codes.length)]!;
  const strange =
    kind === "numeric"
      ? () => [Number.NaN, Infinity, -Infinity, 0, -0, Number.MAX_VALUE][random.integer(6)]!
      : () => [Number.NaN, random.integer(20), random.integer(70000), 0x7fffffff][random.integer(4)]!;
  return { train: () => hole(value()), strange };
}

const problem = fc
  .record({
    seed: fc.integer(),
    rows: fc.integer({ min: 2, max: 90 }),
    kinds: fc.array(fc.constantFrom("numeric" as const, "categorical" as const), {
      minLength: 1,
      maxLength: 4,
    }),
    missing: fc.constantFrom(0, 0.2, 0.6),
  })
  .map(({ seed, rows, kinds, missing }) => {
    const random = createRandom(seed);
    const sources = kinds.map((kind) => draws(random, kind, missing));
    const fill = (count: number, draw: (c: number) => number): FeatureMatrix => ({
      rows: count,
      columns: kinds.map((kind, c) => ({
        name: `x${c}`,
        kind,
        values: Float64Array.from({ length: count }, () => draw(c)),
      })),
    });
    const x = fill(rows, (c) => sources[c]!.train());
    const effects = kinds.map(() => random.normal());
    const y = Float64Array.from({ length: rows }, (_, row) =>
      x.columns.reduce(
        (sum, { values }, c) => {
          const value = values[row]!;
          return sum + (Number.isNaN(value) ? 3 * effects[c]! : Math.sin(value * effects[c]!));
        },
        random.normal(100, 0.1),
      ),
    );
    const strange = fill(60, (c) => (random.integer(2) === 0 ? sources[c]!.train() : sources[c]!.strange()));
    return { x, y, strange, random };
  });

const gbdtOptions = fc.record({
  trees: fc.integer({ min: 1, max: 12 }),
  leaves: fc.integer({ min: 2, max: 12 }),
  minLeafRows: fc.constantFrom(1, 3),
  loss: fc.constantFrom("squared" as const, "absolute" as const, "tweedie" as const),
  categorical: fc.record({ minGroupRows: fc.constantFrom(1, 4), smoothing: fc.constantFrom(0, 2) }),
});

/** Numbers as near as there are: one bit of the mantissa apart. */
function neighbours(value: number): number[] {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  return [-1n, 0n, 1n].map((step) => new Float64Array(new BigInt64Array([bits[0]! + step]).buffer)[0]!);
}

function thresholdsOf(node: GbdtNode): { column: string; threshold: number }[] {
  if ("value" in node) return [];
  const below = [...thresholdsOf(node.left), ...thresholdsOf(node.right)];
  return node.threshold === undefined || !Number.isFinite(node.threshold)
    ? below
    : [{ column: node.column, threshold: node.threshold }, ...below];
}

/** A row for every threshold of a model and each of its nearest neighbours, the other columns as in some row of x. */
function atThresholds(model: GbdtModel, x: FeatureMatrix): FeatureMatrix {
  const places = Array.from({ length: model.treeCount }, (_, tree) => thresholdsOf(model.tree(tree))).flat();
  const cells = places.flatMap(({ column, threshold }) =>
    neighbours(threshold).map((value) => ({ column, value })),
  );
  return {
    rows: cells.length,
    columns: x.columns.map(({ name, kind, values }) => ({
      name,
      kind,
      values: Float64Array.from(cells, (cell, i) =>
        cell.column === name ? cell.value : values[i % x.rows]!,
      ),
    })),
  };
}

/** Predicts by onnxruntime-node and compares with the regressor itself. */
async function expectSame(model: FittedRegressor, ...matrices: FeatureMatrix[]): Promise<void> {
  const { columns } = matrices[0]!;
  await using onnx = await loadOnnx(await toOnnx(model), { columns });
  for (const x of matrices) {
    const expected = model.predict(x);
    const predicted = await onnx.predict(x);
    expect(predicted).toHaveLength(x.rows);
    expected.forEach((value, row) => {
      const found = predicted[row]!;
      if (!(Math.abs(found - value) <= 1e-10 * Math.max(1, Math.abs(value))))
        expect.fail(
          `row ${row}: onnx ${found}, regressor ${value}, of ${x.columns.map((c) => c.values[row])}`,
        );
    });
  }
}

describe("toOnnx of gbdt", { timeout: 120_000 }, () => {
  it("predicts the same for any data: missing values, categories, codes never seen, infinities", async () => {
    await fc.assert(
      fc.asyncProperty(problem, gbdtOptions, async ({ x, y, strange }, options) => {
        await expectSame(await gbdt(options).fit(x, y), x, strange);
      }),
      { numRuns: 300 },
    );
  });

  it("decides as the model does one bit above and below each threshold", async () => {
    await fc.assert(
      fc.asyncProperty(problem, gbdtOptions, async ({ x, y }, options) => {
        const model = await gbdt(options).fit(x, y);
        await expectSame(model, atThresholds(model, x));
      }),
      { numRuns: 100 },
    );
  });

  it("tells missing categories from all codes", async () => {
    const values = Float64Array.from({ length: 40 }, (_, row) => (row % 2 === 0 ? Number.NaN : row % 5));
    const x: FeatureMatrix = { rows: 40, columns: [{ name: "kind", kind: "categorical", values }] };
    const unseen = { ...x, columns: [{ ...x.columns[0]!, values: values.map((value) => value + 1000) }] };
    const seen: unknown[] = [];
    for (const sign of [5, -5]) {
      const y = values.map((value) => (Number.isNaN(value) ? sign : -sign));
      const model = await gbdt({
        trees: 3,
        minLeafRows: 1,
        categorical: { minGroupRows: 1, smoothing: 0 },
      }).fit(x, y);
      seen.push(model.tree(0));
      await expectSame(model, x, unseen);
    }
    // Missing ones alone on one side, which the model writes as a set without any code.
    expect(seen).toContainEqual(expect.objectContaining({ codes: [], missing: "left" }));
  });

  it("keeps large and small targets to the last digits", async () => {
    const random = createRandom(5);
    const a = Float64Array.from({ length: 500 }, () => random.normal());
    const x: FeatureMatrix = { rows: 500, columns: [{ name: "a", kind: "numeric", values: a }] };
    for (const scale of [1e-200, 1e9, 1e250]) {
      const model = await gbdt({ trees: 300, minLeafRows: 2 }).fit(
        x,
        a.map((value) => scale * Math.sin(3 * value)),
      );
      await using onnx = await loadOnnx(await toOnnx(model), { columns: x.columns });
      const predicted = await onnx.predict(x);
      model.predict(x).forEach((value, row) => {
        expect(Math.abs(predicted[row]! - value) / scale).toBeLessThan(1e-10);
      });
    }
  });

  it("writes a model without a split, and without a tree", async () => {
    const x: FeatureMatrix = {
      rows: 3,
      columns: [{ name: "a", kind: "numeric", values: Float64Array.of(1, 2, 3) }],
    };
    await expectSame(await gbdt({ trees: 2 }).fit(x, Float64Array.of(7, 7, 7)), x);
    await expectSame(await gbdt({ trees: 2 }).fit(x, Float64Array.of(1, 2, 4)), x);
  });

  it("writes equal models as equal bytes", async () => {
    const { x, y } = fc.sample(problem, { numRuns: 1, seed: 3 })[0]!;
    const first = await toOnnx(await gbdt({ trees: 5 }).fit(x, y));
    expect(await toOnnx(await gbdt({ trees: 5 }).fit(x, y))).toEqual(first);
  });
});

describe("toOnnx of linear models", { timeout: 120_000 }, () => {
  it.each([
    ["ridge", ridge({ l2: 10 })],
    ["elastic net", elasticNet({ penalty: 0.1 })],
  ])(
    "predicts the same as %s for any data: missing values, categories, codes never seen",
    async (_, regressor) => {
      await fc.assert(
        fc.asyncProperty(problem, async ({ x, y, strange }) => {
          // Numbers as in training: far from them, a slope learnt from a handful of rows leaves few digits to compare.
          const columns = strange.columns.map((column, c) => ({
            ...column,
            values: column.values.map((value, row) =>
              column.kind === "categorical" ? value : x.columns[c]!.values[row % x.rows]!,
            ),
          }));
          await expectSame(await regressor.fit(x, y), x, { rows: strange.rows, columns });
        }),
        { numRuns: 150 },
      );
    },
  );
});

it("refuses regressors that it cannot write", async () => {
  const other = {
    kind: "forest",
    featureNames: [],
    predict: () => new Float64Array(),
    save: () => new Uint8Array(),
  };
  await expect(toOnnx(other)).rejects.toMatchObject({
    code: "MODEL_PARAMETER_INVALID",
    message: 'toOnnx() writes regressors of kind gbdt, ridge and elastic-net, got the text "forest".',
  });
});
