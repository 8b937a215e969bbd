// What the live test hands to Airflow: the loop's day on a small series, a promotion that a person approves, and a reaction to it.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  backtest,
  columnsFromRows,
  defineConfig,
  float64,
  gate,
  logBacktest,
  logForecaster,
  panel,
  pipeline,
  promote,
  seasonalNaive,
  systemClock,
  TsopsError,
  table,
  timestamp,
  toMicros,
  windowAverage,
} from "@tsops/core";
import { type Home, openHome } from "@tsops/store";

const folder = process.env["TSOPS_TEST_FOLDER"] ?? "";
const hour = 3_600_000_000n;
const load = table({
  name: "load",
  columns: { at: timestamp(), mw: float64() },
  keys: [],
  eventTime: "at",
});

/** Two weeks of hours up to the interval's end, with a daily wave. */
async function history(home: Home, end: bigint) {
  const rows = await (await (await home.table(load)).snapshot()).read({
    range: { start: end - 336n * hour, end },
  });
  return panel(rows, { time: "at", target: "mw", frequency: "1h" });
}

function rowsOf(start: bigint, end: bigint) {
  const count = Number((end - start) / hour);
  return columnsFromRows(
    load.columns,
    Array.from({ length: count }, (_, i) => {
      const at = start + BigInt(i) * hour;
      const hours = Number(at / hour);
      return { at, mw: 100 + 20 * Math.sin((hours * Math.PI) / 12) + (hours % 7) };
    }),
  );
}

const daily = (home: Home) =>
  pipeline("daily", {
    schedule: { every: "1d" },
    startAt: "2024-03-01T00:00Z",
    catchUp: "none",
    retry: { attempts: 3, delay: "1s", factor: 1 },
  })
    .step("ingest", async ({ interval }) => {
      const rides = await home.table(load);
      const day = Number(interval.start / (24n * hour));
      // The first day brings two weeks before it.
      const isFirst = (await rides.snapshot()).version <= 0;
      const start = isFirst ? interval.start - 336n * hour : interval.start;
      await rides.append(rowsOf(start, interval.end), { txn: { appId: "ingest", version: day } });
      const rows = await (await rides.snapshot()).read({});
      return { rows: rows.length, until: interval.end };
    })
    .step("train", async ({ interval, log }) => {
      const marker = join(folder, "failed-once");
      if (!existsSync(marker)) {
        writeFileSync(marker, "");
        throw new Error("The disk of the trainer was full.");
      }
      log("trains");
      const past = await history(home, interval.end);
      const forecaster = windowAverage({ window: 24 });
      const run = await home.tracker.startRun({ experiment: "load" });
      const fitted = await forecaster.fit(past, { horizon: 24 });
      await logBacktest(run, await backtest(forecaster, past, { horizon: 24, folds: 3 }));
      const logged = await logForecaster(run, { name: "load", forecaster, fitted, trainingSet: null });
      await run.end();
      const { version } = await home.registry.register("load", logged);
      return { version };
    })
    .step("gate", async ({ interval, results }) => {
      const past = await history(home, interval.end);
      const options = { horizon: 24, folds: 7 };
      const decision = gate({
        subject: "load",
        candidate: {
          name: `version ${results.train.version}`,
          backtest: await backtest(seasonalNaive({ seasonLength: 168 }), past, options),
        },
        champion: { name: "average", backtest: await backtest(windowAverage({ window: 24 }), past, options) },
        clock: { now: () => interval.end },
        requestedBy: "pipeline daily",
      });
      await home.decisions.append(decision);
      return { verdict: decision.verdict };
    })
    .step(
      "promote",
      async ({ interval, results, announce }) => {
        const { registry, decisions } = home;
        // On the second day nothing is promoted, so nobody may react to that day.
        if (interval.start === toMicros("2024-03-02T00:00Z")) return { champion: null };
        const { version } = results.train;
        await promote("load", version, {
          registry,
          decisions,
          clock: systemClock(),
          because: `the gate said ${results.gate.verdict}`,
          requestedBy: "pipeline daily",
        });
        announce("tsops://models/load", { version, "note\u2028": 'quotes " and {{ braces }}' });
        return { champion: (await registry.resolve("load", "champion")).version };
      },
      { announces: ["tsops://models/load"] },
    )
    .step("monitor", async ({ interval }) => {
      const rows = await (await (await home.table(load)).snapshot()).read({});
      return { rows: rows.length, day: interval.start };
    });

export default defineConfig({
  home: () => openHome(join(folder, ".tsops")),
  pipelines: (home) => [
    daily(home),
    pipeline("careful", { retry: { attempts: 1 } })
      .step("propose", () => ({ version: 7 }))
      .step("promote", ({ results }) => ({ champion: results.propose.version })),
    pipeline("react")
      .onAssetEvent("tsops://models/load", "tsops://alarms/load")
      .step("note", ({ events, interval }) => ({
        hours: Number((interval.end - interval.start) / hour),
        told: events.map(({ asset, extra }) => ({ asset, extra })),
      })),
    pipeline("fragile", { retry: { attempts: 2, delay: "1s" } })
      .step("ingest", () => ({ rows: 24 }))
      .step("fit", ({ interval }) => {
        const day = new Date(Number(interval.start / 1000n)).getUTCDate();
        if (day === 1) throw new Error("The disk was full again.");
        if (day === 2) throw new TsopsError("CONFIG_INVALID", "There is no table of that name.");
        return { day };
      })
      .onSuccess(({ results, announce }) => announce("tsops://models/fragile", { day: results.fit.day }), {
        announces: ["tsops://models/fragile"],
      })
      .onFailure(({ failure, announce }) => announce("tsops://alarms/load", { ...failure }), {
        announces: ["tsops://alarms/load"],
      }),
  ],
  airflow: {
    daily: {
      tags: ["tsops"],
      endAt: "2024-03-04T00:00Z",
    },
    careful: { approvals: { promote: 'Promote "version 7"? {{ no template }}' } },
  },
});
