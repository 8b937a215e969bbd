import { describe, expect, it } from "vitest";
import { TsopsError } from "../../errors.ts";
import { createRandom } from "../../random.ts";
import type { FeatureColumn, FeatureMatrix } from "../regressor.ts";
import { gbdt } from "./gbdt.ts";
import type { GbdtOptions } from "./options.ts";

const numeric = (name: string, values: ArrayLike<number>): FeatureColumn => ({
  name,
  kind: "numeric",
  values: Float64Array.from(values),
});
const categorical = (name: string, values: ArrayLike<number>): FeatureColumn => ({
  name,
  kind: "categorical",
  values: Float64Array.from(values),
});
const matrix = (...columns: FeatureColumn[]): FeatureMatrix => ({
  rows: columns[0]?.values.length ?? 0,
  columns,
});
const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run();
  } catch (error) {
    return TsopsError.is(error) ? error.code : `not a TsopsError: ${error}`;
  }
  return "nothing was thrown";
};

/** y depends on a number with holes, on a category and on nothing else. */
function mixedData(rows: number) {
  const random = createRandom("mixed");
  const a = Float64Array.from({ length: rows }, () =>
    random.uniform() < 0.2 ? Number.NaN : random.normal(),
  );
  const effects = Array.from({ length: 24 }, () => random.normal(0, 3));
  const c = Float64Array.from({ length: rows }, () => random.integer(24));
  const noise = Float64Array.from({ length: rows }, () => random.normal());
  const y = Float64Array.from(
    a,
    (value, i) => (Number.isNaN(value) ? 4 : Math.sin(3 * value)) + effects[c[i]!]!,
  );
  return { x: matrix(numeric("a", a), categorical("c", c), numeric("noise", noise)), y, effects };
}

describe("gbdt", { timeout: 60_000 }, () => {
  it("learns numbers, missing values and categories", async () => {
    const { x, y } = mixedData(4000);
    for (const loss of ["squared", "absolute"] as const) {
      const model = await gbdt({ loss, trees: 150 }).fit(x, y);
      const predicted = model.predict(x);
      const mae = predicted.reduce((sum, p, i) => sum + Math.abs(p - y[i]!), 0) / y.length;
      expect(mae).toBeLessThan(0.1);
      const [a, c, noise] = model.importance();
      expect(noise!.gain).toBeLessThan(0.05 * Math.min(a!.gain, c!.gain));
    }
  });

  it("predicts one row like a matrix, before and after saving", async () => {
    const { x, y } = mixedData(1000);
    const model = await gbdt({ trees: 20 }).fit(x, y);
    const loaded = gbdt().load(model.save());
    const predicted = model.predict(x);
    expect(loaded.predict(x)).toEqual(predicted);
    expect(loaded.save()).toEqual(model.save());
    for (const row of [0, 17, 999])
      expect(loaded.predictRow(x.columns.map(({ values }) => values[row]!))).toBe(predicted[row]);
  });

  it("refuses a category of one row that is no code, as it does in a matrix", async () => {
    const { x, y } = mixedData(300);
    const model = await gbdt({ trees: 3 }).fit(x, y);
    for (const code of [2.5, -1, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => model.predictRow([0, code, 0])).toThrow(
        /categorical column "c" must be a code 0, 1, 2, .* got/,
      );
      expect(await codeOf(() => model.predictRow([0, code, 0]))).toBe("VALUE_INVALID");
      expect(
        await codeOf(() =>
          model.predict(matrix(numeric("a", [0]), categorical("c", [code]), numeric("noise", [0]))),
        ),
      ).toBe("VALUE_INVALID");
    }
    expect(
      [0, Number.NaN, 1000].map((code) => model.predictRow([2.5, code, -1])).every(Number.isFinite),
    ).toBe(true);
  });

  it("refuses targets whose sums overflow, whatever the loss", async () => {
    const y = Float64Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? 1e308 : -1e308));
    const x = matrix(
      numeric(
        "a",
        Float64Array.from(y, (_, i) => i),
      ),
    );
    for (const loss of ["squared", "absolute"] as const)
      expect(await codeOf(() => gbdt({ loss }).fit(x, y))).toBe("VALUE_INVALID");
  });

  it("refuses negative targets for the losses of counts and amounts, naming rows, and targets that are all 0", async () => {
    const y = Float64Array.from({ length: 50 }, (_, i) => (i === 7 || i === 9 ? -1 : i));
    const x = matrix(numeric("a", y));
    for (const loss of ["poisson", "tweedie"] as const) {
      const error = await gbdt({ loss })
        .fit(x, y)
        .then(
          () => undefined,
          (reason: TsopsError) => reason,
        );
      expect(error).toMatchObject({ code: "VALUE_INVALID", details: { rows: [7, 9], count: 2 } });
      const good = y.map(Math.abs);
      expect(await codeOf(() => gbdt({ loss }).fit(x, good, { validation: { x, y } }))).toBe("VALUE_INVALID");
      expect(await codeOf(() => gbdt({ loss }).fit(x, new Float64Array(50)))).toBe("VALUE_INVALID");
    }
  });

  const refused: [string, string, GbdtOptions | (() => unknown)][] = [
    ["no trees", "MODEL_PARAMETER_INVALID", { trees: 0 }],
    ["half a leaf", "MODEL_PARAMETER_INVALID", { leaves: 2.5 }],
    ["256 bins", "MODEL_PARAMETER_INVALID", { bins: 256 }],
    ["a quantile without a level", "MODEL_PARAMETER_INVALID", { loss: "quantile" }],
    ["a level of the mean", "MODEL_PARAMETER_INVALID", { alpha: 0.5 }],
    ["a loss it does not know", "MODEL_PARAMETER_INVALID", { loss: "gamma" as "squared" }],
    ["a delta without Huber's loss", "MODEL_PARAMETER_INVALID", { delta: 1 }],
    ["a power without Tweedie's loss", "MODEL_PARAMETER_INVALID", { loss: "poisson", power: 1.5 }],
    ["a power of 2", "MODEL_PARAMETER_INVALID", { loss: "tweedie", power: 2 }],
    ["a row fraction of 0", "MODEL_PARAMETER_INVALID", { rowFraction: 0 }],
    ["NaN as a penalty", "MODEL_PARAMETER_INVALID", { l2: Number.NaN }],
  ];
  it.each(refused)("refuses %s", async (_what, code, options) => {
    expect(await codeOf(() => gbdt(options as GbdtOptions))).toBe(code);
  });
});
