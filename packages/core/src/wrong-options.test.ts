import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../test/without-types.ts";
import { gate } from "./decide/gate.ts";
import { promote, rollback } from "./decide/promote.ts";
import type { TsopsError } from "./errors.ts";
import { column, mean } from "./features/feature.ts";
import { featureView } from "./features/feature-view.ts";
import { onlineFeatures } from "./features/online/online-features.ts";
import { trainingSet } from "./features/training-set.ts";
import { backtest } from "./forecast/backtest/backtest.ts";
import { conformal } from "./forecast/conformal/conformal.ts";
import { gbdt } from "./forecast/gbdt/gbdt.ts";
import { seasonalNaive } from "./forecast/models/seasonal-naive.ts";
import { panel } from "./forecast/panel/build-panel.ts";
import { reduce } from "./forecast/reduce/reduce.ts";
import { backfill } from "./pipeline/backfill.ts";
import { pipeline } from "./pipeline/pipeline.ts";
import { runPipeline } from "./pipeline/run-pipeline.ts";
import { createScheduler } from "./pipeline/scheduler.ts";
import { float64, timestamp, utf8 } from "./schema/column-type.ts";
import { columnsFromArrays } from "./schema/from-arrays.ts";
import { columnsFromRows } from "./schema/from-rows.ts";
import { emptyColumns } from "./schema/reshape.ts";
import { table } from "./schema/table.ts";
import { memoryLedger } from "./testing/memory-ledger.ts";
import { virtualClock } from "./time/clock.ts";
import { toMicros } from "./time/instant.ts";
import { logForecaster } from "./tracking/log-forecaster.ts";

const columns = { station: utf8(), at: timestamp(), mw: float64() };
const load = table({ name: "load", columns, keys: ["station"], eventTime: "at" });
const parts = { name: "usage", table: load, features: { mw: column("mw") } } as const;
const clock = virtualClock(0n);
const set = (extra: object) =>
  trainingSet(untyped({ name: "t", spine: load, time: "at", views: [], target: "mw", ...extra }));

describe("what callers without types write", () => {
  it.each<[string, string, RegExp, RegExp, () => unknown]>([
    // A lag that is dropped without a word is leakage.
    [
      "a misspelt lag",
      "FEATURE_INVALID",
      /no option "lagg"/,
      /"lag"/,
      () => featureView(untyped({ ...parts, lagg: "1d" })),
    ],
    [
      "a misspelt lastNonNull",
      "FEATURE_INVALID",
      /"lastNonNul"/,
      /"lastNonNull"/,
      () => column("mw", untyped({ lastNonNul: true })),
    ],
    [
      "a view without features",
      "FEATURE_INVALID",
      /has no features, got undefined/,
      /Name at least one/,
      () => featureView(untyped({ name: "usage", table: load })),
    ],
    [
      "a view without a table",
      "FEATURE_INVALID",
      /has no table/,
      /table\(\)/,
      () => featureView(untyped({ name: "usage", features: {} })),
    ],
    [
      "a window feature without a window",
      "FEATURE_INVALID",
      /has no window, got undefined/,
      /mean\("mw", "7d"\)/,
      () => featureView(untyped({ ...parts, features: { mw: mean("mw", untyped(undefined)) } })),
    ],
    [
      "a feature that is a name",
      "FEATURE_INVALID",
      /is the text "mw"/,
      /column\("users"\)/,
      () => featureView(untyped({ ...parts, features: { mw: "mw" } })),
    ],
    [
      "a ttl that is a number",
      "DURATION_INVALID",
      /5 is not a duration/,
      /"15m"/,
      () => featureView(untyped({ ...parts, ttl: 5 })),
    ],
    [
      "a table without keys",
      "SCHEMA_INVALID",
      /does not say its keys/,
      /keys: \[\]/,
      () => table(untyped({ name: "load", columns, eventTime: "at" })),
    ],
    [
      "a table with one key as text",
      "SCHEMA_INVALID",
      /keys must be a list/,
      /\["station"\]/,
      () => table(untyped({ name: "load", columns, keys: "station", eventTime: "at" })),
    ],
    [
      "a misspelt availableAt",
      "SCHEMA_INVALID",
      /"avalableAt"/,
      /"availableAt"/,
      () => table(untyped({ name: "load", columns, keys: [], eventTime: "at", avalableAt: "at" })),
    ],
    [
      "an event time that is no timestamp",
      "SCHEMA_INVALID",
      /is float64/,
      /^An event time is/,
      () => table(untyped({ name: "load", columns, keys: [], eventTime: "mw" })),
    ],
    ["a misspelt knownAt", "FEATURE_INVALID", /"knownat"/, /"knownAt"/, () => set({ knownat: "ignore" })],
    [
      "a range with other bounds",
      "TIME_INVALID",
      /range has no option "from"/,
      /start, end/,
      () => set({ range: { from: "2026-01-01Z" } }),
    ],
    [
      "a range that ends before it starts",
      "TIME_INVALID",
      /starts at 2026-03-01.*after its end/,
      /Swap/,
      () => set({ range: { start: "2026-03-01T00:00:00Z", end: "2026-01-01T00:00:00Z" } }),
    ],
    [
      "a spine of rows",
      "FEATURE_INVALID",
      /spine is a table or columns/,
      /columnsFromRows/,
      () => set({ spine: [{ at: 1 }] }),
    ],
    [
      "views that are one view",
      "FEATURE_INVALID",
      /views must be a list/,
      /array/,
      () => set({ views: featureView(parts) }),
    ],
    [
      "a misspelt schedule",
      "PIPELINE_INVALID",
      /"shedule"/,
      /"schedule"/,
      () => pipeline("daily", untyped({ shedule: { every: "1d" } })),
    ],
    [
      "a misspelt retry",
      "PIPELINE_INVALID",
      /retry has no option "attempt"/,
      /"attempts"/,
      () => pipeline("daily", untyped({ retry: { attempt: 1 } })),
    ],
    [
      "a misspelt overlap",
      "PIPELINE_INVALID",
      /overlap is one of queue, skip, parallel/,
      /"parallel"/,
      () => pipeline("daily", untyped({ overlap: "parallell" })),
    ],
    [
      "a catchUp in capitals",
      "PIPELINE_INVALID",
      /catchUp is one of none, latest, all/,
      /"all"/,
      () => pipeline("daily", untyped({ catchUp: "All" })),
    ],
    [
      "two schedules in one",
      "PIPELINE_INVALID",
      /both cron and every/,
      /one of them/,
      () => pipeline("daily", { schedule: untyped({ every: "1d", cron: "@daily" }) }),
    ],
    [
      "no schedule in one",
      "PIPELINE_INVALID",
      /neither cron nor every/,
      /one of them/,
      () => pipeline("daily", { schedule: untyped({ zone: "UTC" }) }),
    ],
    [
      "partitions as one text",
      "PIPELINE_INVALID",
      /partitions must be a list/,
      /\["a"\]/,
      () => pipeline("daily", untyped({ partitions: "a" })),
    ],
    [
      "a misspelt timeout",
      "PIPELINE_INVALID",
      /step\("train"\) has no option "timout"/,
      /"timeout"/,
      () => pipeline("daily").step("train", () => 1, untyped({ timout: "1m" })),
    ],
    [
      "a step that is no function",
      "PIPELINE_INVALID",
      /Step "train" is undefined/,
      /\.step/,
      () => pipeline("daily").step("train", untyped(undefined)),
    ],
    [
      "a misspelt gate option",
      "GATE_INVALID",
      /"minImprovment"/,
      /"minImprovement"/,
      () => gate(untyped({ minImprovment: 0.1 })),
    ],
    [
      "a misspelt option of a promotion",
      "GATE_INVALID",
      /promote\(\) has no option "becuse"/,
      /"because"/,
      () => promote("bikes", 1, untyped({ becuse: "better" })),
    ],
    [
      "a misspelt version to go back to",
      "GATE_INVALID",
      /rollback\(\) has no option "two"/,
      /Did you mean "to"|Its options are/,
      () => rollback("bikes", untyped({ two: 1, because: "worse" })),
    ],
    [
      "a misspelt option of a run",
      "PIPELINE_INVALID",
      /runPipeline\(\) has no option "intervall"/,
      /"interval"/,
      () => runPipeline(pipeline("daily"), untyped({ intervall: null })),
    ],
    [
      "a misspelt option of a backfill",
      "PIPELINE_INVALID",
      /backfill\(\) has no option "dryrun"/,
      /"dryRun"/,
      () => backfill(pipeline("daily"), untyped({ dryrun: true })),
    ],
    [
      "a misspelt option of a scheduler",
      "PIPELINE_INVALID",
      /createScheduler\(\) has no option "maxConcurent"/,
      /"maxConcurrent"/,
      () => createScheduler(untyped({ maxConcurent: 1 })),
    ],
    [
      "a misspelt option of online features",
      "FEATURE_INVALID",
      /onlineFeatures\(\) has no option "repeat"/,
      /"repeats"/,
      () => onlineFeatures([], untyped({ repeat: "keep" })),
    ],
    [
      "a misspelt option of rows",
      "SCHEMA_INVALID",
      /columnsFromRows\(\) has no option "disambigation"/,
      /"disambiguation"/,
      () => columnsFromRows(columns, [], untyped({ disambigation: "earlier" })),
    ],
    [
      "rows that are one row",
      "VALUE_INVALID",
      /rows must be a list/,
      /array/,
      () => columnsFromRows(columns, untyped({ mw: 1 })),
    ],
    [
      "a regressor that was not called",
      "MODEL_PARAMETER_INVALID",
      /The regressor of reduce\(\) is a function/,
      /Call it/,
      () => reduce(untyped(gbdt), { lags: [1] }),
    ],
    [
      "a forecaster that was not called",
      "MODEL_PARAMETER_INVALID",
      /The forecaster of conformal\(\) is a function/,
      /Call it/,
      () => conformal(untyped(seasonalNaive)),
    ],
    [
      "no forecaster to backtest",
      "MODEL_PARAMETER_INVALID",
      /The forecaster of backtest\(\) is undefined/,
      /forecaster itself/,
      () => backtest(untyped(undefined), untyped(null), untyped({})),
    ],
    [
      "a panel of nothing",
      "PANEL_INVALID",
      /panel\(\) takes columns, got null/,
      /columnsFromRows/,
      () => panel(untyped(null), untyped({})),
    ],
    [
      "a run without a clock",
      "PIPELINE_INVALID",
      /The clock is undefined/,
      /systemClock/,
      () => runPipeline(pipeline("daily"), untyped({ ledger: memoryLedger() })),
    ],
    [
      "a scheduler without pipelines",
      "PIPELINE_INVALID",
      /pipelines must be a list/,
      /array/,
      () => createScheduler(untyped({ ledger: memoryLedger(), clock })),
    ],
    [
      "a gate of bare backtests",
      "GATE_INVALID",
      /The candidate has no backtest/,
      /candidate: \{ name/,
      () => gate(untyped({ candidate: { series: [] }, champion: { series: [] } })),
    ],
    [
      "a model without its training set",
      "MODEL_PARAMETER_INVALID",
      /not told the training set/,
      /or null/,
      () =>
        logForecaster(
          untyped({}),
          untyped({
            name: "m",
            forecaster: seasonalNaive({ seasonLength: 2 }),
            fitted: { predict() {}, save() {} },
          }),
        ),
    ],
    [
      "a forecaster in place of a fitted one",
      "MODEL_PARAMETER_INVALID",
      /The fitted forecaster is an object without predict\(\)/,
      /fit\(\)/,
      () =>
        logForecaster(
          untyped({}),
          untyped({
            forecaster: seasonalNaive({ seasonLength: 2 }),
            fitted: seasonalNaive({ seasonLength: 2 }),
          }),
        ),
    ],
    [
      "an interval of dates",
      "PIPELINE_INVALID",
      /from a Date to a Date; microseconds as bigint/,
      /interval\(toMicros/,
      () =>
        runPipeline(
          pipeline("daily").step("a", () => 1),
          { ledger: memoryLedger(), clock, interval: untyped({ start: new Date(0), end: new Date(1) }) },
        ),
    ],
  ])("%s is refused", async (_, code, message, hint, work) => {
    const error = await errorOf(work);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
  });

  it("an interval whose ends are equal is still a run", async () => {
    const empty = emptyColumns(columns);
    expect(set({ spine: empty }).spine).toBe(empty);
    expect(
      set({ range: { start: "2026-03-01T00:00:00Z", end: "2026-03-01T00:00:00Z" } }).range.start,
    ).toBeDefined();
  });
});

describe("rows of a forecaster", () => {
  const hour = 3_600_000_000n;
  const hours = (from: bigint, unit = 1n) => ({
    at: BigInt64Array.from({ length: 48 }, (_, i) => (from + BigInt(i) * hour) * unit),
    mw: Float64Array.from({ length: 48 }, (_, i) => i % 24),
  });
  const types = { at: timestamp(), mw: float64() };
  const options = { time: "at", target: "mw", frequency: "1h" } as const;
  const from = toMicros("2026-01-01T00:00Z");

  it("nanoseconds are refused, with the instant that was meant", async () => {
    const error = await errorOf(() => panel(columnsFromArrays(types, hours(from, 1000n)), options));
    expect(error.code).toBe("PANEL_INVALID");
    expect(error.message).toMatch(/outside the years 1 \.\. 9999/);
    expect(error.hint).toMatch(/as nanoseconds it would be 2026-01-01T00:00:00Z/);
  });

  it("what holds no rows is refused where rows are needed", async () => {
    const history = panel(columnsFromArrays(types, hours(from)), options);
    const fitted = await seasonalNaive({ seasonLength: 24 }).fit(history, { horizon: 24 });
    const columns = [/^update\(\) takes columns, got/, "columnsFromRows"] as const;
    const rows = [/^update\(\) takes rows, got undefined/, "[{ "] as const;
    for (const [wrong, [message, hint]] of [
      [{ y: 1 }, columns],
      [history, columns],
      [undefined, rows],
    ] as const)
      expect(await errorOf(() => fitted.update(untyped(wrong)))).toMatchObject({
        code: "PANEL_INVALID",
        message: expect.stringMatching(message),
        hint: expect.stringContaining(hint),
      });
  });
});

it("a row without a field is told apart from one whose field is null", () => {
  const messageOf = (row: unknown) => {
    try {
      columnsFromRows({ at: timestamp(), mw: float64() }, [untyped(row)]);
    } catch (error) {
      return JSON.stringify([(error as TsopsError).message, (error as TsopsError).details]);
    }
    return "";
  };
  expect(messageOf({ at: 0n })).toContain("the row has no value of that name");
  expect(messageOf({ at: 0n, mw: null })).toContain("is null");
});
