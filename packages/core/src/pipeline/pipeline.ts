import { TsopsError } from "../errors.ts";
import { definitionHash } from "../hash.ts";
import { checkList, checkOptions, checkWord, shown } from "../options.ts";
import { durationMicros } from "../time/duration.ts";
import { type InstantInput, toMicros } from "../time/instant.ts";
import { checkAssets } from "./assets.ts";
import { type FailureContext, type Hook, type HookContext, type HookName, hookNames } from "./hook.ts";
import { parseRetry, type RetryOptions, type RetryPolicy } from "./retry.ts";
import { parseSchedule, type Schedule, type Ticks } from "./schedule.ts";
import type { CheckedResult, Step, StepContext, StepOptions, StepResults, StoredResult } from "./step.ts";

/** What to do when a run is due while the one before it is still at work. */
export type OverlapPolicy =
  /** One at a time, in order of the intervals, waiting for retries: for steps that build on earlier intervals. */
  | "queue"
  /** The interval is left out and recorded as cancelled. */
  | "skip"
  /** Both run. */
  | "parallel";

/** Which of the intervals that passed while no scheduler ran are made up for. */
export type CatchUp = "none" | "latest" | "all";

/** How a pipeline runs. */
export interface PipelineOptions {
  /** Absent for pipelines that are only run by hand. */
  readonly schedule?: Schedule;
  /** First instant that is of interest: `catchUp: "all"` begins here. */
  readonly startAt?: InstantInput;
  /** Default `"latest"`. */
  readonly catchUp?: CatchUp;
  /** Default `"queue"`. */
  readonly overlap?: OverlapPolicy;
  /** Each partition is a run of its own for every interval. */
  readonly partitions?: readonly string[];
  readonly retry?: RetryOptions;
  /** How long a process may stay silent before another takes its run over. Default `"1m"`. */
  readonly lease?: string;
}

/** What a pipeline is, as data. */
export interface PipelineDescription {
  readonly name: string;
  readonly schedule: Schedule | null;
  readonly catchUp: CatchUp;
  readonly overlap: OverlapPolicy;
  readonly partitions: readonly string[];
  readonly retry: RetryPolicy;
  readonly steps: readonly StepDescription[];
  /** In the order in which they run. */
  readonly hooks: readonly StepDescription[];
  readonly onAssets: readonly string[];
  /** sha256 of all of the above. The steps' code is not part of it: that is what `codeVersion` of a run is for. */
  readonly definitionHash: string;
}

/** What a step or a hook is, as data. */
export interface StepDescription {
  readonly name: string;
  readonly timeoutMicros: bigint | null;
  readonly announces: readonly string[];
}

/** Typed steps that run in order, once per data interval (and partition). An immutable value: `step` gives a new one. */
export interface Pipeline<Results extends StepResults = StepResults> {
  readonly name: string;
  readonly schedule: Schedule | null;
  /** Null without a schedule. */
  readonly ticks: Ticks | null;
  readonly startAt: bigint | null;
  readonly catchUp: CatchUp;
  readonly overlap: OverlapPolicy;
  /** `[""]` for unpartitioned pipelines. */
  readonly partitions: readonly string[];
  readonly retry: RetryPolicy;
  readonly leaseMicros: bigint;
  readonly steps: readonly Step[];
  readonly hooks: readonly Hook[];
  /** Assets whose events start a run; none for other pipelines. */
  readonly onAssets: readonly string[];
  /**
   * Adds a step. Its result is recorded when it is done, so that a crash does not run it again, and later steps find it under
   * its name in `results`, with its type.
   * @throws TsopsError PIPELINE_INVALID for a name that is taken or is not a word.
   */
  step<const Name extends string, R, const Assets extends string = never>(
    name: Name,
    run: ((context: StepContext<Results, Assets>) => R) & CheckedResult<Awaited<R>>,
    options?: StepOptions<Assets>,
  ): Pipeline<Results & { readonly [Key in Name]: StoredResult<Awaited<R>> }>;
  /**
   * Adds a hook that runs when all steps are done, before the run counts as succeeded: at least once, also when a process dies in
   * between. One that throws is logged and changes nothing; work that must not be lost is a step.
   */
  onSuccess<const Assets extends string = never>(
    run: (context: HookContext<Results, Assets>) => unknown,
    options?: StepOptions<Assets>,
  ): Pipeline<Results>;
  /** Adds a hook that runs when a run has failed for good, not for a failure that is tried again; otherwise as `onSuccess`. */
  onFailure<const Assets extends string = never>(
    run: (context: FailureContext<Results, Assets>) => unknown,
    options?: StepOptions<Assets>,
  ): Pipeline<Results>;
  /**
   * Runs the pipeline when something was announced about any of the assets. Such a run has the empty interval at the instant of
   * the newest event, and takes in all events since the run before it (`events` of its steps).
   * @throws TsopsError PIPELINE_INVALID for a pipeline with a schedule, and for texts that are no URI
   */
  onAssetEvent(...assets: readonly [string, ...string[]]): Pipeline<Results>;
  /** The pipeline as plain data, with a hash that changes when its definition does. */
  describe(): PipelineDescription;
}

/** Results of a pipeline without steps. */
export type NoResults = Record<never, never>;

/** A pipeline of any results, as runners and schedulers take it. */
export type AnyPipeline = Omit<Pipeline, "step" | "onSuccess" | "onFailure" | "onAssetEvent">;

/**
 * Begins a pipeline; `.step()` adds its steps.
 * @throws TsopsError PIPELINE_INVALID, FREQUENCY_INVALID, DURATION_INVALID, TIME_INVALID
 * @example
 * const daily = pipeline("daily", { schedule: { every: "1d" } })
 *   .step("ingest", async ({ interval }) => ({ rows: await load(interval) }))
 *   .step("train", async ({ results }) => fit(results.ingest.rows));
 */
export function pipeline(name: string, options: PipelineOptions = {}): Pipeline<NoResults> {
  assertWord("A pipeline", name);
  checkOptions("PIPELINE_INVALID", `pipeline("${name}")`, options, {
    schedule: true,
    startAt: true,
    catchUp: true,
    overlap: true,
    partitions: true,
    retry: true,
    lease: true,
  });
  const { partitions = [""], schedule = null, catchUp = "latest", overlap = "queue" } = options;
  checkWord("PIPELINE_INVALID", "catchUp", catchUp, ["none", "latest", "all"] satisfies CatchUp[]);
  checkWord("PIPELINE_INVALID", "overlap", overlap, ["queue", "skip", "parallel"] satisfies OverlapPolicy[]);
  checkList("PIPELINE_INVALID", "partitions", partitions);
  if (partitions.length === 0 || new Set(partitions).size !== partitions.length)
    throw new TsopsError(
      "PIPELINE_INVALID",
      `The partitions of "${name}" must be different and at least one, got [${partitions.join(", ")}].`,
      { hint: "Leave partitions out for a pipeline that has none." },
    );
  const leaseMicros = durationMicros(options.lease ?? "1m");
  if (leaseMicros < 1000n)
    throw new TsopsError(
      "PIPELINE_INVALID",
      `The lease of "${name}" must be at least 1ms, got ${options.lease}.`,
    );
  return createPipeline({
    name,
    schedule,
    ticks: schedule === null ? null : parseSchedule(schedule),
    startAt: options.startAt === undefined ? null : toMicros(options.startAt),
    catchUp,
    overlap,
    partitions,
    retry: parseRetry(options.retry),
    leaseMicros,
    steps: [],
    hooks: [],
    onAssets: [],
  });
}

function createPipeline<Results extends StepResults>(
  parts: Omit<Pipeline<Results>, "step" | "onSuccess" | "onFailure" | "onAssetEvent" | "describe">,
): Pipeline<Results> {
  const withHook = (name: HookName, run: Step["run"], options?: StepOptions): Pipeline<Results> => {
    const hook: Hook = { ...createStep(name, run, options), name };
    return createPipeline({ ...parts, hooks: [...parts.hooks, hook] });
  };
  return {
    ...parts,
    step(name, run, options) {
      assertWord(`A step of "${parts.name}"`, name);
      if (hookNames.some((hook) => hook === name))
        throw new TsopsError("PIPELINE_INVALID", `A step cannot be named "${name}": that is a hook.`, {
          hint: `Write .${name}(async ({ results }) => ...) to react to the end of a run.`,
        });
      if (parts.steps.some((step) => step.name === name))
        throw new TsopsError("PIPELINE_INVALID", `Pipeline "${parts.name}" has two steps "${name}".`, {
          hint: "Give each step a name of its own: results are found by it.",
        });
      return createPipeline({ ...parts, steps: [...parts.steps, createStep(name, run, options)] });
    },
    onSuccess: (run, options) => withHook("onSuccess", run, options),
    onFailure: (run, options) => withHook("onFailure", run, options),
    onAssetEvent(...assets) {
      checkAssets("onAssetEvent()", assets);
      if (assets.length === 0)
        throw new TsopsError("PIPELINE_INVALID", "onAssetEvent() needs an asset.", {
          hint: 'Name what the pipeline reacts to: .onAssetEvent("tsops://models/load").',
        });
      if (parts.schedule !== null)
        throw new TsopsError("PIPELINE_INVALID", `"${parts.name}" has a schedule and onAssetEvent().`, {
          hint: "Leave one of them out: a run that an event starts has no interval of a schedule.",
        });
      return createPipeline({ ...parts, onAssets: assets });
    },
    describe() {
      const { name, schedule, catchUp, overlap, partitions, retry, onAssets } = parts;
      const [steps, hooks] = [parts.steps.map(describeStep), parts.hooks.map(describeStep)];
      const description = { name, schedule, catchUp, overlap, partitions, retry, steps, hooks, onAssets };
      return { ...description, definitionHash: definitionHash(description) };
    },
  };
}

function createStep(name: string, run: Step["run"], options: StepOptions = {}): Step {
  if (typeof run !== "function")
    throw new TsopsError("PIPELINE_INVALID", `Step "${name}" is ${shown(run)}, and a function is needed.`, {
      hint: "Write .step(name, async ({ interval, results }) => ...).",
    });
  checkOptions("PIPELINE_INVALID", `step("${name}")`, options, { timeout: true, announces: true });
  const { timeout, announces = [] } = options;
  checkAssets(`announces of "${name}"`, announces);
  return { name, timeoutMicros: timeout === undefined ? null : durationMicros(timeout), announces, run };
}

function describeStep({ name, timeoutMicros, announces }: Step): StepDescription {
  return { name, timeoutMicros, announces };
}

function assertWord(what: string, name: string): void {
  if (typeof name === "string" && /^[A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) return;
  throw new TsopsError("PIPELINE_INVALID", `${what} cannot be named ${JSON.stringify(name)}.`, {
    hint: "Use a letter followed by up to 99 letters, digits, _ and -.",
  });
}
