import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../../test/without-types.ts";
import { canonicalJson, parseCanonicalJson } from "../../canonical-json.ts";
import { createRandom } from "../../random.ts";
import type { ScoredForecasts } from "../scored-forecasts.ts";
import { addOutcomes as addKnown } from "./add-outcomes.ts";
import { boundaryInT, mixtureBoundary, spreadOf } from "./confidence-sequence.ts";
import { type ExperimentDecisionOptions, experimentDecision } from "./decision.ts";
import { endExperiment } from "./end-experiment.ts";
import { pairedOutcomes } from "./paired-outcomes.ts";
import { type ExperimentOptions, type ExperimentState, experiment, type PairedOutcome } from "./state.ts";

const hour = 3_600_000_000n;
const day = 24n * hour;
const start = 1_767_571_200_000_000n; // 2026-01-05, a Monday

const options: ExperimentOptions = { subject: "bikes", champion: "v3", challenger: "v4" };
const inYears = { clock: { now: () => start + 1000n * day } };
const addOutcomes = (state: ExperimentState, outcomes: readonly PairedOutcome[]) =>
  addKnown(state, outcomes, inYears);
const asked: ExperimentDecisionOptions = { clock: { now: () => start }, requestedBy: "test" };

/** An outcome a day, or more, each predicted a day ahead. */
function outcomesOf(
  days: number,
  differenceOf: (day: number) => number,
  { perDay = 1, champion = 10 } = {},
): PairedOutcome[] {
  return Array.from({ length: days * perDay }, (_, i) => {
    const cutoff = start + (day / BigInt(perDay)) * BigInt(i);
    return {
      id: `o${i}`,
      cutoff,
      time: cutoff + day,
      championLoss: champion,
      challengerLoss: champion + differenceOf(Math.floor(i / perDay)),
    };
  });
}

const noisy = (seed: string, mean: number) => {
  const random = createRandom(seed);
  const values = Array.from({ length: 400 }, () => mean + random.normal());
  return (at: number) => values[at] as number;
};
const decided = (state: ExperimentState) => experimentDecision(state, asked);

describe("an experiment", () => {
  it("promotes a challenger that is better, in far less than a year", () => {
    const state = addOutcomes(experiment(options), outcomesOf(120, noisy("better", -1)));
    expect(state.end).toEqual({ verdict: "promote", because: "better" });
    const decision = decided(state);
    expect(decision).toMatchObject({ kind: "experiment", verdict: "promote", subject: "bikes" });
    expect(decision.evidence.look?.upper).toBeLessThan(0);
    expect(decision.evidence.blocks.count).toBeLessThan(60);
    expect(decision.reason).toMatch(
      /^Promote: v4 has a mean absolute loss of [\d.]+ against 10 \(-[\d.]+ %\) of the champion v3 over \d+ days and \d+ outcomes; the expected difference lies between -[\d.]+ and -[\d.]+ \(each bound at 95 %, at all looks\)\.$/,
    );
    expect(parseCanonicalJson(canonicalJson(decision))).toEqual(decision);
  });

  it("keeps the champion when the challenger is worse", () => {
    const decision = decided(addOutcomes(experiment(options), outcomesOf(120, noisy("worse", 1))));
    expect([decision.verdict, decision.evidence.because]).toEqual(["keep", "worse"]);
  });

  it("says how long it will take, and when it will look first", () => {
    expect(decided(experiment(options)).reason).toContain("no block of 1d is closed yet");
    const few = decided(addOutcomes(experiment(options), outcomesOf(13, noisy("few", -0.5))));
    expect(few.reason).toContain("the first look comes after 14 days");
    const some = decided(addOutcomes(experiment(options), outcomesOf(31, noisy("some", -0.4))));
    expect(some.verdict).toBe("undecided");
    expect(some.reason).toMatch(/; about \d+ days at this rate\.$/);
    expect((some.evidence.expected?.blocks ?? 0) % 7).toBe((7 - (some.evidence.blocks.count % 7)) % 7);
    const hourly = addOutcomes(
      experiment({ ...options, block: "12h", warmUp: 14 }),
      outcomesOf(10, noisy("half", -0.3), { perDay: 2 }),
    );
    expect(decided(hourly).evidence.expected?.text).toMatch(
      /about \d+ hours at this rate|not before the deadline/,
    );
  });

  it("gives up on differences that it will not prove in time", () => {
    const futile = addOutcomes(experiment({ ...options, deadline: 98 }), outcomesOf(120, noisy("none", 0.2)));
    expect(futile.end?.verdict).toBe("keep");
    expect(["futile", "deadline"]).toContain(futile.end?.because);
    expect(decided(futile).reason).toMatch(/deadline of 98 days\.$/);
    const copy = addOutcomes(
      experiment(options),
      outcomesOf(380, () => 0),
    );
    expect(copy.end).toEqual({ verdict: "keep", because: "futile" });
    const late = addOutcomes(
      experiment({ ...options, seasonLength: 1, deadline: 15 }),
      outcomesOf(40, noisy("x", -0.2)),
    );
    expect(late.end?.verdict).toBe("keep");
    expect(late.closed.length).toBeLessThanOrEqual(15);
  });

  it("asks for the margin: better by more than it, or no more than it worse", () => {
    const slightly = outcomesOf(120, noisy("slightly", -1));
    expect(addOutcomes(experiment({ ...options, minImprovement: 0.2 }), slightly).end?.verdict).toBe("keep");
    const equal = outcomesOf(300, noisy("equal", 0.05));
    const decision = decided(addOutcomes(experiment({ ...options, minImprovement: -0.1 }), equal));
    expect(decision.verdict).toBe("promote");
    expect(decision.reason).toContain("less -10 % of the champion's");
  });

  it("looks after whole seasons only", () => {
    const state = addOutcomes(experiment(options), outcomesOf(25, noisy("season", -0.1)));
    expect(state.closed).toHaveLength(23);
    expect(state.look?.blocks).toBe(21);
  });

  it("takes one observation of the outcomes of a block", () => {
    const one = addOutcomes(experiment(options), outcomesOf(40, noisy("block", -0.2)));
    const many = addOutcomes(experiment(options), outcomesOf(40, noisy("block", -0.2), { perDay: 24 }));
    expect(many.look?.meanDifference).toBeCloseTo(one.look?.meanDifference as number, 12);
    expect(many.look?.upper).toBeCloseTo(one.look?.upper as number, 10);
  });
});

describe("outcomes", () => {
  it("may come in any order within a call, in any number of calls, and the state be saved in between", () => {
    const all = outcomesOf(40, noisy("order", -0.3), { perDay: 3 });
    const whole = addOutcomes(experiment(options), all);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer(), (size, seed) => {
        let state = experiment(options);
        for (let from = 0; from < all.length; from += size) {
          const part = createRandom(seed).shuffle(all.slice(from, from + size));
          state = parseCanonicalJson(canonicalJson(addOutcomes(state, part))) as ExperimentState;
        }
        expect({ ...state, open: [] }).toEqual({ ...whole, open: [] });
        expect(state.open.map(({ index, outcomes }) => [index, outcomes.length])).toEqual(
          whole.open.map(({ index, outcomes }) => [index, outcomes.length]),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("that come again replace the earlier ones while their block is open, and are late after that", () => {
    const all = outcomesOf(20, () => 0);
    const before = addOutcomes(experiment(options), all);
    const last = all.at(-1) as PairedOutcome;
    const revised = addOutcomes(before, [{ ...last, challengerLoss: 3 }]);
    expect(revised.counts).toMatchObject({ outcomes: 20, repeated: 1, late: 0 });
    expect(revised.open.at(-1)?.outcomes).toEqual([["o19", 10, 3]]);
    const late = addOutcomes(before, [{ ...(all[0] as PairedOutcome), challengerLoss: 3 }]);
    expect(late.closed).toEqual(before.closed);
    expect(late.counts.late).toBe(1);
    expect(before.counts.repeated).toBe(0);
  });

  it("of another series may come as late as told", () => {
    const [slow] = outcomesOf(1, () => -1);
    const ofOthers = outcomesOf(3, () => 0).slice(1);
    const lateOf = (lateness: string) =>
      addOutcomes(addOutcomes(experiment({ ...options, lateness }), ofOthers), [slow as PairedOutcome]).counts
        .late;
    expect([lateOf("0d"), lateOf("2d")]).toEqual([1, 0]);
  });

  it("without a finite loss are left out; a challenger with any is not promoted", () => {
    const all = outcomesOf(120, noisy("better", -1)).map((outcome, i) =>
      i === 3
        ? { ...outcome, challengerLoss: Number.NaN }
        : i === 5
          ? { ...outcome, championLoss: Number.POSITIVE_INFINITY }
          : outcome,
    );
    const decision = decided(addOutcomes(experiment(options), all));
    expect(decision.evidence.counts).toMatchObject({ championNotFinite: 1, challengerNotFinite: 1 });
    expect([decision.verdict, decision.evidence.because]).toEqual(["keep", "not finite"]);
    expect(decision.reason).toContain("predicted no finite number 1 times");
  });

  it("of instants that are still to come are left out, and close no block", () => {
    const all = outcomesOf(30, noisy("early", -0.3));
    const now = { clock: { now: () => all[9]?.time as bigint } };
    const before = addKnown(experiment(options), all.slice(0, 10), now);
    const wrong = { ...(all[9] as PairedOutcome), id: "wrong", time: start + 900n * day };
    const wrongBlock = { ...wrong, id: "both", cutoff: start + 899n * day };
    const after = addKnown(before, [wrong, wrongBlock], now);
    expect(after).toEqual({ ...before, counts: { ...before.counts, early: 2 } });
    const whole = addOutcomes(after, all.slice(10));
    expect(whole.closed).toEqual(addOutcomes(before, all.slice(10)).closed);
    expect(whole.closed).toHaveLength(28);
  });

  it("after the verdict change nothing", () => {
    const all = outcomesOf(200, noisy("better", -1));
    const ended = addOutcomes(experiment(options), all.slice(0, 100));
    const after = addOutcomes(ended, all.slice(100));
    expect(after.counts.late).toBe(100);
    expect({ ...after, counts: ended.counts }).toEqual(ended);
  });

  it("that cannot be used are refused with their rows, and none is added", async () => {
    const [good] = outcomesOf(1, () => 0);
    const state = experiment(options);
    const messageOf = async (bad: unknown) =>
      (await errorOf(() => addOutcomes(state, untyped([good, bad])))).message;
    expect(await messageOf({ ...good, cutoff: 3 })).toContain(
      "1 of 2 outcomes cannot be used: in row 1 cutoff is 3",
    );
    expect(await messageOf({ ...good, id: undefined })).toContain("the id is undefined");
    expect(await messageOf({ ...good, time: 0n })).toContain("before the cutoff");
    expect(await messageOf({ ...good, championLoss: "1" })).toContain("championLoss");
    expect(await messageOf(null)).toContain("the outcome is null");
    expect((await errorOf(() => addOutcomes(untyped({}), []))).hint).toContain("experiment(options)");
    expect(addOutcomes(state, [])).toBe(state);
  });
});

describe("an experiment that is stopped", () => {
  it("ends with what was seen until then", () => {
    const none = decided(endExperiment(experiment(options), { why: "v5 has replaced v3" }));
    expect([none.verdict, none.evidence.because]).toEqual(["keep", "stopped"]);
    expect(none.reason).toBe("Keep: no block of 1d is closed yet; stopped, as v5 has replaced v3.");
    const some = addOutcomes(experiment(options), outcomesOf(31, noisy("some", -0.4)));
    const ended = endExperiment(some, { why: "v5 has replaced v3" });
    expect(decided(ended).reason).toMatch(
      /^Keep: v4 has .*; the expected difference lies .*; stopped, as v5 has replaced v3\.$/,
    );
    expect(some.end).toBeNull();
    expect(addOutcomes(ended, outcomesOf(60, noisy("some", -0.4))).counts.late).toBe(60);
    expect(decided(parseCanonicalJson(canonicalJson(ended)) as ExperimentState)).toEqual(decided(ended));
  });

  it("keeps a verdict that there was, and asks why", async () => {
    const proven = addOutcomes(experiment(options), outcomesOf(120, noisy("better", -1)));
    expect(endExperiment(proven, { why: "v5 has replaced v3" })).toBe(proven);
    const error = await errorOf(() => endExperiment(proven, untyped({ why: 5 })));
    expect([error.code, error.message]).toEqual(["EXPERIMENT_INVALID", "why is a text, got 5."]);
  });
});

describe("guards of an experiment", () => {
  const state = addOutcomes(experiment(options), outcomesOf(120, noisy("better", -1)));

  it("keep the champion where one fails, and are only asked when the challenger is better", () => {
    const guards = [{ kind: "measure", name: "latencyMs", max: 5 }] as const;
    const verdictOf = (latencyMs: number) =>
      experimentDecision(state, { ...asked, guards, challenger: { measures: { latencyMs } } });
    expect(verdictOf(4)).toMatchObject({ verdict: "promote" });
    expect(verdictOf(4).reason).toMatch(/; 1 of 1 guards passed\.$/);
    expect(verdictOf(6)).toMatchObject({ verdict: "keep", evidence: { because: "guards" } });
    expect(verdictOf(6).reason).toMatch(/; latencyMs is 6, 5 allowed\.$/);
    expect(experimentDecision(experiment(options), { ...asked, guards }).evidence.guards).toEqual([]);
  });

  it("on bias and segments need the predictions", async () => {
    const guards = [{ kind: "bias", max: 1 }] as const;
    const error = await errorOf(() => experimentDecision(state, { ...asked, guards }));
    expect([error.code, error.hint]).toEqual(["EXPERIMENT_INVALID", expect.stringContaining("pairVersions")]);
    const decision = experimentDecision(state, {
      ...asked,
      guards,
      champion: { backtest: scored([10, 10]) },
      challenger: { backtest: scored([3, 3]) },
    });
    expect(decision.evidence.guards[0]).toMatchObject({ passed: false, value: 3 });
  });
});

function scored(
  errors: readonly number[],
  cutoffOf = (i: number) => start + BigInt(i) * day,
): ScoredForecasts {
  const length = errors.length;
  return {
    series: [{ city: "x" }],
    seriesIndex: new Int32Array(length),
    step: new Int32Array(length).fill(1),
    cutoff: BigInt64Array.from(errors, (_, i) => cutoffOf(i)),
    time: BigInt64Array.from(errors, (_, i) => cutoffOf(i) + hour),
    y: Float64Array.from(errors, (error) => (error === 99 ? Number.NaN : 0)),
    mean: Float64Array.from(errors),
    quantiles: [],
  };
}

describe("pairedOutcomes", () => {
  it("takes what both predicted, and counts the rest", () => {
    const paired = pairedOutcomes(
      scored([1, -2, 99, 4]),
      scored([3, 5, 99], (i) => start + BigInt(i + 1) * day),
    );
    expect(paired.outcomes.map(({ championLoss, challengerLoss }) => [championLoss, challengerLoss])).toEqual(
      [[2, 3]],
    );
    expect(paired).toMatchObject({ onlyChampion: 1, onlyChallenger: 0, withoutOutcome: 2 });
    expect(paired.outcomes[0]?.id).toContain(String(start + day));
    expect(pairedOutcomes(scored([2]), scored([3]), "squared").outcomes[0]).toMatchObject({
      championLoss: 4,
      challengerLoss: 9,
    });
  });

  it("refuses what is no forecasts, a step twice and a loss without quantiles", async () => {
    const twice = scored([1, 2], () => start);
    expect((await errorOf(() => pairedOutcomes(twice, twice))).message).toContain("twice");
    expect((await errorOf(() => pairedOutcomes(untyped([]), twice))).message).toContain(
      "champion's forecasts are",
    );
    expect((await errorOf(() => pairedOutcomes(scored([1]), scored([1]), "pinball"))).code).toBe(
      "EXPERIMENT_INVALID",
    );
  });
});

describe("options of an experiment", () => {
  it.each([
    [{ champion: "" }, "champion is a name"],
    [{ challenger: "v3" }, "both called"],
    [{ alpha: 0.5 }, "alpha"],
    [{ minImprovement: 1 }, "minImprovement"],
    [{ warmUp: 3 }, "at least 8"],
    [{ deadline: 10 }, "at least 14"],
    [{ seasonLength: 0.5 }, "seasonLength"],
    [{ loss: "mae" }, "loss"],
    [{ blok: "1d" }, "blok"],
  ])("%j is refused", async (changed, words) => {
    const error = await errorOf(() => experiment(untyped({ ...options, ...changed })));
    expect([error.code, error.message]).toEqual(["EXPERIMENT_INVALID", expect.stringContaining(words)]);
  });
});

describe("the confidence sequence", () => {
  const cases = JSON.parse(
    readFileSync(new URL("__fixtures__/mixture-boundary.json", import.meta.url), "utf8"),
  ) as readonly {
    readonly n: number;
    readonly alpha: number;
    readonly exact: number;
    readonly inT: { readonly degrees: number; readonly exact: number };
  }[];

  it("lies on or just above the boundary by numerical integration", () => {
    expect(cases).toHaveLength(12);
    for (const { n, alpha, exact, inT } of cases) {
      expect(mixtureBoundary(n, alpha) / exact).toBeGreaterThanOrEqual(1);
      expect(mixtureBoundary(n, alpha) / exact).toBeLessThan(1.035);
      expect(boundaryInT(n, inT.degrees, alpha) / inT.exact).toBeGreaterThanOrEqual(1);
      expect(boundaryInT(n, inT.degrees, alpha) / inT.exact).toBeLessThan(1.08);
    }
  });

  it("knows a constant series", () => {
    expect(spreadOf(new Float64Array(20).fill(0.1), 0.05)).toMatchObject({
      mean: 0.1,
      deviation: 0,
      rare: 0,
    });
  });

  type Random = ReturnType<typeof createRandom>;
  const lasting = (random: Random, phi: number): number[] => {
    let level = random.normal();
    return Array.from({ length: 364 }, () => {
      level = phi * level + Math.sqrt(1 - phi * phi) * random.normal();
      return level;
    });
  };
  const kinds: Readonly<Record<string, (random: Random) => number[]>> = {
    "follow each other (0.5)": (random) => lasting(random, 0.5),
    "follow each other (0.9) under noise of the day": (random) =>
      lasting(random, 0.9).map((value) => Math.SQRT1_2 * value + 0.5 * random.normal()),
    "are 5 worse on 2 % of the days": (random) =>
      Array.from({ length: 364 }, () => 0.35 * random.normal() + (random.uniform() < 0.02 ? 5 : -0.1 / 0.98)),
  };
  it.each(Object.entries(kinds))(
    "promotes a challenger that is no better in at most one in twenty years whose days %s",
    (name, drawOf) => {
      const repeats = 60;
      const random = createRandom(name);
      let promoted = 0;
      for (let repeat = 0; repeat < repeats; repeat++) {
        const differences = drawOf(random);
        const state = addOutcomes(
          experiment(options),
          outcomesOf(364, (at) => differences[at] as number),
        );
        if (state.end?.verdict === "promote") promoted++;
      }
      // 5 % of 60 and a little more than a standard error; bench/experiment counts 1,000.
      expect(promoted).toBeLessThanOrEqual(5);
    },
  );
});
