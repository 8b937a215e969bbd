import { abortedError } from "../abort.ts";
import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import { sha256Hex } from "../hash.ts";
import type { Announcement, AssetEvent, LedgerEntry, LedgerKey, StepRecord } from "../ports/ledger.ts";
import type { Progress } from "../progress.ts";
import { formatInstant } from "../time/instant.ts";
import { collectAnnouncements } from "./assets.ts";
import type { AttemptOptions } from "./attempt-options.ts";
import type { Hook, HookName, RunFailure } from "./hook.ts";
import type { HeldLease } from "./lease.ts";
import type { AnyPipeline } from "./pipeline.ts";
import { isWorthRetrying, retryDelay } from "./retry.ts";
import { outcomeOf, type RunOutcome, resultsOf, type StepOutcome, stepOutcome } from "./run-outcome.ts";
import { runStep, type StepInput, stepError } from "./run-step.ts";
import type { LogEntry, Step } from "./step.ts";
import { serializeResult } from "./step-result.ts";

/** A run that was claimed, and what to do with it. */
export interface ClaimedRun {
  readonly pipeline: AnyPipeline;
  readonly key: LedgerKey;
  readonly owner: string;
  readonly entry: LedgerEntry;
  /** What earlier attempts recorded. */
  readonly recorded: readonly StepRecord[];
  readonly events: readonly AssetEvent[];
  readonly lease: HeldLease;
  readonly options: AttemptOptions;
}

/** One claimed run while it is worked on. */
export class Attempt {
  private readonly records: StepRecord[] = [];
  private readonly steps: StepOutcome[] = [];
  private readonly signal: AbortSignal;
  private readonly run: ClaimedRun;

  constructor(run: ClaimedRun) {
    this.run = run;
    const { lease, options } = run;
    this.signal =
      options.signal === undefined ? lease.signal : AbortSignal.any([options.signal, lease.signal]);
  }

  /** Runs what is not recorded yet: all steps and the hooks, or what was asked for alone. */
  async work(): Promise<RunOutcome> {
    const { pipeline, entry, recorded, options } = this.run;
    const { only, force = false } = options;
    const known = new Map(recorded.map((record) => [record.step, record]));
    if (entry.attempt > 1) this.log("info", `attempt ${entry.attempt}`);
    let isUnbroken = true;
    let latest = 1;
    for (const step of pipeline.steps) {
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
    const isComplete = this.records.length === pipeline.steps.length;
    const hooks = hooksOf(pipeline, "onSuccess");
    // Whoever asks for one step after the other asks for the hooks, too.
    const areHooksToCome = hooks.length > 0 && only !== undefined && only !== "onSuccess";
    if (!isComplete || areHooksToCome) return this.finish("pending");
    const done = known.get("onSuccess");
    const isHookDone = isUnbroken && done !== undefined && done.attempt >= latest;
    if (isHookDone && !(only === "onSuccess" && force)) this.steps.push(stepOutcome(done, true));
    else await this.runHooks("onSuccess");
    return this.finish("succeeded");
  }

  /**
   * Runs the hooks of a failure, for a caller who retried a step until it gave up.
   * @param known - What the ledger said of the failure; null when a process ended before it could.
   */
  async giveUp(known: LedgerEntry["error"]): Promise<RunOutcome> {
    this.keepRecorded();
    const error = known ?? {
      code: "RUN_ABANDONED",
      message: "The run ended without a result: its process ended before it was done.",
    };
    await this.runHooks("onFailure", { step: this.missingStep(), ...error });
    return this.finish("failed", { error: new TsopsError(error.code as TsopsErrorCode, error.message) });
  }

  /** A caller who asks for one step counts the attempts itself. */
  isBeyondRetries(): boolean {
    return this.run.options.only === undefined && this.attempts() > this.run.pipeline.retry.attempts;
  }

  /** Ends a run whose processes died so often that another attempt would most likely end as they did. */
  async abandon(): Promise<RunOutcome> {
    this.keepRecorded();
    const { attempts } = this.run.pipeline.retry;
    const ended = this.attempts() - 1;
    const error = new TsopsError(
      "RUN_ABANDONED",
      `The run ended without a result: attempt ${ended} of ${attempts} was the last, and its process ended before it was done.`,
      {
        hint: "Find out what ends the process (memory, a native crash), then run with resume.",
        details: { attempts: ended },
      },
    );
    this.log("error", `${error.code}: ${error.message}`);
    // Once: a hook that ends the process, too, must not keep the run going for ever.
    if (ended === attempts) await this.runHooks("onFailure", failureOf(this.missingStep(), error));
    return this.finish("failed", { error });
  }

  private keepRecorded(): void {
    for (const record of this.run.recorded)
      if (this.run.pipeline.steps.some(({ name }) => name === record.step)) this.keep(record, true);
  }

  /** The first step that has no result. */
  private missingStep(): string | null {
    const done = new Set(this.records.map(({ step }) => step));
    return this.run.pipeline.steps.find(({ name }) => !done.has(name))?.name ?? null;
  }

  private keep(record: StepRecord, wasRecorded: boolean): void {
    this.records.push(record);
    this.steps.push(stepOutcome(record, wasRecorded));
  }

  private async runAndRecord(step: Step): Promise<StepRecord> {
    const startedAt = this.run.options.clock.now();
    this.log("info", "started", step.name);
    const { announced, announce } = collectAnnouncements(step.name, step.announces);
    const value = await runStep(step, this.inputOf(step, announce), this.signal, this.run.options.clock);
    return this.record(step.name, startedAt, serializeResult(step.name, value), announced);
  }

  private async record(
    step: string,
    startedAt: bigint,
    result: string,
    announced: readonly Announcement[],
  ): Promise<StepRecord> {
    const { key, owner, entry, options } = this.run;
    const { attempt } = entry;
    const finishedAt = options.clock.now();
    const record = { step, attempt, startedAt, finishedAt, result, resultHash: sha256Hex(result), announced };
    await options.ledger.recordStep(key, owner, record);
    this.log("info", `done in ${seconds(finishedAt - startedAt)}`, step);
    return record;
  }

  /**
   * Runs the hooks of one kind while the run is still held, and records that they ran with what they announced. A hook that fails is logged.
   * @throws TsopsError ABORTED, LEASE_LOST: then whoever goes on with the run runs them again
   */
  private async runHooks(name: HookName, failure?: RunFailure): Promise<void> {
    const { pipeline, options } = this.run;
    const hooks = hooksOf(pipeline, name);
    if (hooks.length === 0) return;
    const startedAt = options.clock.now();
    const all: Announcement[] = [];
    for (const hook of hooks) {
      const { announced, announce } = collectAnnouncements(name, hook.announces);
      const input = { ...this.inputOf(hook, announce), ...(failure === undefined ? {} : { failure }) };
      try {
        await runStep(hook, input, this.signal, options.clock);
      } catch (error) {
        await this.throwIfStopped(hook, error);
        const { code, message } = stepError(name, error);
        this.log("error", `${code}: ${message}`, name);
      }
      all.push(...announced);
    }
    this.steps.push(stepOutcome(await this.record(name, startedAt, "null", all), false));
  }

  private inputOf(step: Step, announce: StepInput["announce"]): StepInput {
    const { key, entry, events, options } = this.run;
    const { pipeline, partition, start, end } = key;
    return {
      pipeline,
      step: step.name,
      interval: { start, end },
      partition,
      attempt: entry.attempt,
      // Read back for each step, so that a step cannot change what later steps, or a resumed run, see.
      results: resultsOf(this.records),
      events,
      announce,
      clock: options.clock,
      progress: (event: Parameters<Progress>[0]) =>
        options.progress?.({ ...event, task: `${step.name}: ${event.task}` }),
      log: (message: string, fields?: Readonly<Record<string, unknown>>) =>
        this.log("info", message, step.name, fields),
    };
  }

  private async fail(step: Step, error: unknown): Promise<RunOutcome> {
    await this.throwIfStopped(step, error);
    const { pipeline, key, options } = this.run;
    const wrapped = stepError(step.name, error);
    const { retry, name } = pipeline;
    const attempts = this.attempts();
    const isAlone = options.only !== undefined;
    const mayRetry = isWorthRetrying(error) && (isAlone || attempts < retry.attempts);
    if (!mayRetry) {
      this.log("error", `${wrapped.code}: ${wrapped.message}`, step.name);
      if (!isAlone) await this.runHooks("onFailure", failureOf(step.name, wrapped));
      return this.finish("failed", { error: wrapped });
    }
    const wait = isAlone ? 0n : retryDelay(retry, attempts, `${name}/${key.partition}/${key.start}`);
    this.log("warn", `${wrapped.code}: ${wrapped.message} (again in ${seconds(wait)})`, step.name);
    return this.finish("waiting_retry", { error: wrapped, nextRetryAt: options.clock.now() + wait });
  }

  /** Gives the run away when it was the end of the attempt that made a step fail, and not the step. */
  private async throwIfStopped(step: Step, error: unknown): Promise<void> {
    const { lease, key, options } = this.run;
    if (lease.signal.aborted) throw leaseLost(lease.signal.reason, key);
    if (TsopsError.is(error, "LEASE_LOST")) throw error;
    if (!options.signal?.aborted) return;
    const aborted = abortedError(options.signal);
    // Due at once: whoever runs the interval next goes on with this step.
    await this.end("waiting_retry", { error: aborted, nextRetryAt: options.clock.now() });
    this.log("warn", "aborted; finished steps are kept", step.name);
    throw aborted;
  }

  /** How many attempts there were, this one included, since the retries were last counted anew. */
  private attempts(): number {
    const { entry, options } = this.run;
    const isAsked = options.force === true || options.resume === true;
    return entry.attempt - (options.countFrom ?? (isAsked ? entry.attempt : 1)) + 1;
  }

  private async refuseStep(missing: string, only: string): Promise<never> {
    await this.end("pending", {});
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Step "${only}" of "${this.run.pipeline.name}" needs the result of "${missing}", which has not finished for this interval.`,
      { hint: `Run "${missing}" for this interval first, or the whole pipeline.`, details: { missing } },
    );
  }

  private async finish(
    status: "succeeded" | "failed" | "waiting_retry" | "pending",
    extra: { readonly error?: TsopsError; readonly nextRetryAt?: bigint } = {},
  ): Promise<RunOutcome> {
    await this.end(status, extra);
    const { key, entry, options } = this.run;
    const found = await options.ledger.get(key);
    return outcomeOf(status, found?.entry ?? entry, true, this.records, this.steps, extra.error);
  }

  private async end(
    status: "succeeded" | "failed" | "waiting_retry" | "pending",
    { error, nextRetryAt }: { readonly error?: TsopsError; readonly nextRetryAt?: bigint },
  ): Promise<void> {
    const { key, owner, lease, options } = this.run;
    const { ledger, clock } = options;
    await lease.stop();
    await ledger.finish(key, owner, {
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
    const { pipeline, partition, start, end } = this.run.key;
    this.run.options.log?.({
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

function hooksOf({ hooks }: AnyPipeline, name: HookName): readonly Hook[] {
  return hooks.filter((hook) => hook.name === name);
}

function failureOf(step: string | null, { code, message }: TsopsError): RunFailure {
  return { step, code, message };
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
