import type { Meter } from "@opentelemetry/api";
import { checkOptions, importPeer } from "@tsops/core";
import { counters, definitions } from "../metrics/definitions.ts";
import { type FoundByChecks, showFound } from "../metrics/found-by-checks.ts";
import type { GaugeSet, Labels } from "../metrics/gauge-set.ts";

/** Where the metrics go. */
export interface MonitorTelemetryOptions {
  /** Default: the one named `@tsops/monitor` of the provider that the app has set. */
  readonly meter?: Meter;
}

/** What the checks found, as OpenTelemetry metrics. */
export interface MonitorTelemetry extends FoundByChecks {
  /** Ends it: nothing is reported any more. */
  stop(): void;
}

/**
 * The figures of `monitorMetrics`, with the same names and attributes, for apps that export with OpenTelemetry. They are observed when the
 * app's reader collects; without an installed SDK nothing happens. Create it after the app has set its meter provider.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY without `@opentelemetry/api`, MONITOR_INVALID
 */
export async function monitorTelemetry(options: MonitorTelemetryOptions = {}): Promise<MonitorTelemetry> {
  checkOptions("MONITOR_INVALID", "monitorTelemetry()", options, { meter: true });
  const meter = options.meter ?? (await globalMeter());
  const { gauges, stop } = observedGauges(meter);
  return { ...showFound(gauges), stop };
}

async function globalMeter(): Promise<Meter> {
  const { metrics } = await importPeer(
    "monitorTelemetry()",
    "@opentelemetry/api",
    () => import("@opentelemetry/api"),
  );
  return metrics.getMeter("@tsops/monitor");
}

/**
 * Gauges whose present series are told whenever a reader asks. Those that are gone are NaN from then on: the SDK for JavaScript
 * (2.12.1, cumulative temporality) would repeat their last value for ever, which looks like a finding that is still there.
 */
function observedGauges(meter: Meter): { readonly gauges: GaugeSet; readonly stop: () => void } {
  const shown = new Map<string, Map<string, Map<string, readonly [Labels, number]>>>();
  const stops = Object.entries(definitions).map(([name, { help }]) => {
    const gauge = meter.createObservableGauge(name, {
      description: help,
      ...(name.endsWith("_seconds") ? { unit: "s" } : {}),
    });
    const observe: Parameters<typeof gauge.addCallback>[0] = (result) => {
      for (const series of shown.get(name)?.values() ?? [])
        for (const [labels, value] of series.values()) result.observe(value, labels);
    };
    gauge.addCallback(observe);
    return () => gauge.removeCallback(observe);
  });
  const counting = new Map(
    Object.entries(counters).map(([name, { help }]) => [
      name,
      meter.createCounter(name, { description: help }),
    ]),
  );
  let isStopped = false;
  const gauges: GaugeSet = {
    count(name, labels, by) {
      if (!isStopped) counting.get(name)?.add(by, labels);
    },
    replace(name, owner, values) {
      const byOwner = shown.get(name) ?? new Map<string, Map<string, readonly [Labels, number]>>();
      shown.set(name, byOwner);
      const ownerId = JSON.stringify(Object.entries(owner));
      const series = byOwner.get(ownerId) ?? new Map<string, readonly [Labels, number]>();
      byOwner.set(ownerId, series);
      for (const [id, [labels]] of series) series.set(id, [labels, Number.NaN]);
      for (const [labels, value] of values) {
        const all = { ...owner, ...labels };
        const id = JSON.stringify(all);
        if (!Number.isNaN(value) || series.has(id)) series.set(id, [all, value]);
      }
    },
  };
  return {
    gauges,
    stop: () => {
      isStopped = true;
      for (const stop of stops) stop();
    },
  };
}
