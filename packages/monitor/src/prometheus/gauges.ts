import { importPeer } from "@tsops/core";
import type { Gauge, Registry } from "prom-client";

/** Values of a gauge's labels. */
export type Labels = Readonly<Record<string, string>>;

/** One set of series: those of a gauge with certain labels are replaced as a whole, so that none outlives what it is about. */
export interface GaugeSet {
  /**
   * Makes `values` the only series whose labels include those of `owner`. NaN is no value: its series goes.
   * @param owner - e.g. the table that was checked.
   */
  replace(name: string, owner: Labels, values: readonly (readonly [Labels, number])[]): void;
}

/** What the gauges are: by name, the help text and the labels. */
export type GaugeDefinitions = Readonly<
  Record<string, { readonly help: string; readonly labels: readonly string[] }>
>;

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
