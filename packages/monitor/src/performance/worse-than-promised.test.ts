import {
  backtest,
  columnsFromArrays,
  createRandom,
  float64,
  type PredictionRecord,
  panel,
  type ScoredForecasts,
  seasonalNaive,
  timestamp,
  utf8,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import { type JoinedOutcomes, joinOutcomes } from "./join-outcomes.ts";
import { worseThanPromised } from "./worse-than-promised.ts";

const hour = 3_600_000_000n;
type Row = readonly [store: string, cutoff: number, step: number, error: number];

function scored(rows: readonly Row[]): ScoredForecasts {
  const stores = [...new Set(rows.map(([store]) => store))];
  return {
    series: stores.map((store) => ({ store })),
    seriesIndex: Int32Array.from(rows, ([store]) => stores.indexOf(store)),
    step: Int32Array.from(rows, ([, , step]) => step),
    cutoff: BigInt64Array.from(rows, ([, cutoff]) => hour * BigInt(cutoff)),
    time: BigInt64Array.from(rows, ([, cutoff, step]) => hour * BigInt(cutoff + step)),
    y: Float64Array.from(rows, ([, , , error]) => error),
    mean: new Float64Array(rows.length),
    quantiles: [],
  };
}

/** Rows as predictions of one step each, joined with their outcomes. */
function served(rows: readonly Row[], version = () => 1): JoinedOutcomes {
  const plain = scored(rows);
  const versions = [...new Set(rows.map(version))];
  return joinedOf({
    ...plain,
    sources: versions.map((modelVersion) => ({
      deployment: "d",
      model: "m",
      modelVersion,
      role: "champion",
    })),
    sourceIndex: Int32Array.from(rows, (_, i) => (versions.length === 1 ? 0 : i % versions.length)),
  });
}

/** Errors of both stores at some steps, persistent from hour to hour, `size` times as large; b's are ten times a's, and grow with the step. */
function errors(seed: string, cutoffs: number, steps: readonly number[], size: number): Row[] {
  const random = createRandom(seed);
  return ["a", "b"].flatMap((store) => {
    let level = random.normal();
    return Array.from({ length: cutoffs }, (_, i) =>
      steps.map((step): Row => {
        level = 0.8 * level + 0.6 * random.normal();
        return [store, 24 * i, step, level * size * Math.sqrt(step) * (store === "a" ? 1 : 10)];
      }),
    ).flat();
  });
}
const day = Array.from({ length: 24 }, (_, i) => i + 1);

describe("worseThanPromised", () => {
  it("is the mean loss over the backtest's at the live mixture of series and steps, whatever that is", () => {
    const past: Row[] = [
      ["a", 0, 1, 1],
      ["a", 24, 1, 3],
      ["a", 0, 2, 5],
      ["b", 0, 1, 10],
      ["b", 24, 1, 10],
    ];
    const live: Row[] = [
      ["a", 240, 1, 4],
      ["a", 264, 1, -4],
      ["a", 240, 2, 5],
      ["b", 240, 1, 15],
      ["c", 240, 1, 9],
      ["a", 240, 3, 9],
    ];
    const found = worseThanPromised(served(live), scored(past));
    expect(found).toMatchObject({
      rows: 4,
      unmatched: 2,
      cutoffs: 2,
      live: 28 / 4,
      expected: (2 + 2 + 5 + 10) / 4,
      pValue: NaN,
      isWorse: false,
    });
    expect(found.ratio).toBeCloseTo(28 / 19, 12);
    expect(found.byStep).toMatchObject([
      { step: 1, rows: 3, ratio: 23 / 14 },
      { step: 2, rows: 1, ratio: 1 },
    ]);
    expect(found.sentence).toMatch(/2 live and 2 backtested cutoffs are too few/);
  });

  it("keeps quiet when only the mixture of steps differs, and speaks when errors are half as large again", () => {
    let quiet = 0;
    let found = 0;
    for (let run = 0; run < 40; run++) {
      const promise = scored(errors(`past ${run}`, 40, day, 1));
      const late = [20, 21, 22, 23, 24];
      if (!worseThanPromised(served(errors(`live ${run}`, 40, late, 1)), promise).isWorse) quiet++;
      if (worseThanPromised(served(errors(`live ${run}`, 40, late, 1.5)), promise).isWorse) found++;
    }
    expect(quiet).toBeGreaterThanOrEqual(35); // of 40 at 5 %
    expect(found).toBeGreaterThanOrEqual(32);
  });

  it("has an interval that holds the true ratio as often as it says", () => {
    let held = 0;
    for (let run = 0; run < 100; run++) {
      const { interval } = worseThanPromised(
        served(errors(`held ${run}`, 30, day, 1.3)),
        scored(errors(`base ${run}`, 30, day, 1)),
      );
      if (interval[0] <= 1.3 && 1.3 <= interval[1]) held++;
    }
    expect(held).toBeGreaterThanOrEqual(83); // of 100 at 90 %
  });

  it("compares with the same place of the season where the backtest has it", () => {
    // Nights err 1, days err 5; the backtest starts at both, live only by day.
    const at = (cutoff: number): Row => ["a", cutoff, 1, (cutoff + 1) % 24 < 12 ? 1 : 5];
    const past = scored(Array.from({ length: 40 }, (_, i) => at(12 * i)));
    const live = served(Array.from({ length: 10 }, (_, i) => at(2400 + 12 + 24 * i)));
    expect(worseThanPromised(live, past, { season: 24 })).toMatchObject({
      ratio: 1,
      inSeason: 10,
      isWorse: false,
    });
    expect(worseThanPromised(live, past).ratio).toBeCloseTo(5 / 3, 12);
  });

  it("reads what backtest() returns and what joinOutcomes() returns", async () => {
    const random = createRandom("both");
    const y = Float64Array.from(
      { length: 24 * 60 },
      (_, i) => 10 + 5 * Math.sin((2 * Math.PI * i) / 24) + random.normal(),
    );
    const at = BigInt64Array.from(y, (_, i) => hour * BigInt(i));
    const rows = columnsFromArrays(
      { store: utf8(), at: timestamp(), y: float64() },
      { store: new Array(y.length).fill("a"), at, y },
    );
    const load = panel(rows, { keys: ["store"], time: "at", target: "y", frequency: "1h" });
    const past = await backtest(seasonalNaive({ seasonLength: 24 }), load, {
      horizon: 24,
      folds: 20,
      levels: [80],
    });
    const log = Array.from({ length: 20 }, (_, i): PredictionRecord => {
      const from = 24 * (i + 10);
      return {
        predictionId: `${i}`,
        requestId: "r",
        deployment: "d",
        model: "m",
        modelVersion: 1,
        role: "champion",
        key: { store: "a" },
        cutoff: hour * BigInt(from - 1),
        servedAt: 0n,
        latencyMs: 1,
        times: at.slice(from, from + 24),
        mean: y.slice(from - 24, from).map((value) => value + 2),
        quantiles: [0.1, 0.9].map((probability) => ({
          probability,
          values: y.slice(from - 24, from).map((value) => value + (probability < 0.5 ? 0 : 4)),
        })),
        features: {},
        statuses: {},
        featureTimes: {},
        featureTables: {},
      };
    });
    const joined = await joinOutcomes(log, rows, { keys: ["store"], time: "at", target: "y" });
    for (const loss of ["absolute", "squared", "pinball"] as const) {
      const found = worseThanPromised(joined, past, { loss });
      expect(found).toMatchObject({ isWorse: true, rows: 480, cutoffs: 20, backtestCutoffs: 20 });
      expect(found.sentence).toMatch(/worse than promised\.$/);
      expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    }
  });

  it("has a defined answer for no rows, errors of 0, and equal losses", () => {
    const past = errors("past", 5, day, 1);
    const none = worseThanPromised(served([]), scored(past));
    expect(none).toMatchObject({ rows: 0, ratio: NaN, isWorse: false });
    expect(none.sentence).toMatch(/^No live row/);
    const flat = (size: number) => Array.from({ length: 5 }, (_, i): Row => ["a", 24 * i, 1, size]);
    expect(worseThanPromised(served(flat(2)), scored(flat(1)))).toMatchObject({
      ratio: 2,
      pValue: 0,
      interval: [2, 2],
      isWorse: true,
    });
    expect(worseThanPromised(served(flat(0)), scored(flat(0)))).toMatchObject({ ratio: 1, isWorse: false });
    expect(worseThanPromised(served(flat(1)), scored(flat(0)))).toMatchObject({
      ratio: Infinity,
      isWorse: false,
      pValue: NaN,
    });
  });

  it("refuses versions that are mixed, and what is no backtest", () => {
    const rows = errors("mixed", 4, day, 1);
    let next = 0;
    const mixed = served(rows, () => 1 + (next++ % 2));
    expect(() => worseThanPromised(mixed, scored(rows))).toThrow(/predictions of m v1, m v2/);
    expect(worseThanPromised(mixed, scored(rows), { modelVersion: 2 }).rows).toBe(rows.length / 2);
    expect(() => worseThanPromised(served(rows), {} as never)).toThrow(/not scored forecasts/);
    expect(() => worseThanPromised(served(rows), scored(rows), { loss: "pinball" })).toThrow(
      /needs quantiles/,
    );
  });
});
