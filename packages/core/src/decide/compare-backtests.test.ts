import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { withoutIntervals } from "../../test/without-intervals.ts";
import { backtest } from "../forecast/backtest/backtest.ts";
import { historicAverage } from "../forecast/models/historic-average.ts";
import { naive } from "../forecast/models/naive.ts";
import { seasonalNaive } from "../forecast/models/seasonal-naive.ts";
import { panel } from "../forecast/panel/build-panel.ts";
import { createRandom } from "../random.ts";
import { float64, timestamp, utf8 } from "../schema/column-type.ts";
import { columnsFromArrays } from "../schema/from-arrays.ts";
import { compareBacktests } from "./compare-backtests.ts";
import { dieboldMariano } from "./diebold-mariano.ts";

const hour = 3_600_000_000n;

function daily(seed: string, season: number) {
  const random = createRandom(seed);
  const rows = ["a", "b"].flatMap((key) =>
    Array.from({ length: 400 }, (_, t) => ({
      key,
      at: hour * BigInt(t),
      y: 50 + season * Math.sin((Math.PI * t) / 12) + random.normal(),
    })),
  );
  return panel(
    columnsFromArrays(
      { key: utf8(), at: timestamp(), y: float64() },
      {
        key: rows.map(({ key }) => key),
        at: BigInt64Array.from(rows, ({ at }) => at),
        y: Float64Array.from(rows, ({ y }) => y),
      },
    ),
    { keys: ["key"], time: "at", target: "y", frequency: "1h" },
  );
}
const folds = { horizon: 6, folds: 30, refit: false } as const;
const models = {
  naive: naive(),
  average: historicAverage(),
  season: withoutIntervals(seasonalNaive({ seasonLength: 24 })),
};

async function backtests(seed: string, season: number) {
  const load = daily(seed, season);
  return {
    naive: await backtest(models.naive, load, folds),
    average: await backtest(models.average, load, folds),
    season: await backtest(models.season, load, folds),
  };
}

describe("compareBacktests", () => {
  it("orders by loss and says by how much and how surely", async () => {
    const all = await backtests("seasons", 10);
    const compared = compareBacktests(all, { reference: "naive" });
    expect(compared.map(({ name }) => name)).toEqual(["season", "naive", "average"]);
    const [season, own] = compared;
    expect(own).toMatchObject({ name: "naive", ratio: 1, owa: 1, test: null });
    expect(season?.loss).toBeCloseTo(all.season.overall.mae, 10);
    expect(season?.ratio).toBeCloseTo(all.season.overall.mae / all.naive.overall.mae, 10);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const of = (name: "season" | "naive", metric: "smape" | "mase") =>
      mean(all[name].byKey.map((one) => one[metric]));
    expect(season?.owa).toBeCloseTo(
      (of("season", "smape") / of("naive", "smape") + of("season", "mase") / of("naive", "mase")) / 2,
      10,
    );
    const losses = (name: "season" | "naive") => Float64Array.from(all[name].byFold, ({ mae }) => mae);
    expect(season?.test?.pValue).toBeCloseTo(
      dieboldMariano(losses("season"), losses("naive"), {
        kernel: "prewhitened",
        withoutSkewness: true,
        horizon: 1,
        alternative: "two-sided",
      }).pValue,
      8,
    );
    expect(season?.test?.pValue).toBeLessThan(0.001);
  });

  it("does not take chance for a difference", async () => {
    const load = daily("noise", 0);
    const compared = compareBacktests(
      {
        a: await backtest(seasonalNaive({ seasonLength: 7 }), load, folds),
        b: await backtest(seasonalNaive({ seasonLength: 8 }), load, folds),
      },
      { reference: "a" },
    );
    expect(compared.find(({ name }) => name === "b")?.test?.pValue).toBeGreaterThan(0.05);
  });

  it("compares intervals by the rows that have them, and gives no test of too few folds", async () => {
    const all = await backtests("intervals", 10);
    const compared = compareBacktests(all, { reference: "naive", loss: "pinball", unit: "time" });
    expect(compared.map(({ name, rows }) => [name, rows])).toEqual([
      ["season", 312],
      ["average", 360],
      ["naive", 360],
    ]);
    const two = { horizon: 6, folds: 2 } as const;
    const load = daily("few", 10);
    const few = {
      naive: await backtest(naive(), load, two),
      average: await backtest(historicAverage(), load, two),
    };
    expect(compareBacktests(few, { reference: "naive" }).map(({ test }) => test)).toEqual([null, null]);
    const bare = { naive: await backtest(naive(), load, { ...two, levels: [] }) };
    const error = await errorOf(() => compareBacktests(bare, { reference: "naive", loss: "pinball" }));
    expect(error.message).toMatch(/needs predicted quantiles/);
  });

  it("refuses what cannot be compared", async () => {
    const all = await backtests("refused", 10);
    expect((await errorOf(() => compareBacktests(all, { reference: "ets" }))).message).toBe(
      'There is no backtest "ets" to compare with.',
    );
    const shorter = await backtest(models.naive, daily("refused", 10), { ...folds, folds: 20 });
    expect(await errorOf(() => compareBacktests({ ...all, shorter }, { reference: "naive" }))).toMatchObject({
      code: "COMPARISON_INVALID",
      message: expect.stringMatching(
        /^"shorter" as the candidate and "naive" as the reference: .* do not match/,
      ),
    });
    expect((await errorOf(() => compareBacktests(all, untyped({ referense: "naive" })))).message).toMatch(
      /has no option/,
    );
    expect(await errorOf(() => compareBacktests(untyped({ a: 1, b: 2 }), { reference: "a" }))).toMatchObject({
      code: "COMPARISON_INVALID",
      message: '"a" is no result of backtest(), got 1.',
      hint: expect.stringContaining("await backtest("),
    });
    expect((await errorOf(() => compareBacktests(untyped(undefined), { reference: "a" }))).message).toMatch(
      /takes backtests by name, got undefined/,
    );
  });
});
