import { importPeer } from "@tsops/core";
import type { Counter, Gauge, Registry } from "prom-client";
import type { GaugeDefinitions, GaugeSet, Labels } from "../metrics/gauge-set.ts";

/**
 * Registers the gauges and counters, or takes those that the registry has.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY without `prom-client`
 */
export async function gaugeSet(
  caller: string,
  definitions: GaugeDefinitions,
  counted: GaugeDefinitions,
  given: Registry | undefined,
): Promise<GaugeSet & { readonly registry: Registry }> {
  const client = await importPeer(caller, "prom-client", () => import("prom-client"));
  const registry = given ?? new client.Registry();
  const gauges = new Map<string, Gauge>();
  for (const [name, { help, labels }] of Object.entries(definitions)) {
    const known = registry.getSingleMetric(name) as Gauge | undefined;
    const gauge = known ?? new client.Gauge({ name, help, labelNames: [...labels], registers: [registry] });
    // One without labels begins at 0, which nobody has found.
    if (known === undefined && labels.length === 0) gauge.remove();
    gauges.set(name, gauge);
  }
  const counters = new Map<string, Counter>();
  for (const [name, { help, labels }] of Object.entries(counted))
    counters.set(
      name,
      (registry.getSingleMetric(name) as Counter | undefined) ??
        new client.Counter({ name, help, labelNames: [...labels], registers: [registry] }),
    );
  const shown = new Map<string, Labels[]>();
  return {
    registry,
    replace(name, owner, values) {
      const gauge = gauges.get(name) as Gauge;
      const id = JSON.stringify([name, Object.entries(owner)]);
      for (const labels of shown.get(id) ?? []) gauge.remove(labels);
      const now = values.flatMap(([labels, value]) => {
        if (Number.isNaN(value)) return [];
        const all = { ...owner, ...labels };
        gauge.set(all, value);
        return [all];
      });
      shown.set(id, now);
    },
    count(name, labels, by) {
      counters.get(name)?.inc(labels, by);
    },
  };
}
