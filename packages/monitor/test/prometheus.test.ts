import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  addOutcomes,
  experiment,
  experimentDecision,
  type OutboxEntry,
  type PairedOutcome,
} from "@tsops/core";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { service, startService } from "../../../test/services.ts";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import {
  driftDecision,
  driftTest,
  evaluateAlerts,
  type PerformanceGroup,
  type QualityFinding,
  streamingDrift,
} from "../src/index.ts";
import { counters, definitions } from "../src/metrics/definitions.ts";
import { type MonitorMetrics, monitorMetrics } from "../src/prometheus/index.ts";
import { hour, hours, start } from "./hours.ts";

const day = (index: number, rows: number, extra: Partial<PerformanceGroup> = {}): PerformanceGroup => ({
  start: start + 24n * hour * BigInt(index),
  end: start + 24n * hour * BigInt(index + 1),
  rows,
  missing: 24 - rows,
  mae: rows === 0 ? Number.NaN : 3 + index,
  rmse: rows === 0 ? Number.NaN : 4 + index,
  bias: rows === 0 ? Number.NaN : -index,
  mase: Number.NaN,
  rmsse: rows === 0 ? Number.NaN : 1.5,
  crps: rows === 0 ? Number.NaN : 2.5,
  trackingSignal: rows === 0 ? Number.NaN : -3.5,
  scaledRows: rows,
  notFinite: 0,
  cutoffs: rows,
  isSmall: rows < 30,
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

/** An experiment of 20 days in which the challenger's losses are 2 and those of the champion 3, more or less. */
function experimentOfDays() {
  const begun = experiment({ subject: "load", champion: "load v1", challenger: "load v2", deadline: 56 });
  const pairs = Array.from({ length: 20 }, (_, index): PairedOutcome => {
    const cutoff = start + 24n * hour * BigInt(index);
    const noise = Math.sin(7 * index * index);
    return {
      id: `${index}`,
      cutoff,
      time: cutoff + hour,
      championLoss: 3 + noise,
      challengerLoss: 2 - noise,
    };
  });
  const clock = { now: () => start + 24n * hour * 20n };
  return experimentDecision(addOutcomes(begun, pairs, { clock }), { clock, requestedBy: "test" });
}

/** Two series in breach of one rule, and one of another that is told of as critical. */
function firing() {
  const observed = (signal: string, column: string) => ({
    signal,
    subject: "load",
    labels: { column },
    value: 9,
    time: start,
  });
  return evaluateAlerts({
    rules: [
      { name: "error", signal: "mae", when: { above: 5 }, raise: { k: 1, of: 1 } },
      { name: "stale", signal: "age", when: { above: 5 }, raise: { k: 1, of: 1 }, severity: "critical" },
    ],
    observations: [observed("mae", "a"), observed("mae", "b"), observed("age", "a"), observed("other", "a")],
    state: null,
    now: start,
    requestedBy: "test",
  });
}

const entry = (channel: string, status: OutboxEntry["status"], hoursAgo: number) => ({
  channel,
  status,
  createdAt: start - BigInt(hoursAgo) * hour,
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

    const stream = streamingDrift(hours(0, 400, 0), { time: "at", column: "load", season: [] });
    for (let row = 400; row < 600; row++)
      stream.update(start + hour * BigInt(row), row % 50 === 0 ? null : 1000);
    stream.update(start, 3);
    metrics.stream(stream, { subject: "load" });
    const trial = experimentOfDays();
    metrics.experiment(trial);
    metrics.alerts(firing().state);
    metrics.delivery({ delivered: 2, failed: 1, parked: 0 });
    metrics.delivery({ delivered: 1, failed: 0, parked: 1 });
    metrics.outbox([
      entry("log", "waiting", 3),
      entry("log", "waiting", 5),
      entry("log", "delivered", 9),
      entry("on-call", "parked", 8),
    ]);

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

      await expectSeries("tsops_root_mean_squared_scaled_error", [[{ deployment }, 1.5]]);
      await expectSeries("tsops_continuous_ranked_probability_score", [[{ deployment }, 2.5]]);
      await expectSeries("tsops_tracking_signal", [[{ deployment }, -3.5]]);
      await expectSeries("tsops_interval_width", [[{ deployment, level: "80" }, 9]]);

      const column = "load";
      expect(stream.alarm).toBe(true);
      await expectSeries("tsops_drift_stream_e_value", [[{ subject, column }, stream.eValue]]);
      await expectSeries("tsops_drift_stream_bound", [[{ subject, column }, 20]]);
      await expectSeries("tsops_drift_stream_alarm", [[{ subject, column }, 1]]);
      await expectSeries("tsops_drift_stream_alarm_timestamp_seconds", [
        [{ subject, column }, Number(stream.alarmTime) / 1e6],
      ]);
      await expectSeries("tsops_drift_stream_values", [
        [{ subject, column, state: "used" }, 196],
        [{ subject, column, state: "missing" }, 4],
        [{ subject, column, state: "late" }, 1],
      ]);

      const pair = { subject, champion: "load v1", challenger: "load v2" };
      const { evidence } = trial;
      const look = evidence.look;
      expect(look).not.toBeNull();
      await expectSeries("tsops_experiment_loss", [
        [{ ...pair, role: "champion" }, evidence.champion.loss],
        [{ ...pair, role: "challenger" }, evidence.challenger.loss],
      ]);
      await expectSeries("tsops_experiment_blocks", [[pair, evidence.blocks.count]]);
      await expectSeries("tsops_experiment_outcomes", [[pair, evidence.blocks.outcomes]]);
      await expectSeries("tsops_experiment_blocks_deadline", [[pair, 56]]);
      await expectSeries(
        "tsops_experiment_blocks_left",
        evidence.expected?.blocks == null ? [] : [[pair, evidence.expected.blocks]],
      );
      await expectSeries("tsops_experiment_difference", [[pair, look?.meanDifference as number]]);
      await expectSeries("tsops_experiment_difference_lower", [[pair, look?.lower as number]]);
      await expectSeries("tsops_experiment_difference_upper", [[pair, look?.upper as number]]);
      await expectSeries("tsops_experiment_verdict", [[{ ...pair, verdict: trial.verdict }, 1]]);
      await expectSeries("tsops_experiment_judged_timestamp_seconds", [[{ subject }, at + 20 * 86_400]]);

      await expectSeries("tsops_alerts_firing", [
        [{ rule: "error", severity: "warning" }, 1],
        [{ rule: "stale", severity: "critical" }, 1],
      ]);
      await expectSeries("tsops_alert_series_firing", [
        [{ rule: "error" }, 2],
        [{ rule: "stale" }, 1],
      ]);
      await expectSeries("tsops_alerts_evaluated_timestamp_seconds", [[{}, at]]);
      await expectSeries("tsops_alert_deliveries_total", [
        [{ result: "delivered" }, 3],
        [{ result: "failed" }, 1],
        [{ result: "parked" }, 1],
      ]);
      await expectSeries("tsops_alert_messages", [
        [{ channel: "log", status: "waiting" }, 2],
        [{ channel: "on-call", status: "parked" }, 1],
      ]);
      await expectSeries("tsops_alert_oldest_waiting_timestamp_seconds", [
        [{ channel: "log" }, at - 5 * 3600],
      ]);

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

  it("alerts, messages and experiments that are over leave no series behind", async () => {
    const metrics = await monitorMetrics();
    const { state } = firing();
    metrics.alerts(state);
    metrics.alerts({ ...state, groups: [] });
    metrics.outbox([entry("log", "waiting", 3)]);
    metrics.outbox([]);
    const trial = experimentOfDays();
    metrics.experiment(trial);
    const challenger = { ...trial.evidence.challenger, name: "load v3" };
    metrics.experiment({ ...trial, evidence: { ...trial.evidence, challenger } });
    expect(await lines(metrics.registry, "tsops_alerts_firing")).toEqual([]);
    expect(await lines(metrics.registry, "tsops_alert_series_firing")).toEqual([]);
    expect(await lines(metrics.registry, "tsops_alert_messages")).toEqual([]);
    expect(await lines(metrics.registry, "tsops_experiment_blocks")).toHaveLength(1);
    expect((await lines(metrics.registry, "tsops_experiment_verdict"))[0]).toContain("load v3");
  });

  it("counts deliveries from 0 on", async () => {
    const { registry } = await monitorMetrics();
    expect(await lines(registry, "tsops_alert_deliveries_total")).toEqual(
      ["delivered", "failed", "parked"].map((result) => `tsops_alert_deliveries_total{result="${result}"} 0`),
    );
  });

  it.each<[string, (metrics: MonitorMetrics) => void]>([
    ["no stream", ({ stream }) => stream(null as never, { subject: "load" })],
    ["a stream of nothing", ({ stream }) => stream({ eValue: 1 } as never, {} as never)],
    ["a decision that is no experiment's", ({ experiment: show }) => show({ kind: "gate" } as never)],
    ["no state of alerts", ({ alerts }) => alerts({} as never)],
    ["no delivery", ({ delivery }) => delivery({ delivered: 1 } as never)],
    ["no list of messages", ({ outbox }) => outbox({} as never)],
  ])("refuses %s", async (_, call) => {
    const metrics = await monitorMetrics();
    expect(() => call(metrics)).toThrow(expect.objectContaining({ code: "MONITOR_INVALID" }));
  });

  it("has a word for each of its series in the how-to", () => {
    const page = readFileSync(new URL("../../../docs/how-to/prometheus.md", import.meta.url), "utf8");
    const named = new Set(page.match(/tsops_[a-z_]+/g));
    const all = [...Object.keys(definitions), ...Object.keys(counters)];
    expect(all.filter((name) => !named.has(name))).toEqual([]);
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
