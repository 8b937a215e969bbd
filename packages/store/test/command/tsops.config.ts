import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, durationMicros, gate, pipeline, systemClock } from "@tsops/core";
import { openHome } from "@tsops/store";

const { TSOPS_TEST_LEASE: lease = "1h", TSOPS_TEST_LATER: later = "0s" } = process.env;
const system = systemClock();
/** The system's clock, put forward: a lease of an hour runs out without waiting for an hour. */
const clock = {
  now: () => system.now() + durationMicros(later),
  sleepUntil: (until: bigint, signal?: AbortSignal) =>
    system.sleepUntil(until - durationMicros(later), signal),
};

/** Where the test and the steps talk to each other: `trace` lists what ran, `go` lets the slow step end. */
const folder = process.env["TSOPS_TEST_FOLDER"] ?? "";
const trace = (line: string): void => appendFileSync(join(folder, "trace"), `${line}\n`);

/** Three forecasts of two steps each, off by `error`. */
function backtestOf(error: number) {
  const length = 6;
  return {
    series: [{}],
    seriesIndex: new Int32Array(length),
    step: Int32Array.from({ length }, (_, i) => (i % 2) + 1),
    cutoff: BigInt64Array.from({ length }, (_, i) => BigInt(i >> 1) * 7_200_000_000n),
    time: BigInt64Array.from({ length }, (_, i) => BigInt(i + 1) * 3_600_000_000n),
    y: new Float64Array(length).fill(10),
    mean: Float64Array.from({ length }, (_, i) => 10 + error + i / 100),
    quantiles: [],
  };
}

export default defineConfig({
  clock,
  home: () => openHome(join(folder, ".tsops")),
  pipelines: (home) => [
    pipeline("daily", { schedule: { every: "1d" }, lease, retry: { attempts: 5, delay: "10ms" } })
      .step("ingest", ({ attempt }) => {
        trace(`ingest ${attempt}`);
        return { rows: 24, big: 2n ** 60n };
      })
      .step("train", async ({ attempt, results, signal }) => {
        trace(`train ${attempt}`);
        while (!existsSync(join(folder, "go"))) {
          signal.throwIfAborted();
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return results.ingest.big + 1n;
      })
      .step("decide", async ({ results, interval }) => {
        trace("decide");
        const decision = gate({
          subject: "bikes",
          candidate: { name: "new", backtest: backtestOf(1) },
          champion: { name: "old", backtest: backtestOf(2) },
          clock: { now: () => interval.end },
          requestedBy: "pipeline daily",
        });
        await home.decisions.append(decision);
        return { verdict: decision.verdict, train: results.train };
      }),
  ],
});
