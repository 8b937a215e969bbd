import {
  addOutcomes,
  columnsFromArrays,
  experiment,
  float64,
  gate,
  type PredictionRecord,
  pairedOutcomes,
  TsopsError,
  timestamp,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinOutcomes } from "../performance/join-outcomes.ts";
import { pairVersions } from "./pair-versions.ts";

const day = 86_400_000_000n;
const start = 1_767_571_200_000_000n;

function prediction(
  version: number,
  at: number,
  error: number,
  options: Partial<PredictionRecord> = {},
): PredictionRecord {
  return {
    predictionId: `${version}/${at}/${options.deployment}/${options.role}`,
    requestId: `${at}`,
    deployment: "bikes",
    model: "bikes",
    modelVersion: version,
    role: version === 3 ? "champion" : "challenger",
    key: {},
    cutoff: start + day * BigInt(at),
    servedAt: start + day * BigInt(at),
    latencyMs: 1,
    times: BigInt64Array.of(start + day * BigInt(at + 1), start + day * BigInt(at + 2)),
    mean: Float64Array.of(error, error),
    quantiles: [],
    features: {},
    statuses: {},
    featureTimes: {},
    featureTables: {},
    ...options,
  };
}

const outcomes = columnsFromArrays(
  { at: timestamp(), y: float64() },
  { at: BigInt64Array.from({ length: 30 }, (_, i) => start + day * BigInt(i)), y: new Float64Array(30) },
);
const join = (predictions: readonly PredictionRecord[]) =>
  joinOutcomes(predictions, outcomes, { keys: [], time: "at", target: "y" });
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (TsopsError.is(error)) return `${error.code} ${error.message} ${error.hint}`;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("pairVersions", () => {
  it("pairs the steps that both predicted, for an experiment and for a gate", async () => {
    const log = Array.from({ length: 20 }, (_, at) => [
      prediction(3, at, 2 + (at % 3)),
      ...(at < 4 ? [] : [prediction(4, at, 1 + (at % 2))]),
    ]).flat();
    const joined = await join(log);
    const pairs = pairVersions(joined, { champion: 3, challenger: 4 });
    expect([pairs.champion.mean.length, pairs.onlyChampion, pairs.onlyChallenger]).toEqual([32, 8, 0]);
    expect(pairs.champion.cutoff).toEqual(pairs.challenger.cutoff);
    expect(pairs.champion.step).toEqual(pairs.challenger.step);
    const paired = pairedOutcomes(pairs.champion, pairs.challenger);
    expect(paired.outcomes[0]).toMatchObject({
      cutoff: start + 4n * day,
      championLoss: 3,
      challengerLoss: 1,
    });
    const state = addOutcomes(
      experiment({ subject: "bikes", champion: "v3", challenger: "v4" }),
      paired.outcomes,
      { clock: { now: () => start + 60n * day } },
    );
    // The last block that is settled lies the reach of two days and a day of lateness before the last outcome.
    expect(state.closed).toHaveLength(14);
    expect(
      gate({
        subject: "bikes",
        candidate: { name: "v4", backtest: pairs.challenger },
        champion: { name: "v3", backtest: pairs.champion },
        clock: { now: () => start },
        requestedBy: "test",
      }).evidence.rows,
    ).toBe(32);
  });

  it("takes what a version predicted in either role, and the later of both", async () => {
    const joined = await join([
      prediction(3, 1, 5),
      prediction(4, 1, 7),
      prediction(4, 1, 8, { role: "champion" }),
    ]);
    expect(pairVersions(joined, { champion: 3, challenger: 4 }).challenger.mean).toEqual(
      Float64Array.of(8, 8),
    );
  });

  it("refuses versions and deployments that the log does not tell apart", async () => {
    const joined = await join([prediction(3, 1, 5), prediction(4, 1, 7)]);
    expect(codeOf(() => pairVersions(joined, { champion: 3, challenger: 5 }))).toMatch(
      /MONITOR_INVALID The log has no prediction of version 5, the challenger, by bikes\. It has those of bikes version 3, bikes version 4/,
    );
    expect(codeOf(() => pairVersions(joined, { champion: 3, challenger: 3 }))).toContain("both version 3");
    const two = await join([prediction(3, 1, 5), prediction(4, 1, 7, { deployment: "taxis" })]);
    expect(codeOf(() => pairVersions(two, { champion: 3, challenger: 4 }))).toContain("2 deployments");
    const none = await join([]);
    expect(codeOf(() => pairVersions(none, { champion: 3, challenger: 4 }))).toContain("0 deployments");
  });
});
