import { importPeer } from "@tsops/core";
import type { Gauge, Registry } from "prom-client";
import type { GaugeDefinitions, GaugeSet, Labels } from "../metrics/gauge-set.ts";

/**
 * Registers the gauges, or takes those that the registry has.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY without `prom-client`
 */
export async function gaugeSet(
  caller: string,
  definitions: GaugeDefinitions,
  given: Registry | undefined,
): Promise<GaugeSet & { readonly registry: Registry }> {
  const client = await importPeer(caller, "prom-client", () => import("prom-client"));
  const registry = given ?? new client.Registry();
  const gauges = new Map<string, Gauge>();
  for (const [name, { help, labels }] of Object.entries(definitions))
    gauges.set(
      name,
      (registry.getSingleMetric(name) as Gauge | undefined) ??
        new client.Gauge({ name, help, labelNames: [...labels], registers: [registry] }),
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
  };
}
