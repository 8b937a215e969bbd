import { describe, expect, it, vi } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { runOnThread } from "../../threads/shared-pool.ts";
import { arima } from "../models/arima/arima.ts";
import { ets } from "../models/ets/ets.ts";
import { localForecasterOf } from "../models/local-forecasters.ts";
import { mstl } from "../models/mstl/mstl.ts";
import { panel } from "../panel/build-panel.ts";
import { takeSeries } from "../panel/panel-slices.ts";
import { fitAll } from "./fit-all.ts";
import { fitSeries } from "./fit-work.ts";
import { localParts } from "./local-forecaster.ts";
import type { LocalModel } from "./local-model.ts";

// Only to see that threads are called.
vi.mock("../../threads/shared-pool.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../threads/shared-pool.ts")>();
  return { ...original, runOnThread: vi.fn(original.runOnThread) };
});

const random = createRandom("fit all");

/** Series of different lengths with gaps and a column that moves them. */
function history(count: number) {
  const [key, at, y, x]: [string[], bigint[], (number | null)[], number[]] = [[], [], [], []];
  for (let s = 0; s < count; s++) {
    let level = 50;
    for (let t = 0; t < 90 + (s % 7) * 10; t++) {
      level += random.normal(0, 1);
      const price = random.normal();
      key.push(`s${String(s).padStart(4, "0")}`);
      at.push(3_600_000_000n * BigInt(t));
      x.push(price);
      y.push(t % 31 === 5 ? null : level + 8 * Math.sin((Math.PI * t) / 6) + 3 * price + random.normal());
    }
  }
  return panel(
    columnsFromArrays(
      { key: utf8(), at: timestamp(), y: nullable(float64()), x: float64() },
      { key, at: BigInt64Array.from(at), y, x: Float64Array.from(x) },
    ),
    { keys: ["key"], time: "at", target: "y", frequency: "1h", knownFuture: ["x"] },
  );
}

describe("series on threads", { timeout: 180_000 }, () => {
  it("are fitted to the same bit as without, whatever the number of threads", async () => {
    const series = history(60);
    const model = arima({ seasonLength: 12, regressors: ["x"] });
    const calls: number[] = [];
    const saved: Uint8Array[] = [];
    for (const threads of [1, 2, 3]) {
      const before = vi.mocked(runOnThread).mock.calls.length;
      saved.push((await model.fit(series, { horizon: 6, threads })).save());
      calls.push(vi.mocked(runOnThread).mock.calls.length - before);
    }
    expect(calls[0]).toBe(0);
    expect(Math.min(...calls.slice(1))).toBeGreaterThan(1);
    const [one, ...others] = saved;
    for (const other of others) expect(Buffer.compare(one as Uint8Array, other)).toBe(0);
  });

  it("are collected where the arithmetic breaks down there", async () => {
    const series = history(600);
    const huge = (s: number) => s % 200 === 199;
    const y = series.y.map(
      (value, row) =>
        value *
        (huge(series.offsets.findLastIndex((start) => start <= row)) ? (row % 2 === 0 ? 1e160 : -1e-160) : 1),
    );
    const broken = { ...series, y };
    const model = ets({ seasonLength: 12, criterion: "aicc" });
    const keys = [{ key: "s0199" }, { key: "s0399" }, { key: "s0599" }];
    await expect(model.fit(takeSeries(broken, [198, 199, 399]), { horizon: 2 })).rejects.toMatchObject({
      code: "FIT_FAILED",
      message: expect.stringMatching(/^ets cannot be fitted to series .*s0199.* and series .*s0399/),
    });
    const saved: Uint8Array[] = [];
    const before = vi.mocked(runOnThread).mock.calls.length;
    for (const threads of [1, 2]) {
      const fitted = await model.fit(broken, { horizon: 2, failures: "collect", threads });
      expect(fitted.failures.map(({ key }) => key)).toEqual(keys);
      expect(fitted.fits.length).toBe(597);
      saved.push(fitted.save());
    }
    expect(vi.mocked(runOnThread).mock.calls.length).toBeGreaterThan(before + 1);
    expect(Buffer.compare(saved[0] as Uint8Array, saved[1] as Uint8Array)).toBe(0);
  });

  it("are given up with the signal at once", async () => {
    const controller = new AbortController();
    const fit = arima({ seasonLength: 12 }).fit(history(200), {
      horizon: 6,
      signal: controller.signal,
      progress: ({ done }) => {
        if (done > 20) controller.abort();
      },
    });
    await expect(fit).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("are given up with the signal in the middle of one, too", async () => {
    const { model } = localParts(localForecasterOf("arima")) ?? {};
    const endless = {
      ...(model as LocalModel),
      *fitInTurns() {
        for (;;) yield;
      },
    };
    const controller = new AbortController();
    const series = () => ({ y: Float64Array.of(1, 2), regressors: [] });
    const { signal } = controller;
    const fit = fitAll(endless, 1, series, { horizon: 1, keptRows: 1, isWidened: false }, { signal });
    setImmediate(() => controller.abort());
    await expect(fit).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("give turns with each step of a search for orders", () => {
    const y = Float64Array.from(
      { length: 200 },
      (_, t) => 10 * Math.sin((Math.PI * t) / 6) + random.normal(),
    );
    for (const forecaster of [
      arima({ seasonLength: 12 }),
      mstl({ seasonLengths: [24], trend: arima({ seasonLength: 12 }) }),
    ]) {
      const turns = localParts(forecaster)?.model.fitInTurns?.(y, []);
      expect([...(turns ?? [])].length).toBeGreaterThan(40);
    }
  });

  it("report their end, also without threads", async () => {
    const reports: { done: number; total?: number }[] = [];
    const series = history(60);
    await arima({ seasonLength: 12 }).fit(series, {
      horizon: 6,
      threads: 1,
      progress: (event) => reports.push(event),
    });
    expect(reports.length).toBeGreaterThan(1);
    expect(reports.at(-1)).toMatchObject({ done: 60, total: 60 });
    expect(reports.filter(({ done }) => done === 60)).toHaveLength(1);
  });

  it("are fitted there with the same settings as here: every model can be sent", () => {
    const y = Float64Array.from({ length: 60 }, (_, t) => 20 + (t % 12) + random.normal());
    for (const kind of [
      "adida",
      "arima",
      "ces",
      "croston",
      "ets",
      "historicAverage",
      "imapa",
      "mstl",
      "naive",
      "naive2",
      "randomWalkWithDrift",
      "theta",
      "tsb",
    ]) {
      const { model } = localParts(localForecasterOf(kind)) ?? {};
      expect(model?.kind).toBe(kind);
      const params = structuredClone(model?.params ?? {});
      const work = { kind, params, series: [{ y, regressors: [] }] };
      // All rows are kept, so the state is still that before the first.
      const wanted = { horizon: 3, keptRows: y.length, isWidened: true };
      const [fit] = fitSeries({ ...work, wanted });
      expect({ ...fit, inflation: undefined }).toEqual(model?.fit(y, []));
    }
  });
});
