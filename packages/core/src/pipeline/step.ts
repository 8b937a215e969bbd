import type { Clock } from "../ports/clock.ts";
import type { AssetEvent } from "../ports/ledger.ts";
import type { Progress } from "../progress.ts";
import type { Interval } from "../time/interval.ts";
import type { AssetExtra } from "./assets.ts";

/** One line about a run, for people. */
export interface LogEntry {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly pipeline: string;
  /** `""` for unpartitioned pipelines. */
  readonly partition: string;
  readonly interval: Interval;
  readonly step?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Receives log entries. Libraries stay silent unless one is passed in. */
export type Log = (entry: LogEntry) => void;

/** What a step is given. */
export interface StepContext<Results extends StepResults = StepResults, Assets extends string = string> {
  readonly pipeline: string;
  readonly step: string;
  /** The data interval [start, end) of the run, microseconds UTC. */
  readonly interval: Interval;
  /** `""` for unpartitioned pipelines. */
  readonly partition: string;
  /** 1 for the first attempt of the run. */
  readonly attempt: number;
  /** Results of the earlier steps by name, as they were recorded. */
  readonly results: Results;
  /** What started a run of a pipeline with `.onAssetEvent`, oldest first: the events since its run before. */
  readonly events: readonly AssetEvent[];
  /**
   * Says that something happened to an asset that the step declared in `announces`. It is recorded together with the step's result: a
   * step that fails has announced nothing. Facts are plain JSON.
   */
  readonly announce: (asset: Assets, extra?: AssetExtra) => void;
  readonly clock: Clock;
  /** Fires on timeout, abort and loss of the lease. Pass it on, and stop when it fires. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Says something about the run, for people; it carries the run's name, interval and step. */
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** Results by step name. */
export type StepResults = Readonly<Record<string, unknown>>;

/** How a step runs. */
export interface StepOptions<Assets extends string = string> {
  /** Longest time that one attempt may take, e.g. `"10m"`; then its signal fires and it fails with STEP_TIMEOUT. Default: none. */
  readonly timeout?: string;
  /** Assets, as URIs, to which the step may say that something happened. */
  readonly announces?: readonly Assets[];
}

/** A step as part of a pipeline. */
export interface Step {
  readonly name: string;
  readonly timeoutMicros: bigint | null;
  readonly announces: readonly string[];
  /** The step's work; what it returns is recorded as its result. */
  readonly run: (context: never) => unknown;
}

/** What a later step finds in `results`: `undefined` is recorded as null. */
export type StoredResult<R> = R extends void ? null : R;

/** A wrong result type, as a sentence that the compiler shows. */
export interface CannotBeRecorded<Sentence extends string> {
  readonly problem: Sentence;
}

/**
 * `unknown` for results that can be recorded: plain objects and arrays of numbers, text, booleans, null, bigint, Date and
 * typed arrays. Looks six levels deep; the rest is checked when the step runs.
 */
export type CheckedResult<R> = [ProblemOf<R, 6>] extends [never]
  ? unknown
  : CannotBeRecorded<ProblemOf<R, 6>>;

type Shallower = { 6: 5; 5: 4; 4: 3; 3: 2; 2: 1; 1: 0 };

type ProblemOf<R, Depth extends 0 | keyof Shallower> = Depth extends keyof Shallower
  ? 0 extends 1 & R
    ? never
    : R extends (...args: never) => unknown
      ? "A step's result is recorded as JSON, which cannot hold functions or objects with methods."
      : R extends symbol | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
        ? "A step's result is recorded as JSON: turn a Map or Set into an array or a plain object."
        : R extends Date | ArrayBufferView
          ? never
          : R extends readonly (infer Item)[]
            ? ProblemOf<Item, Shallower[Depth]>
            : R extends object
              ? { [Key in keyof R]-?: ProblemOf<R[Key], Shallower[Depth]> }[keyof R]
              : never
  : never;
