import { join } from "node:path";
import { type Columns, systemClock, type Table, TsopsError } from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import { monitorMetrics } from "@tsops/monitor/prometheus";
import { deploy } from "@tsops/serve";
import { deploymentMetrics } from "@tsops/serve/prometheus";
import { type DeltaTable, openHome, openTable } from "@tsops/store";
import { mlflowRegistry } from "@tsops/store/mlflow";
import type { FastifyServerOptions } from "fastify";
import { Counter, collectDefaultMetrics, Registry } from "prom-client";
import { loadDefinitions } from "./definitions.ts";
import { type FedTable, Feed, lastTimes } from "./feed.ts";
import { latestRows } from "./history.ts";
import { serverOf } from "./server.ts";
import type { Settings } from "./settings.ts";
import { dependenciesOf, fedTables, onlineStore, withFeatures } from "./stack.ts";
import { watch } from "./watch.ts";

/** A running app. */
export interface App {
  /** Where it listens. */
  readonly address: string;
  /** Answers what it has begun, then closes deployment and home. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/**
 * Opens home, registry and the servers that the settings name, deploys the champion and listens.
 * @param logger - As fastify takes it; false for silence.
 * @throws TsopsError STORE_NOT_FOUND (no home or no such table), SERVE_NO_CHAMPION, and what home, registry and servers throw
 */
export async function startApp(
  settings: Settings,
  logger: NonNullable<FastifyServerOptions["logger"]> = true,
): Promise<App> {
  const steps: (() => Promise<unknown>)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      for (const step of steps.reverse()) await step();
    })();
    return closing;
  };
  try {
    const clock = systemClock();
    const ending = new AbortController();
    const home = await openHome(settings.home, { create: false });
    steps.push(() => home.close());
    const engine = await home.engine();
    const table = await openTable(join(home.tablesPath, settings.targetTable), { engine });
    steps.push(() => table.close());
    const definition = await definitionOf(table, settings);
    const definitions = settings.features === null ? null : await loadDefinitions(settings.features);
    const online = definitions === null ? null : onlineStore(definitions.views, settings.redis);
    if (online !== null) steps.push(() => online.close());
    const tables = await fedTables(home, { definition, table }, definitions?.views ?? [], settings.database);
    steps.push(() => Promise.all(tables.map(({ source }) => source?.close())));

    const metrics = new Registry();
    collectDefaultMetrics({ register: metrics });
    const registers = [metrics];
    const fedRows = new Counter({
      name: "tsops_app_rows_total",
      help: "Rows of the home's tables that features and models were offered.",
      labelNames: ["table"],
      registers,
    });
    const failures = new Counter({
      name: "tsops_app_row_failures_total",
      help: "Times that new rows could not be brought in, or a series was refused.",
      labelNames: ["table"],
      registers,
    });
    // There before the first failure, so that its increase is seen.
    for (const { definition: one } of tables) failures.inc({ table: one.name }, 0);
    let tellError = (_: string, error: unknown): void => {
      throw error;
    };
    const feed = new Feed({
      tables,
      targetTable: definition.name,
      online,
      engine,
      clock,
      lateness: settings.lateness,
      lookBack: definitions?.lookBack ?? settings.lateness,
      onRows: (name, rows) => fedRows.inc({ table: name }, rows),
      onError: (name, error) => tellError(name, error),
    });
    await feed.begin(ending.signal);

    let fed: ReadonlyMap<string, bigint> = new Map();
    const deployment = await deploy(settings.model, {
      registry: settings.mlflow === null ? home.registry : mlflowRegistry(settings.mlflow),
      log: home.predictions,
      targetTable: definition.name,
      history: async (since, signal) => {
        const rows = await latestRows(table, definition, since, signal);
        fed = lastTimes(rows, definition);
        return online === null || definitions === null
          ? rows
          : withFeatures(rows, definition, online, definitions.knownAt, signal);
      },
      ...(online !== null && definitions !== null
        ? { features: { source: online, knownAt: definitions.knownAt } }
        : {}),
      shadow: settings.shadow,
      refreshEvery: settings.refreshEvery,
    });
    steps.push(() => deployment.close());
    feed.serve(deployment, fed);

    const counted = await deploymentMetrics(deployment, { registry: metrics });
    steps.push(async () => counted.stop());
    const target = tables[0] as FedTable;
    const keep = async (rows: Columns): Promise<number> => {
      if (target.source === null) return (await table.append(rows)).version;
      await target.source.write(toArrow(rows).batches);
      // Durable now; what goes wrong from here on is told, and done in a later round.
      await feed.round(ending.signal);
      return (await table.snapshot()).version;
    };
    const server = serverOf({
      deployment,
      definition,
      keep,
      dependencies: dependenciesOf(target, online, definitions),
      metrics,
      logger,
    });
    tellError = (name, error) => {
      failures.inc({ table: name });
      server.log.error({ err: error, table: name }, "rows were not brought in");
    };
    const monitor = await monitorMetrics({ registry: metrics });
    const working = Promise.all([
      watch(
        { home, deployment, table, definition, target: settings.target, metrics: monitor, clock },
        settings.watchEvery,
        (error) => server.log.error({ err: error }, "watching failed"),
        ending.signal,
      ),
      feed.run(settings.syncEvery, ending.signal),
    ]);
    steps.push(() => {
      ending.abort();
      return working;
    });
    // Closed first: requests under way still find all that they need.
    steps.push(() => server.close());
    return { address: await server.listen({ host: settings.host, port: settings.port }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Keys, event time and columns of the target's table. */
async function definitionOf(table: DeltaTable, { targetTable, target }: Settings): Promise<Table> {
  const { definition } = await table.snapshot();
  if (definition === null)
    throw new TsopsError(
      "STORE_UNSUPPORTED",
      `The table "${targetTable}" does not say its keys and event time.`,
      { hint: "Create it with home.table(definition)." },
    );
  if (definition.columns[target] !== undefined) return definition;
  throw new TsopsError("COLUMN_NOT_FOUND", `The table "${definition.name}" has no column "${target}".`, {
    hint: "TSOPS_TARGET names the column that is predicted.",
    details: { columns: Object.keys(definition.columns) },
  });
}
