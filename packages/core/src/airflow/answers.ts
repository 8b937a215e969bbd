import { toMicros } from "../time/instant.ts";
import type { AirflowApproval, AirflowAssetEvent, AirflowRun, AirflowTask } from "./scheduler-types.ts";

/** The fields of Airflow's answers that are read here. */
export interface RunAnswer {
  readonly dag_id: string;
  readonly dag_run_id: string;
  readonly state: string;
  readonly run_type: string;
  readonly data_interval_start: string | null;
  readonly data_interval_end: string | null;
}

export interface TaskAnswer {
  readonly dag_id: string;
  readonly dag_run_id: string;
  readonly task_id: string;
  readonly state: string | null;
  readonly try_number: number;
}

export interface AssetEventAnswer {
  readonly id: number;
  readonly uri: string | null;
  readonly timestamp: string;
  readonly extra: Readonly<Record<string, unknown>> | null;
  readonly source_dag_id: string | null;
  readonly source_run_id: string | null;
  readonly source_task_id: string | null;
}

export interface ApprovalAnswer {
  readonly subject: string;
  readonly task_instance: TaskAnswer;
}

export function runOf(answer: RunAnswer): AirflowRun {
  const { data_interval_start: start, data_interval_end: end } = answer;
  return {
    dag: answer.dag_id,
    id: answer.dag_run_id,
    state: answer.state,
    interval: start === null || end === null ? null : { start: toMicros(start), end: toMicros(end) },
    type: answer.run_type,
  };
}

export function taskOf({ task_id, state, try_number }: TaskAnswer): AirflowTask {
  return { id: task_id, state, tryNumber: try_number };
}

export function assetEventOf(answer: AssetEventAnswer): AirflowAssetEvent {
  const { source_dag_id: dag, source_run_id: run, source_task_id: task } = answer;
  return {
    id: answer.id,
    asset: answer.uri ?? "",
    atMicros: toMicros(answer.timestamp),
    extra: answer.extra ?? {},
    source: dag === null || run === null || task === null ? null : { dag, run, task },
  };
}

export function approvalOf({ subject, task_instance }: ApprovalAnswer): AirflowApproval {
  const { dag_id: dag, dag_run_id: run, task_id: task } = task_instance;
  return { dag, run, task, question: subject };
}

/** A page of logs as text: Airflow gives one object per line. */
export function logText(content: unknown): string {
  if (!Array.isArray(content)) return String(content);
  return content
    .map((line: unknown) =>
      typeof line === "string" ? line : String((line as { event?: unknown }).event ?? ""),
    )
    .join("\n");
}
