import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import type { FeatureColumn, FeatureMatrix } from "../regressor.ts";
import { knn } from "./knn.ts";
import { nearestRows } from "./nearest-rows.ts";

const numeric = (...columns: ArrayLike<number>[]): FeatureMatrix => ({
  rows: columns[0]?.length ?? 0,
  columns: columns.map((values, c) => ({
    name: `x${c}`,
    kind: "numeric",
    values: Float64Array.from(values),
  })),
});

interface Problem {
  readonly neighbours: number;
  readonly columns: number[][];
  readonly y: number[];
  readonly asked: number[][];
  readonly predicted: Record<"uniform" | "distance", number[]>;
}
const { knn: problems } = JSON.parse(
  readFileSync(new URL("./__fixtures__/scikit-learn.json", import.meta.url), "utf8"),
) as { knn: Problem[] };

it.each(problems)(
  "knn predicts what scikit-learn predicts, case %#",
  async ({ neighbours, columns, y, asked, predicted }) => {
    for (const weights of ["uniform", "distance"] as const) {
      const model = await knn({ neighbours, weights }).fit(numeric(...columns), Float64Array.from(y));
      model.predict(numeric(...asked)).forEach((value, row) => {
        const expected = predicted[weights][row]!;
        expect(Math.abs(value - expected)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected)));
      });
    }
  },
);

describe("nearestRows", () => {
  it("finds what a search through all rows finds, ties included", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (seed, rows, numbers, codes, count, isCoarse) => {
          const random = createRandom(seed);
          const width = numbers + codes;
          const draw = (): Float64Array<ArrayBuffer> =>
            Float64Array.from({ length: width }, (_, c) =>
              c >= numbers
                ? random.integer(4) - 1
                : isCoarse
                  ? random.integer(3)
                  : random.normal(0, 10 ** (c - 2)),
            );
          const values = new Float64Array(rows * width);
          for (let row = 0; row < rows; row++) values.set(draw(), row * width);
          const near = nearestRows({ rows, numbers, codes, values }, count);
          for (let ask = 0; ask < 10; ask++) {
            const point = ask === 0 ? values.slice(0, width) : draw();
            const all = Array.from({ length: rows }, (_, row) => {
              let distance = 0;
              for (let c = 0; c < width; c++) {
                const value = values[row * width + c]!;
                if (c < numbers) distance += (point[c]! - value) * (point[c]! - value);
                else if (point[c] !== value) distance += 2;
              }
              return { row, distance };
            }).sort((a, b) => a.distance - b.distance || b.row - a.row);
            const { rows: found, distances } = near(point);
            expect([...found]).toEqual(all.slice(0, count).map(({ row }) => row));
            expect([...distances]).toEqual(all.slice(0, count).map(({ distance }) => distance));
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("knn", () => {
  it("does not care for the units of a column", async () => {
    const random = createRandom(4);
    const [a, b] = [0, 1].map(() => Float64Array.from({ length: 80 }, () => random.normal()));
    const y = a!.map((value, row) => value - b![row]!);
    const plain = await knn().fit(numeric(a!, b!), y);
    // A power of two, so that not a bit of the scaled values differs.
    const other = await knn().fit(
      numeric(
        a!.map((value) => value * 1024),
        b!,
      ),
      y,
    );
    expect(
      other.predict(
        numeric(
          a!.map((value) => value * 1024),
          b!,
        ),
      ),
    ).toEqual(plain.predict(numeric(a!, b!)));
  });

  it("takes the later of rows equally far, and all rows where there are fewer than it looks for", async () => {
    const model = await knn({ neighbours: 2 }).fit(numeric([1, 1, 1, 1]), Float64Array.of(1, 2, 3, 5));
    expect([...model.predict(numeric([1, 7]))]).toEqual([4, 4]);
    const few = await knn({ neighbours: 9 }).fit(numeric([1, 2]), Float64Array.of(1, 2));
    expect([...few.predict(numeric([1]))]).toEqual([1.5]);
  });

  it("looks for missing values among missing values, and for categories among their own", async () => {
    const values = Float64Array.from({ length: 60 }, (_, row) => (row % 3 === 0 ? Number.NaN : row % 7));
    const y = values.map((value) => (Number.isNaN(value) ? 100 : value));
    for (const kind of ["numeric", "categorical"] as const) {
      const column: FeatureColumn = { name: "a", kind, values };
      const model = await knn({ neighbours: 3 }).fit({ rows: 60, columns: [column] }, y);
      const asked = Float64Array.of(Number.NaN, 0, 6);
      const predicted = model.predict({ rows: 3, columns: [{ ...column, values: asked }] });
      expect([...predicted]).toEqual([100, 0, 6]);
    }
  });

  it("weighs by distance, however small, and lets weights of rows count", async () => {
    const x = numeric([0, 1e-160, 1, 2]);
    const y = Float64Array.of(10, 20, 30, 40);
    const model = await knn({ neighbours: 2, weights: "distance" }).fit(x, y);
    const [here, between] = model.predict(numeric([0, 1.5]));
    expect(here).toBe(15);
    expect(between).toBeCloseTo(35, 12);
    const weighted = await knn({ neighbours: 2 }).fit(x, y, { weights: Float64Array.of(1, 1, 3, 1) });
    expect(weighted.predict(numeric([1.6]))[0]).toBeCloseTo(32.5, 12);
  });

  it.each([
    { neighbours: 0 },
    { neighbours: 1.5 },
    { neighbours: Infinity },
    { weights: "near" as "distance" },
  ])("refuses %j", (options) => {
    expect(() => knn(options)).toThrow(expect.objectContaining({ code: "MODEL_PARAMETER_INVALID" }));
  });

  it("refuses infinite values", async () => {
    const refusal = knn().fit(numeric([1, Infinity]), Float64Array.of(1, 2));
    await expect(refusal).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });
});
