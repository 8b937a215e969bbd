import { randomUUID } from "node:crypto";
import {
  type CallOptions,
  checkOptions,
  checkWord,
  type DatasetInput,
  type Metric,
  type Run,
  type RunStatus,
  systemClock,
  type Tracker,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { toMicros, toMillis } from "../home/context.ts";
import {
  checkExperimentName,
  checkLimit,
  checkMicros,
  readMetric,
  runStatuses,
  runTags,
} from "../home/mlflow-rules.ts";
import { mlflowArtifacts } from "./artifacts.ts";
import { create, get, type MlflowClient, mlflowClient, put } from "./client.ts";
import { Experiments } from "./experiments.ts";
import { quoted } from "./filter.ts";
import { listModels, readModel } from "./logged-models.ts";
import { makeOnce, requestTag } from "./once.ts";
import { pages } from "./pages.ts";
import { isRefusal } from "./rest-error.ts";
import { runWriter, type ServerRun } from "./run-writer.ts";
import type { MlflowSettings } from "./settings.ts";

/**
 * Tracking on an MLflow server (3.x), by its REST API over connections that are kept alive. Requests that may be repeated are, after a
 * connection that broke or an answer of 429 or 5xx; a run, a model or a version that was created without an answer is looked for
 * before it is created again. Metrics of calls that are not waited for go out in batches.
 * @throws TsopsError CONFIG_INVALID; its calls also ADAPTER_UNAVAILABLE, ADAPTER_MISSING_DEPENDENCY
 */
export function mlflowTracker(settings: MlflowSettings): Tracker {
  return trackerOf(mlflowClient(settings));
}

/** The tracker behind a client. */
export function trackerOf(client: MlflowClient): Tracker {
  const artifacts = mlflowArtifacts(client);
  const experiments = new Experiments(client);
  const clock = client.settings.clock ?? systemClock();
  const now = () => clock.now();

  const restRun = async (runId: string, options: CallOptions = {}): Promise<RestRun> => {
    try {
      return (await client.json<{ run: RestRun }>(get("runs/get", { run_id: runId }, options))).run;
    } catch (error) {
      if (!isRefusal(error, "RESOURCE_DOES_NOT_EXIST") && !isRefusal(error, "INVALID_PARAMETER_VALUE"))
        throw error;
      throw new TsopsError("RUN_NOT_FOUND", `There is no run "${runId}" on MLflow at ${client.server}.`, {
        hint: "List the runs of an experiment with searchRuns({ experiment }).",
        cause: error,
      });
    }
  };
  const readRun = async (run: RestRun, options: CallOptions): Promise<Run> => ({
    runId: run.info.run_id,
    experiment: await experiments.nameOf(run.info.experiment_id, options),
    name: run.info.run_name ?? "",
    status: run.info.status,
    startTime: toMicros(BigInt(run.info.start_time ?? 0)),
    endTime: run.info.end_time === undefined ? null : toMicros(BigInt(run.info.end_time)),
    params: pairs(run.data?.params),
    metrics: Object.fromEntries(
      sorted(run.data?.metrics ?? []).map(({ key, value }) => [key, restNumber(value)]),
    ),
    tags: pairs(run.data?.tags?.filter(({ key }) => key !== requestTag)),
    inputs: (run.inputs?.dataset_inputs ?? []).map(readInput),
  });
  const search = async (
    body: object,
    options: CallOptions,
  ): Promise<{ runs?: RestRun[]; next_page_token?: string }> =>
    client.json(put("runs/search", body, options));

  return {
    async startRun(options) {
      checkOptions("VALUE_INVALID", "startRun()", options, {
        experiment: true,
        name: true,
        tags: true,
        startTime: true,
        signal: true,
      });
      const { signal, startTime = now() } = options;
      throwIfAborted(signal);
      checkExperimentName(options.experiment);
      checkMicros("startTime", startTime);
      const request = randomUUID();
      const name = options.name ?? `run-${request.slice(0, 8)}`;
      const tags = runTags(client.settings.user ?? "tsops", name, options.tags);
      const experimentId = await experiments.idOf(options.experiment, { signal });
      const started = await makeOnce<RestRun>(
        client.settings,
        {
          make: async () =>
            (
              await client.json<{ run: RestRun }>(
                create(
                  "runs/create",
                  {
                    experiment_id: experimentId,
                    run_name: name,
                    user_id: tags["mlflow.user"],
                    start_time: Number(toMillis(startTime)),
                    tags: Object.entries({ ...tags, [requestTag]: request }).map(([key, value]) => ({
                      key,
                      value,
                    })),
                  },
                  { signal },
                ),
              )
            ).run,
          find: async () => {
            const filter = `tags.\`${requestTag}\` = ${quoted(request)}`;
            const { runs = [] } = await search(
              {
                experiment_ids: [experimentId],
                filter,
                max_results: 100,
                order_by: ["attributes.start_time ASC"],
              },
              { signal },
            );
            return runs;
          },
          discard: ({ info }) => client.json(put("runs/delete", { run_id: info.run_id }, { signal })),
        },
        signal,
      );
      return runWriter({ client, artifacts }, serverRun(started), now);
    },
    async resumeRun(runId, options = {}) {
      throwIfAborted(options.signal);
      const run = await restRun(runId, options);
      if (run.info.lifecycle_stage === "deleted")
        throw new TsopsError("STORE_CONFLICT", `Run ${runId} was deleted.`, {
          hint: "Restore it with MLflow's client (restore_run), or start another run.",
        });
      return runWriter({ client, artifacts }, serverRun(run), now);
    },
    async getRun(runId, options = {}) {
      throwIfAborted(options.signal);
      return readRun(await restRun(runId, options), options);
    },
    async searchRuns(query = {}) {
      checkOptions("VALUE_INVALID", "searchRuns()", query, {
        experiment: true,
        status: true,
        tags: true,
        limit: true,
        signal: true,
      });
      const { signal, limit = 100 } = query;
      throwIfAborted(signal);
      if (query.status !== undefined) checkWord("VALUE_INVALID", "status", query.status, runStatuses);
      checkLimit(limit);
      const ids =
        query.experiment === undefined
          ? await allExperiments(client, { signal })
          : [await experiments.find(query.experiment, { signal })].filter((id) => id !== null);
      if (ids.length === 0) return [];
      const filter = [
        ...(query.status === undefined ? [] : [`attributes.status = ${quoted(query.status)}`]),
        ...Object.entries(query.tags ?? {}).map(([key, value]) => `tags.\`${key}\` = ${quoted(value)}`),
      ].join(" AND ");
      const found: Run[] = [];
      for await (const page of pages((token) =>
        search(
          {
            experiment_ids: ids,
            filter,
            run_view_type: "ACTIVE_ONLY",
            max_results: Math.min(1000, limit - found.length),
            order_by: ["attributes.start_time DESC"],
            page_token: token,
          },
          { signal },
        ),
      )) {
        for (const run of page.runs ?? []) found.push(await readRun(run, { signal }));
        if (found.length >= limit) break;
      }
      return found;
    },
    async metricHistory(runId, key, options = {}) {
      throwIfAborted(options.signal);
      await restRun(runId, options);
      const values: RestMetricRow[] = [];
      for await (const page of pages((token) =>
        client.json<{ metrics?: RestMetricRow[]; next_page_token?: string }>(
          get(
            "metrics/get-history",
            { run_id: runId, metric_key: key, max_results: 25_000, page_token: token },
            options,
          ),
        ),
      )) {
        values.push(...(page.metrics ?? []));
      }
      return values
        .map(
          (row): Required<Metric> => ({
            key,
            value: restNumber(row.value),
            time: toMicros(BigInt(row.timestamp)),
            step: Number(row.step ?? 0),
          }),
        )
        .sort((a, b) => Number(a.time - b.time) || a.step - b.step || a.value - b.value);
    },
    async listArtifacts(runId, options = {}) {
      throwIfAborted(options.signal);
      return artifacts.list((await restRun(runId, options)).info.artifact_uri, options);
    },
    async readArtifact(runId, path, options = {}) {
      throwIfAborted(options.signal);
      return artifacts.read((await restRun(runId, options)).info.artifact_uri, path, options);
    },
    async *streamArtifact(runId, path, options = {}) {
      throwIfAborted(options.signal);
      yield* artifacts.stream((await restRun(runId, options)).info.artifact_uri, path, options);
    },
    async listModels(runId, options = {}) {
      throwIfAborted(options.signal);
      return listModels(client, serverRun(await restRun(runId, options)), options);
    },
    async readModel(modelId, options = {}) {
      throwIfAborted(options.signal);
      return readModel({ client, artifacts }, modelId, options);
    },
    close: () => client.close(),
  };
}

interface RestPair {
  readonly key: string;
  readonly value?: string;
}

interface RestMetricRow {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number | string;
  readonly step?: number | string;
}

interface RestRun {
  readonly info: {
    readonly run_id: string;
    readonly run_name?: string;
    readonly experiment_id: string;
    readonly status: RunStatus;
    readonly start_time?: number | string;
    readonly end_time?: number | string;
    readonly artifact_uri: string;
    readonly lifecycle_stage: string;
  };
  readonly data?: {
    readonly params?: readonly RestPair[];
    readonly tags?: readonly RestPair[];
    readonly metrics?: readonly RestMetricRow[];
  };
  readonly inputs?: { readonly dataset_inputs?: readonly RestInput[] };
}

interface RestInput {
  readonly tags?: readonly RestPair[];
  readonly dataset: {
    readonly name: string;
    readonly digest: string;
    readonly source_type: string;
    readonly source: string;
    readonly schema?: string;
    readonly profile?: string;
  };
}

function serverRun({ info }: RestRun): ServerRun {
  return { runId: info.run_id, experimentId: info.experiment_id, artifactUri: info.artifact_uri };
}

function readInput({ dataset, tags }: RestInput): DatasetInput {
  const context = tags?.find(({ key }) => key === "mlflow.data.context")?.value;
  return {
    name: dataset.name,
    digest: dataset.digest,
    sourceType: dataset.source_type,
    source: dataset.source,
    ...(dataset.schema === undefined ? {} : { schema: dataset.schema }),
    ...(dataset.profile === undefined ? {} : { profile: dataset.profile }),
    ...(context === undefined ? {} : { context }),
  };
}

function sorted<T extends { readonly key: string }>(entries: readonly T[]): T[] {
  return [...entries].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function pairs(entries: readonly RestPair[] = []): Record<string, string> {
  return Object.fromEntries(sorted(entries).map(({ key, value }) => [key, value ?? ""]));
}

/** JSON has no NaN and no infinities: the server writes them as text, and stores the infinities as the greatest doubles. */
function restNumber(value: number | string): number {
  return readMetric(Number(value), 0n);
}

async function allExperiments(client: MlflowClient, options: CallOptions): Promise<string[]> {
  const ids: string[] = [];
  const ask = (token: string | undefined) =>
    client.json<{
      experiments?: readonly { readonly experiment_id: string }[];
      next_page_token?: string;
    }>(put("experiments/search", { max_results: 1000, page_token: token }, options));
  for await (const { experiments = [] } of pages(ask))
    ids.push(...experiments.map(({ experiment_id }) => experiment_id));
  return ids;
}
