import assert from "node:assert/strict";
import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import type { FeatureColumn, FeatureMatrix, FittedRegressor, Regressor } from "../forecast/regressor.ts";
import { createRandom } from "../random.ts";
import { type ConformanceCase, type ConformanceOptions, conformanceCases } from "./case.ts";

/** What a case is given. */
interface Subject {
  readonly regressor: Regressor;
  readonly make: () => Regressor | Promise<Regressor>;
  close(): Promise<void>;
}

/**
 * What every `Regressor` promises. The regressor should be made small (few trees, few rounds): the cases fit some hundred rows
 * dozens of times.
 * @param make - A new regressor; called several times, each time with the same settings and seed.
 */
export function regressorCases(
  make: () => Regressor | Promise<Regressor>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases<Subject>(
    async () => ({ regressor: await make(), make, close: async () => {} }),
    cases,
    options,
  );
}

const cases: Readonly<Record<string, (subject: Subject) => Promise<void>>> = {
  async "says its kind, parameters and features"({ regressor }) {
    const { x, y } = trainingData();
    const fitted = await regressor.fit(x, y);
    assert.ok(regressor.kind.length > 0);
    assert.equal(fitted.kind, regressor.kind);
    assert.deepEqual(JSON.parse(JSON.stringify(regressor.params)), regressor.params);
    assert.deepEqual(
      [...fitted.featureNames],
      x.columns.map(({ name }) => name),
    );
  },

  async "learns from numbers and categories"({ regressor }) {
    const { x, y } = trainingData(600);
    const fitted = await regressor.fit(x, y);
    const mean = average(y);
    const explained =
      1 -
      squaredError(fitted.predict(x), y) /
        squaredError(
          y.map(() => mean),
          y,
        );
    assert.ok(explained > 0.5, `explains only ${explained} of the variance of its training rows`);
  },

  async "gives equal bytes and predictions for equal data and settings"({ regressor, make }) {
    const { x, y } = trainingData();
    const first = await regressor.fit(x, y);
    const second = await (await make()).fit(x, y);
    assert.deepEqual(second.save(), first.save());
    assert.deepEqual(second.predict(x), first.predict(x));
  },

  async "keeps fits that run at the same time apart"({ regressor }) {
    const a = trainingData(200, "a");
    const b = trainingData(200, "b");
    const alone = [await regressor.fit(a.x, a.y), await regressor.fit(b.x, b.y)];
    const together = await Promise.all([regressor.fit(a.x, a.y), regressor.fit(b.x, b.y)]);
    together.forEach((fitted, i) => {
      assert.deepEqual(fitted.save(), alone[i]?.save());
    });
  },

  async "predicts the same after saving and loading"({ regressor, make }) {
    const { x, y } = trainingData(200, "save", { missing: true });
    const fitted = await regressor.fit(x, y);
    const bytes = fitted.save();
    const loaded = (await make()).load(bytes);
    assert.deepEqual(loaded.featureNames, fitted.featureNames);
    assert.deepEqual(loaded.predict(x), fitted.predict(x));
    assert.deepEqual(loaded.save(), bytes);
  },

  async "refuses foreign, truncated and damaged bytes"({ regressor }) {
    const { x, y } = trainingData(100);
    const bytes = (await regressor.fit(x, y)).save();
    const damaged = bytes.slice();
    damaged[bytes.length - 1] = (damaged[bytes.length - 1] as number) ^ 1;
    for (const wrong of [new Uint8Array(0), new Uint8Array(100), bytes.slice(0, -1), damaged])
      await refuses("MODEL_FORMAT_INVALID", () => regressor.load(wrong));
  },

  async "predicts a row the same alone and among others"({ regressor }) {
    const { x, y } = trainingData(200, "rows", { missing: true });
    const fitted = await regressor.fit(x, y);
    const predicted = fitted.predict(x);
    for (const row of [0, 7, 199])
      assert.equal(fitted.predict(rowsOf(x, row, row + 1))[0], predicted[row], `row ${row}`);
    assert.equal(fitted.predict(rowsOf(x, 0, 0)).length, 0);
  },

  async "predicts finite numbers where values are missing"({ regressor }) {
    const whole = trainingData(200, "whole");
    const holes = trainingData(200, "holes", { missing: true });
    for (const fitted of [
      await regressor.fit(holes.x, holes.y),
      await regressor.fit(whole.x, whole.y),
      await regressor.fit(withColumn(whole.x, new Float64Array(200).fill(Number.NaN)), whole.y),
    ]) {
      const extra = fitted.featureNames.length > 3;
      const x = extra ? withColumn(holes.x, new Float64Array(200).fill(Number.NaN)) : holes.x;
      assertFinite(fitted, x);
      assertFinite(fitted, {
        rows: 1,
        columns: x.columns.map((column) => ({ ...column, values: Float64Array.of(Number.NaN) })),
      });
    }
  },

  async "predicts finite numbers for categories it has not seen"({ regressor }) {
    const { x, y } = trainingData();
    const fitted = await regressor.fit(x, y);
    const columns = x.columns.map((column) =>
      column.kind === "categorical"
        ? { ...column, values: column.values.map((code) => code + 1000) }
        : column,
    );
    assertFinite(fitted, { rows: x.rows, columns });
  },

  async "refuses to predict from other columns"({ regressor }) {
    const { x, y } = trainingData();
    const fitted = await regressor.fit(x, y);
    const [first, ...rest] = x.columns as [FeatureColumn, ...FeatureColumn[]];
    const wrong: FeatureColumn[][] = [
      [],
      rest,
      [...rest, first],
      [{ ...first, name: "renamed" }, ...rest],
      [{ ...first, kind: "categorical", values: new Float64Array(x.rows) }, ...rest],
      [...x.columns, { ...first, name: "one more" }],
      [{ ...first, values: first.values.slice(1) }, ...rest],
    ];
    for (const columns of wrong)
      await refuses("SCHEMA_MISMATCH", () => fitted.predict({ rows: x.rows, columns }));
  },

  async "refuses targets that are not finite and lists their rows"({ regressor }) {
    const { x, y } = trainingData();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const target = y.slice();
      target[3] = value;
      target[11] = value;
      const error = await refuses("VALUE_INVALID", () => regressor.fit(x, target));
      assert.deepEqual(error.details["rows"], [3, 11]);
      assert.match(error.message, /3.*11/);
    }
  },

  async "refuses input without rows or columns and unequal lengths"({ regressor }) {
    const { x, y } = trainingData();
    await refuses("SCHEMA_MISMATCH", () => regressor.fit({ rows: 0, columns: [] }, new Float64Array(0)));
    await refuses("SCHEMA_MISMATCH", () => regressor.fit({ rows: x.rows, columns: [] }, y));
    await refuses("SCHEMA_MISMATCH", () => regressor.fit(rowsOf(x, 0, 0), new Float64Array(0)));
    await refuses("SCHEMA_MISMATCH", () => regressor.fit(x, y.slice(1)));
    await refuses("SCHEMA_MISMATCH", () => regressor.fit({ ...x, rows: x.rows + 1 }, y));
    await refuses("SCHEMA_MISMATCH", () => regressor.fit(x, y, { weights: new Float64Array(3) }));
    const [first] = x.columns as [FeatureColumn];
    await refuses("SCHEMA_MISMATCH", () => regressor.fit({ rows: x.rows, columns: [first, first] }, y));
  },

  async "refuses category codes that are not whole numbers from 0"({ regressor }) {
    const { x, y } = trainingData();
    for (const code of [-1, 0.5, Number.POSITIVE_INFINITY]) {
      const columns = x.columns.map((column) =>
        column.kind === "categorical" ? { ...column, values: column.values.with(2, code) } : column,
      );
      const error = await refuses("VALUE_INVALID", () => regressor.fit({ rows: x.rows, columns }, y));
      assert.deepEqual(error.details["rows"], [2]);
    }
  },

  async "counts a row of weight 0 as absent"({ regressor }) {
    const { x, y } = trainingData(200, "weights", { missing: true });
    const weights = Float64Array.from(y, (_, row) => (row < 150 ? 1 + (row % 3) : 0));
    const target = y.map((value, row) => (row < 150 ? value : 1e6));
    const all = await regressor.fit(x, target, { weights });
    const present = await regressor.fit(rowsOf(x, 0, 150), y.slice(0, 150), {
      weights: weights.slice(0, 150),
    });
    assert.deepEqual(all.predict(x), present.predict(x));
  },

  async "follows the rows of greater weight"({ regressor }) {
    const n = 200;
    const { x } = trainingData(n);
    const y = Float64Array.from({ length: n }, (_, row) => (row % 2 === 0 ? 0 : 10));
    const low = await regressor.fit(x, y, { weights: y.map((value) => (value === 0 ? 20 : 1)) });
    const high = await regressor.fit(x, y, { weights: y.map((value) => (value === 0 ? 1 : 20)) });
    assert.ok(average(high.predict(x)) > average(low.predict(x)) + 2);
  },

  async "refuses weights that are negative, not finite or all 0"({ regressor }) {
    const { x, y } = trainingData();
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const weights = new Float64Array(x.rows).fill(1).with(5, wrong);
      await refuses("VALUE_INVALID", () => regressor.fit(x, y, { weights }));
    }
    await refuses("VALUE_INVALID", () => regressor.fit(x, y, { weights: new Float64Array(x.rows) }));
  },

  async "predicts a constant target exactly"({ regressor }) {
    const { x } = trainingData();
    for (const value of [0, -3.25, 1e9]) {
      const predicted = (await regressor.fit(x, new Float64Array(x.rows).fill(value))).predict(x);
      for (const p of predicted)
        assert.ok(Math.abs(p - value) <= 1e-9 * Math.abs(value), `${p} for ${value}`);
    }
  },

  async "fits one row, and columns that do not vary"({ regressor }) {
    const { x, y } = trainingData();
    const one = await regressor.fit(rowsOf(x, 0, 1), y.slice(0, 1));
    assert.ok(Math.abs((one.predict(rowsOf(x, 0, 1))[0] as number) - (y[0] as number)) < 1e-9);
    const constant = x.columns.map((column) => ({ ...column, values: new Float64Array(x.rows).fill(1) }));
    const flat = (await regressor.fit({ rows: x.rows, columns: constant }, y)).predict({
      rows: x.rows,
      columns: constant,
    });
    assert.ok(Math.max(...flat) - Math.min(...flat) < 1e-9);
  },

  async "leaves its input as it was"({ regressor }) {
    const { x, y } = trainingData(200, "input", { missing: true });
    const weights = new Float64Array(x.rows).fill(2);
    const before = structuredClone({ x, y, weights });
    (await regressor.fit(x, y, { weights })).predict(x);
    assert.deepEqual({ x, y, weights }, before);
  },

  async "stops with ABORTED when its signal fires"({ regressor }) {
    const { x, y } = trainingData();
    await refuses("ABORTED", () => regressor.fit(x, y, { signal: AbortSignal.abort() }));
    const controller = new AbortController();
    const fitting = regressor.fit(x, y, { signal: controller.signal });
    controller.abort();
    try {
      await fitting;
    } catch (error) {
      assert.ok(TsopsError.is(error, "ABORTED"), `expected ABORTED, got ${error}`);
    }
  },
};

/** Two numbers and a category that decide the target, besides some noise. */
function trainingData(rows = 200, seed = "regressor", { missing = false } = {}) {
  const random = createRandom(seed);
  const draw = (make: () => number, holes: number): Float64Array =>
    Float64Array.from({ length: rows }, () => {
      const value = make();
      return random.uniform() < holes && missing ? Number.NaN : value;
    });
  const a = draw(() => random.normal(), 0.2);
  const b = draw(() => random.uniform(), 0);
  const c = draw(() => random.integer(5), 0.1);
  const y = Float64Array.from(
    a,
    (value, row) => 2 * (value || 0) - 3 * b[row]! + 2 * (c[row] || 0) + random.normal(0, 0.1),
  );
  const x: FeatureMatrix = {
    rows,
    columns: [
      { name: "a", kind: "numeric", values: a },
      { name: "b", kind: "numeric", values: b },
      { name: "c", kind: "categorical", values: c },
    ],
  };
  return { x, y };
}

function rowsOf(x: FeatureMatrix, start: number, end: number): FeatureMatrix {
  const columns = x.columns.map((column) => ({ ...column, values: column.values.slice(start, end) }));
  return { rows: end - start, columns };
}

function withColumn(x: FeatureMatrix, values: Float64Array): FeatureMatrix {
  return { rows: x.rows, columns: [...x.columns, { name: "extra", kind: "numeric", values }] };
}

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squaredError(predicted: Float64Array, y: Float64Array): number {
  return predicted.reduce((sum, value, row) => sum + (value - (y[row] as number)) ** 2, 0);
}

function assertFinite(fitted: FittedRegressor, x: FeatureMatrix): void {
  const predicted = fitted.predict(x);
  assert.equal(predicted.length, x.rows);
  assert.ok(predicted.every(Number.isFinite), "some predictions are not finite");
}

async function refuses(code: TsopsErrorCode, run: () => unknown): Promise<TsopsError> {
  try {
    await run();
  } catch (error) {
    assert.ok(TsopsError.is(error, code), `expected ${code}, got ${error}`);
    return error;
  }
  assert.fail(`expected ${code}, but nothing was refused`);
}
