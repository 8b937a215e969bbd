import { describe, expect, it } from "vitest";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { panel } from "../panel/build-panel.ts";
import type { FeatureMatrix, Regressor } from "../regressor.ts";
import { ridge } from "../regressors/ridge.ts";
import { reduce } from "./reduce.ts";
import type { RegionalHolidays } from "./regional-holidays.ts";

const day = 86_400_000_000n;
const start = BigInt(Date.parse("2026-01-01T00:00Z")) * 1000n;
const shops = { a: "BY", b: "BE", c: "BY", d: "NW" } as const;
const bavarian = { dates: ["2026-01-06", "2026-01-20", "2026-02-14"] };
const berlin = { dates: ["2026-01-20", "2026-02-03"] };
const none = { dates: [], from: "2026-01-01", until: "2026-12-31" };

/** Daily rows of shops: 100, and 40 less on the holidays of their state. */
function rowsOf(
  from: number,
  until: number,
  names: readonly (keyof typeof shops)[] = ["a", "b", "c", "d"],
): Columns {
  const length = (until - from) * names.length;
  const name = (i: number) => names[Math.floor(i / (until - from))] as keyof typeof shops;
  const at = (i: number) => start + day * BigInt(from + (i % (until - from)));
  const isHoliday = (i: number): boolean => {
    const date = new Date(Number(at(i) / 1000n)).toISOString().slice(0, 10);
    const own = { BY: bavarian, BE: berlin, NW: none }[shops[name(i)]];
    return (own.dates as string[]).includes(date);
  };
  return columnsFromArrays(
    { shop: utf8(), state: utf8(), at: timestamp(), y: float64() },
    {
      shop: Array.from({ length }, (_, i) => name(i)),
      state: Array.from({ length }, (_, i) => shops[name(i)]),
      at: BigInt64Array.from({ length }, (_, i) => at(i)),
      y: Float64Array.from({ length }, (_, i) => (isHoliday(i) ? 60 : 100)),
    },
  );
}

function panelOf(rows: Columns) {
  return panel(rows, { keys: ["shop"], time: "at", target: "y", frequency: "1d", static: ["state"] });
}

const regional: RegionalHolidays = { by: "state", lists: { BY: bavarian, BE: berlin, NW: none } };

/** A regressor that shows what it was given, and predicts 0. */
function watching(seen: FeatureMatrix[]): Regressor {
  const fitted = {
    kind: "watching",
    featureNames: ["holiday", "days_to_holiday", "days_since_holiday"],
    predict(x: FeatureMatrix) {
      seen.push(x);
      return new Float64Array(x.rows);
    },
    save: () => new Uint8Array(0),
  };
  return {
    kind: "watching",
    params: {},
    async fit(x) {
      seen.push(x);
      return fitted;
    },
    load: () => fitted,
  };
}

describe("holidays by region", () => {
  it("are those of each series' own list, in the fit and in the forecast", async () => {
    const seen: FeatureMatrix[] = [];
    const forecaster = reduce(watching(seen), { holidays: [regional], static: [] });
    const fitted = await forecaster.fit(panelOf(rowsOf(0, 30)), { horizon: 30 });
    fitted.predict();
    for (const name of ["a", "b", "c", "d"] as const) {
      const list = regional.lists[shops[name]] as { dates: string[] };
      const alone: FeatureMatrix[] = [];
      const single = reduce(watching(alone), { holidays: [list], static: [] });
      (await single.fit(panelOf(rowsOf(0, 30, [name])), { horizon: 30 })).predict();
      const s = ["a", "b", "c", "d"].indexOf(name);
      for (const [i, x] of alone.entries())
        for (const [c, { name: column, values }] of x.columns.entries()) {
          const all = seen[i]?.columns[c];
          expect(all?.name).toBe(column);
          // Training rows are in the order of their blocks, one a series here; so are forecasts.
          expect([...(all?.values.subarray(s * 30, (s + 1) * 30) ?? [])], `${name} ${column}`).toEqual([
            ...values,
          ]);
        }
    }
    expect(seen[1]?.columns[0]?.values.reduce((sum, value) => sum + value, 0)).toBe(3);
  });

  it("let a model tell the states apart, also after saving and an update without the column", async () => {
    const forecaster = reduce(ridge({ l2: 0 }), { holidays: [regional], static: [] });
    const fitted = await forecaster.fit(panelOf(rowsOf(0, 30)), { horizon: 20 });
    const outcomes = (from: number) => [
      ...(rowsOf(from, from + 20).data["y"] as { values: Float64Array }).values,
    ];
    const close = (mean: Float64Array, from: number) =>
      expect(mean.map(Math.round)).toEqual(Float64Array.from(outcomes(from)));
    close(fitted.predict().mean, 30);
    const loaded = forecaster.load(fitted.save());
    expect(loaded.predict()).toEqual(fitted.predict());
    const { state: _, ...data } = rowsOf(30, 33).data;
    const { state: __, ...types } = rowsOf(30, 33).types;
    close(loaded.update({ ...rowsOf(30, 33), data, types } as Columns).predict().mean, 33);
    expect([...fitted.predict({ keys: [{ shop: "b" }] }).mean]).toEqual([
      ...fitted.predict().mean.subarray(20, 40),
    ]);
  });

  it("go by a key as well as by a static column", async () => {
    const options = { keys: ["state"], time: "at", target: "y", frequency: "1d" } as const;
    const history = panel(rowsOf(0, 30, ["a", "b"]), options);
    const fitted = await reduce(ridge({ l2: 0 }), { holidays: [regional] }).fit(history, { horizon: 10 });
    expect(fitted.series.map(({ state }) => state)).toEqual(["BE", "BY"]);
    const expected = (rowsOf(30, 40, ["b", "a"]).data["y"] as { values: Float64Array }).values;
    expect(expected.filter((value) => value === 60).length).toBe(1);
    expect(fitted.predict().mean.map(Math.round)).toEqual(expected);
  });

  it("refuse values without a list, with their rows and series", async () => {
    const { NW: _, BE: __, ...lists } = regional.lists;
    const partial = reduce(ridge(), { holidays: [{ ...regional, lists }] });
    await expect(partial.fit(panelOf(rowsOf(0, 30)), { horizon: 5 })).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message:
        'The holidays "holiday" have no list for "BE" (30 rows: series {"shop":"b"}) and "NW" (30 rows: series {"shop":"d"}), values of "state".',
      details: { column: "state", count: 2 },
    });
    const fitted = await partial.fit(panelOf(rowsOf(0, 30)), { horizon: 5, failures: "collect" });
    expect(fitted.series).toEqual([{ shop: "a" }, { shop: "c" }]);
    expect(fitted.failures).toMatchObject([{ key: { shop: "b" } }, { key: { shop: "d" } }]);
    const both = reduce(ridge({ l2: 0 }), {
      holidays: [{ ...regional, lists: { BY: bavarian }, otherwise: berlin }],
    });
    const named = reduce(ridge({ l2: 0 }), {
      holidays: [{ ...regional, lists: { BY: bavarian, BE: berlin, NW: berlin } }],
    });
    const [a, b] = await Promise.all(
      [both, named].map((one) => one.fit(panelOf(rowsOf(0, 30)), { horizon: 5 })),
    );
    expect(a?.predict()).toEqual(b?.predict());
  });

  it("tell names like those of every object from lists", async () => {
    const forecaster = reduce(ridge(), { holidays: [{ by: "state", lists: { BY: bavarian } }] });
    const rows = rowsOf(0, 20, ["a"]);
    const state = { ...rows.data["state"], dictionary: ["constructor"] } as never;
    const history = panelOf({ ...rows, data: { ...rows.data, state } });
    await expect(forecaster.fit(history, { horizon: 5 })).rejects.toThrow(/no list for "constructor"/);
  });

  it("refuse a forecast beyond the list of one region alone", async () => {
    const lists = { ...regional.lists, BE: { ...berlin, from: "2026-01-01", until: "2026-02-05" } };
    const fitted = await reduce(ridge(), { holidays: [{ ...regional, lists }] }).fit(panelOf(rowsOf(0, 30)), {
      horizon: 20,
    });
    expect(() => fitted.predict()).toThrow(expect.objectContaining({ code: "FUTURE_VALUES_MISSING" }));
    expect(fitted.predict({ keys: [{ shop: "a" }, { shop: "d" }] }).length).toBe(40);
  });

  it("stand beside lists for all, by their names", async () => {
    const forecaster = reduce(ridge(), { holidays: [{ ...regional, name: "local", within: 3 }, berlin] });
    const fitted = await forecaster.fit(panelOf(rowsOf(0, 30)), { horizon: 5 });
    expect(fitted.featureNames).toEqual([
      ...["local", "holiday"].flatMap((name) => [name, `days_to_${name}`, `days_since_${name}`]),
      "state",
    ]);
    const twice = reduce(ridge(), { holidays: [regional, berlin] });
    await expect(twice.fit(panelOf(rowsOf(0, 30)), { horizon: 5 })).rejects.toThrow(
      /would be called "holiday"/,
    );
  });

  it("refuse columns that the panel has not", async () => {
    const forecaster = reduce(ridge(), { holidays: [{ by: "region", lists: { BY: bavarian } }] });
    await expect(forecaster.fit(panelOf(rowsOf(0, 30)), { horizon: 5 })).rejects.toThrow(
      /go by "region", which is neither a static column nor a key of the panel/,
    );
  });

  it.each([
    [{ by: "state" }, /lists must be an object/],
    [{ lists: { BY: bavarian } }, /by must be the name of a column/],
    [{ by: "state", lists: {} }, /has no list/],
    [{ by: "state", lists: { BY: ["2026-01-06"] } }, /lists\["BY"\] is a list, and must be an object/],
    [{ by: "state", lists: { BY: { dates: [] } } }, /lists\["BY"\] lists no dates/],
    [{ by: "state", lists: { BY: { dates: [], from: "2026-01-01" } } }, /lists no dates/],
    [{ by: "state", lists: { BY: { dates: ["2026-02-30"] } } }, /lists\["BY"\]\.dates\[0\] is no day/],
    [{ by: "state", lists: { BY: { ...bavarian, within: 3 } } }, /no option "within"/],
    [
      { by: "state", lists: { BY: bavarian }, otherwise: { dates: "2026-01-06" } },
      /otherwise\.dates must be a list/,
    ],
    [
      { by: "state", lists: { BY: { dates: [], from: "2026-03-01", until: "2026-02-01" } } },
      /which is no day/,
    ],
    [{ by: "state", dates: ["2026-01-06"] }, /no option "dates"/],
  ])("refuse settings that say nothing: %j", (holidays, message) => {
    expect(() => reduce(ridge(), { holidays: [holidays as never] })).toThrow(message);
  });
});
