import { describe, expect, it } from "vitest";
import { bool, float64, int64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import { conformal } from "../conformal/conformal.ts";
import { ensemble } from "../ensemble/ensemble.ts";
import { forecastRows } from "../forecast-rows.ts";
import type { FittedForecaster, Forecaster } from "../forecaster.ts";
import { naive } from "../models/naive.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { reduce } from "../reduce/reduce.ts";
import { ridge } from "../regressors/ridge.ts";
import { panel } from "./build-panel.ts";

const types = {
  shop: utf8(),
  till: int64(),
  at: timestamp(),
  sold: nullable(int64()),
  open: bool(),
  sky: nullable(utf8()),
  staff: nullable(float64()),
};
const dayOf = (t: number) => new Date(Date.UTC(2026, 0, 1 + t));
const days = (from: number, until: number) =>
  ["a", "b"].flatMap((shop) =>
    Array.from({ length: until - from }, (_, i) => ({
      shop,
      till: 2n ** 60n,
      at: dayOf(from + i),
      sold: 10 + ((from + i) % 7),
      open: (from + i) % 7 !== 0,
      sky: (from + i) % 3 === 0 ? "rain" : null,
      staff: 2,
    })),
  );
const history = panel(columnsFromRows(types, days(0, 60)), {
  keys: ["shop", "till"],
  time: "at",
  target: "sold",
  frequency: "1d",
  knownFuture: ["open"],
  pastOnly: ["sky", "staff"],
});

const forecasters: Record<string, Forecaster> = {
  naive: naive(),
  reduce: reduce(ridge(), { lags: [7], covariates: ["open"], covariateLags: { sky: [7], staff: [7] } }),
  conformal: conformal(reduce(ridge(), { lags: [7], covariates: ["open"] }), { folds: 8 }),
  ensemble: ensemble([naive(), seasonalNaive({ seasonLength: 7 })]),
};
const fit = async (name: string): Promise<FittedForecaster> =>
  (await (forecasters[name] as Forecaster).fit(history, { horizon: 3 })) as FittedForecaster;

const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "nothing was thrown";
};

describe.each(Object.keys(forecasters))("plain rows for %s", (name) => {
  it("are taken as the columns that they make", async () => {
    const fitted = await fit(name);
    const fromColumns = fitted.update(columnsFromRows(types, days(60, 63)));
    const fromRows = fitted.update(days(60, 63));
    expect(fromRows.save()).toEqual(fromColumns.save());
    const ahead = days(63, 66).map(({ shop, till, at, open }) => ({ shop, till, at, open, note: "planned" }));
    expect(fromRows.predict({ future: ahead })).toEqual(
      fromColumns.predict({ future: columnsFromRows(types, days(63, 66)) }),
    );
  });

  it("are refused as columns are", async () => {
    const fitted = await fit(name);
    const [row] = days(60, 61);
    expect(fitted.update([]).save()).toEqual(fitted.save());
    const { sold: _, ...withoutTarget } = row as typeof row & object;
    expect(codeOf(() => fitted.update([withoutTarget]))).toBe("COLUMN_NOT_FOUND");
    expect(codeOf(() => fitted.update([{ ...row, shop: "c" }]))).toBe("KEY_UNKNOWN");
    expect(codeOf(() => fitted.update([row as object, row as object]))).toBe("PANEL_INVALID");
    expect(codeOf(() => fitted.update([{ ...row, sold: "many" }]))).toBe("VALUE_INVALID");
    expect(codeOf(() => fitted.update([{ ...row, at: "2026-03-02" }]))).toBe("TIME_ZONE_MISSING");
    expect(codeOf(() => fitted.update([3 as never]))).toBe("VALUE_INVALID");
  });
});

describe("rows of a wrong year", () => {
  it("are refused with both times, and a long silence is not", async () => {
    const fitted = await fit("naive");
    const rowAt = (at: string) => [
      { shop: "a", till: 2n ** 60n, at, sold: 7, open: true, sky: null, staff: null },
    ];
    expect(() => fitted.update(rowAt("2924-01-01T00:00:00Z"))).toThrow(
      /more than ten years after .* has a row at 2924-01-01T00:00:00Z, and its last one before is at 2026-03-01/,
    );
    expect(fitted.update(rowAt("2034-01-01T00:00:00Z")).predict().mean[0]).toBe(7);
  });
});

describe("the rows of a forecast", () => {
  it("are those of a forecast only", () => {
    for (const wrong of [undefined, null, 5, {}])
      expect(() => forecastRows(wrong as never)).toThrow(/takes a forecast, got/);
  });

  it("have keys, time, mean and bounds by name, and become JSON", async () => {
    const fitted = await fit("conformal");
    const forecast = fitted.predict({ levels: [80], quantiles: [0.5], future: days(60, 63) });
    const rows = forecastRows(forecast, ["shop", "till"]);
    expect(rows).toHaveLength(6);
    expect(rows[4]).toEqual({
      shop: "b",
      till: String(2n ** 60n),
      time: dayOf(61),
      step: 2,
      mean: forecast.mean[4],
      "lo-80": forecast.quantiles[0]?.values[4],
      median: forecast.quantiles[1]?.values[4],
      "hi-80": forecast.quantiles[2]?.values[4],
    });
    expect(JSON.parse(JSON.stringify(forecastRows(forecast)))[4].time).toBe("2026-03-03T00:00:00.000Z");
  });

  it("are refused for keys that are not there, or are called like a field", async () => {
    const forecast = (await fit("naive")).predict();
    expect(codeOf(() => forecastRows(forecast, ["town"]))).toBe("COLUMN_NOT_FOUND");
    const series = forecast.series.map(({ shop }) => ({ step: shop as string }));
    expect(codeOf(() => forecastRows({ ...forecast, series }))).toBe("SCHEMA_INVALID");
  });
});
