import { type DecisionRecord, gate, type ScoredForecasts, virtualClock } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import { challengerComparisons } from "./challengers.ts";
import { renderReport, reportJson } from "./index.ts";

const hour = 3_600_000_000n;
const length = 24 * 20;

/** Twenty folds of a day whose absolute errors are `error`, a little more on every other day. */
function backtest(error: number): ScoredForecasts {
  return joinedOf({
    step: Int32Array.from({ length }, (_, row) => 1 + (row % 24)),
    time: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row)),
    cutoff: BigInt64Array.from({ length }, (_, row) => 24n * hour * BigInt(Math.floor(row / 24)) - hour),
    y: new Float64Array(length).fill(100),
    mean: Float64Array.from({ length }, (_, row) => 100 - error * (1 + 0.1 * (Math.floor(row / 24) % 3))),
  });
}

const judged = (candidate: number, day: number, minImprovement = 0) =>
  gate({
    subject: "load",
    candidate: { name: `load v${day}`, backtest: backtest(candidate) },
    champion: { name: "load v1", backtest: backtest(10) },
    clock: virtualClock(24n * hour * BigInt(day)),
    requestedBy: "daily",
    minImprovement,
  });

const experiment = (day: number, lower: number | null): DecisionRecord => ({
  id: `experiment-${day}`,
  kind: "experiment",
  subject: "load",
  time: 24n * hour * BigInt(day),
  verdict: "undecided",
  reason: "",
  requestedBy: "daily",
  evidence: {
    champion: { name: "load v1", loss: 10 },
    challenger: { name: "load v9", loss: 9 },
    loss: "absolute",
    alpha: 0.05,
    minImprovement: 0,
    look: lower === null ? null : { meanDifference: -1, lower, upper: 2 },
  },
});

describe("challengerComparisons", () => {
  it("tells the difference with its range as shares of the reference's loss: wholly below 0 exactly where the gate promotes", () => {
    const [worse, better] = challengerComparisons([judged(8, 2), judged(10.2, 3)]);
    expect(better).toMatchObject({
      kind: "gate",
      verdict: "promote",
      candidate: "load v2",
      reference: "load v1",
      below: 0,
    });
    expect(better?.difference).toBeCloseTo(-0.2, 10);
    expect(better?.upper).toBeLessThan(0);
    expect(better?.lower).toBeLessThan(better?.difference as number);
    expect(worse).toMatchObject({ verdict: "reject" });
    expect(worse?.upper).toBeGreaterThan(0);
  });

  it("holds against what was asked: with a margin the line is below 0", () => {
    const [one] = challengerComparisons([judged(8, 2, 0.3)]);
    expect(one).toMatchObject({ verdict: "reject", below: -0.3 });
    expect(one?.difference).toBeCloseTo(-0.2, 10);
    expect(one?.upper).toBeGreaterThan(-0.3);
  });

  it("keeps the last look of an experiment, and passes over evidence of another form", () => {
    const found = challengerComparisons([
      experiment(4, -5),
      experiment(6, -3),
      { ...experiment(7, -3), kind: "gate", evidence: { loss: "absolute" } },
      { ...experiment(8, -3), kind: "drift" },
    ]);
    expect(found.map(({ decision }) => decision)).toEqual(["experiment-6"]);
    expect(found[0]).toMatchObject({ difference: -0.1, lower: -0.3, upper: 0.2 });
    expect(challengerComparisons([experiment(1, null)])[0]?.difference).toBeNaN();
  });

  it("is on the page and in the JSON", async () => {
    const data = {
      title: "load",
      now: 24n * hour * 20n,
      target: { name: "load" },
      served: joinedOf({ ...backtest(10), step: backtest(10).step }),
      decisions: [judged(8, 2), experiment(6, -3), experiment(7, null)],
    };
    const page = await renderReport(data);
    expect(page).toContain("load v2 against load v1");
    expect(page).toContain("−20.0 % (");
    expect(page).toContain("not tested");
    expect(page).not.toContain("No challenger has been compared yet.");
    const json = reportJson(data);
    expect(json.challengers).toHaveLength(2);
    expect(json.challengers[1]).toMatchObject({ kind: "gate", candidateLoss: expect.closeTo(8.8, 1) });
    const many = await renderReport({
      ...data,
      decisions: Array.from({ length: 30 }, (_, i) => judged(9, i + 2)),
    });
    expect(many).toContain("The newest 20 of 30 comparisons");
  });
});
