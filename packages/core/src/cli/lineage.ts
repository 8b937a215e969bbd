import { TsopsError } from "../errors.ts";
import { seriesKeyText } from "../forecast/panel/series-key.ts";
import type { PredictionRecord } from "../ports/prediction-log.ts";
import type { ModelVersion } from "../ports/registry.ts";
import type { Run } from "../ports/tracker.ts";
import { formatInstant } from "../time/instant.ts";
import { exitCodes } from "./exit-codes.ts";
import { type CommandIo, type GlobalOptions, type Session, writeResult } from "./session.ts";
import { type TreeNode, treeText } from "./tree.ts";
import { withHome } from "./with-home.ts";

/** Options of `tsops lineage`. */
export interface LineageCommandOptions extends GlobalOptions {
  readonly home?: string;
}

/** `tsops lineage <prediction id>`: from one served forecast back to the rows that it was made from. */
export async function lineageCommand(
  io: CommandIo,
  predictionId: string,
  options: LineageCommandOptions,
): Promise<number> {
  const { signal } = io;
  return withHome("tsops lineage", io, options, async (session) => {
    const prediction = await (await session.contract("predictions")).get(predictionId, { signal });
    const version = await (await session.contract("registry")).getVersion(
      prediction.model,
      prediction.modelVersion,
      { signal },
    );
    const run = await findRun(session, version.runId, signal);
    writeResult(
      io,
      options,
      lineageData(prediction, version, run),
      treeText(lineageTree(prediction, version, run)),
    );
    return exitCodes.done;
  });
}

type FoundRun = Run | { readonly runId: string; readonly missing: string } | null;

/** The run is worth showing, but its absence must not hide the rest. */
async function findRun(session: Session, runId: string | null, signal: AbortSignal): Promise<FoundRun> {
  if (runId === null) return null;
  try {
    return await (await session.contract("tracker")).getRun(runId, { signal });
  } catch (error) {
    if (TsopsError.is(error, "RUN_NOT_FOUND") || TsopsError.is(error, "CONFIG_INVALID"))
      return { runId, missing: error.message };
    throw error;
  }
}

function lineageTree(prediction: PredictionRecord, version: ModelVersion, run: FoundRun): TreeNode {
  const { lineage } = version;
  const series = Object.keys(prediction.key).length === 0 ? "" : ` for ${seriesKeyText(prediction.key)}`;
  const model: TreeNode = {
    text: `model ${version.name} version ${version.version}, registered ${formatInstant(version.createdAt)}${version.aliases.length > 0 ? `, now ${version.aliases.join(", ")}` : ""}`,
    children: [
      runNode(run),
      ...(lineage === null
        ? [{ text: "no lineage: another tool logged this version" }]
        : lineageNodes(lineage)),
    ],
  };
  return {
    text: `prediction ${prediction.predictionId}${series}: ${prediction.times.length} steps after ${formatInstant(prediction.cutoff)}`,
    children: [
      {
        text: `served by ${prediction.deployment} as ${prediction.role} at ${formatInstant(prediction.servedAt)} in ${prediction.latencyMs.toFixed(1)} ms`,
      },
      ...featureNodes(prediction),
      model,
    ],
  };
}

function featureNodes({ features, statuses, featureTimes, featureTables }: PredictionRecord): TreeNode[] {
  const names = Object.keys(features);
  if (names.length === 0) return [];
  const views = Object.entries(statuses).map(([view, values]) => {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const table = featureTables[view] === undefined ? "" : ` from table ${featureTables[view]}`;
    const statusText = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
    return { text: `${view}${table}: ${statusText}${timesText(featureTimes[view] ?? [])}` };
  });
  return [{ text: `features ${names.join(", ")}`, children: views }];
}

/** The range of the event times of the rows that a view used. */
function timesText(times: readonly (bigint | null)[]): string {
  const known = times.filter((time) => time !== null);
  if (known.length === 0) return "";
  const first = known.reduce((least, time) => (time < least ? time : least));
  const last = known.reduce((most, time) => (time > most ? time : most));
  if (first === last) return `; rows of ${formatInstant(first)}`;
  return `; rows of ${formatInstant(first)} to ${formatInstant(last)}`;
}

function runNode(run: FoundRun): TreeNode {
  if (run === null) return { text: "no run: the version was registered without one" };
  if ("missing" in run) return { text: `run ${run.runId}: ${run.missing}` };
  const figures = Object.entries(run.metrics).slice(0, 6);
  return {
    text: `run ${run.runId} "${run.name}" of experiment ${run.experiment}, ${run.status}, ${formatInstant(run.startTime)}`,
    children:
      figures.length === 0
        ? []
        : [{ text: figures.map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`).join(", ") }],
  };
}

function lineageNodes(lineage: NonNullable<ModelVersion["lineage"]>): TreeNode[] {
  const { trainingSet } = lineage;
  const environment = Object.entries(lineage.environment).map(([name, version]) => `${name} ${version}`);
  return [
    {
      text: `code ${lineage.codeVersion ?? "version not given (set codeVersion)"}${lineage.seed === null ? "" : `, seed ${lineage.seed}`}`,
    },
    { text: `definition ${lineage.definitionHash}` },
    { text: `model bytes ${lineage.modelHash}` },
    ...(environment.length === 0 ? [] : [{ text: environment.join(", ") }]),
    trainingSet === null
      ? { text: "no training set" }
      : {
          text: `training set ${trainingSet.name}, ${trainingSet.rows} rows`,
          children: [
            { text: `definition ${trainingSet.definitionHash}` },
            { text: `content ${trainingSet.contentHash}` },
            ...trainingSet.tables.map(({ table, version }) => ({
              text: `table ${table} at version ${version}`,
            })),
          ],
        },
  ];
}

function lineageData(prediction: PredictionRecord, version: ModelVersion, run: FoundRun) {
  return {
    prediction: {
      predictionId: prediction.predictionId,
      requestId: prediction.requestId,
      deployment: prediction.deployment,
      role: prediction.role,
      key: prediction.key,
      cutoff: formatInstant(prediction.cutoff),
      servedAt: formatInstant(prediction.servedAt),
      times: Array.from(prediction.times, (time) => formatInstant(time)),
      mean: Array.from(prediction.mean),
      quantiles: prediction.quantiles.map(({ probability, values }) => ({
        probability,
        values: Array.from(values),
      })),
      features: prediction.features,
      statuses: prediction.statuses,
      featureTimes: Object.fromEntries(
        Object.entries(prediction.featureTimes).map(([view, times]) => [
          view,
          times.map((time) => (time === null ? null : formatInstant(time))),
        ]),
      ),
      featureTables: prediction.featureTables,
    },
    model: {
      name: version.name,
      version: version.version,
      modelId: version.modelId,
      registeredAt: formatInstant(version.createdAt),
      aliases: version.aliases,
      tags: version.tags,
    },
    run:
      run === null || "missing" in run
        ? run
        : {
            runId: run.runId,
            name: run.name,
            experiment: run.experiment,
            status: run.status,
            startTime: formatInstant(run.startTime),
            params: run.params,
            metrics: run.metrics,
          },
    lineage: version.lineage,
  };
}
