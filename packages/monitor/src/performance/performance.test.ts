import { fc, test } from "@fast-check/vitest";
import {
  type Columns,
  columnsFromArrays,
  createRandom,
  float64,
  gate,
  int64,
  nullable,
  type PredictionRecord,
  parseFrequency,
  TsopsError,
  timestamp,
  toMicros,
  utf8,
  virtualClock,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { performanceByWindow } from "./by-window.ts";
import { joinOutcomes } from "./join-outcomes.ts";

const hour = 3_600_000_000n;
const start = toMicros("2024-03-01T00:00:00Z");
const at = (step: number) => start + hour * BigInt(step);

function prediction(options: {
  readonly from: number;
  readonly mean: readonly number[];
  readonly version?: number;
  readonly role?: "champion" | "challenger";
  readonly key?: PredictionRecord["key"];
  readonly served?: number;
  readonly width?: number | null;
}): PredictionRecord {
  const {
    from,
    mean,
    version = 1,
    role = "champion",
    key = { city: "a" },
    served = from,
    width = 1,
  } = options;
  return {
    predictionId: `${from}/${version}/${role}/${served}/${JSON.stringify(Object.values(key).map(String))}`,
    requestId: `${from}`,
    deployment: "d",
    model: "m",
    modelVersion: version,
    role,
    key,
    cutoff: at(from - 1),
    servedAt: at(served),
    latencyMs: 1,
    times: BigInt64Array.from(mean, (_, i) => at(from + i)),
    mean: Float64Array.from(mean),
    quantiles:
      width === null
        ? []
        : [0.1, 0.9].map((probability) => ({
            probability,
            values: Float64Array.from(mean, (value) => value + (probability < 0.5 ? -width : width)),
          })),
    features: {},
    statuses: {},
    featureTimes: {},
    featureTables: {},
  };
}

const outcomeTypes = { city: utf8(), at: timestamp(), known: nullable(timestamp()), y: nullable(float64()) };
type OutcomeRow = readonly [city: string, step: number, y: number | null, known?: number | null];
function outcomes(rows: readonly OutcomeRow[]): Columns {
  return columnsFromArrays(outcomeTypes, {
    city: rows.map(([city]) => city),
    at: BigInt64Array.from(rows, ([, step]) => at(step)),
    known: rows.map(([, step, , known = step]) => (known === null ? null : at(known))),
    y: rows.map(([, , y]) => y),
  });
}
const names = { keys: ["city"], time: "at", target: "y" } as const;

describe("joinOutcomes", () => {
  it("keeps every predicted step, with its outcome or without", async () => {
    const joined = await joinOutcomes(
      [prediction({ from: 0, mean: [1, 2, 3] }), prediction({ from: 3, mean: [4], key: { city: "b" } })],
      outcomes([
        ["a", 2, 30],
        ["a", 0, 10],
        ["b", 9, 1],
      ]),
      names,
    );
    expect(joined.length).toBe(4);
    expect([...joined.y]).toEqual([10, Number.NaN, 30, Number.NaN]);
    expect([...joined.step]).toEqual([1, 2, 3, 1]);
    expect([...joined.seriesIndex]).toEqual([0, 0, 0, 1]);
    expect(joined.series).toEqual([{ city: "a" }, { city: "b" }]);
    expect([...joined.cutoff]).toEqual([at(-1), at(-1), at(-1), at(2)]);
    expect(joined.quantiles.map(({ probability }) => probability)).toEqual([0.1, 0.9]);
    expect(joined.counts).toEqual({
      predictions: 2,
      repeated: 0,
      withOutcome: 2,
      withoutOutcome: 2,
      waiting: 0,
      overdue: 2,
      revisedOutcomes: 0,
      repeatedOutcomes: 0,
      ignoredOutcomes: 0,
    });
  });

  it("takes the outcome that became known last; of equals the later row; a null revision takes it back", async () => {
    const revised = outcomes([
      ["a", 0, 1, 9],
      ["a", 0, 2, 5],
      ["a", 1, 3, 5],
      ["a", 1, 4, 5],
      ["a", 2, 5, 5],
      ["a", 2, null, 6],
      ["a", 3, 7, 4],
      ["a", 3, 8, null],
    ]);
    const predictions = [prediction({ from: 0, mean: [0, 0, 0, 0] })];
    const known = await joinOutcomes(predictions, revised, { ...names, availableAt: "known" });
    expect([...known.y]).toEqual([1, 4, Number.NaN, 7]);
    expect(known.counts.revisedOutcomes).toBe(4);
    const byRow = await joinOutcomes(predictions, revised, names);
    expect([...byRow.y]).toEqual([2, 4, Number.NaN, 8]);
  });

  it("judges with what was known at an instant", async () => {
    const revised = outcomes([
      ["a", 0, 1, 2],
      ["a", 0, 2, 5],
      ["a", 1, 3, 6],
      ["a", 2, 4, null],
    ]);
    const predictions = [prediction({ from: 0, mean: [0, 0, 0] })];
    const options = { ...names, availableAt: "known" };
    const then = await joinOutcomes(predictions, revised, { ...options, asOf: at(5) - 1n });
    expect([...then.y]).toEqual([1, Number.NaN, Number.NaN]);
    expect(then.counts.ignoredOutcomes).toBe(3);
    const later = await joinOutcomes(predictions, revised, { ...options, asOf: at(5) });
    expect([...later.y]).toEqual([2, Number.NaN, Number.NaN]);
    await expect(joinOutcomes(predictions, revised, { ...names, asOf: at(5) })).rejects.toThrow(
      /no column says when outcomes became known/,
    );
  });

  it("counts a repeated prediction once, the one served last, and keeps versions and roles apart", async () => {
    const joined = await joinOutcomes(
      [
        prediction({ from: 0, mean: [1], served: 2 }),
        prediction({ from: 0, mean: [2], served: 1 }),
        prediction({ from: 0, mean: [3], version: 2, served: 3 }),
        prediction({ from: 0, mean: [4], role: "challenger" }),
      ],
      outcomes([]),
      names,
    );
    expect([...joined.mean]).toEqual([1, 3, 4]);
    expect(joined.counts.repeated).toBe(1);
    expect(joined.sources.map(({ modelVersion, role }) => [modelVersion, role])).toEqual([
      [1, "champion"],
      [2, "champion"],
      [1, "challenger"],
    ]);
  });

  it("refuses predictions that could never find an outcome, or that were cut", async () => {
    const [ofCity, cut] = [
      prediction({ from: 0, mean: [1] }),
      { ...prediction({ from: 0, mean: [1, 2] }), mean: Float64Array.of(1) },
    ];
    const sites = columnsFromArrays(
      { site: utf8(), at: timestamp(), y: float64() },
      { site: ["a"], at: [at(0)], y: [1] },
    );
    await expect(joinOutcomes([ofCity], sites, { ...names, keys: ["site"] })).rejects.toThrow(
      "1 of 1 predictions have the key city, and outcomes are joined by site.",
    );
    await expect(joinOutcomes([cut], outcomes([]), names)).rejects.toThrow("has 2 times and 1 means");
  });

  it("matches int64 keys exactly beyond 2^53 and never a number with a text", async () => {
    const big = 2n ** 53n;
    const columns = columnsFromArrays(
      { id: int64(), at: timestamp(), y: float64() },
      { id: [big, big + 1n], at: [at(0), at(0)], y: [1, 2] },
    );
    const joined = await joinOutcomes(
      [big, big + 1n, String(big)].map((id) => prediction({ from: 0, mean: [0], key: { id } })),
      columns,
      { keys: ["id"], time: "at", target: "y" },
    );
    expect([...joined.y]).toEqual([1, 2, Number.NaN]);
  });

  it("leaves infinite and NaN outcomes out, and rows without key or time", async () => {
    const columns = columnsFromArrays(
      { city: nullable(utf8()), at: nullable(timestamp()), y: float64() },
      {
        city: ["a", "a", null, "a"],
        at: [at(0), at(1), at(2), null],
        y: [Number.POSITIVE_INFINITY, Number.NaN, 1, 1],
      },
    );
    const joined = await joinOutcomes([prediction({ from: 0, mean: [1, 2, 3] })], columns, names);
    expect([...joined.y]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(joined.counts).toMatchObject({ withoutOutcome: 3, ignoredOutcomes: 2 });
  });

  it("names the column that is not there or of a wrong kind", async () => {
    const rows = outcomes([]);
    const join = (changed: object) => joinOutcomes([], rows, { ...names, ...changed });
    await expect(join({ target: "z" })).rejects.toMatchObject({ code: "COLUMN_NOT_FOUND" });
    await expect(join({ target: "city" })).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    await expect(join({ time: "y" })).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    await expect(join({ keys: ["y"] })).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
  });

  it("stops at an abort", async () => {
    const joining = joinOutcomes([prediction({ from: 0, mean: [1] })], outcomes([]), {
      ...names,
      signal: AbortSignal.abort(),
    });
    await expect(joining).rejects.toSatisfy((error) => TsopsError.is(error, "ABORTED"));
  });

  const row = fc.tuple(
    fc.constantFrom("a", "b"),
    fc.integer({ min: 0, max: 5 }),
    fc.option(fc.integer({ min: -5, max: 5 })),
    fc.option(fc.integer({ min: 0, max: 4 })),
  );
  test.prop([
    fc.array(row, { maxLength: 25 }),
    fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  ])("agrees with scanning all outcome rows for each predicted step", async (rows, asOf) => {
    const predictions = ["a", "b", "c"].map((city) =>
      prediction({ from: 0, mean: [0, 0, 0, 0, 0, 0], key: { city } }),
    );
    const joined = await joinOutcomes(predictions, outcomes(rows), {
      ...names,
      availableAt: "known",
      ...(asOf === undefined ? {} : { asOf: at(asOf) }),
    });
    const expected = ["a", "b", "c"].flatMap((city) =>
      [0, 1, 2, 3, 4, 5].map((step) => {
        let best: { y: number | null; known: number } | null = null;
        for (const [itsCity, itsStep, y, known] of rows) {
          if (itsCity !== city || itsStep !== step) continue;
          if (asOf !== undefined && (known === null || known > asOf)) continue;
          if (best === null || (known ?? -1) >= best.known) best = { y, known: known ?? -1 };
        }
        return best?.y ?? Number.NaN;
      }),
    );
    expect([...joined.y]).toEqual(expected);
  });
});

describe("performanceByWindow", () => {
  const random = createRandom("performance");
  const steps = 24 * 9;
  const truth = Array.from({ length: steps }, () => random.normal(100, 20));
  const cities = ["a", "b"] as const;
  const log = cities.flatMap((city) =>
    Array.from({ length: 8 }, (_, day) =>
      prediction({
        from: 24 * day,
        mean: truth.slice(24 * day, 24 * day + 48).map((value) => value + random.normal(2, 10)),
        key: { city },
        version: day < 4 ? 1 : 2,
        width: 13,
      }),
    ),
  );
  const known = outcomes(
    cities.flatMap((city) =>
      truth.flatMap((y, step): OutcomeRow[] => (step % 29 === 0 ? [] : [[city, step, y]])),
    ),
  );

  /** The obvious way: filter rows, add up. */
  function oracle(rows: { y: number; f: number; low: number; high: number }[]) {
    const scored = rows.filter(({ y }) => !Number.isNaN(y));
    const mean = (of: (row: (typeof rows)[number]) => number) =>
      scored.reduce((sum, row) => sum + of(row), 0) / scored.length;
    return {
      rows: scored.length,
      missing: rows.length - scored.length,
      mae: mean(({ y, f }) => Math.abs(y - f)),
      rmse: Math.sqrt(mean(({ y, f }) => (y - f) ** 2)),
      bias: mean(({ y, f }) => f - y),
      coverage: mean(({ y, low, high }) => (y >= low && y <= high ? 1 : 0)),
      width: mean(({ low, high }) => high - low),
      pinballLow: mean(({ y, low }) => (y >= low ? 0.1 * (y - low) : 0.9 * (low - y))),
    };
  }

  it("agrees with filtering and adding up, by window, step, version and key", async () => {
    const joined = await joinOutcomes(log, known, names);
    const zone = "-05:00";
    const windows = performanceByWindow(joined, {
      window: "1d",
      zone,
      split: ["step", "version", "key"],
      scale: 4,
    });
    const grid = parseFrequency("1d", { zone });
    let rowsSeen = 0;
    for (const window of windows) {
      const rows = Array.from({ length: joined.length }, (_, row) => row)
        .filter(
          (row) =>
            grid.floor(joined.time[row] as bigint) === window.start &&
            joined.step[row] === window.step &&
            joined.sources[joined.sourceIndex[row] as number]?.modelVersion === window.source?.modelVersion &&
            joined.series[joined.seriesIndex[row] as number]?.["city"] === window.key?.["city"],
        )
        .map((row) => ({
          y: joined.y[row] as number,
          f: joined.mean[row] as number,
          low: (joined.mean[row] as number) - 13,
          high: (joined.mean[row] as number) + 13,
        }));
      rowsSeen += rows.length;
      const expected = oracle(rows);
      expect([window.rows, window.missing]).toEqual([expected.rows, expected.missing]);
      if (expected.rows === 0) {
        expect(window.mae).toBeNaN();
        continue;
      }
      expect(window.mae).toBeCloseTo(expected.mae, 9);
      expect(window.mase).toBeCloseTo(expected.mae / 4, 9);
      expect(window.rmse).toBeCloseTo(expected.rmse, 9);
      expect(window.bias).toBeCloseTo(expected.bias, 9);
      expect(window.intervals[0]).toMatchObject({ level: 80, rows: expected.rows });
      expect(window.intervals[0]?.coverage).toBeCloseTo(expected.coverage, 9);
      expect(window.intervals[0]?.width).toBeCloseTo(expected.width, 9);
      expect(window.quantiles[0]?.pinball).toBeCloseTo(expected.pinballLow, 9);
    }
    expect(rowsSeen).toBe(joined.length);
    expect(windows.length).toBeGreaterThan(100);
  });

  it("lists windows in order, without a split once each, and cuts by cutoff when asked", async () => {
    const joined = await joinOutcomes(log, known, names);
    const byTime = performanceByWindow(joined, { window: "1d" });
    expect(byTime.map(({ start: from }) => from)).toEqual(
      Array.from({ length: 9 }, (_, day) => start + 24n * hour * BigInt(day)),
    );
    expect(byTime.every((window) => !("step" in window))).toBe(true);
    const byCutoff = performanceByWindow(joined, { window: "1d", by: "cutoff" });
    expect(byCutoff[0]?.start).toBe(start - 24n * hour);
    expect(performanceByWindow(joined, { window: "3mo" })).toHaveLength(1);
  });

  it("leaves shadow predictions out unless asked for them", async () => {
    const joined = await joinOutcomes(
      [
        prediction({ from: 0, mean: [1] }),
        prediction({ from: 0, mean: [5], role: "challenger", version: 2 }),
      ],
      outcomes([["a", 0, 2]]),
      names,
    );
    expect(performanceByWindow(joined, { window: "1d" })[0]?.mae).toBe(1);
    expect(performanceByWindow(joined, { window: "1d", role: "challenger" })[0]?.mae).toBe(3);
  });

  it("scales errors series by series", async () => {
    const joined = await joinOutcomes(
      cities.map((city) => prediction({ from: 0, mean: [1, 1], key: { city } })),
      outcomes([
        ["a", 0, 3],
        ["b", 0, 11],
        ["b", 1, 11],
      ]),
      names,
    );
    const [window] = performanceByWindow(joined, {
      window: "1d",
      scale: (key) => (key["city"] === "a" ? 2 : 5),
    });
    expect(window?.mase).toBeCloseTo((1 + 2 + 2) / 3, 12);
    expect(performanceByWindow(joined, { window: "1d" })[0]?.mase).toBeNaN();
  });

  it("counts rows of predictions without quantiles for the mean only", async () => {
    const joined = await joinOutcomes(
      [prediction({ from: 0, mean: [1], width: null }), prediction({ from: 1, mean: [2] })],
      outcomes([
        ["a", 0, 2],
        ["a", 1, 2.5],
      ]),
      names,
    );
    const [window] = performanceByWindow(joined, { window: "1d" });
    expect(window).toMatchObject({ rows: 2, mae: 0.75 });
    expect(window?.intervals[0]).toMatchObject({ rows: 1, coverage: 1 });
    expect(window?.quantiles[0]?.pinball).toBeCloseTo(0.1 * 1.5, 12);
  });

  it("has NaN metrics of windows without outcomes, and no windows of an empty log", async () => {
    const joined = await joinOutcomes([prediction({ from: 0, mean: [1, 2] })], outcomes([]), names);
    expect(performanceByWindow(joined, { window: "1d" })[0]).toMatchObject({
      rows: 0,
      missing: 2,
      mae: Number.NaN,
    });
    const empty = await joinOutcomes([], outcomes([]), names);
    expect(performanceByWindow(empty, { window: "1d" })).toEqual([]);
  });

  it("lets the gate judge live predictions like backtests", async () => {
    const noisy = (noise: number, role: "champion" | "challenger") =>
      Array.from({ length: 8 }, (_, day) =>
        prediction({
          from: 24 * day,
          mean: truth.slice(24 * day, 24 * day + 24).map((value) => value + random.normal(0, noise)),
          role,
        }),
      );
    const joinedOf = (log: PredictionRecord[]) => joinOutcomes(log, known, names);
    const decision = gate({
      subject: "m",
      candidate: { name: "shadow", backtest: await joinedOf(noisy(1, "challenger")) },
      champion: { name: "live", backtest: await joinedOf(noisy(20, "champion")) },
      clock: virtualClock(start),
      requestedBy: "test",
    });
    expect(decision.verdict).toBe("promote");
  });
});
