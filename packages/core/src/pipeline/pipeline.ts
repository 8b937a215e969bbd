import { TsopsError } from "../errors.ts";
import { definitionHash } from "../hash.ts";
import { checkList, checkOptions, checkWord, shown } from "../options.ts";
import { durationMicros } from "../time/duration.ts";
import { type InstantInput, toMicros } from "../time/instant.ts";
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
  readonly steps: readonly { readonly name: string; readonly timeoutMicros: bigint | null }[];
  /** sha256 of all of the above. The steps' code is not part of it: that is what `codeVersion` of a run is for. */
  readonly definitionHash: string;
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
  /**
   * Adds a step. Its result is recorded when it is done, so that a crash does not run it again, and later steps find it under
   * its name in `results`, with its type.
   * @throws TsopsError PIPELINE_INVALID for a name that is taken or is not a word.
   */
  step<const Name extends string, R>(
    name: Name,
    run: ((context: StepContext<Results>) => R) & CheckedResult<Awaited<R>>,
    options?: StepOptions,
  ): Pipeline<Results & { readonly [Key in Name]: StoredResult<Awaited<R>> }>;
  /** The pipeline as plain data, with a hash that changes when its definition does. */
  describe(): PipelineDescription;
}

/** Results of a pipeline without steps. */
export type NoResults = Record<never, never>;

/** A pipeline of any results, as runners and schedulers take it. */
export type AnyPipeline = Omit<Pipeline, "step">;

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
  });
}

function createPipeline<Results extends StepResults>(
  parts: Omit<Pipeline<Results>, "step" | "describe">,
): Pipeline<Results> {
  return {
    ...parts,
    step(name, run, options = {}) {
      assertWord(`A step of "${parts.name}"`, name);
      if (parts.steps.some((step) => step.name === name))
        throw new TsopsError("PIPELINE_INVALID", `Pipeline "${parts.name}" has two steps "${name}".`, {
          hint: "Give each step a name of its own: results are found by it.",
        });
      if (typeof run !== "function")
        throw new TsopsError(
          "PIPELINE_INVALID",
          `Step "${name}" is ${shown(run)}, and a function is needed.`,
          {
            hint: "Write .step(name, async ({ interval, results }) => ...).",
          },
        );
      checkOptions("PIPELINE_INVALID", `step("${name}")`, options, { timeout: true });
      const timeoutMicros = options.timeout === undefined ? null : durationMicros(options.timeout);
      const step: Step = { name, timeoutMicros, run };
      return createPipeline({ ...parts, steps: [...parts.steps, step] });
    },
    describe() {
      const { name, schedule, catchUp, overlap, partitions, retry } = parts;
      const steps = parts.steps.map((step) => ({ name: step.name, timeoutMicros: step.timeoutMicros }));
      const description = { name, schedule, catchUp, overlap, partitions, retry, steps };
      return { ...description, definitionHash: definitionHash(description) };
    },
  };
}

function assertWord(what: string, name: string): void {
  if (typeof name === "string" && /^[A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) return;
  throw new TsopsError("PIPELINE_INVALID", `${what} cannot be named ${JSON.stringify(name)}.`, {
    hint: "Use a letter followed by up to 99 letters, digits, _ and -.",
  });
}
