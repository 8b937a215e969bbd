import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { abortedError, throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import { sha256Hex } from "../hash.ts";
import { checkMethods, type OptionNames } from "../options.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ledger, LedgerEntry, LedgerKey, StepRecord } from "../ports/ledger.ts";
import type { Progress } from "../progress.ts";
import { formatInstant } from "../time/instant.ts";
import { type HeldLease, holdLease } from "./lease.ts";
import type { AnyPipeline } from "./pipeline.ts";
import { isWorthRetrying, retryDelay } from "./retry.ts";
import { doneBefore, outcomeOf, type RunOutcome, resultsOf, type StepOutcome } from "./run-outcome.ts";
import { runStep, stepError } from "./run-step.ts";
import type { Log, LogEntry, Step } from "./step.ts";
import { serializeResult } from "./step-result.ts";

/** What an attempt works with. */
export interface AttemptOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Run a finished interval again, from the first step. */
  readonly force?: boolean;
  /** Go on with a failed interval from the step that failed, or with a retry that is not due yet. */
  readonly resume?: boolean;
  /**
   * Run this step only; the earlier ones must have finished. With `force` it is run again although it has finished. A failure
   * is left for the caller to retry: it uses up no attempt.
   */
  readonly only?: string;
  /** The attempt from which the pipeline's retries are counted. Default: this one when it is forced or resumed, else 1. */
  readonly countFrom?: number;
  /** Names who holds the lease, for people. A random suffix keeps two attempts of one owner apart. Default: host and process id. */
  readonly owner?: string;
  /** Commit or other identifier of the code, kept in the ledger. */
  readonly codeVersion?: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly log?: Log;
}

/** For the checks of whatever takes these options, too. */
export const attemptOptionNames: OptionNames<AttemptOptions> = {
  ledger: true,
  clock: true,
  force: true,
  resume: true,
  only: true,
  countFrom: true,
  owner: true,
  codeVersion: true,
  signal: true,
  progress: true,
  log: true,
};

/**
 * Makes one attempt at the run of a data interval: claims it in the ledger, runs the steps that are not recorded yet,
 * records each, and ends the run. A failed step is an outcome, not an exception.
 * @throws TsopsError ABORTED when the signal fires: the run can be resumed at once, finished steps are kept.
 * @throws TsopsError LEASE_LOST when another process has taken the run over
 * @throws TsopsError PIPELINE_INVALID for a pipeline without steps, or a partition or step that it does not have
 */
export async function runAttempt(
  pipeline: AnyPipeline,
  key: LedgerKey,
  options: AttemptOptions,
): Promise<RunOutcome> {
  const { ledger, clock, signal, force = false, resume = false, only, codeVersion } = options;
  checkLedgerAndClock(options);
  assertRunnable(pipeline, key, only);
  throwIfAborted(signal);
  const owner = uniqueOwner(options.owner);
  const now = clock.now();
  const claim = await ledger.claim(key, {
    owner,
    now,
    leaseUntil: now + pipeline.leaseMicros,
    ...(codeVersion === undefined ? {} : { codeVersion }),
    force: force && only === undefined,
    reopen: resume || (force && only !== undefined),
    signal,
  });
  if (claim.outcome === "busy") return outcomeOf("busy", claim.entry, false, [], []);
  if (claim.outcome === "done") return doneBefore(claim.entry, claim.steps, pipeline);

  const lease = holdLease({ ledger, key, owner, clock, leaseMicros: pipeline.leaseMicros });
  const run = new Attempt(pipeline, key, owner, claim.entry, lease, options);
  try {
    return await (claim.isTakeOver && run.isBeyondRetries()
      ? run.abandon(claim.steps)
      : run.work(claim.steps));
  } finally {
    await lease.stop();
  }
}

/** @throws TsopsError PIPELINE_INVALID when one is missing, or is something else. */
export function checkLedgerAndClock({ ledger, clock }: Pick<AttemptOptions, "ledger" | "clock">): void {
  checkMethods("PIPELINE_INVALID", "The ledger", ledger, ["claim", "finish", "get"], "Give home.ledger.");
  checkMethods(
    "PIPELINE_INVALID",
    "The clock",
    clock,
    ["now", "sleepUntil"],
    "Give systemClock() or a virtualClock().",
  );
}

/** Two attempts must not share an owner: the ledger lets an owner claim its own run again. */
export function uniqueOwner(owner = `${hostname()}:${process.pid}`): string {
  return `${owner}/${randomUUID()}`;
}

/** One claimed run while it is worked on. */
class Attempt {
  private readonly records: StepRecord[] = [];
  private readonly steps: StepOutcome[] = [];
  private readonly signal: AbortSignal;
  private readonly pipeline: AnyPipeline;
  private readonly key: LedgerKey;
  private readonly owner: string;
  private readonly entry: LedgerEntry;
  private readonly lease: HeldLease;
  private readonly options: AttemptOptions;

  constructor(
    pipeline: AnyPipeline,
    key: LedgerKey,
    owner: string,
    entry: LedgerEntry,
    lease: HeldLease,
    options: AttemptOptions,
  ) {
    this.pipeline = pipeline;
    this.key = key;
    this.owner = owner;
    this.entry = entry;
    this.lease = lease;
    this.options = options;
    this.signal =
      options.signal === undefined ? lease.signal : AbortSignal.any([options.signal, lease.signal]);
  }

  async work(recorded: readonly StepRecord[]): Promise<RunOutcome> {
    const { only, force = false } = this.options;
    const known = new Map(recorded.map((record) => [record.step, record]));
    if (this.entry.attempt > 1) this.log("info", `attempt ${this.entry.attempt}`);
    let isUnbroken = true;
    let latest = 1;
    for (const step of this.pipeline.steps) {
      const record = known.get(step.name);
      const isAsked = step.name === only;
      // A result counts only while those before it do and are not newer: else it was made from an older input.
      if (record === undefined || record.attempt < latest) isUnbroken = false;
      else latest = record.attempt;
      if (isUnbroken && record !== undefined && !(isAsked && force)) {
        this.keep(record, true);
        if (isAsked) break;
        continue;
      }
      if (only !== undefined && !isAsked) return this.refuseStep(step.name, only);
      isUnbroken = false;
      try {
        this.keep(await this.runAndRecord(step), false);
      } catch (error) {
        return this.fail(step, error);
      }
      if (isAsked) break;
    }
    const isComplete = this.records.length === this.pipeline.steps.length;
    return this.finish(isComplete ? "succeeded" : "pending");
  }

  /** A caller who asks for one step counts the attempts itself. */
  isBeyondRetries(): boolean {
    return this.options.only === undefined && this.attempts() > this.pipeline.retry.attempts;
  }

  /** Ends a run whose processes died so often that another attempt would most likely end as they did. */
  async abandon(recorded: readonly StepRecord[]): Promise<RunOutcome> {
    for (const record of recorded) this.keep(record, true);
    const ended = this.attempts() - 1;
    const error = new TsopsError(
      "RUN_ABANDONED",
      `The run ended without a result: attempt ${ended} of ${this.pipeline.retry.attempts} was the last, and its process ended before it was done.`,
      {
        hint: "Find out what ends the process (memory, a native crash), then run with resume.",
        details: { attempts: ended },
      },
    );
    this.log("error", `${error.code}: ${error.message}`);
    return this.finish("failed", { error });
  }

  private keep(record: StepRecord, wasRecorded: boolean): void {
    const { startedAt, finishedAt, step } = record;
    this.records.push(record);
    this.steps.push({ step, wasRecorded, startedAt, finishedAt });
  }

  private async runAndRecord(step: Step): Promise<StepRecord> {
    const { clock, ledger } = this.options;
    const startedAt = clock.now();
    this.log("info", "started", step.name);
    const value = await runStep(step, this.contextOf(step), this.signal, clock);
    const result = serializeResult(step.name, value);
    const record = {
      step: step.name,
      attempt: this.entry.attempt,
      startedAt,
      finishedAt: clock.now(),
      result,
      resultHash: sha256Hex(result),
    };
    await ledger.recordStep(this.key, this.owner, record);
    this.log("info", `done in ${seconds(record.finishedAt - startedAt)}`, step.name);
    return record;
  }

  private contextOf(step: Step) {
    const { clock, progress } = this.options;
    const { pipeline, partition, start, end } = this.key;
    return {
      pipeline,
      step: step.name,
      interval: { start, end },
      partition,
      attempt: this.entry.attempt,
      // Read back for each step, so that a step cannot change what later steps, or a resumed run, see.
      results: resultsOf(this.records),
      clock,
      progress: (event: Parameters<Progress>[0]) =>
        progress?.({ ...event, task: `${step.name}: ${event.task}` }),
      log: (message: string, fields?: Readonly<Record<string, unknown>>) =>
        this.log("info", message, step.name, fields),
    };
  }

  private async fail(step: Step, error: unknown): Promise<RunOutcome> {
    if (this.lease.signal.aborted) throw leaseLost(this.lease.signal.reason, this.key);
    if (TsopsError.is(error, "LEASE_LOST")) throw error;
    const { clock, signal, only } = this.options;
    if (signal?.aborted) {
      const aborted = abortedError(signal);
      // Due at once: whoever runs the interval next goes on with this step.
      await this.end("waiting_retry", { error: aborted, nextRetryAt: clock.now() });
      this.log("warn", "aborted; finished steps are kept", step.name);
      throw aborted;
    }
    const wrapped = stepError(step.name, error);
    const { retry, name } = this.pipeline;
    const attempts = this.attempts();
    const mayRetry = only !== undefined || (attempts < retry.attempts && isWorthRetrying(error));
    if (!mayRetry) {
      this.log("error", `${wrapped.code}: ${wrapped.message}`, step.name);
      return this.finish("failed", { error: wrapped });
    }
    const seed = `${name}/${this.key.partition}/${this.key.start}`;
    const wait = only === undefined ? retryDelay(retry, attempts, seed) : 0n;
    this.log("warn", `${wrapped.code}: ${wrapped.message} (again in ${seconds(wait)})`, step.name);
    return this.finish("waiting_retry", { error: wrapped, nextRetryAt: clock.now() + wait });
  }

  /** How many attempts there were, this one included, since the retries were last counted anew. */
  private attempts(): number {
    const { countFrom, force, resume } = this.options;
    const first = countFrom ?? (force === true || resume === true ? this.entry.attempt : 1);
    return this.entry.attempt - first + 1;
  }

  private async refuseStep(missing: string, only: string): Promise<never> {
    await this.end("pending", {});
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Step "${only}" of "${this.pipeline.name}" needs the result of "${missing}", which has not finished for this interval.`,
      { hint: `Run "${missing}" for this interval first, or the whole pipeline.`, details: { missing } },
    );
  }

  private async finish(
    status: "succeeded" | "failed" | "waiting_retry" | "pending",
    extra: { readonly error?: TsopsError; readonly nextRetryAt?: bigint } = {},
  ): Promise<RunOutcome> {
    await this.end(status, extra);
    const found = await this.options.ledger.get(this.key);
    return outcomeOf(status, found?.entry ?? this.entry, true, this.records, this.steps, extra.error);
  }

  private async end(
    status: "succeeded" | "failed" | "waiting_retry" | "pending",
    { error, nextRetryAt }: { readonly error?: TsopsError; readonly nextRetryAt?: bigint },
  ): Promise<void> {
    const { ledger, clock } = this.options;
    await this.lease.stop();
    await ledger.finish(this.key, this.owner, {
      status,
      now: clock.now(),
      ...(nextRetryAt === undefined ? {} : { nextRetryAt }),
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    });
  }

  private log(
    level: LogEntry["level"],
    message: string,
    step?: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void {
    const { pipeline, partition, start, end } = this.key;
    this.options.log?.({
      level,
      message,
      pipeline,
      partition,
      interval: { start, end },
      ...(step === undefined ? {} : { step }),
      ...(fields === undefined ? {} : { fields }),
    });
  }
}

function assertRunnable(pipeline: AnyPipeline, key: LedgerKey, only: string | undefined): void {
  const names = pipeline.steps.map((step) => step.name);
  if (names.length === 0)
    throw new TsopsError("PIPELINE_INVALID", `Pipeline "${pipeline.name}" has no steps.`, {
      hint: 'Add one: pipeline(...).step("name", async (context) => ...).',
    });
  if (only !== undefined && !names.includes(only))
    throw new TsopsError("PIPELINE_INVALID", `Pipeline "${pipeline.name}" has no step "${only}".`, {
      hint: `It has ${names.join(", ")}.`,
    });
  if (!pipeline.partitions.includes(key.partition))
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Pipeline "${pipeline.name}" has no partition ${JSON.stringify(key.partition)}.`,
      {
        hint:
          pipeline.partitions[0] === ""
            ? "It has no partitions: leave partition (--partition) out."
            : `It has ${pipeline.partitions.join(", ")}.`,
      },
    );
}

function leaseLost(reason: unknown, key: LedgerKey): TsopsError {
  if (TsopsError.is(reason, "LEASE_LOST")) return reason;
  return new TsopsError(
    "LEASE_LOST",
    `The lease of ${key.pipeline} at ${formatInstant(key.start)} could not be renewed before it ran out.`,
    { hint: "Check that the ledger can be reached, and whether steps block the event loop.", cause: reason },
  );
}

function seconds(micros: bigint): string {
  return `${(Number(micros) / 1e6).toFixed(1)} s`;
}
