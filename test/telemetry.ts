import type { Meter } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";

/** A meter of OpenTelemetry's own SDK, and what it exports. */
export interface CollectedTelemetry {
  readonly meter: Meter;
  /** Collects now. @returns Lines such as `name {"label":"value"} 3`, sorted; of histograms the count. */
  collect(): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts an SDK that keeps in memory what it exports. */
export function collectedTelemetry(): CollectedTelemetry {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // Its own clock is never waited for.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 86_400_000 });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    meter: provider.getMeter("test"),
    async collect() {
      exporter.reset();
      await provider.forceFlush();
      const metrics = exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
      return metrics
        .flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => {
            const labels = Object.entries(attributes).filter(([, text]) => text !== "");
            const number = typeof value === "number" ? value : value.count;
            return `${descriptor.name} ${JSON.stringify(Object.fromEntries(labels.sort()))} ${number}`;
          }),
        )
        .sort();
    },
    close: () => provider.shutdown(),
  };
}
