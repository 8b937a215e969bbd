import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import { float64, timestamp } from "../schema/column-type.ts";
import { columnsFromRows } from "../schema/from-rows.ts";
import { conformal } from "./conformal/conformal.ts";
import { ensemble } from "./ensemble/ensemble.ts";
import { gbdt } from "./gbdt/gbdt.ts";
import { reconciled } from "./hierarchy/reconciled.ts";
import { arima } from "./models/arima/arima.ts";
import { croston } from "./models/croston.ts";
import { ets } from "./models/ets/ets.ts";
import { mstl } from "./models/mstl/mstl.ts";
import { naive } from "./models/naive.ts";
import { seasonalNaive } from "./models/seasonal-naive.ts";
import { theta } from "./models/theta/theta.ts";
import { tsb } from "./models/tsb.ts";
import { panel } from "./panel/build-panel.ts";
import { reduce } from "./reduce/reduce.ts";
import { knn } from "./regressors/knn.ts";
import { ridge } from "./regressors/ridge.ts";

function errorOf(work: () => unknown): TsopsError {
  try {
    work();
  } catch (error) {
    if (TsopsError.is(error)) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

/** As callers without types call. */
const untyped = (value: unknown) => value as never;

describe("the hint of a refused option", () => {
  const cases: readonly (readonly [name: string, work: () => unknown, hint: string])[] = [
    [
      "a text for a number",
      () => seasonalNaive({ seasonLength: untyped("24") }),
      "Give the number 24, and not a text.",
    ],
    ["a fraction for a whole number", () => seasonalNaive({ seasonLength: 6.7 }), "Give 7, for example."],
    ["too small a number", () => seasonalNaive({ seasonLength: -3 }), "Give 1, for example."],
    [
      "nothing for a number",
      () => seasonalNaive({ seasonLength: untyped(undefined) }),
      "Give a number, e.g. 1.",
    ],
    [
      "a text for a flag",
      () => theta({ seasonTest: untyped("yes") }),
      "seasonTest: true or seasonTest: false",
    ],
    [
      "a flag of mstl",
      () => mstl({ seasonLengths: [7], robust: untyped(1) }),
      "robust: true or robust: false",
    ],
    ["a word of ets", () => ets({ trend: untyped("up") }), "for example"],
    ["a word of croston", () => croston({ variant: untyped("other") }), 'Give "classic", for example.'],
    ["a rate", () => tsb({ sizeRate: 2, probabilityRate: 0.1 }), "Give 1, for example."],
    ["orders of arima", () => arima({ order: untyped([1, 1]) }), "order: [1, 1, 1]"],
    ["regressors twice", () => arima({ regressors: ["a", "a"] }), "each once"],
    ["a flag of arima", () => arima({ constant: untyped("no") }), "constant: true or constant: false"],
    ["a bound of conformal", () => conformal(naive(), { lowest: 3, highest: 1 }), "Exchange them"],
    ["a window of conformal", () => conformal(naive(), { folds: 9, window: 3 }), "window: 9 or more"],
    ["a rate of conformal", () => conformal(naive(), { adaptRate: 3 }), "Give 1, for example."],
    ["a power of weights", () => ensemble([naive(), ets()], { combine: "mean", power: 1 }), "weighted"],
    [
      "folds without use",
      () => reconciled(naive(), { levels: [["a"]], method: "ols", folds: 3 }),
      "minTrace",
    ],
    ["a loss of LightGBM's", () => gbdt(untyped({ loss: "regression_l1" })), 'called "absolute" here'],
    [
      "a method by the name that others have for it",
      () => reconciled(naive(), untyped({ levels: [["a"]], method: "mint_shrink" })),
      'called "minTrace" here',
    ],
    ["a level of no loss", () => gbdt({ alpha: 0.3 }), 'loss: "quantile"'],
    ["a range of gbdt", () => gbdt({ learningRate: 0 }), "By default it is 0.1."],
    ["a lag twice", () => reduce(ridge(), { lags: [1, 1] }), "Name each once."],
    ["a penalty", () => ridge({ l2: -1 }), "Give 0, for example."],
    ["neighbours", () => knn({ neighbours: 0 }), "Give 1, for example."],
  ];
  for (const [name, work, hint] of cases)
    it(`says what to give for ${name}`, () => {
      const error = errorOf(work);
      expect([error.code, error.hint]).toEqual(["MODEL_PARAMETER_INVALID", expect.stringContaining(hint)]);
    });
});

describe("one row in the place of a list", () => {
  it("is refused with the list to give", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ at: new Date(Date.UTC(2026, 0, 1 + i)), y: i }));
    const history = panel(columnsFromRows({ at: timestamp(), y: float64() }, rows), {
      keys: [],
      time: "at",
      target: "y",
      frequency: "1d",
    });
    const fitted = await naive().fit(history, { horizon: 2 });
    const row = { at: new Date(Date.UTC(2026, 0, 21)), y: 3 };
    const error = errorOf(() => fitted.update(untyped(row)));
    expect([error.code, error.hint]).toEqual(["PANEL_INVALID", "Give a list with it: [{ at, y }]."]);
    expect(fitted.update([row]).lastTimes).toEqual(BigInt64Array.of(BigInt(row.at.getTime()) * 1000n));
  });
});
