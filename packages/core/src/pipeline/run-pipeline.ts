import { TsopsError } from "../errors.ts";
import { checkOptions, checkWord, shown } from "../options.ts";
import type { LedgerKey } from "../ports/ledger.ts";
import { formatInstant, type InstantInput, toMicros } from "../time/instant.ts";
import type { Interval } from "../time/interval.ts";
import { type AttemptOptions, attemptOptionNames } from "./attempt-options.ts";
import type { AnyPipeline, Pipeline } from "./pipeline.ts";
import { checkLedgerAndClock, runAttempt } from "./run-attempt.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { latestDueInterval, refuseUnscheduled } from "./schedule.ts";
import type { StepResults } from "./step.ts";

/** Which run, and how. */
export interface RunPipelineOptions extends AttemptOptions {
  /** The data interval. Default: the last one of the schedule that is due at `at`. */
  readonly interval?: Interval;
  /** Default: the clock's present. */
  readonly at?: InstantInput;
  /** Required for partitioned pipelines. */
  readonly partition?: string;
  /**
   * What to wait for: `"retries"` waits until a failed attempt may be repeated; `"all"` (default) also until another
   * process has finished the run or its lease has run out; `"nothing"` returns at once.
   */
  readonly wait?: "all" | "retries" | "nothing";
}

/** A run that succeeded, with the results of all its steps. */
export interface PipelineRun<Results extends StepResults = StepResults> extends RunOutcome<Results> {
  readonly status: "succeeded";
  readonly results: Results;
}

/**
 * Runs a pipeline for one data interval until it has succeeded, waiting for retries. An interval that succeeded before is
 * not run again (unless forced): its recorded results come back.
 * @throws TsopsError PIPELINE_INVALID for an interval that is none of the schedule's or is not over, unless forced or in the ledger; with the code of the step's error (STEP_FAILED for errors that are not ours) when the run failed for good;
 * ABORTED, LEASE_LOST, PIPELINE_INVALID; STORE_BUSY when it may not wait for another process
 */
export async function runPipeline<Results extends StepResults>(
  pipeline: Pipeline<Results>,
  options: RunPipelineOptions,
): Promise<PipelineRun<Results>> {
  const outcome = await runUntilSettled(pipeline, options);
  if (outcome.status === "succeeded") return outcome as PipelineRun<Results>;
  if (outcome.error !== null) throw outcome.error;
  throw new TsopsError(
    "STORE_BUSY",
    `The run of ${pipeline.name} at ${formatInstant(outcome.entry.start)} is ${outcome.entry.status}${outcome.entry.owner === null ? "" : ` by ${outcome.entry.owner}`}.`,
    { hint: 'Wait for it with wait: "all", or ask again later.', details: { status: outcome.entry.status } },
  );
}

/** Makes attempts at a run until its outcome is none that `wait` allows to wait for. */
export async function runUntilSettled(
  pipeline: AnyPipeline,
  options: RunPipelineOptions,
): Promise<RunOutcome> {
  const { clock, signal, wait = "all" } = options;
  checkOptions("PIPELINE_INVALID", "runPipeline()", options, {
    ...attemptOptionNames,
    interval: true,
    at: true,
    partition: true,
    wait: true,
  });
  checkLedgerAndClock(options);
  checkWord("PIPELINE_INVALID", "wait", wait, ["all", "retries", "nothing"]);
  const key = runKey(pipeline, options);
  await refuseNewUnscheduled(pipeline, key, options);
  let attemptOptions: AttemptOptions = options;
  for (;;) {
    const outcome = await runAttempt(pipeline, key, attemptOptions);
    // A step that was asked for alone is retried by whoever asked.
    const mayWait = options.only === undefined || outcome.status === "busy";
    const until = mayWait ? waitUntil(outcome, wait) : null;
    if (until === null) return outcome;
    if (outcome.status === "busy") logBusy(options, key, outcome, until);
    await clock.sleepUntil(until, signal);
    // What was asked for once has been done; from now on the ledger decides.
    if (outcome.status !== "busy") attemptOptions = goOn(attemptOptions, outcome);
  }
}

/** A run that the ledger has (forced once, or of an older schedule) can be resumed, and its results asked for. */
async function refuseNewUnscheduled(
  pipeline: AnyPipeline,
  key: LedgerKey,
  { ledger, clock, signal, interval, force = false }: RunPipelineOptions,
): Promise<void> {
  if (pipeline.ticks === null || interval === undefined || force) return;
  if ((await ledger.get(key, { signal })) !== null) return;
  refuseUnscheduled(pipeline, interval, clock.now(), "To run it all the same, use force (--force).");
}

/** Options of the attempt after one: what was asked for has begun, and its retries are counted from there. */
function goOn(options: AttemptOptions, { entry }: RunOutcome): AttemptOptions {
  const wasAsked = options.force === true || options.resume === true;
  return { ...options, force: false, resume: false, ...(wasAsked ? { countFrom: entry.attempt } : {}) };
}

function logBusy({ log }: RunPipelineOptions, key: LedgerKey, { entry }: RunOutcome, until: bigint): void {
  const { pipeline, partition, start, end } = key;
  const what = entry.owner === null ? "its retry is not due" : `${entry.owner} is at work`;
  const message = `${what}; looking again at ${formatInstant(until)}`;
  log?.({ level: "warn", message, pipeline, partition, interval: { start, end } });
}

function waitUntil({ status, entry }: RunOutcome, wait: "all" | "retries" | "nothing"): bigint | null {
  if (wait === "nothing") return null;
  if (status === "waiting_retry") return entry.nextRetryAt;
  if (status !== "busy") return null;
  if (entry.status === "waiting_retry") return entry.nextRetryAt;
  return wait === "all" ? entry.leaseUntil : null;
}

/**
 * The ledger key of a run.
 * @throws TsopsError PIPELINE_INVALID when neither an interval is given nor the schedule has one that is due
 */
export function runKey(
  pipeline: AnyPipeline,
  options: Pick<RunPipelineOptions, "interval" | "at" | "partition" | "clock">,
): LedgerKey {
  const { name } = pipeline;
  const { start, end } = options.interval ?? dueInterval(pipeline, options);
  if (typeof start !== "bigint" || typeof end !== "bigint")
    throw new TsopsError(
      "PIPELINE_INVALID",
      `The interval of "${name}" is from ${shown(start)} to ${shown(end)}; microseconds as bigint are needed.`,
      {
        hint: 'Make them of dates and texts with toMicros: interval(toMicros("2026-01-01T00:00Z"), toMicros(date)).',
      },
    );
  if (end < start)
    throw new TsopsError("PIPELINE_INVALID", `The interval of "${name}" ends before it starts.`, {
      hint: "Swap the two instants.",
    });
  if (options.partition === undefined && pipeline.partitions[0] !== "")
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Pipeline "${name}" is partitioned: say which partition to run.`,
      {
        hint: `Pass partition (--partition): it has ${pipeline.partitions.join(", ")}.`,
      },
    );
  return { pipeline: name, partition: options.partition ?? "", start, end };
}

function dueInterval(
  { name, ticks, onAssets }: AnyPipeline,
  { at, clock }: Pick<RunPipelineOptions, "at" | "clock">,
): Interval {
  const now = at === undefined ? clock.now() : toMicros(at);
  if (onAssets.length > 0) return { start: now, end: now };
  if (ticks === null)
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Pipeline "${name}" has no schedule, so its interval must be given.`,
      {
        hint: "Pass interval: { start, end } (--interval start/end), or give the pipeline a schedule.",
      },
    );
  const found = latestDueInterval(ticks, now);
  if (found !== null) return found;
  throw new TsopsError("PIPELINE_INVALID", `No interval of "${name}" is due at ${formatInstant(now)}.`);
}
