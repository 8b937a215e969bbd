import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import type { Announcement, LedgerEntry, StepRecord } from "../ports/ledger.ts";
import type { AnyPipeline } from "./pipeline.ts";
import type { StepResults } from "./step.ts";
import { parseResult } from "./step-result.ts";

/** What became of a step in an attempt. */
export interface StepOutcome {
  readonly step: string;
  /** True when the step was done by an earlier attempt and not run again. */
  readonly wasRecorded: boolean;
  readonly startedAt: bigint;
  readonly finishedAt: bigint;
  readonly announced: readonly Announcement[];
}

/** What became of an attempt. */
export interface RunOutcome<Results extends StepResults = StepResults> {
  /**
   * `succeeded`, `failed` and `cancelled`: the run is over. `waiting_retry`: it failed and will be tried again at
   * `entry.nextRetryAt`. `pending`: the asked-for step is done, others are to come. `busy`: someone else holds the run, or its
   * retry is not due yet.
   */
  readonly status: "succeeded" | "failed" | "cancelled" | "waiting_retry" | "pending" | "busy";
  readonly entry: LedgerEntry;
  /** False when the run was over before and nothing was done. */
  readonly isNew: boolean;
  /** Results of the steps that are done, by name: all of them when the status is `succeeded`. */
  readonly results: Partial<Results>;
  readonly steps: readonly StepOutcome[];
  /** Of failed runs and of those that wait to be tried again; null otherwise. */
  readonly error: TsopsError | null;
}

/** The outcome of a run that was over before it was asked for. */
export function doneBefore(
  entry: LedgerEntry,
  records: readonly StepRecord[],
  pipeline: AnyPipeline,
): RunOutcome {
  const isOf = (list: AnyPipeline["steps"]) => (record: StepRecord) =>
    list.some(({ name }) => name === record.step);
  const kept = records.filter(isOf(pipeline.steps));
  const hooks = records.filter(isOf(pipeline.hooks));
  const steps = [...kept, ...hooks].map((record) => stepOutcome(record, true));
  const status = entry.status as "succeeded" | "failed" | "cancelled";
  const error =
    entry.error === null
      ? undefined
      : new TsopsError(entry.error.code as TsopsErrorCode, `The run failed before. ${entry.error.message}`, {
          hint: "Run it with resume (--resume) to go on from the step that failed, or with force (--force) to begin again.",
        });
  return outcomeOf(status, entry, false, kept, steps, error);
}

/** What became of a step, from its record. */
export function stepOutcome(record: StepRecord, wasRecorded: boolean): StepOutcome {
  const { step, startedAt, finishedAt, announced } = record;
  return { step, wasRecorded, startedAt, finishedAt, announced };
}

/** Puts an outcome together from what the ledger holds. */
export function outcomeOf(
  status: RunOutcome["status"],
  entry: LedgerEntry,
  isNew: boolean,
  records: readonly StepRecord[],
  steps: readonly StepOutcome[],
  error?: TsopsError,
): RunOutcome {
  return { status, entry, isNew, results: resultsOf(records), steps, error: error ?? null };
}

/** Results by step name, read back from their records. */
export function resultsOf(records: readonly StepRecord[]): StepResults {
  return Object.fromEntries(records.map((record) => [record.step, parseResult(record)]));
}
