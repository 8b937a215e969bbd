import {
  columnsFromArrays,
  columnsFromRows,
  float64,
  type PredictionRecord,
  TsopsError,
  timestamp,
  utf8,
} from "@tsops/core";
import { asOfJoin } from "@tsops/store";
import { afterEach, beforeEach, expect, it } from "vitest";
import { deploy } from "../src/index.ts";
import { registerFeatureModel } from "./feature-model.ts";
import {
  demand,
  demandRows,
  features,
  hour,
  recent,
  sky,
  start,
  type Workspace,
  weather,
  weatherRows,
  workspace,
} from "./fixtures.ts";

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(() => space.close());

const registerWithFeatures = (until: number): Promise<void> => registerFeatureModel(space.home, until);

const options = () => ({
  registry: space.home.registry,
  log: space.home.predictions,
  clock: space.clock,
  features: features(240),
  targetTable: "demand",
});

it("serves with the features that the offline join gives for the same instants, and logs them with their statuses", async () => {
  await registerWithFeatures(240);
  await using deployment = await deploy("demand", options());
  const answer = await deployment.predict();
  const record = await space.home.predictions.get(answer.predictionIds[0] as string);

  const at = BigInt64Array.from({ length: 24 }, (_, i) => start + hour * BigInt(240 + i));
  const spine = columnsFromArrays(
    { at: timestamp(), shop: demandRows(0, 1).types.shop, known_at: timestamp() },
    { at, shop: new Array<string>(24).fill("a"), known_at: new BigInt64Array(24).fill(space.clock.now()) },
  );
  // The oracle shares no memory with the deployment: DuckDB joins what Delta tables hold.
  await (await space.home.table(weather)).append(weatherRows(0, 264));
  await (await space.home.table(demand)).append(demandRows(0, 240));
  const joined = await asOfJoin({
    spine,
    time: "at",
    views: [sky, recent],
    tables: space.home,
    knownAt: { column: "known_at" },
  });
  const expected = joined.toRows();
  expect(record.features).toEqual({
    sky__temp: expected.map((row) => row.sky__temp),
    recent__day: expected.map((row) => row.recent__day),
  });
  expect(record.statuses).toEqual({
    sky: expected.map((row) => row.sky__feature_status),
    recent: expected.map((row) => row.recent__feature_status),
  });
  expect(new Set(expected.map((row) => row.sky__feature_status))).toEqual(new Set(["present"]));
  // Columns hold microseconds, rows show dates.
  const times = expected.map((row) => row.sky__feature_time?.getTime());
  expect(record.featureTimes["sky"]?.map((time) => Number((time as bigint) / 1000n))).toEqual(times);
  expect(Object.keys(record.featureTimes)).toEqual(["sky", "recent"]);
  expect(record.featureTables).toEqual({ sky: "weather", recent: "demand" });
});

it("needs the features of the asked series only", async () => {
  await registerWithFeatures(240);
  const given = options();
  await using deployment = await deploy("demand", given);
  let lookups = 0;
  const { lookup } = given.features.source;
  given.features.source.lookup = ((spine: never, how: never) => {
    lookups += (spine as { length: number }).length;
    return lookup.call(given.features.source, spine, how);
  }) as typeof lookup;
  const { forecast, predictionIds } = await deployment.predict({ keys: [{ shop: "b" }] });
  expect(lookups).toBe(24);
  expect(forecast.series).toEqual([{ shop: "b" }]);
  const whole = (await deployment.predict()).forecast;
  expect(forecast.mean).toEqual(whole.mean.slice(24));
  expect(predictionIds).toHaveLength(1);
});

it("logs with each series the future values that a caller gave for it, in whatever order they came", async () => {
  await registerWithFeatures(240);
  const { features: _, ...without } = options();
  await using deployment = await deploy("demand", without);
  const steps = Array.from({ length: 30 }, (_, i) => ({ at: start + hour * BigInt(240 + i), day: i }));
  const rows = steps.flatMap(({ at, day }) =>
    ["b", "a"].map((shop) => ({
      shop,
      at,
      sky__temp: (shop === "a" ? 100 : 200) + day,
      recent__day: (shop === "a" ? 10 : 20) + day,
    })),
  );
  const types = { shop: utf8(), at: timestamp(), sky__temp: float64(), recent__day: float64() };
  const future = columnsFromRows(types, rows);
  const answer = await deployment.predict({ future });
  const temps = Array.from({ length: 24 }, (_, i) => i);
  const [a, b] = await Promise.all(answer.predictionIds.map((id) => space.home.predictions.get(id)));
  expect(a?.features["sky__temp"]).toEqual(temps.map((i) => 100 + i));
  expect(b?.features["sky__temp"]).toEqual(temps.map((i) => 200 + i));
  // One series alone needs the rows of no other.
  const ofB = columnsFromRows(
    types,
    rows.filter(({ shop }) => shop === "b"),
  );
  const alone = await deployment.predict({ future: ofB, keys: [{ shop: "b" }] });
  expect(alone.forecast.mean).toEqual(answer.forecast.mean.slice(24));
});

it("hides what was not known at the instant of the prediction", async () => {
  await registerWithFeatures(240);
  await using deployment = await deploy("demand", options());
  const error = await deployment.predict({ at: start + 230n * hour }).catch((e: unknown) => e);
  expect(TsopsError.is(error, "FUTURE_VALUES_MISSING")).toBe(true);
});

it("absorbs observed rows with the features that were served for them", async () => {
  await registerWithFeatures(240);
  const given = options();
  await using deployment = await deploy("demand", given);
  await deployment.predict();
  let lookups = 0;
  const { lookup } = given.features.source;
  given.features.source.lookup = ((spine: never, how: never) => {
    lookups += (spine as { length: number }).length;
    return lookup.call(given.features.source, spine, how);
  }) as typeof lookup;
  await space.clock.advanceTo(start + 264n * hour);
  await deployment.observe("weather", weatherRows(264, 288));
  await deployment.observe("demand", demandRows(240, 264));
  expect(lookups).toBe(0);
  const next = await deployment.predict();
  expect(next.forecast.time[0]).toBe(start + 264n * hour);
  // A deployment that never served these rows joins them and comes to the same forecast.
  await using other = await deploy("demand", { ...options() });
  await other.observe("weather", weatherRows(264, 288));
  await other.observe("demand", demandRows(240, 264));
  expect((await other.predict()).forecast.mean).toEqual(next.forecast.mean);
});

it("asks for future rows when nothing can compute them", async () => {
  await registerWithFeatures(240);
  const { features: _, ...without } = options();
  await using deployment = await deploy("demand", without);
  const error = await deployment.predict().catch((e: unknown) => e);
  expect(TsopsError.is(error, "FUTURE_VALUES_MISSING")).toBe(true);
  const records: PredictionRecord[] = [];
  for await (const record of space.home.predictions.scan()) records.push(record);
  expect(records).toEqual([]);
});

it("takes in nothing, features included, when the model refuses the rows", async () => {
  await registerWithFeatures(240);
  const given = options();
  await using deployment = await deploy("demand", given);
  await space.clock.advanceTo(start + 264n * hour);
  const before = { ...given.features.source.size };
  const rows = demandRows(240, 264);
  const strange = { ...rows, data: { ...rows.data, shop: { ...rows.data.shop, dictionary: ["a", "z"] } } };
  const unknown = await deployment.observe("demand", strange).catch((e: unknown) => e);
  expect(TsopsError.is(unknown, "KEY_UNKNOWN")).toBe(true);
  const changed = demandRows(238, 264);
  changed.data.units.values[0] = 7;
  const contradicting = await deployment.observe("demand", changed).catch((e: unknown) => e);
  expect(TsopsError.is(contradicting, "PANEL_INVALID")).toBe(true);
  expect(given.features.source.size).toEqual(before);
  expect(deployment.status().observedUntil).toBe(start + 239n * hour);
  await deployment.observe("demand", rows);
  expect(given.features.source.size).toEqual({ ...before, demand: (before["demand"] ?? 0) + 48 });
});
