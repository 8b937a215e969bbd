import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutIntervals } from "../../test/without-intervals.ts";
import { canonicalJson, parseCanonicalJson } from "../canonical-json.ts";
import { TsopsError } from "../errors.ts";
import { backtest } from "../forecast/backtest/backtest.ts";
import type { Forecaster } from "../forecast/forecaster.ts";
import { seasonalNaive } from "../forecast/models/seasonal-naive.ts";
import { panel as panelOf } from "../forecast/panel/build-panel.ts";
import { createRandom, type Random } from "../random.ts";
import { float64, timestamp } from "../schema/column-type.ts";
import { columnsFromRows } from "../schema/from-rows.ts";
import { type GateModel, type GateOptions, gate } from "./gate.ts";
import type { ScoredForecasts } from "./scored-forecasts.ts";

const hour = 3_600_000_000n;

interface Shape {
  readonly folds?: number;
  readonly horizon?: number;
  readonly every?: number;
  readonly keys?: readonly string[];
}

/** A backtest whose prediction and outcome are functions of fold, series and step (0-based). */
function backtestOf(
  { folds = 20, horizon = 6, every = 6, keys = ["east", "west"] }: Shape,
  outcome: (fold: number, key: number, step: number) => number,
  error: (fold: number, key: number, step: number) => number,
): ScoredForecasts {
  const length = folds * horizon * keys.length;
  const scored = {
    series: keys.map((city) => ({ city })),
    seriesIndex: new Int32Array(length),
    step: new Int32Array(length),
    time: new BigInt64Array(length),
    cutoff: new BigInt64Array(length),
    y: new Float64Array(length),
    mean: new Float64Array(length),
    quantiles: [0.1, 0.9].map((probability) => ({ probability, values: new Float64Array(length) })),
  };
  let row = 0;
  for (let fold = 0; fold < folds; fold++)
    for (let key = 0; key < keys.length; key++)
      for (let step = 0; step < horizon; step++, row++) {
        const y = outcome(fold, key, step);
        const mean = y + error(fold, key, step);
        scored.seriesIndex[row] = key;
        scored.step[row] = step + 1;
        scored.cutoff[row] = BigInt(fold * every) * hour;
        scored.time[row] = BigInt(fold * every + step + 1) * hour;
        scored.y[row] = y;
        scored.mean[row] = mean;
        for (const { probability, values } of scored.quantiles)
          values[row] = mean + (probability < 0.5 ? -1.2816 : 1.2816);
      }
  return scored;
}

const outcome = (fold: number, key: number, step: number) => 50 + fold + 10 * key + step;
const noise = (random: Random, size: number) => () => size * random.normal();
const bad: GateModel = { name: "old", backtest: backtestOf({}, outcome, noise(createRandom(1), 2)) };
const good: GateModel = { name: "new", backtest: backtestOf({}, outcome, noise(createRandom(2), 1)) };
const options: GateOptions = {
  subject: "bikes",
  candidate: good,
  champion: bad,
  clock: { now: () => 1_300_000_000_000_000n },
  requestedBy: "test",
};

function errorOf(run: () => unknown): TsopsError {
  try {
    run();
  } catch (error) {
    if (TsopsError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("gate", () => {
  it("promotes what is better beyond chance, and rejects the same pair the other way round", () => {
    const decision = gate(options);
    expect(decision.verdict).toBe("promote");
    expect(decision.evidence.test?.pValue).toBeLessThan(0.05);
    expect(decision.evidence.test?.n).toBe(20);
    expect(decision.evidence.rows).toBe(240);
    expect(decision.reason).toMatch(
      /^Promote: new has a mean absolute loss of 0\.\d+ against 1\.\d+ \(-\d+\.\d+ %\)/,
    );
    const reverse = gate({ ...options, candidate: bad, champion: good });
    expect(reverse.verdict).toBe("reject");
    expect(reverse.reason).toContain(", worse (p = ");
  });

  it("gives the numbers that an independent calculation gives", () => {
    const { evidence } = gate({ ...options, variance: { kernel: "rectangular" } });
    const lossOf = ({ backtest }: GateModel, fold: number) => {
      let sum = 0;
      for (let i = 0; i < 12; i++)
        sum += Math.abs((backtest.mean[fold * 12 + i] as number) - (backtest.y[fold * 12 + i] as number));
      return sum / 12;
    };
    const differences = Array.from({ length: 20 }, (_, fold) => lossOf(good, fold) - lossOf(bad, fold));
    const mean = differences.reduce((a, b) => a + b) / 20;
    const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 20;
    expect(evidence.test?.meanDifference).toBeCloseTo(mean, 12);
    expect(evidence.candidate.loss - evidence.reference.loss).toBeCloseTo(mean, 12);
    // h = 1: the paired t statistic
    expect(evidence.test?.statistic).toBeCloseTo((mean / Math.sqrt(variance / 20)) * Math.sqrt(19 / 20), 10);
  });

  it("says the same about rows and series in another order", () => {
    const { backtest } = good;
    const order = createRandom(3).shuffle(Int32Array.from({ length: 240 }, (_, i) => i));
    const pick = <T extends Float64Array | Int32Array | BigInt64Array>(values: T): T =>
      values.map(((_: unknown, i: number) => values[order[i] as number]) as never) as T;
    const shuffled: ScoredForecasts = {
      series: [backtest.series[1], backtest.series[0]] as ScoredForecasts["series"],
      seriesIndex: pick(backtest.seriesIndex).map((index) => 1 - index),
      step: pick(backtest.step),
      time: pick(backtest.time),
      cutoff: pick(backtest.cutoff),
      y: pick(backtest.y),
      mean: pick(backtest.mean),
      quantiles: backtest.quantiles.map(({ probability, values }) => ({ probability, values: pick(values) })),
    };
    expect(gate({ ...options, candidate: { name: "new", backtest: shuffled } }).id).toBe(gate(options).id);
  });

  it("compares with a baseline while there is no champion, and says so", () => {
    const decision = gate({ ...options, champion: null, baseline: { ...bad, name: "seasonal naive" } });
    expect(decision.evidence.reference.role).toBe("baseline");
    expect(decision.reason).toContain("the baseline seasonal naive, as there is no champion yet");
    const error = errorOf(() => gate({ ...options, champion: null }));
    expect(error.code).toBe("GATE_INVALID");
    expect(error.hint).toContain("baseline");
  });

  it("rejects a candidate that predicts exactly what the champion does, also up to rounding", () => {
    const echo = { ...bad.backtest, mean: bad.backtest.mean.map((value) => value * (1 - 2e-16)) };
    for (const backtest of [bad.backtest, echo]) {
      const decision = gate({ ...options, candidate: { name: "copy", backtest } });
      expect(decision.verdict).toBe("reject");
      expect(decision.evidence.test?.statistic).toBe(0);
    }
  });

  it("asks for the least improvement that it was given", () => {
    const improvement = 1 - gate(options).evidence.candidate.loss / gate(options).evidence.reference.loss;
    expect(gate({ ...options, minImprovement: improvement - 0.1 }).verdict).toBe("promote");
    expect(gate({ ...options, minImprovement: improvement + 0.1 }).verdict).toBe("reject");
    // Allowed to be worse: the old model passes against itself.
    const refresh = gate({ ...options, candidate: bad, minImprovement: -0.1 });
    expect(refresh.verdict).toBe("promote");
    expect(refresh.reason).toContain("of the champion old, no more than 10 % worse (p = ");
    expect(gate({ ...options, candidate: bad, champion: good, minImprovement: -0.1 }).reason).toContain(
      "not proven to be no more than 10 % worse (p = ",
    );
  });

  it("leaves rows without an outcome out and counts them", () => {
    const without = (model: GateModel): GateModel => ({
      ...model,
      backtest: {
        ...model.backtest,
        y: model.backtest.y.map((value, i) => (i % 10 === 0 ? Number.NaN : value)),
      },
    });
    const { evidence } = gate({ ...options, candidate: without(good), champion: without(bad) });
    expect([evidence.rows, evidence.rowsWithoutOutcome]).toEqual([216, 24]);
    const only = (model: GateModel): GateModel => ({
      ...model,
      backtest: { ...model.backtest, y: model.backtest.y.map(() => Number.NaN) },
    });
    expect(errorOf(() => gate({ ...options, candidate: only(good), champion: only(bad) })).message).toContain(
      "outcome",
    );
  });

  it("rejects a candidate that predicts NaN, and refuses a champion that does", () => {
    const broken: GateModel = {
      name: "broken",
      backtest: {
        ...good.backtest,
        mean: good.backtest.mean.map((value, i) => (i === 7 ? Number.NaN : value)),
      },
    };
    const decision = gate({ ...options, candidate: broken });
    expect([decision.verdict, decision.evidence.test]).toEqual(["reject", null]);
    expect(decision.reason).toBe("Reject: broken predicts no finite number in 1 of 240 rows.");
    expect(errorOf(() => gate({ ...options, champion: broken })).code).toBe("GATE_INVALID");
  });

  it("has an id that depends on its content only", () => {
    expect(gate(options).id).toMatch(/^gate-[0-9a-f]{20}$/);
    expect(gate(options).id).toBe(gate({ ...options }).id);
    expect(gate({ ...options, requestedBy: "someone else" }).id).not.toBe(gate(options).id);
    expect(gate({ ...options, clock: { now: () => 0n } }).id).not.toBe(gate(options).id);
  });

  it("gives a record that survives JSON", () => {
    const decision = gate({ ...options, guards: [{ kind: "worst", by: "series", maxRatio: 1 }] });
    expect(parseCanonicalJson(canonicalJson(decision))).toEqual(decision);
  });

  it("compares overlapping folds with their overlap as the test's horizon", () => {
    const shape = { folds: 40, horizon: 6, every: 2 };
    const pair = {
      candidate: {
        name: "new",
        backtest: backtestOf(shape, (f, _k, s) => f * 2 + s, noise(createRandom(5), 1)),
      },
      champion: {
        name: "old",
        backtest: backtestOf(shape, (f, _k, s) => f * 2 + s, noise(createRandom(6), 1)),
      },
    };
    expect(gate({ ...options, ...pair }).evidence.test?.horizon).toBe(3);
    const byTime = gate({ ...options, ...pair, unit: "time" }).evidence.test;
    expect([byTime?.horizon, byTime?.n]).toEqual([6, 84]);
  });

  it("weighs quantiles by the pinball loss", () => {
    const { evidence } = gate({ ...options, loss: "pinball" });
    const { backtest } = good;
    let sum = 0;
    for (let i = 0; i < 240; i++)
      for (const { probability, values } of backtest.quantiles) {
        const error = (backtest.y[i] as number) - (values[i] as number);
        sum += Math.max(probability * error, (probability - 1) * error);
      }
    expect(evidence.candidate.loss).toBeCloseTo(sum / 480, 12);
    const bare = { name: "bare", backtest: { ...backtest, quantiles: [] } };
    expect(errorOf(() => gate({ ...options, candidate: bare, loss: "pinball" })).code).toBe("GATE_INVALID");
  });
});

describe("a gate on real backtests", () => {
  const hours = 24 * 60;
  const rows = Array.from({ length: hours }, (_, i) => ({
    at: BigInt(i) * hour,
    y: 50 + 20 * Math.sin((2 * Math.PI * i) / 24) + noise(createRandom(`y${i}`), 3)(),
  }));
  const panel = panelOf(columnsFromRows({ at: timestamp(), y: float64() }, rows), {
    keys: [],
    time: "at",
    target: "y",
    frequency: "1h",
  });
  const of = (forecaster: Forecaster) =>
    backtest(forecaster, panel, { horizon: 24, folds: 20, levels: [80] });

  it("takes what backtest returns, and finds the better forecaster", async () => {
    const candidate = {
      name: "daily",
      backtest: await of(withoutIntervals(seasonalNaive({ seasonLength: 24 }))),
    };
    const champion = {
      name: "half-daily",
      backtest: await of(withoutIntervals(seasonalNaive({ seasonLength: 12 }))),
    };
    const decision = gate({ ...options, candidate, champion });
    expect(decision.verdict).toBe("promote");
    expect(decision.evidence.candidate.loss).toBeCloseTo(candidate.backtest.overall.mae, 12);
    expect(decision.evidence.reference.loss).toBeCloseTo(champion.backtest.overall.mae, 12);
    expect(decision.evidence.folds.count).toBe(20);
    expect(decision.evidence.test?.horizon).toBe(1);
    const { evidence } = gate({ ...options, candidate, champion, loss: "pinball" });
    expect(evidence.rowsWithoutQuantiles).toBeGreaterThan(0);
    expect(evidence.rows + evidence.rowsWithoutQuantiles).toBe(480);
  });
});

describe("backtests that do not match are refused", () => {
  const other = (shape: Shape): GateModel => ({
    name: "other",
    backtest: backtestOf(shape, outcome, () => 0),
  });
  it.each([
    ["another number of folds", { folds: 19 }],
    ["another horizon", { horizon: 5 }],
    ["other cutoffs", { every: 7 }],
    ["other series", { keys: ["east", "north"] }],
    ["a series less", { keys: ["east"] }],
  ])("%s", (_name, shape) => {
    const error = errorOf(() => gate({ ...options, champion: other(shape) }));
    expect(error.code).toBe("GATE_INVALID");
    expect(error.message).toContain("do not match");
    expect(error.details).toHaveProperty("examples");
  });

  it("other outcomes", () => {
    const champion = {
      name: "old",
      backtest: backtestOf(
        {},
        (f, k, s) => outcome(f, k, s) + (f === 3 ? 1 : 0),
        () => 0,
      ),
    };
    expect(errorOf(() => gate({ ...options, champion })).message).toContain("different outcomes");
  });

  it("a row twice, arrays of different lengths", () => {
    const { backtest } = good;
    const twice = { ...backtest, step: backtest.step.map((step, i) => (i === 1 ? 1 : step)) };
    expect(errorOf(() => gate({ ...options, candidate: { name: "x", backtest: twice } })).message).toContain(
      "twice",
    );
    const short = { ...backtest, y: backtest.y.slice(1) };
    expect(errorOf(() => gate({ ...options, candidate: { name: "x", backtest: short } })).message).toContain(
      "239 values of y",
    );
  });

  it("too few folds for a test, and thresholds that make no sense", () => {
    const two = other({ folds: 2 });
    expect(errorOf(() => gate({ ...options, candidate: two, champion: two })).hint).toContain('unit: "time"');
    expect(errorOf(() => gate({ ...options, alpha: 0 })).code).toBe("GATE_INVALID");
    expect(errorOf(() => gate({ ...options, minImprovement: 1 })).code).toBe("GATE_INVALID");
  });
});

describe("stretches of time", () => {
  const random = createRandom("turns");
  /** One model is better by 1 in every other four weeks, the other in those between. */
  const turns = (folds: number, sign: 1 | -1, better = 0): GateModel => ({
    name: `${sign}`,
    backtest: backtestOf(
      { folds, horizon: 1, keys: ["a"], every: 24 },
      () => 0,
      (fold) =>
        5 + (Math.floor((fold + 9) / 28) % 2 === 0 ? sign : -sign) / 2 - better + 0.3 * random.normal(),
    ),
  });
  const pair = (folds: number, better = 0) => ({
    ...options,
    candidate: turns(folds, -1, better),
    champion: turns(folds, 1),
  });

  it("count as one observation each, so that models that take turns are not promoted by a lucky few weeks", () => {
    expect(gate(pair(60)).evidence.test?.n).toBe(60);
    const { verdict, evidence, reason } = gate({ ...pair(364), unit: "28d" });
    expect([verdict, evidence.test?.n, evidence.test?.horizon, evidence.unit]).toEqual([
      "reject",
      13,
      1,
      "28d",
    ]);
    expect(reason).toContain("13 stretches of 28d or more");
    expect(gate({ ...pair(364, 1), unit: "4w" }).verdict).toBe("promote");
    expect(gate({ ...pair(100), unit: "28d" }).evidence.test?.n).toBe(3);
  });

  it("are equal parts of the folds, each at least as long as asked", () => {
    const { test } = gate({ ...pair(90), unit: "28d" }).evidence;
    const meanOfThirds = (model: GateModel) =>
      [0, 30, 60].map(
        (from) => model.backtest.mean.slice(from, from + 30).reduce((a, b) => a + Math.abs(b), 0) / 30,
      );
    expect(test?.n).toBe(3);
    const models = pair(90);
    const own = gate({ ...models, unit: "28d" }).evidence.test;
    const [ours, theirs] = [meanOfThirds(models.candidate), meanOfThirds(models.champion)];
    expect(own?.meanDifference).toBeCloseTo(
      ours.reduce((sum, value, i) => sum + value - (theirs[i] as number), 0) / 3,
      10,
    );
  });

  it("are refused where there are fewer than three, or no durations", () => {
    expect(errorOf(() => gate({ ...pair(60), unit: "28d" })).message).toContain("2 stretches of 28d");
    expect(errorOf(() => gate({ ...pair(60), unit: "0d" })).code).toBe("GATE_INVALID");
    expect(errorOf(() => gate({ ...pair(60), unit: "1mo" as "1d" })).code).toBe("GATE_INVALID");
  });
});

it("refuses words that it does not know, and says which there are", () => {
  for (const [name, wrong, known] of [
    ["loss", "mae", "absolute, squared, pinball"],
    ["unit", "row", "fold, time"],
  ] as const) {
    const error = errorOf(() => gate({ ...options, [name]: wrong }));
    expect(error.code).toBe("GATE_INVALID");
    expect(error.message).toContain(known);
  }
});

describe("guards", () => {
  it("pass exactly at their edge, and fail one step beyond it", () => {
    const shape = { folds: 20, horizon: 50, every: 50, keys: ["east"] };
    const at = (fold: number, step: number) => 50 * fold + step;
    // `inside` of 1000 outcomes lie within the interval; each error is 0.1 or far off.
    const candidate = (inside: number): GateModel => ({
      name: "new",
      backtest: backtestOf(
        shape,
        () => 50,
        (fold, _, step) => (at(fold, step) < inside ? 0.1 : 5),
      ),
    });
    const judge = (inside: number, guard: NonNullable<GateOptions["guards"]>[number], times = 1) =>
      gate({
        ...options,
        candidate: candidate(inside),
        champion: {
          name: "old",
          backtest: backtestOf(
            shape,
            () => 50,
            (fold, _, step) => (at(fold, step) < inside ? 0.1 : 5) / times,
          ),
        },
        guards: [guard],
      }).evidence.guards[0]?.passed;
    for (const [inside, isInside] of [
      [802, true],
      [798, true],
      [803, false],
      [797, false],
    ] as const)
      expect(judge(inside, { kind: "coverage", level: 80, withinPoints: 0.2 }), String(inside)).toBe(
        isInside,
      );
    expect(judge(1000, { kind: "bias", max: 0.1 })).toBe(true);
    expect(judge(1000, { kind: "bias", max: 0.0999 })).toBe(false);
    expect(judge(1000, { kind: "bias", maxShare: 0.002 })).toBe(true);
    expect(judge(1000, { kind: "worst", by: "step", maxRatio: 1.3 }, 1.3)).toBe(true);
    expect(judge(1000, { kind: "worst", by: "step", maxRatio: 1.3 }, 1.301)).toBe(false);
  });

  it("fail the candidate whatever its loss, each with its numbers", () => {
    const { verdict, evidence, reason } = gate({
      ...options,
      candidate: { ...good, measures: { sizeBytes: 2_000_000, latencyMs: 3 } },
      guards: [
        { kind: "measure", name: "sizeBytes", max: 1_000_000 },
        { kind: "measure", name: "latencyMs", max: 50 },
      ],
    });
    expect(verdict).toBe("reject");
    expect(evidence.test?.pValue).toBeLessThan(0.05);
    expect(evidence.guards.map(({ passed, value, threshold }) => [passed, value, threshold])).toEqual([
      [false, 2_000_000, 1_000_000],
      [true, 3, 50],
    ]);
    expect(reason).toContain("sizeBytes is 2000000, 1000000 allowed");
  });

  it("coverage: the share of outcomes in the interval against its level", () => {
    const guards = [{ kind: "coverage", level: 80, withinPoints: 4 }] as const;
    const { backtest } = good;
    const inside = Array.from(backtest.y, (y, i) => Math.abs(y - (backtest.mean[i] as number)) <= 1.2816);
    const covered = (100 * inside.filter(Boolean).length) / 240;
    const [result] = gate({ ...options, guards }).evidence.guards;
    expect(result?.value).toBeCloseTo(Math.abs(covered - 80), 10);
    expect(result?.passed).toBe(Math.abs(covered - 80) <= 4);
    const [wide] = gate({ ...options, candidate: bad, champion: good, guards }).evidence.guards;
    expect(wide?.passed).toBe(false);
    expect(errorOf(() => gate({ ...options, guards: [{ ...guards[0], level: 95 }] })).hint).toContain(
      "levels: [95]",
    );
  });

  it("coverage fails when no row has an interval", () => {
    const quantiles = good.backtest.quantiles.map(({ probability, values }) => ({
      probability,
      values: values.map(() => Number.NaN),
    }));
    const candidate = { name: "new", backtest: { ...good.backtest, quantiles } };
    const decision = gate({
      ...options,
      candidate,
      guards: [{ kind: "coverage", level: 80, withinPoints: 4 }],
    });
    expect(decision.verdict).toBe("reject");
    expect(decision.reason).toContain("no row has a 80 % interval");
  });

  it("bias: in units of the target or as a share of it", () => {
    const candidate = {
      name: "shifted",
      backtest: backtestOf(
        {},
        () => 50,
        () => 0.5,
      ),
    };
    const champion = { name: "old", backtest: backtestOf({}, () => 50, noise(createRandom(9), 2)) };
    const judge = (guard: NonNullable<GateOptions["guards"]>[number]) =>
      gate({ ...options, candidate, champion, guards: [guard] }).evidence.guards[0];
    expect(judge({ kind: "bias", max: 0.4 })).toMatchObject({ passed: false, value: 0.5 });
    expect(judge({ kind: "bias", max: 0.6 })).toMatchObject({ passed: true });
    expect(judge({ kind: "bias", maxShare: 0.02 })).toMatchObject({ passed: true, value: 0.01 });
    expect(judge({ kind: "bias", maxShare: 0.005 })).toMatchObject({ passed: false });
  });

  it("worst: finds the series, step or fold where the candidate loses", () => {
    const candidate = {
      name: "uneven",
      backtest: backtestOf(
        {},
        () => 50,
        (fold, key, step) => (key === 1 && step === 2 ? 8 : 0.1 + (fold % 3) / 100),
      ),
    };
    const champion = {
      name: "old",
      backtest: backtestOf(
        {},
        () => 50,
        (fold) => 2 + (fold % 5) / 10,
      ),
    };
    const judge = (by: "series" | "step" | "fold" | { key: string }) =>
      gate({ ...options, candidate, champion, guards: [{ kind: "worst", by, maxRatio: 1.2 }] }).evidence
        .guards[0];
    expect(judge("step")).toMatchObject({ passed: false });
    expect(judge("step")?.finding).toContain("in step 3");
    expect(judge("series")?.finding).toContain('series {"city":"west"}');
    expect(judge({ key: "city" })?.finding).toContain("city west");
    expect(judge("fold")).toMatchObject({ passed: true });
    expect(errorOf(() => judge({ key: "country" })).message).toContain("country");
  });

  it("are refused when they cannot be judged", () => {
    const guards = [{ kind: "measure", name: "latencyMs", max: 5 }] as const;
    expect(errorOf(() => gate({ ...options, guards })).hint).toContain("candidate.measures.latencyMs");
    const typo = [{ kind: "covrage", level: 80 }] as unknown as NonNullable<GateOptions["guards"]>;
    expect(errorOf(() => gate({ ...options, guards: typo })).message).toContain('"covrage"');
    const nan = [{ kind: "bias", max: Number.NaN }] as const;
    expect(errorOf(() => gate({ ...options, guards: nan })).code).toBe("GATE_INVALID");
  });

  it("a passing set never turns a rejection into a promotion", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const random = createRandom(seed);
        const shape = { folds: 6, horizon: 2, every: 2 };
        const pair = {
          candidate: { name: "a", backtest: backtestOf(shape, outcome, noise(random, 1)) },
          champion: { name: "b", backtest: backtestOf(shape, outcome, noise(random, 1)) },
        };
        const bare = gate({ ...options, ...pair }).verdict;
        const guarded = gate({ ...options, ...pair, guards: [{ kind: "bias", max: 0.3 }] });
        const passes = guarded.evidence.guards.every((result) => result.passed);
        expect(guarded.verdict).toBe(bare === "promote" && passes ? "promote" : "reject");
      }),
      { numRuns: 30 },
    );
  });
});

describe("false promotions", () => {
  const folds = 28;
  const lasting = (random: Random, phi: number) => {
    let level = random.normal();
    return () => {
      level = phi * level + Math.sqrt(1 - phi * phi) * random.normal();
      return level;
    };
  };
  /** Losses of a fold for one model. */
  const kinds: Readonly<Record<string, (random: Random) => () => number>> = {
    "follow each other (0.7)": (random) => lasting(random, 0.7),
    "follow each other (0.8) under noise of the day": (random) => {
      const level = lasting(random, 0.8);
      return () => level() + 0.8 * random.normal();
    },
  };
  it.each(Object.entries(kinds))(
    "happen in at most one in twenty pairs of equally good models whose losses %s",
    (name, lossesOf) => {
      const random = createRandom(name);
      const repeats = 300;
      let promoted = 0;
      let found = 0;
      for (let repeat = 0; repeat < repeats; repeat++) {
        const shape = { folds, keys: ["one"] };
        const candidate = { name: "a", backtest: backtestOf(shape, () => 50, lossesOf(random)) };
        const champion = { name: "b", backtest: backtestOf(shape, () => 50, lossesOf(random)) };
        if (gate({ ...options, candidate, champion }).verdict === "promote") promoted++;
        if (repeat % 5 > 0) continue;
        const worse = lossesOf(random);
        const beaten = {
          name: "c",
          backtest: backtestOf(
            shape,
            () => 50,
            () => 3 + worse(),
          ),
        };
        if (gate({ ...options, candidate, champion: beaten }).verdict === "promote") found++;
      }
      // 5 % plus two standard errors (1.3 points each); the kernel before this one had 9 % in the second kind.
      expect(promoted / repeats).toBeLessThan(0.075);
      expect(found).toBeGreaterThan(repeats / 5 / 2);
    },
  );
});
