import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import { pipeline } from "./pipeline.ts";
import { parseRetry, retryDelay } from "./retry.ts";

function errorOf(run: () => unknown): TsopsError {
  try {
    run();
  } catch (error) {
    if (TsopsError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("pipeline", () => {
  const daily = pipeline("daily", {
    schedule: { cron: "0 6 * * *", zone: "Europe/Berlin" },
    retry: { attempts: 5 },
  })
    .step("ingest", () => 1, { timeout: "10m" })
    .step("train", () => 2, { announces: ["tsops://models/load"] })
    .onFailure(() => {});

  it("describes itself as data", () => {
    expect(daily.describe()).toEqual({
      name: "daily",
      schedule: { cron: "0 6 * * *", zone: "Europe/Berlin" },
      catchUp: "latest",
      overlap: "queue",
      partitions: [""],
      retry: {
        attempts: 5,
        delayMicros: 30_000_000n,
        factor: 2,
        maxDelayMicros: 3_600_000_000n,
        jitter: 0.2,
      },
      steps: [
        { name: "ingest", timeoutMicros: 600_000_000n, announces: [] },
        { name: "train", timeoutMicros: null, announces: ["tsops://models/load"] },
      ],
      hooks: [{ name: "onFailure", timeoutMicros: null, announces: [] }],
      onAssets: [],
      definitionHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("has a hash that changes with its definition only", () => {
    const one = (timeout: string) =>
      pipeline("p")
        .step("a", () => 1, { timeout })
        .describe().definitionHash;
    expect(one("10m")).toBe(one("600s"));
    expect(one("10m")).not.toBe(one("11m"));
  });

  it("is not changed by adding a step to it", () => {
    daily.step("report", () => 3);
    expect(daily.steps.map((step) => step.name)).toEqual(["ingest", "train"]);
  });

  it.each([
    ["an empty name", () => pipeline("")],
    ["a name with spaces", () => pipeline("my pipeline")],
    ["a step's name with a dot", () => pipeline("p").step("a.b", () => 1)],
    [
      "a step twice",
      () =>
        pipeline("p")
          .step("a", () => 1)
          .step("a", () => 2),
    ],
    ["no partition at all", () => pipeline("p", { partitions: [] })],
    ["a partition twice", () => pipeline("p", { partitions: ["a", "a"] })],
    ["a lease of nothing", () => pipeline("p", { lease: "0s" })],
    ["no attempt", () => pipeline("p", { retry: { attempts: 0 } })],
    ["shrinking waits", () => pipeline("p", { retry: { factor: 0.5 } })],
    ["jitter beyond the wait", () => pipeline("p", { retry: { jitter: 1.5 } })],
  ])("refuses %s", (_name, make) => {
    expect(errorOf(make).code).toBe("PIPELINE_INVALID");
  });

  it("refuses durations and schedules that are none", () => {
    expect(errorOf(() => pipeline("p").step("a", () => 1, { timeout: "soon" })).code).toBe(
      "DURATION_INVALID",
    );
    expect(errorOf(() => pipeline("p", { schedule: { every: "daily" } })).code).toBe("FREQUENCY_INVALID");
    expect(errorOf(() => pipeline("p", { startAt: "2011-01-01" })).code).toMatch(/^TIME_/);
  });
});

describe("waits between attempts", () => {
  it("grow by the factor up to the longest, less a share that depends on the seed", () => {
    const policy = parseRetry({ delay: "10s", factor: 3, maxDelay: "1m", jitter: 0.5 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.string(), (attempt, seed) => {
        const wait = Number(retryDelay(policy, attempt, seed)) / 1e6;
        const full = Math.min(60, 10 * 3 ** (attempt - 1));
        expect(wait).toBeLessThanOrEqual(full);
        expect(wait).toBeGreaterThanOrEqual(full * 0.5);
        expect(retryDelay(policy, attempt, seed)).toBe(retryDelay(policy, attempt, seed));
      }),
    );
    const waits = new Set(Array.from({ length: 50 }, (_, i) => retryDelay(policy, 2, `run ${i}`)));
    expect(waits.size).toBeGreaterThan(45);
  });
});
