import { join } from "node:path";
import { type Table, TsopsError } from "@tsops/core";
import { deploy } from "@tsops/serve";
import { deploymentMetrics } from "@tsops/serve/prometheus";
import { openHome, openTable } from "@tsops/store";
import type { FastifyServerOptions } from "fastify";
import { collectDefaultMetrics, Registry } from "prom-client";
import { latestRows } from "./history.ts";
import { serverOf } from "./server.ts";
import type { Settings } from "./settings.ts";

/** A running app. */
export interface App {
  /** Where it listens. */
  readonly address: string;
  /** Answers what it has begun, then closes deployment and home. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/**
 * Opens home and registry, deploys the champion and listens.
 * @param logger - As fastify takes it; false for silence.
 * @throws TsopsError STORE_NOT_FOUND (no home or no such table), SERVE_NO_CHAMPION, and what home and registry throw
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
    const home = await openHome(settings.home, { create: false });
    steps.push(() => home.close());
    const table = await openTable(join(home.tablesPath, settings.targetTable), {
      engine: await home.engine(),
    });
    steps.push(() => table.close());
    const definition = await definitionOf(table, settings.targetTable);

    const deployment = await deploy(settings.model, {
      registry: home.registry,
      log: home.predictions,
      targetTable: definition.name,
      history: (since, signal) => latestRows(table, definition, since, signal),
      shadow: settings.shadow,
      refreshEvery: settings.refreshEvery,
    });
    steps.push(() => deployment.close());

    const metrics = new Registry();
    collectDefaultMetrics({ register: metrics });
    const counted = await deploymentMetrics(deployment, { registry: metrics });
    steps.push(async () => counted.stop());

    const server = serverOf({ deployment, table, definition, metrics, logger });
    // Closed first: requests under way still find all that they need.
    steps.push(() => server.close());
    return { address: await server.listen({ host: settings.host, port: settings.port }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function definitionOf(table: Awaited<ReturnType<typeof openTable>>, name: string): Promise<Table> {
  const { definition } = await table.snapshot();
  if (definition !== null) return definition;
  throw new TsopsError("STORE_UNSUPPORTED", `The table "${name}" does not say its keys and event time.`, {
    hint: "Create it with home.table(definition).",
  });
}
