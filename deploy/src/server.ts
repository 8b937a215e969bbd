import { type Columns, formatInstant, type Table, type TsopsError } from "@tsops/core";
import type { Deployment } from "@tsops/serve";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from "fastify";
import type { Registry } from "prom-client";
import { errorCode, problemOf } from "./problem.ts";
import { type Dependency, readinessOf } from "./readiness.ts";
import { forecastRows, futureRows, type JsonRow, seriesKeys, tableRows } from "./rows.ts";

/** What the routes work on. */
export interface ServerParts {
  readonly deployment: Deployment;
  /** What a row of the target's table is. */
  readonly definition: Table;
  /** Makes observed rows durable; resolves to the version of the home's table that has them. */
  keep(rows: Columns): Promise<number>;
  /** What `/readyz` asks. */
  readonly dependencies: readonly Dependency[];
  readonly metrics: Registry;
  readonly logger: NonNullable<FastifyServerOptions["logger"]>;
}

interface PredictBody {
  readonly horizon?: number;
  readonly keys?: readonly JsonRow[];
  readonly future?: readonly JsonRow[];
}

const rows = { type: "array", items: { type: "object" }, maxItems: 100_000 };
const predictBody = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: { horizon: { type: "integer", minimum: 1 }, keys: rows, future: rows },
};
const observeBody = {
  type: "object",
  additionalProperties: false,
  required: ["rows"],
  properties: { rows },
};

/** The routes of the app: `/predict`, `/observe`, `/healthz`, `/readyz`, `/metrics`. */
export function serverOf({
  deployment,
  definition,
  keep,
  dependencies,
  metrics,
  logger,
}: ServerParts): FastifyInstance {
  const server = fastify({
    logger,
    bodyLimit: 16 * 1024 * 1024,
    // What a caller misspells is refused, not dropped; nothing is turned into another type.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  server.setErrorHandler<TsopsError>((error, request, reply) => {
    const { status, body } = problemOf(error);
    if (status >= 500) request.log.error({ err: error, code: body.code }, "failed");
    return reply.code(status).send(body);
  });
  // A connection that is kept open after the last answer would hold up the end of the process for a minute.
  let isClosing = false;
  server.addHook("preClose", async () => {
    isClosing = true;
  });
  server.addHook("onSend", async (_, reply) => {
    if (isClosing) reply.header("connection", "close");
  });
  server.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ code: "NOT_FOUND", message: "There is no such route." }),
  );

  server.post<{ Body: PredictBody | null }>(
    "/predict",
    { schema: { body: predictBody } },
    async ({ body }, reply) => {
      const { horizon, keys, future } = body ?? {};
      const prediction = await deployment.predict({
        ...(horizon !== undefined && { horizon }),
        ...(keys && { keys: seriesKeys(definition, keys) }),
        ...(future && { future: futureRows(definition, future) }),
        signal: signalOf(reply),
      });
      const { forecast, ...answer } = prediction;
      return { ...answer, forecast: forecastRows(forecast) };
    },
  );

  // Kept first in memory, where rows that contradict are refused, and answered once they are on disk: a call that is repeated after a
  // failure between the two changes nothing in memory.
  server.post<{ Body: { rows: readonly JsonRow[] } }>(
    "/observe",
    { schema: { body: observeBody } },
    async ({ body }) => {
      const observed = tableRows(definition, body.rows);
      await deployment.observe(definition.name, observed);
      return { rows: observed.length, tableVersion: await keep(observed) };
    },
  );

  server.get("/healthz", async (_, reply) => {
    try {
      const { champion, observedUntil, refreshError } = deployment.status();
      return {
        status: "ok",
        model: champion.name,
        version: champion.version,
        observedUntil: formatInstant(observedUntil),
        refreshError: refreshError === null ? null : errorCode(refreshError),
      };
    } catch {
      return reply.code(503).send({ status: "closed" });
    }
  });

  // The registry is told of, not waited for: without it the last good version serves.
  server.get("/readyz", async (_, reply) => {
    const { isReady, services } = await readinessOf(dependencies);
    const { refreshError } = deployment.status();
    const registry = refreshError === null ? "ok" : errorCode(refreshError);
    return reply
      .code(isReady ? 200 : 503)
      .send({ status: isReady ? "ready" : "not ready", services: { ...services, registry } });
  });

  server.get("/metrics", async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  return server;
}

/** Ends the work of a request whose caller has gone. */
function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
