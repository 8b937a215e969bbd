import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { synthetic } from "./__fixtures__/synthetic.ts";
import { gbdt } from "./gbdt.ts";
import type { GbdtModel, GbdtNode } from "./model.ts";

const problem = fc
  .record({
    seed: fc.integer(),
    rows: fc.integer({ min: 10, max: 80 }),
    columns: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ seed, rows, columns }) => {
    const random = createRandom(seed);
    const x: FeatureMatrix = {
      rows,
      columns: Array.from({ length: columns }, (_, c) => {
        const kind = random.uniform() < 0.3 ? ("categorical" as const) : ("numeric" as const);
        const draw = () => (kind === "numeric" ? random.normal() : random.integer(7));
        const values = Float64Array.from({ length: rows }, () =>
          random.uniform() < 0.15 ? Number.NaN : draw(),
        );
        return { name: `x${c}`, kind, values };
      }),
    };
    const y = Float64Array.from({ length: rows }, (_, row) =>
      x.columns.reduce((sum, { values }) => sum * (1 + (values[row] || 0.5)), random.normal(1, 0.1)),
    );
    return { x, y };
  });

function rowsOf(node: GbdtNode): number {
  return "rows" in node ? node.rows : rowsOf(node.left) + rowsOf(node.right);
}

/** What a tree predicts on average when only the columns of a set are known. */
function expectation(node: GbdtNode, row: ReadonlyMap<string, number>, known: ReadonlySet<string>): number {
  if ("rows" in node) return node.value;
  const left = expectation(node.left, row, known);
  const right = expectation(node.right, row, known);
  if (!known.has(node.column)) {
    const share = rowsOf(node.left) / (rowsOf(node.left) + rowsOf(node.right));
    return share * left + (1 - share) * right;
  }
  const value = row.get(node.column)!;
  if (Number.isNaN(value)) return node.missing === "left" ? left : right;
  const goesLeft = node.codes === undefined ? value <= node.threshold! : node.codes.includes(value);
  return goesLeft ? left : right;
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** Shapley's formula, over all subsets of columns. */
function bruteForce(model: GbdtModel, row: ReadonlyMap<string, number>): number[] {
  const names = [...row.keys()];
  const trees = Array.from({ length: model.treeCount }, (_, tree) => model.tree(tree));
  const worth = (known: ReadonlySet<string>): number =>
    trees.reduce((sum, tree) => sum + expectation(tree, row, known), 0);
  return names.map((name) => {
    const others = names.filter((other) => other !== name);
    let value = 0;
    for (let subset = 0; subset < 2 ** others.length; subset++) {
      const known = new Set(others.filter((_, i) => (subset >> i) & 1));
      const weight =
        (factorial(known.size) * factorial(others.length - known.size)) / factorial(names.length);
      value += weight * (worth(new Set([...known, name])) - worth(known));
    }
    return value;
  });
}

describe("SHAP values", { timeout: 60_000 }, () => {
  it("are those of Shapley's formula, and add up to the score", async () => {
    await fc.assert(
      fc.asyncProperty(
        problem,
        fc.constantFrom("squared" as const, "absolute" as const),
        async ({ x, y }, loss) => {
          const model = await gbdt({
            loss,
            trees: 3,
            leaves: 8,
            minLeafRows: 1,
            rowFraction: 0.8,
            learningRate: 0.5,
            categorical: { smoothing: 1, minGroupRows: 1 },
          }).fit(x, y);
          const { base, values } = model.shap(x);
          const predicted = model.predict(x);
          for (let row = 0; row < Math.min(5, x.rows); row++) {
            const named = new Map(x.columns.map((column) => [column.name, column.values[row]!]));
            const expected = bruteForce(model, named);
            expected.forEach((value, c) => {
              expect(values[c]![row]).toBeCloseTo(value, 9);
            });
          }
          predicted.forEach((score, row) => {
            expect(base + values.reduce((sum, column) => sum + column[row]!, 0)).toBeCloseTo(score, 9);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it("add up to the logarithm of a prediction behind a logarithm, and through many deep trees", async () => {
    const { x, y } = synthetic("counts", 4, 800);
    const model = await gbdt({ loss: "poisson", trees: 60, leaves: 63, minLeafRows: 2 }).fit(x, y);
    const { base, values } = model.shap(x);
    model.predict(x).forEach((predicted, row) => {
      const score = base + values.reduce((sum, column) => sum + column[row]!, 0);
      expect(score).toBeCloseTo(Math.log(predicted), 9);
    });
  });

  it("are 0 for a column that no tree asks, and all of it without trees", async () => {
    const { x, y } = synthetic("numeric", 5, 300);
    const flat = {
      ...x,
      columns: [...x.columns, { name: "flat", kind: "numeric" as const, values: y.map(() => 1) }],
    };
    const model = await gbdt({ trees: 5 }).fit(flat, y);
    expect(
      model
        .shap(flat)
        .values.at(-1)!
        .every((value) => value === 0),
    ).toBe(true);
    const none = await gbdt({ minLeafRows: 1000 }).fit(x, y);
    expect(none.shap(x).base).toBe(none.baseline);
    expect(
      none
        .shap(x)
        .values.flatMap((column) => [...column])
        .every((value) => value === 0),
    ).toBe(true);
  });
});
