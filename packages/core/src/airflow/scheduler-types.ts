import type { StepResults } from "../pipeline/step.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { InstantInput } from "../time/instant.ts";
import type { Interval } from "../time/interval.ts";

/** A run of a DAG. */
export interface AirflowRun {
  readonly dag: string;
  readonly id: string;
  /** As Airflow names it: queued, running, success, failed. */
  readonly state: string;
  /** Null for runs that an asset started. */
  readonly interval: Interval | null;
  /** scheduled, manual, backfill, asset_triggered. */
  readonly type: string;
}

/** A task of a run. */
export interface AirflowTask {
  readonly id: string;
  /** success, failed, up_for_retry, skipped, upstream_failed, awaiting_input, ...; null before it is looked at. */
  readonly state: string | null;
  readonly tryNumber: number;
}

/** Which run is to be started. */
export interface AirflowTrigger extends CallOptions {
  /** The data interval; always given, as Airflow would make one up from the date otherwise. */
  readonly interval: Interval;
  /** Default: one that Airflow makes. */
  readonly runId?: string;
  /** Run steps again that have finished for the interval. */
  readonly force?: boolean;
}

/** Which intervals a backfill runs. */
export interface AirflowBackfillOptions extends CallOptions {
  /** Runs whose interval begins in [from, to] are made: the end is part of it, as in Airflow. */
  readonly from: InstantInput;
  readonly to: InstantInput;
  /** What to do about runs that are there: leave them (default), repeat those that failed, or repeat all that are over. */
  readonly repeat?: "none" | "failed" | "completed";
  readonly maxActiveRuns?: number;
}

/** An asset was updated. */
export interface AirflowAssetEvent {
  readonly id: number;
  readonly asset: string;
  readonly atMicros: bigint;
  readonly extra: Readonly<Record<string, unknown>>;
  /** The task that updated it; null for events from outside. */
  readonly source: { readonly dag: string; readonly run: string; readonly task: string } | null;
}

/** A question that waits for a person. */
export interface AirflowApproval {
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  readonly question: string;
}

/** Airflow from TypeScript. Waiting asks the server again and again, once a second unless `pollMs` says else, until the signal fires. */
export interface AirflowScheduler {
  /**
   * Writes a DAG file and waits until Airflow has read this very text.
   * @throws TsopsError PIPELINE_INVALID with Airflow's reason when it cannot import the file, and before anything is written for a text of
   * another DAG
   */
  upsert(dag: string, text: string, options?: CallOptions): Promise<void>;
  /** No run of the DAG starts by schedule or asset; runs at work go on. */
  pause(dag: string, options?: CallOptions): Promise<void>;
  /** Lets runs start again. */
  resume(dag: string, options?: CallOptions): Promise<void>;
  /** Whether the DAG is paused; new ones are. */
  isPaused(dag: string, options?: CallOptions): Promise<boolean>;
  /** @throws TsopsError STORE_CONFLICT when there is a run of this interval's start, or of this id */
  trigger(dag: string, options: AirflowTrigger): Promise<AirflowRun>;
  /** The newest runs of a DAG, 100 unless `limit` says else, oldest first. */
  runs(dag: string, options?: CallOptions & { readonly limit?: number }): Promise<readonly AirflowRun[]>;
  /** Waits until a run is over, whether it succeeded or failed. */
  wait(dag: string, run: string, options?: CallOptions): Promise<AirflowRun>;
  /** The tasks of a run, with their states. */
  tasks(dag: string, run: string, options?: CallOptions): Promise<readonly AirflowTask[]>;
  /** What a task left for others: its last line of stdout. Null when it left nothing. */
  xcom(dag: string, run: string, task: string, options?: CallOptions): Promise<unknown>;
  /** Results of the steps of an exported pipeline that have succeeded in a run, by name (by `partition/step` where there are partitions). */
  results(dag: string, run: string, options?: CallOptions): Promise<StepResults>;
  /** The log of a task's try, a line each. */
  logs(dag: string, run: string, task: string, tryNumber: number, options?: CallOptions): Promise<string>;
  /**
   * Makes tasks of a run run again, all or those named. Steps that are in the ledger give their recorded result.
   * @returns The tasks that were cleared.
   */
  clear(
    dag: string,
    run: string,
    tasks?: readonly string[],
    options?: CallOptions,
  ): Promise<readonly string[]>;
  /** Starts a backfill. @returns Its number, for `waitForBackfill`. */
  backfill(dag: string, options: AirflowBackfillOptions): Promise<number>;
  /** The starts of the intervals that a backfill would run. */
  planBackfill(dag: string, options: AirflowBackfillOptions): Promise<readonly bigint[]>;
  /** Waits until all runs of a backfill are over. */
  waitForBackfill(id: number, options?: CallOptions): Promise<void>;
  /** Says that an asset was updated: DAGs that are scheduled on it start. @throws TsopsError RUN_NOT_FOUND for an asset that no DAG names */
  emitAssetEvent(
    asset: string,
    extra?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<AirflowAssetEvent>;
  /** Events of an asset, newest first, at most 100. */
  assetEvents(asset: string, options?: CallOptions): Promise<readonly AirflowAssetEvent[]>;
  /** Questions that wait for an answer. */
  pendingApprovals(dag: string, options?: CallOptions): Promise<readonly AirflowApproval[]>;
  /** Lets the run go on. Waits until the task really waits and the scheduler has beaten twice since: Airflow fails a task that is answered sooner. */
  approve(approval: AirflowApproval, options?: CallOptions): Promise<void>;
  /** Leaves out the steps that waited. */
  reject(approval: AirflowApproval, options?: CallOptions): Promise<void>;
}
