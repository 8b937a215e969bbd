import { TsopsError } from "../errors.ts";
import { definitionHash } from "../hash.ts";
import { checkList, checkOptions } from "../options.ts";
import type { AnyPipeline } from "../pipeline/pipeline.ts";
import { formatInstant, toMicros } from "../time/instant.ts";
import { type AirflowDagOptions, dagSettingNames } from "./dag-options.ts";
import { fileHead, seconds, taskLines } from "./dag-tasks.ts";
import { pythonAssets, pythonList, pythonText } from "./python.ts";
import { type CronTimetable, cronTimetable } from "./timetable.ts";

/** How a file that was exported begins. */
export const exportedBy = "# An Airflow DAG, written by `tsops airflow export`.";

/**
 * A pipeline as the text of a Python file for Airflow 3: each step is a task that runs `tsops run <pipeline> <step>` for the
 * run's data interval. Equal definitions give equal texts.
 * @throws TsopsError PIPELINE_INVALID for a schedule that Airflow has no equal of, and for settings that name an unknown step
 */
export function airflowDag(pipeline: AnyPipeline, options: AirflowDagOptions): string {
  checkDagOptions(pipeline, options);
  const { name, retry, overlap, catchUp } = pipeline;
  const { definitionHash: definition } = pipeline.describe();
  const start = pipeline.startAt ?? toMicros("2000-01-01T00:00Z");
  const timetable = cronTimetable(pipeline);
  const tasks = pipeline.partitions.flatMap((partition, index) =>
    taskLines(pipeline, { partition, index }, options),
  );
  const body = [
    `    dag_id=${pythonText(name)},`,
    `    description=${pythonText(options.description ?? name)},`,
    `    schedule=${scheduleOf(timetable, pipeline.onAssets)},`,
    `    start_date=${pythonInstant(start)},`,
    ...(options.endAt === undefined ? [] : [`    end_date=${pythonInstant(toMicros(options.endAt))},`]),
    `    catchup=${catchUp === "all" ? "True" : "False"},`,
    `    max_active_runs=${overlap === "parallel" ? 16 : 1},`,
    `    tags=${pythonList(options.tags ?? [])},`,
    "    default_args={",
    `        "retries": ${retry.attempts - 1},`,
    `        "retry_delay": timedelta(seconds=${seconds(retry.delayMicros)}),`,
    `        "retry_exponential_backoff": ${retry.factor},`,
    // Airflow knows no longer wait.
    `        "max_retry_delay": timedelta(seconds=${Math.min(seconds(retry.maxDelayMicros), 86_400)}),`,
    '        "retry_policy": UnlessUsageError(),',
    "    },",
    ...(pipeline.onAssets.length === 0 ? [] : ['    user_defined_macros={"events_json": events_json},']),
    "):",
    ...tasks,
  ];
  const content = `with DAG(\n${body.join("\n")}\n`;
  const parts = [fileHead(pipeline, options), content];
  return `${[
    `${exportedBy} Change the pipeline, not this file.`,
    `# definition ${definitionHash({ definition, parts })}`,
    ...(parts.join("\n").includes("json.") ? ["import json"] : []),
    "from datetime import datetime, timedelta",
    "",
    ...importLines(parts.join("\n")),
    "",
    ...parts,
  ].join("\n")}`;
}

function pythonInstant(micros: bigint): string {
  return `datetime.fromisoformat(${pythonText(formatInstant(micros).replace(/Z$/, "+00:00"))})`;
}

function importLines(text: string): readonly string[] {
  const uses = (name: string) => text.includes(`${name}(`);
  const sdk = ["Asset", "AssetAlias", "CronDataIntervalTimetable", "DAG"].filter(uses);
  const standard = "from airflow.providers.standard";
  return [
    `${standard}.operators.bash import BashOperator`,
    ...(uses("EmptyOperator") ? [`${standard}.operators.empty import EmptyOperator`] : []),
    ...(uses("ApprovalOperator") ? [`${standard}.operators.hitl import ApprovalOperator`] : []),
    ...(uses("TimeDeltaSensor") ? [`${standard}.sensors.time_delta import TimeDeltaSensor`] : []),
    `from airflow.sdk import ${[...sdk, "RetryDecision", "RetryPolicy"].join(", ")}`,
  ];
}

function scheduleOf(timetable: CronTimetable | null, onAssets: readonly string[]): string {
  if (timetable !== null)
    return `CronDataIntervalTimetable(${pythonText(timetable.cron)}, timezone=${pythonText(timetable.zone)})`;
  return onAssets.length === 0 ? "None" : pythonAssets(onAssets);
}

function checkDagOptions(pipeline: AnyPipeline, options: AirflowDagOptions): void {
  const call = `airflowDag("${pipeline.name}")`;
  checkOptions("PIPELINE_INVALID", call, options, {
    ...dagSettingNames,
    bundle: true,
    directory: true,
    node: true,
  });
  if (options.tags !== undefined) checkList("PIPELINE_INVALID", "tags", options.tags);
  const names = pipeline.steps.map((step) => step.name);
  for (const step of Object.keys(options.approvals ?? {}))
    if (!names.includes(step))
      throw new TsopsError("PIPELINE_INVALID", `approvals of "${pipeline.name}" names a step "${step}".`, {
        hint: `It has ${names.join(", ")}.`,
      });
  if (names.length === 0)
    throw new TsopsError("PIPELINE_INVALID", `Pipeline "${pipeline.name}" has no steps.`);
}
