// Where the loop keeps things: all of it in the home, or each part on the server that the environment names (`npm run stack` starts
// real ones and sets these variables). The loop itself is the same.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import {
  type Clock,
  type Columns,
  type ColumnTypes,
  type FeatureView,
  memoryOnlineStore,
  type OnlineStore,
  type Registry,
  type Table,
  type Tracker,
} from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import { type FoundByChecks, monitorMetrics } from "@tsops/monitor/prometheus";
import type { Deployment } from "@tsops/serve";
import { deploymentMetrics, metricsListener } from "@tsops/serve/prometheus";
import { type Home, sync } from "@tsops/store";
import { mlflowRegistry, mlflowSettingsFrom, mlflowTracker } from "@tsops/store/mlflow";
import { type PostgresSource, postgresSource } from "@tsops/store/postgres";
import { redisOnlineStore } from "@tsops/store/redis";

/** The parts of the loop that may be servers. */
export interface Infrastructure {
  readonly tracker: Tracker;
  readonly registry: Registry;
  readonly online: OnlineStore;
  /** Shows a Prometheus what the checks find; null where none scrapes. */
  readonly found: FoundByChecks | null;
  /**
   * Brings new rows into a table of the home: they are appended, or written to the database from which the table is then brought up to date.
   * @param batch - Names the batch: one that was appended before changes nothing.
   */
  bring<S extends ColumnTypes>(
    definition: Table<string, S>,
    rows: Columns<S>,
    batch: { readonly appId: string; readonly version: number },
  ): Promise<void>;
  /** Has a deployment's metrics served for a Prometheus to scrape. */
  watch(deployment: Deployment): Promise<void>;
  /** Waits until the last metrics have been scraped, and closes what was opened. */
  close(): Promise<void>;
}

/** Opens the parts: MLFLOW_TRACKING_URI, TSOPS_TIMESCALE_URL or TSOPS_POSTGRES_URL, TSOPS_REDIS_URL, TSOPS_METRICS_PORT; in the home what is not set. */
export async function openInfrastructure(
  home: Home,
  options: {
    readonly tables: readonly Table[];
    readonly views: readonly FeatureView[];
    readonly clock: Clock;
    readonly environment: NodeJS.ProcessEnv;
  },
): Promise<Infrastructure> {
  const { environment, views, clock } = options;
  const mlflow = mlflowSettingsFrom(environment);
  const tracker = mlflow === null ? home.tracker : mlflowTracker({ ...mlflow, clock });
  const registry = mlflow === null ? home.registry : mlflowRegistry({ ...mlflow, clock });
  const { TSOPS_REDIS_URL: redis, TSOPS_METRICS_PORT: metricsPort } = environment;
  const online =
    redis === undefined ? memoryOnlineStore({ views }) : redisOnlineStore({ connection: redis, views });
  const database = environment["TSOPS_TIMESCALE_URL"] ?? environment["TSOPS_POSTGRES_URL"];
  const sources = new Map<string, PostgresSource>();
  if (database !== undefined)
    for (const table of options.tables) {
      const source = postgresSource({ connection: database, table });
      await source.createTable();
      sources.set(table.name, source);
    }
  const metrics = metricsPort === undefined ? null : await serveMetrics(Number(metricsPort));

  return {
    tracker,
    registry,
    online,
    found: metrics?.found ?? null,
    async bring(definition, rows, batch) {
      const source = sources.get(definition.name);
      if (source === undefined) await (await home.table(definition)).append(rows, { txn: batch });
      else {
        await source.write(toArrow(rows).batches);
        const table = await home.table<ColumnTypes>(definition);
        await sync(source, table, { lateness: "2d", clock, engine: await home.engine() });
      }
    },
    async watch(deployment) {
      await metrics?.watch(deployment);
    },
    async close() {
      await metrics?.close();
      await Promise.all([online.close(), ...[...sources.values()].map((source) => source.close())]);
      if (mlflow !== null) await Promise.all([tracker.close(), registry.close()]);
    },
  };
}

/** A server for a Prometheus on this machine. */
async function serveMetrics(port: number) {
  const { Registry: MetricsRegistry } = await import("prom-client");
  const registry = new MetricsRegistry();
  const listener = metricsListener(registry);
  const server: Server = createServer((request, response) => {
    void listener(request, response);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    found: await monitorMetrics({ registry }),
    async watch(deployment: Deployment) {
      await deploymentMetrics(deployment, { registry });
    },
    /** The last figures are there once a scrape has begun and ended from now on. */
    async close() {
      const scraped = once(server, "request", { signal: AbortSignal.timeout(15_000) }).then(([, response]) =>
        once(response, "finish"),
      );
      await scraped.catch(() => console.error("No Prometheus has asked for the metrics."));
      server.closeAllConnections();
      server.close();
    },
  };
}
