import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { canonicalJson, parseCanonicalJson } from "../canonical-json.ts";
import { createRandom } from "../random.ts";
import type { GateModel } from "./gate.ts";
import { type GateCandidatesOptions, gateCandidates } from "./gate-candidates.ts";

const day = 86_400_000_000n;
const folds = 40;

/** A model whose loss in each fold is about `loss`. */
function model(name: string, loss: number, measures: Record<string, number> = {}): GateModel {
  const random = createRandom(name);
  return {
    name,
    measures,
    backtest: {
      series: [{}],
      seriesIndex: new Int32Array(folds),
      step: new Int32Array(folds).fill(1),
      cutoff: BigInt64Array.from({ length: folds }, (_, i) => BigInt(i) * day),
      time: BigInt64Array.from({ length: folds }, (_, i) => BigInt(i + 1) * day),
      y: new Float64Array(folds),
      mean: Float64Array.from({ length: folds }, () => loss + random.normal()),
      quantiles: [],
    },
  };
}

const options: GateCandidatesOptions = {
  subject: "bikes",
  candidates: [model("one", 10), model("two", 10), model("three", 12)],
  champion: model("old", 12),
  clock: { now: () => 1_300_000_000_000_000n },
  requestedBy: "test",
};

describe("gateCandidates", () => {
  it("takes the candidate of least loss where the champion falls out of the set", () => {
    const decision = gateCandidates(options);
    const { evidence } = decision;
    expect(decision.verdict).toBe("promote");
    const losses = evidence.candidates.map(({ candidate }) => candidate.loss);
    expect(evidence.chosen).toBe((losses[0] as number) < (losses[1] as number) ? "one" : "two");
    expect(evidence.candidates.map(({ inSet }) => inSet)).toEqual([true, true, false]);
    expect(evidence.candidates.map(({ isPromotable }) => isPromotable)).toEqual([true, true, false]);
    expect(evidence.alphaEach).toBeCloseTo(0.05 / 3, 12);
    expect(evidence.candidates[0]?.alpha).toBe(evidence.alphaEach);
    expect(decision.reason).toMatch(
      /^Promote: (one|two) has .*; 2 of 3 candidates are in the 95 % model confidence set, the champion old is not \(p = .*\), and of the 2 that may be promoted it has the least loss\.$/,
    );
    expect(parseCanonicalJson(canonicalJson(decision))).toEqual(decision);
    expect(gateCandidates(options).id).toBe(decision.id);
  });

  it("takes the fastest of those that may be promoted when told so", () => {
    const candidates = [
      model("one", 10, { latencyMs: 3 }),
      model("two", 10, { latencyMs: 2 }),
      model("three", 12, { latencyMs: 1 }),
    ];
    const { evidence, reason } = gateCandidates({ ...options, candidates, prefer: "latencyMs" });
    expect(evidence.chosen).toBe("two");
    expect(reason).toContain("it has the least latencyMs");
  });

  it("passes over a candidate that a guard stops", () => {
    const candidates = [model("one", 10, { sizeBytes: 100 }), model("two", 10, { sizeBytes: 5_000 })];
    const champion = model("old", 12, { sizeBytes: 200 });
    const guards = [{ kind: "measure", name: "sizeBytes", maxRatio: 2 }] as const;
    const { evidence } = gateCandidates({ ...options, candidates, champion, guards });
    expect(evidence.chosen).toBe("one");
    expect(evidence.candidates[1]?.guards[0]).toMatchObject({
      passed: false,
      value: 25,
      finding: "sizeBytes is 5000 against 200, 25 times, 2 allowed",
    });
    const stopped = gateCandidates({ ...options, candidates: candidates.slice(1), champion, guards });
    expect(stopped.verdict).toBe("reject");
    expect(stopped.reason).toContain("but of the candidates two sizeBytes is 5000 against 200");
  });

  it("keeps the champion while it is in the set, and says how surely", () => {
    const decision = gateCandidates({ ...options, champion: model("old", 10) });
    expect(decision.verdict).toBe("reject");
    expect(decision.evidence.chosen).toBeNull();
    expect(decision.reason).toMatch(
      /^Reject all of 3 candidates \(one, two, three\): the champion old is in the 95 % model confidence set \(p = [\d.]+ > 0\.05\)\.$/,
    );
  });

  it("never takes one whose predictions are not all numbers, and judges the others", () => {
    const broken = model("broken", 9);
    broken.backtest.mean[3] = Number.NaN;
    const { evidence } = gateCandidates({ ...options, candidates: [broken, model("two", 10)] });
    expect(evidence.chosen).toBe("two");
    expect(evidence.candidates[0]).toMatchObject({ test: null, inSet: false, isPromotable: false });
    const none = gateCandidates({ ...options, candidates: [broken] });
    expect(none.evidence.modelConfidenceSet).toBeNull();
    expect(none.reason).toContain("none of them predicts a finite number in every row");
  });

  it("asks for the margin of the champion's loss", () => {
    expect(gateCandidates({ ...options, minImprovement: 0.3 }).verdict).toBe("reject");
    expect(gateCandidates({ ...options, champion: model("old", 10), minImprovement: -0.2 }).verdict).toBe(
      "promote",
    );
  });

  it("refuses no candidates, repeated names and figures that are not there", async () => {
    const messageOf = async (changed: object) =>
      (await errorOf(() => gateCandidates(untyped({ ...options, ...changed })))).message;
    expect(await messageOf({ candidates: [] })).toContain("at least one candidate");
    expect(await messageOf({ candidates: [null] })).toContain("Candidate 0 is null without a name");
    expect(await messageOf({ candidates: [model("old", 3)] })).toContain('Two models are called "old"');
    expect(await messageOf({ prefer: "latencyMs" })).toContain("no number latencyMs to prefer by");
    expect(await messageOf({ candidate: model("x", 1) })).toContain('no option "candidate"');
    expect(await messageOf({ alpha: 2 })).toContain("alpha");
  });

  it("promotes one of five that are no better in at most 5 % of cases", () => {
    const random = createRandom("equal");
    let promoted = 0;
    const repeats = 300;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const drawn = (name: string): GateModel => {
        const one = model(name, 10);
        let level = random.normal();
        one.backtest.mean.forEach((_, i) => {
          level = 0.5 * level + Math.sqrt(0.75) * random.normal();
          one.backtest.mean[i] = 10 + level;
        });
        return one;
      };
      const candidates = ["a", "b", "c", "d", "e"].map(drawn);
      if (gateCandidates({ ...options, candidates, champion: drawn("old") }).verdict === "promote")
        promoted++;
    }
    // 5 % and two standard errors of a share over 300 repeats.
    expect(promoted / repeats).toBeLessThan(0.075);
  });
});
