import { describe, expect, it } from "vitest";
import { hourlyPanel } from "../../../test/hourly-series.ts";
import { createRandom } from "../../random.ts";
import { loadForecaster } from "../load-forecaster.ts";
import type { CandidateWork } from "./candidate-work.ts";
import type { CandidateTask } from "./candidates.ts";
import { candidateRunner } from "./run-candidate.ts";

const random = createRandom(5);
const panel = hourlyPanel(
  Array.from({ length: 600 }, (_, t) => 50 + 10 * Math.sin((Math.PI * t) / 12) + random.normal()),
);
const task: CandidateTask = {
  seasons: [24],
  primary: 24,
  featureSeasons: [24],
  rows: 600,
  typicalRows: 600,
  leastRows: 600,
  hasKnown: false,
  regressors: [],
  zeros: 0,
};
const job: CandidateWork = {
  task,
  trees: 30,
  name: "gbdt, scaled",
  panel,
  horizon: 12,
  folds: Int32Array.of(2),
};

describe("jobs of autoForecaster", () => {
  it("give the same on threads of their own as here", async () => {
    const [here, thread] = [candidateRunner(false), candidateRunner(true)];
    expect(thread).not.toBe(here);
    expect(await thread(job)).toEqual(await here(job));
    const [own, other] = await Promise.all([thread({ ...job, folds: null }), here({ ...job, folds: null })]);
    const bytes = (result: typeof own) => ("bytes" in result ? result.bytes : new Uint8Array());
    expect(Buffer.compare(bytes(own), bytes(other))).toBe(0);
    expect(loadForecaster(bytes(own)).predict().mean).toHaveLength(12);
  });

  it("are refused there with the same error as here", async () => {
    const long = { ...job, folds: Int32Array.of(60) };
    const [here, thread] = await Promise.all(
      [candidateRunner(false), candidateRunner(true)].map((run) =>
        run(long).catch((error: unknown) => error),
      ),
    );
    expect(thread).toMatchObject({ code: "SERIES_TOO_SHORT", name: "TsopsError" });
    expect((thread as Error).message).toBe((here as Error).message);
  });

  it("end with the signal, and say what went wrong otherwise", async () => {
    const controller = new AbortController();
    const running = candidateRunner(true)({ ...job, trees: 100_000 }, controller.signal);
    setImmediate(() => controller.abort());
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    await expect(candidateRunner(true)({ ...job, name: "nobody" })).rejects.toThrow(/no candidate "nobody"/);
  });
});
