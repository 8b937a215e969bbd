import { metrics } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CollectedTelemetry, collectedTelemetry } from "../../../test/telemetry.ts";
import { driftDecision, driftTest, type QualityFinding } from "../src/index.ts";
import { monitorTelemetry } from "../src/opentelemetry/index.ts";
import { type MonitorMetrics, monitorMetrics } from "../src/prometheus/index.ts";
import { hour, hours, start } from "./hours.ts";

const gaps: QualityFinding = {
  check: "gaps",
  column: "at",
  severity: "warning",
  count: 2,
  rows: [],
  key: null,
  from: null,
  to: null,
  sentence: "",
  reason: "",
  cause: "",
  hint: "",
};

/** The series of a Prometheus registry as `collect` writes them. */
async function scraped({ registry }: MonitorMetrics): Promise<string[]> {
  const all = await registry.getMetricsAsJSON();
  return all
    .flatMap(({ name, values }) =>
      values.map(({ labels, value }) => {
        const given = Object.entries(labels).filter(([, text]) => text !== "");
        return `${name} ${JSON.stringify(Object.fromEntries(given.sort()))} ${value}`;
      }),
    )
    .sort();
}

describe("monitorTelemetry", () => {
  let sdk: CollectedTelemetry;
  beforeEach(() => {
    sdk = collectedTelemetry();
  });
  afterEach(() => sdk.close());

  it("exports the series that Prometheus would scrape; those that are gone are NaN", async () => {
    const [telemetry, prometheus] = [await monitorTelemetry({ meter: sdk.meter }), await monitorMetrics()];
    const report = driftTest(hours(0, 400, 0), hours(400, 600, 5), { time: "at", season: [] });
    for (const target of [telemetry, prometheus]) {
      target.drift(report, { subject: "load", now: start });
      target.quality([gaps], { table: "load", now: start });
      target.decision(driftDecision(report, { subject: "load", now: start, requestedBy: "test" }));
      target.stream(
        {
          column: "load",
          alpha: 0.05,
          eValue: 3,
          alarm: false,
          alarmTime: null,
          counts: { used: 9, missing: 1, late: 0 },
        },
        { subject: "load" },
      );
      target.delivery({ delivered: 3, failed: 1, parked: 0 });
      target.outbox([{ channel: "log", status: "parked", createdAt: start }]);
    }
    const first = await sdk.collect();
    expect(first).toEqual(await scraped(prometheus));
    expect(first).toContain('tsops_drift_detected {"column":"load","subject":"load"} 1');
    expect(first).toContain(
      'tsops_quality_findings {"check":"gaps","column":"at","severity":"warning","table":"load"} 2',
    );

    expect(first).toContain('tsops_alert_deliveries_total {"result":"failed"} 1');

    for (const target of [telemetry, prometheus]) {
      target.quality([], { table: "load", now: start + hour });
      target.drift({ ...report, columns: report.columns.slice(0, 1) }, { subject: "load", now: start });
    }
    const second = await sdk.collect();
    expect(second.filter((line) => !line.endsWith(" NaN"))).toEqual(await scraped(prometheus));
    expect(second.filter((line) => line.startsWith("tsops_quality_findings"))).toEqual([
      'tsops_quality_findings {"check":"gaps","column":"at","severity":"warning","table":"load"} NaN',
    ]);
    telemetry.stop();
    telemetry.delivery({ delivered: 1, failed: 0, parked: 0 });
    expect(await sdk.collect()).toContain('tsops_alert_deliveries_total {"result":"delivered"} 3');
  });

  it("takes the provider that the app has set, and does nothing without one", async () => {
    const idle = await monitorTelemetry();
    idle.quality([gaps], { table: "load", now: start });
    metrics.setGlobalMeterProvider({ getMeter: () => sdk.meter });
    try {
      const telemetry = await monitorTelemetry();
      telemetry.quality([gaps], { table: "load", now: start });
      const collected = await sdk.collect();
      expect(collected.filter((line) => !line.startsWith("tsops_alert_deliveries_total"))).toHaveLength(2);
    } finally {
      metrics.disable();
    }
  });

  it("names instruments as OpenTelemetry's syntax has it, and tells the unit of times", async () => {
    const units = new Map<string, string | undefined>();
    const telemetry = await monitorTelemetry({
      meter: new Proxy(sdk.meter, {
        get(meter, method, receiver) {
          const made: unknown = Reflect.get(meter, method, receiver);
          if (typeof made !== "function" || !String(method).startsWith("create")) return made;
          return (name: string, options?: { unit?: string }) => {
            units.set(name, options?.unit);
            return made.call(meter, name, options);
          };
        },
      }),
    });
    telemetry.stop();
    expect(units.size).toBeGreaterThan(20);
    for (const [name, unit] of units) {
      expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_./-]{0,254}$/);
      expect([name, unit]).toEqual([name, name.endsWith("_seconds") ? "s" : undefined]);
    }
  });

  it("refuses what it does not know", async () => {
    await expect(monitorTelemetry({ registry: 1 } as never)).rejects.toThrow(/registry/);
  });
});
