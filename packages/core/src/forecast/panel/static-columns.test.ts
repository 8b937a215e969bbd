import { expect, it } from "vitest";
import { bool, float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import { conformal } from "../conformal/conformal.ts";
import type { FittedForecaster } from "../forecaster.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import { aggregatePanel } from "../hierarchy/aggregate.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { reduce } from "../reduce/reduce.ts";
import { panel } from "./build-panel.ts";
import { panelToColumns, takeSeries } from "./panel-slices.ts";

const types = {
  shop: utf8(),
  at: timestamp(),
  units: float64(),
  region: nullable(utf8()),
  size: nullable(float64()),
  open: nullable(bool()),
};
const spec = {
  keys: ["shop"],
  time: "at",
  target: "units",
  frequency: "1d",
  static: ["region", "size", "open"],
} as const;
const levels: Record<string, readonly [region: string, size: number]> = {
  a: ["north", 10],
  b: ["south", 40],
  c: ["north", 25],
};

function rowsOf(from: number, until: number) {
  return Object.entries(levels).flatMap(([shop, [region, size]]) =>
    Array.from({ length: until - from }, (_, i) => ({
      shop,
      at: new Date(Date.UTC(2026, 0, 1 + from + i)),
      units: size + (region === "north" ? 100 : 0),
      region: i % 2 === 0 ? region : null,
      size,
      open: true,
    })),
  );
}

const history = panel(columnsFromRows(types, rowsOf(0, 40)), spec);

it("holds one value per series, and keeps it in slices and as columns", () => {
  expect(history.static).toEqual([
    { name: "region", kind: "categorical", categories: ["north", "south"], values: Float64Array.of(0, 1, 0) },
    { name: "size", kind: "numeric", values: Float64Array.of(10, 40, 25) },
    { name: "open", kind: "numeric", values: Float64Array.of(1, 1, 1) },
  ]);
  expect(takeSeries(history, [2, 1]).static[1]?.values).toEqual(Float64Array.of(25, 40));
  expect(panel(panelToColumns(history) as never, spec as never)).toEqual(history);
});

it("refuses values that change within a series or are missing, with the series", () => {
  const changed = rowsOf(0, 4).map((row, i) => (i === 6 ? { ...row, region: "west" } : row));
  expect(() => panel(columnsFromRows(types, changed), spec)).toThrow(
    /"region" changes within series {"shop":"b"} \("south" and "west"\)/,
  );
  const missing = rowsOf(0, 4).map((row) => (row.shop === "a" ? row : { ...row, size: null }));
  expect(() => panel(columnsFromRows(types, missing), spec)).toThrow(
    /"size" is missing in all rows of series {"shop":"b"} and series {"shop":"c"}/,
  );
  expect(() => panel(columnsFromRows(types, rowsOf(0, 4)), { ...spec, static: ["shop"] })).toThrow(
    /two roles/,
  );
});

it("gives regressors categories and numbers, which saved bytes keep and rows for update may leave out", async () => {
  const forecaster = reduce(gbdt({ trees: 60, learningRate: 0.3, minLeafRows: 1 }), {
    calendar: ["weekday"],
  });
  const fitted: FittedForecaster = await forecaster.fit(history, { horizon: 3 });
  const expected = [110, 40, 125].flatMap((value) => [value, value, value]);
  fitted.predict().mean.forEach((value, row) => {
    expect(value).toBeCloseTo(expected[row] as number, 0);
  });
  const { region: _, size: __, open: ___, ...plain } = types;
  const bare = columnsFromRows(
    plain,
    rowsOf(40, 42).map(({ shop, at, units }) => ({ shop, at, units })),
  );
  const updated = fitted.update(bare);
  expect(fitted.update(columnsFromRows(types, rowsOf(40, 42))).predict()).toEqual(updated.predict());
  expect(loadForecaster(updated.save()).predict()).toEqual(updated.predict());
  expect(updated.predict({ keys: [{ shop: "c" }] }).mean).toEqual(updated.predict().mean.subarray(6));
  const moved = rowsOf(40, 42).map((row) => (row.shop === "c" ? { ...row, region: "south" } : row));
  expect(() => fitted.update(columnsFromRows(types, moved))).toThrow(
    /"region" differs from the fit in series {"shop":"c"} \("south", in the fit "north"\)/,
  );
});

it("is used as a category by default, as named, or not at all", async () => {
  const namesOf = async (chosen?: readonly string[]) =>
    (
      await reduce(gbdt({ trees: 2 }), {
        lags: [3],
        ...(chosen === undefined ? {} : { static: chosen }),
      }).fit(history, {
        horizon: 3,
      })
    ).featureNames;
  expect(await namesOf()).toEqual(["lag_3", "region", "size", "open"]);
  expect(await namesOf(["size"])).toEqual(["lag_3", "size"]);
  expect(await namesOf([])).toEqual(["lag_3"]);
  await expect(namesOf(["regoin"])).rejects.toThrow(/"regoin", which is not a static column/);
});

it("goes through intervals and sums, and asks nothing of models that do not use it", async () => {
  const wrapped = await conformal(reduce(gbdt({ trees: 5 }), { lags: [2] }), { folds: 10 }).fit(history, {
    horizon: 2,
  });
  const later = columnsFromRows(types, rowsOf(40, 44));
  expect(loadForecaster(wrapped.update(later).save()).predict({ levels: [80] })).toEqual(
    wrapped.update(later).predict({ levels: [80] }),
  );
  expect((await seasonalNaive({ seasonLength: 7 }).fit(history, { horizon: 2 })).spec.static).toEqual([]);
  const sums = aggregatePanel(history, { levels: [[]] });
  expect(sums.static.map(({ values }) => Array.from(values))).toEqual([
    [0, 0, 1, 0],
    [25, 10, 40, 25],
    [1, 1, 1, 1],
  ]);
});
