import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { columnsFromArrays, type ExperimentDecision, float64, timestamp } from "@tsops/core";
import {
  checkQuality,
  driftDecision,
  driftTest,
  evaluateAlerts,
  streamingDrift,
  type WindowPerformance,
} from "@tsops/monitor";
import { monitorMetrics } from "@tsops/monitor/prometheus";
import { deploy } from "@tsops/serve";
import { deploymentMetrics, metricsListener } from "@tsops/serve/prometheus";
import { collectDefaultMetrics, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import {
  demand,
  demandRows,
  hour,
  registerModel,
  start,
  workspace,
} from "../../packages/serve/test/fixtures.ts";
import { service, startService } from "../../test/services.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";

const directory = resolve(import.meta.dirname, "..");
const read = (name: string) => readFileSync(join(directory, name), "utf8");

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly id: number;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(read("grafana/dashboards/tsops.json")) as { readonly panels: readonly Panel[] };
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const expressions = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
/** As Grafana asks for it, with "All" chosen. */
const filled = (expr: string) => expr.replaceAll("$deployment", ".*").replaceAll("$__rate_interval", "30s");

const window = (rows: number): WindowPerformance => ({
  start,
  end: start + 24n * hour,
  rows,
  missing: 3,
  mae: 1,
  rmse: 2,
  bias: 0.5,
  mase: 0.9,
  quantiles: [{ probability: 0.1, pinball: 1 }],
  intervals: [{ level: 80, rows, coverage: 0.7, width: 3, score: 4 }],
});

/** An experiment after 30 days, as gauges take it. */
const trial = {
  kind: "experiment",
  subject: "demand",
  time: start,
  verdict: "undecided",
  evidence: {
    champion: { name: "demand v1", loss: 3 },
    challenger: { name: "demand v2", loss: 2.5 },
    blocks: { count: 30, outcomes: 720 },
    deadline: 84,
    expected: { blocks: 20 },
    look: { meanDifference: -0.5, lower: -1.2, upper: 0.2 },
  },
} as unknown as ExperimentDecision;

/** Hours of one column. */
function hours(from: number, to: number) {
  const length = to - from;
  return columnsFromArrays(
    { at: timestamp(), load: float64() },
    {
      at: BigInt64Array.from({ length }, (_, i) => start + hour * BigInt(from + i)),
      load: Float64Array.from({ length }, (_, i) => ((from + i) * 7919) % 101),
    },
  );
}

it("has a panel a number, each from the provisioned data source", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const uid = /^ +uid: (\S+)$/m.exec(read("grafana/provisioning/datasources/prometheus.yaml"))?.[1];
  for (const { title, datasource } of panels) expect([title, datasource?.uid]).toEqual([title, uid]);
});

describe.skipIf(service("prometheus").isMissing)("the dashboard and the alerts on a real Prometheus", () => {
  it("every panel shows what the app exports, and every alert names only that", {
    timeout: 180_000,
  }, async () => {
    const space = await workspace();
    await registerModel(space.home, 240, ["champion"]);
    const deployment = await deploy("demand", {
      registry: space.home.registry,
      log: space.home.predictions,
      targetTable: "demand",
      clock: space.clock,
    });
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    await deploymentMetrics(deployment, { registry });
    const monitor = await monitorMetrics({ registry });
    const report = driftTest(hours(0, 300), hours(300, 400), { time: "at", season: [] });
    monitor.drift(report, { subject: "demand", now: start });
    monitor.decision(driftDecision(report, { subject: "demand", now: start, requestedBy: "test" }));
    monitor.performance([window(24)], { deployment: "demand" });
    const stale = checkQuality(demandRows(0, 24), { table: demand, now: start + 900n * hour, maxAge: "1h" });
    monitor.quality(stale, { table: "demand", now: start });
    monitor.stream(streamingDrift(hours(0, 300), { time: "at", column: "load", season: [] }), {
      subject: "demand",
    });
    const narrow = {
      signal: "coverage_watch",
      subject: "demand",
      labels: { level: "80" },
      value: 21,
      verdict: "too_narrow",
    };
    monitor.observations([narrow], { now: start });
    const rules = [
      { name: "narrow", signal: "coverage_watch", when: { above: 20 }, raise: { k: 1, of: 1 } },
    ] as const;
    const { state } = evaluateAlerts({
      rules,
      observations: [narrow],
      state: null,
      now: start,
      requestedBy: "test",
    });
    monitor.alerts(state);
    monitor.outbox([{ channel: "on-call", status: "waiting", createdAt: start }]);
    monitor.experiment(trial);

    const server = createServer(metricsListener(registry)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const prometheus = await startService("prometheus", temporaryDirectory().path, {
      TSOPS_PROMETHEUS_TARGET: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    try {
      const query = async (expr: string): Promise<{ status: string; error?: string; series: number }> => {
        const uri = prometheus.environment["PROMETHEUS_URI"];
        const response = await fetch(`${uri}/api/v1/query?query=${encodeURIComponent(filled(expr))}`);
        const { status, error, data } = (await response.json()) as {
          status: string;
          error?: string;
          data?: { result: unknown[] };
        };
        return { status, ...(error && { error }), series: data?.result.length ?? 0 };
      };
      await deployment.predict();
      await deployment.observe("demand", demandRows(240, 241));
      expect(expressions.length).toBeGreaterThan(20);
      for (const { title, expr } of expressions)
        await expect
          .poll(async () => ({ title, expr, ...(await query(expr)) }), { timeout: 60_000, interval: 250 })
          .toEqual({ title, expr, status: "success", series: expect.toSatisfy((n: number) => n > 0) });

      const exported = new Set(
        (await registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
          `${type}` === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
        ),
      );
      const named = [...read("prometheus/alerts.yml").matchAll(/\btsops_[a-z_]+/g)].map(([name]) => name);
      expect(named.length).toBeGreaterThan(10);
      for (const name of named) expect([name, exported.has(name)]).toEqual([name, true]);
    } finally {
      await prometheus.stop();
      server.closeAllConnections();
      server.close();
      await deployment.close();
      await space.close();
    }
  });
});
