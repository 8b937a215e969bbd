import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { service, startService } from "../../../test/services.ts";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { driftDecision, driftTest, type QualityFinding, type WindowPerformance } from "../src/index.ts";
import { monitorMetrics } from "../src/prometheus/index.ts";
import { hour, hours, start } from "./hours.ts";

const day = (index: number, rows: number, extra: Partial<WindowPerformance> = {}): WindowPerformance => ({
  start: start + 24n * hour * BigInt(index),
  end: start + 24n * hour * BigInt(index + 1),
  rows,
  missing: 24 - rows,
  mae: rows === 0 ? Number.NaN : 3 + index,
  rmse: rows === 0 ? Number.NaN : 4 + index,
  bias: rows === 0 ? Number.NaN : -index,
  mase: Number.NaN,
  quantiles: rows === 0 ? [] : [{ probability: 0.1, pinball: 0.5 }],
  intervals: rows === 0 ? [] : [{ level: 80, rows, coverage: 0.75, width: 9, score: 11 }],
  ...extra,
});

const finding = (check: QualityFinding["check"], column: string | null, count: number): QualityFinding => ({
  check,
  column,
  key: null,
  severity: "error",
  reason: "",
  count,
  rows: [],
  from: null,
  to: null,
  cause: "",
  hint: "",
  sentence: "",
});

/** The lines of a metric. */
async function lines(registry: Registry, name: string): Promise<string[]> {
  const text = await registry.metrics();
  return text.split("\n").filter((line) => line.startsWith(`${name}{`));
}

describe.skipIf(service("prometheus").isMissing)("what the checks found, scraped by Prometheus", () => {
  it("every number equals that of the report", { timeout: 120_000 }, async () => {
    const metrics = await monitorMetrics();
    const report = driftTest(hours(0, 400, 0), hours(400, 600, 5), { time: "at", season: [] });
    metrics.drift(report, { subject: "load", now: start });
    metrics.performance([day(0, 24), day(1, 20), day(2, 0)], { deployment: "load" });
    metrics.quality([finding("gaps", null, 3), finding("range", "mw", 2)], { table: "loads", now: start });
    metrics.decision(driftDecision(report, { subject: "load", now: start, requestedBy: "test" }));

    const server = createServer(async (_, response) => {
      response.setHeader("content-type", metrics.registry.contentType);
      response.end(await metrics.registry.metrics());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const prometheus = await startService("prometheus", temporaryDirectory().path, {
      TSOPS_PROMETHEUS_TARGET: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    try {
      const query = async (text: string): Promise<[Record<string, string>, number][]> => {
        const uri = prometheus.environment["PROMETHEUS_URI"];
        const response = await fetch(`${uri}/api/v1/query?query=${encodeURIComponent(text)}`);
        const { data } = (await response.json()) as {
          data: { result: { metric: Record<string, string>; value: [number, string] }[] };
        };
        return data.result.map(({ metric, value }) => {
          const { __name__: _, instance: __, job: ___, ...labels } = metric;
          return [labels, Number(value[1])];
        });
      };
      await expect
        .poll(() => query('up{job="tsops"} == 1'), { timeout: 30_000, interval: 100 })
        .toHaveLength(1);
      const byLabels = (list: readonly (readonly [object, number])[]) =>
        list.map(([labels, value]) => `${JSON.stringify(Object.entries(labels).sort())} ${value}`).sort();
      const expectSeries = async (name: string, expected: readonly (readonly [object, number])[]) =>
        expect([name, byLabels(await query(name))]).toEqual([name, byLabels(expected)]);

      const subject = "load";
      const tests = report.columns.flatMap(({ column, tests }) => tests.map((test) => ({ column, ...test })));
      expect(report.columns.map(({ column, drift }) => [column, drift]).sort()).toEqual([
        ["load", true],
        ["wind", false],
      ]);
      await expectSeries(
        "tsops_drift_detected",
        report.columns.map(({ column, drift }) => [{ subject, column }, Number(drift)]),
      );
      await expectSeries(
        "tsops_drift_adjusted_p_value",
        report.columns.map(({ column, adjustedPValue }) => [{ subject, column }, adjustedPValue]),
      );
      await expectSeries(
        "tsops_drift_statistic",
        tests.map(({ column, test, statistic }) => [{ subject, column, test }, statistic]),
      );
      await expectSeries(
        "tsops_drift_p_value",
        tests.map(({ column, test, pValue }) => [{ subject, column, test }, pValue]),
      );
      const at = Number(start) / 1e6;
      await expectSeries("tsops_drift_tested_timestamp_seconds", [[{ subject }, at]]);
      await expectSeries("tsops_drift_untested_columns", [[{ subject }, 0]]);

      // The last day has no outcomes yet: errors are those of the day before it. An empty label is none.
      const deployment = "load";
      await expectSeries("tsops_mean_absolute_error", [[{ deployment }, 4]]);
      await expectSeries("tsops_root_mean_squared_error", [[{ deployment }, 5]]);
      await expectSeries("tsops_mean_bias", [[{ deployment }, -1]]);
      await expectSeries("tsops_mean_absolute_scaled_error", []);
      await expectSeries("tsops_pinball_loss", [[{ deployment, probability: "0.1" }, 0.5]]);
      await expectSeries("tsops_interval_coverage", [[{ deployment, level: "80" }, 0.75]]);
      await expectSeries("tsops_interval_coverage_expected", [[{ deployment, level: "80" }, 0.8]]);
      await expectSeries("tsops_interval_rows", [[{ deployment, level: "80" }, 20]]);
      await expectSeries("tsops_outcomes", [[{ deployment }, 0]]);
      await expectSeries("tsops_outcomes_missing", [[{ deployment }, 24]]);
      await expectSeries("tsops_outcomes_until_timestamp_seconds", [[{ deployment }, at + 2 * 86_400]]);

      const table = "loads";
      await expectSeries("tsops_quality_findings", [
        [{ table, check: "gaps", severity: "error" }, 3],
        [{ table, check: "range", severity: "error", column: "mw" }, 2],
      ]);
      await expectSeries("tsops_quality_checked_timestamp_seconds", [[{ table }, at]]);
      await expectSeries("tsops_decision_timestamp_seconds", [
        [{ subject, kind: "drift", verdict: "drift" }, at],
      ]);
    } finally {
      await prometheus.stop();
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("monitorMetrics", () => {
  it("forgets a finding that is gone, of that table only", async () => {
    const { registry, quality } = await monitorMetrics();
    quality([finding("gaps", null, 3)], { table: "a", now: start });
    quality([finding("gaps", null, 4)], { table: "b", now: start });
    quality([], { table: "a", now: start + hour });
    quality([finding("unit", "mw", 3), finding("unit", "mw", 2)], { table: "c", now: start });
    expect(await lines(registry, "tsops_quality_findings")).toEqual([
      'tsops_quality_findings{table="b",check="gaps",severity="error",column=""} 4',
      'tsops_quality_findings{table="c",check="unit",severity="error",column="mw"} 5',
    ]);
  });

  it("shows the last window of each version, and none of a version that is no longer asked about", async () => {
    const { registry, performance } = await monitorMetrics();
    const source = (modelVersion: number) => ({
      source: { deployment: "load", model: "load", modelVersion, role: "champion" as const },
    });
    performance([day(0, 24, source(1)), day(1, 24, source(1)), day(1, 12, source(2))], {
      deployment: "load",
    });
    const shown = () => lines(registry, "tsops_outcomes");
    expect(await shown()).toEqual([
      'tsops_outcomes{deployment="load",version="1",step=""} 24',
      'tsops_outcomes{deployment="load",version="2",step=""} 12',
    ]);
    performance([day(2, 24, source(2))], { deployment: "load" });
    expect(await shown()).toEqual(['tsops_outcomes{deployment="load",version="2",step=""} 24']);
  });

  it("says from when on outcomes are missing when there never was one", async () => {
    const { registry, performance } = await monitorMetrics();
    performance([day(3, 0), day(4, 0)], { deployment: "load" });
    expect(await lines(registry, "tsops_outcomes_until_timestamp_seconds")).toEqual([
      `tsops_outcomes_until_timestamp_seconds{deployment="load",version="",step=""} ${Number(day(3, 0).start) / 1e6}`,
    ]);
    expect(await lines(registry, "tsops_mean_absolute_error")).toEqual([]);
  });

  it("refuses windows split by key", async () => {
    const { performance } = await monitorMetrics();
    const split = () => performance([day(0, 24, { key: { site: "a" } })], { deployment: "load" });
    expect(split).toThrow(expect.objectContaining({ code: "MONITOR_INVALID" }));
  });

  it("gives series of their own names whatever their labels hold", async () => {
    const { registry, observations } = await monitorMetrics();
    const labels = [{ site: "hill", night: "true" }, { a: "1,b=2" }, { a: "1", b: "2" }, { a: 'say "so"' }];
    observations(
      labels.map((of, i) => ({ signal: "load", subject: "x", labels: of, value: i })),
      { now: start },
    );
    const found = await lines(registry, "tsops_observation");
    expect(found.map((line) => /series="(.*)"} (\d)$/.exec(line)?.slice(1))).toEqual([
      ["night=true,site=hill", "0"],
      ['a=\\"1,b=2\\"', "1"],
      ["a=1,b=2", "2"],
      ['a=\\"say \\\\\\"so\\\\\\"\\"', "3"],
    ]);
  });

  it("an older decision does not take the place of a newer one, and two share a registry", async () => {
    const registry = new Registry();
    const [one, other] = [await monitorMetrics({ registry }), await monitorMetrics({ registry })];
    const decision = { subject: "load", kind: "gate", verdict: "promote" } as const;
    one.decision({ ...decision, time: start + hour });
    one.decision({ ...decision, time: start });
    other.decision({ ...decision, verdict: "reject", time: start });
    expect(await lines(registry, "tsops_decision_timestamp_seconds")).toEqual([
      `tsops_decision_timestamp_seconds{subject="load",kind="gate",verdict="promote"} ${Number(start + hour) / 1e6}`,
      `tsops_decision_timestamp_seconds{subject="load",kind="gate",verdict="reject"} ${Number(start) / 1e6}`,
    ]);
  });
});
