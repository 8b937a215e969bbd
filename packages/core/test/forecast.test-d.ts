import {
  type ArimaOptions,
  arima,
  type Columns,
  columnsFromRows,
  conformal,
  type FittedForecaster,
  type Forecast,
  type Forecaster,
  float64,
  forecastRows,
  gbdt,
  nullable,
  type Panel,
  panel,
  reduce,
  seasonalNaive,
  slicePanel,
  timestamp,
  utf8,
} from "@tsops/core";
import { expectTypeOf, it } from "vitest";

const columns = columnsFromRows(
  { city: utf8(), at: timestamp(), users: nullable(float64()), temp: float64(), sky: utf8() },
  [],
);
const common = { keys: ["city"], time: "at", target: "users", frequency: "1h" } as const;
declare const future: Columns;

it("names the known-future columns of a panel in its type", () => {
  expectTypeOf(panel(columns, { ...common, knownFuture: ["temp", "sky"] })).toEqualTypeOf<
    Panel<"temp" | "sky">
  >();
  expectTypeOf(panel(columns, common)).toEqualTypeOf<Panel<never>>();
  expectTypeOf(slicePanel(panel(columns, { ...common, knownFuture: ["temp"] }), { until: 0n })).toEqualTypeOf<
    Panel<"temp">
  >();
});

it("takes only columns of the right kind", () => {
  // @ts-expect-error "users" is a number, not an instant
  panel(columns, { ...common, time: "users" });
  // @ts-expect-error "sky" is text, which cannot be forecast
  panel(columns, { ...common, target: "sky" });
  // @ts-expect-error floats cannot be keys
  panel(columns, { ...common, keys: ["temp"] });
  // @ts-expect-error there is no column "wind"
  panel(columns, { ...common, knownFuture: ["wind"] });
  panel(columns, { ...common, static: ["sky", "temp"] });
  // @ts-expect-error there is no column "skies"
  panel(columns, { ...common, static: ["skies"] });
  // @ts-expect-error instants are no static values
  panel(columns, { ...common, static: ["at"] });
});

it("does not let future values be forgotten where the model was fitted with known-future columns", async () => {
  const planned = panel(columns, { ...common, knownFuture: ["temp"] });
  const fitted = await reduce(gbdt(), { lags: [24] }).fit(planned, { horizon: 24 });
  expectTypeOf(fitted).toExtend<FittedForecaster<"temp">>();
  fitted.predict({ future });
  fitted.update(future).predict({ future, levels: [80] });
  // @ts-expect-error Expected 1 arguments, but got 0.
  fitted.predict();
  // @ts-expect-error Property 'future' is missing
  fitted.predict({ levels: [80] });
  const wrapped = await conformal(reduce(gbdt(), { lags: [24] })).fit(planned, { horizon: 24 });
  // @ts-expect-error Expected 1 arguments, but got 0.
  wrapped.predict();
});

it("takes plain future rows that have the known-future columns, and no others", async () => {
  const planned = panel(columns, { ...common, knownFuture: ["temp", "sky"] });
  const fitted = await reduce(gbdt(), { lags: [24] }).fit(planned, { horizon: 24 });
  fitted.predict({ future: [{ city: "a", at: new Date(), temp: 3, sky: "clear" }] });
  interface Row {
    readonly city: string;
    readonly at: string;
    readonly temp: number | null;
    readonly sky: string;
  }
  fitted.predict({ future: [] as readonly Row[] });
  // @ts-expect-error "sky" is missing
  fitted.predict({ future: [{ city: "a", at: new Date(), temp: 3 }] });
  // @ts-expect-error "sky" is missing
  fitted.predict({ future: [] as readonly Omit<Row, "sky">[] });
});

it("knows which texts are no frequencies", () => {
  panel(columns, { ...common, frequency: "15m" });
  panel(columns, { ...common, frequency: "1h" as string });
  // @ts-expect-error "1x" has no unit that there is
  panel(columns, { ...common, frequency: "1x" });
  // @ts-expect-error pandas writes it so
  panel(columns, { ...common, frequency: "D" });
});

it("does not let the future values of ARIMA's regressors be forgotten", async () => {
  const planned = panel(columns, { ...common, knownFuture: ["temp"] });
  const fitted = await arima({ regressors: ["temp"] }).fit(planned, { horizon: 24 });
  expectTypeOf(fitted).toExtend<FittedForecaster<"temp">>();
  fitted.predict({ future });
  fitted.update(future).predict({ future, levels: [80] });
  // @ts-expect-error Expected 1 arguments, but got 0.
  fitted.predict();
  // @ts-expect-error Property 'future' is missing
  fitted.update(future).predict({ levels: [80] });
  // Without regressors it takes no notice of the columns; names that the type checker does not know are found when it runs.
  (await arima({ order: [1, 0, 0] }).fit(planned, { horizon: 24 })).predict();
  (await arima({ regressors: [] }).fit(planned, { horizon: 24 })).predict();
  (await arima({} as ArimaOptions).fit(planned, { horizon: 24 })).predict();
});

it("asks for no future values where there are none, or where the model uses none", async () => {
  const plain = await reduce(gbdt(), { lags: [24] }).fit(panel(columns, common), { horizon: 24 });
  plain.predict();
  plain.predict({ horizon: 3 });
  const naive = await seasonalNaive({ seasonLength: 24 }).fit(
    panel(columns, { ...common, knownFuture: ["temp"] }),
    { horizon: 24 },
  );
  expectTypeOf(naive).toExtend<FittedForecaster<never>>();
  naive.predict();
});

it("names the key columns in the rows of a forecast, and takes plain rows", async () => {
  const forecast: Forecast = (
    await seasonalNaive({ seasonLength: 24 }).fit(panel(columns, common), { horizon: 2 })
  )
    .update([{ city: "a", at: new Date(), users: 3 }])
    .predict({ levels: [80] });
  const [row] = forecastRows(forecast, ["city"]);
  expectTypeOf(row?.city).toEqualTypeOf<string | number | boolean | undefined>();
  expectTypeOf(row?.time).toEqualTypeOf<Date | undefined>();
  expectTypeOf(row?.["lo-80"]).toEqualTypeOf<number | null | undefined>();
  // @ts-expect-error there is no such column
  row?.town;
  expectTypeOf(forecastRows(forecast)[0]?.mean).toEqualTypeOf<number | undefined>();
});

it("lets every fitted forecaster be used where the columns are not known", async () => {
  const planned = panel(columns, { ...common, knownFuture: ["temp"] });
  const anyForecaster: Forecaster = seasonalNaive({ seasonLength: 24 });
  const fitted = await anyForecaster.fit(planned, { horizon: 24 });
  expectTypeOf(fitted).toEqualTypeOf<FittedForecaster<"temp">>();
  const served: FittedForecaster[] = [
    fitted,
    await seasonalNaive({ seasonLength: 2 }).fit(planned, { horizon: 24 }),
  ];
  served[0]?.predict();
  served[0]?.predict({ future });
});
