import type { ModelLineage } from "../lineage.ts";
import type { CallOptions } from "./call-options.ts";

/** A run's state, in MLflow's words. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** One measured value. NaN and infinities are allowed. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Instant in microseconds; stored to the millisecond. Default: the tracker's clock. */
  readonly time?: bigint;
  readonly step?: number;
}

/** A data set that a run used. */
export interface DatasetInput {
  readonly name: string;
  /** At most 36 characters (MLflow's limit). */
  readonly digest: string;
  readonly sourceType: string;
  /** JSON. */
  readonly source: string;
  readonly schema?: string;
  readonly profile?: string;
  /** e.g. "training", "evaluation". */
  readonly context?: string;
}

/** A tracked run as read back. Instants are microseconds (stored to the millisecond). */
export interface Run {
  readonly runId: string;
  readonly experiment: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startTime: bigint;
  readonly endTime: bigint | null;
  readonly params: Readonly<Record<string, string>>;
  /** Last value of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs: readonly DatasetInput[];
}

/** A fitted model's files as logged by a run. */
export interface ModelFiles {
  readonly name: string;
  /** Relative path to content; must hold the model bytes and may hold more (signature, report). */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** MLflow flavours of the `MLmodel` file, e.g. `{ tsops: { kind: "reduce", data: "model.tsops" } }`. */
  readonly flavors: Readonly<Record<string, unknown>>;
  /** Columns in and out, each as JSON of MLflow's schema: its Python side orders and checks the inputs by it. */
  readonly signature?: { readonly inputs: string; readonly outputs: string };
  readonly lineage: ModelLineage;
  readonly params?: Readonly<Record<string, string>>;
}

/** A logged model as read back. */
export interface LoggedModel {
  /** `m-...` */
  readonly modelId: string;
  readonly name: string;
  readonly runId: string;
  /** Where its files lie. */
  readonly uri: string;
  readonly lineage: ModelLineage;
  /** The key that `logModel` was given, if any. */
  readonly key?: string;
}

/**
 * What a file holds: bytes, or a function that gives the pieces from the beginning each time it is called, for files that do not
 * fit in memory: `() => createReadStream(path)`.
 */
export type ArtifactContent = Uint8Array | (() => AsyncIterable<Uint8Array>);

/** Writes one run. Everything awaited is durable. After `end` every call is refused with STORE_CONFLICT: `resumeRun` goes on. */
export interface ActiveRun {
  readonly runId: string;
  /** Adds parameters, as text. One that was logged with another value is an error, and none is added. @throws TsopsError STORE_CONFLICT */
  logParams(
    params: Readonly<Record<string, string | number | boolean>>,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Adds values to the metrics' histories: none when one of them is refused. A server that takes 1,000 at a time may have kept the first
   * thousands when it goes away in between: log them again, what is there twice is there once.
   * @throws TsopsError VALUE_INVALID
   */
  logMetrics(metrics: readonly Metric[], options?: CallOptions): Promise<void>;
  /** Adds tags to the run, or replaces those of the same name; others stay. */
  setTags(tags: Readonly<Record<string, string>>, options?: CallOptions): Promise<void>;
  /** Says which data sets the run used; one that was said before changes nothing. @throws TsopsError VALUE_INVALID */
  logInputs(inputs: readonly DatasetInput[], options?: CallOptions): Promise<void>;
  /** Stores a file under the run's artifacts, whole or not at all, and returns its sha256. Pieces are passed on as they come. */
  logArtifact(path: string, content: ArtifactContent, options?: CallOptions): Promise<string>;
  /**
   * Stores a fitted model's files with its lineage, ready to be registered. With a `key`, what this run logged under it before is
   * returned and nothing is stored, so that the call can be repeated after a crash.
   */
  logModel(model: ModelFiles, options?: CallOptions & { readonly key?: string }): Promise<LoggedModel>;
  /** Ends the run, now or at `endTime`. Default: `FINISHED`. */
  end(
    status?: Exclude<RunStatus, "RUNNING" | "SCHEDULED">,
    options?: CallOptions & { readonly endTime?: bigint },
  ): Promise<void>;
}

/** Which runs to list. */
export interface RunQuery {
  readonly experiment?: string;
  readonly status?: RunStatus;
  readonly tags?: Readonly<Record<string, string>>;
  /** Newest first; default 100. */
  readonly limit?: number;
}

/** Tracking of runs: parameters, metrics, data sets, artifacts and fitted models. */
export interface Tracker {
  /** Starts a run; the experiment is created on first use. */
  startRun(
    options: CallOptions & {
      readonly experiment: string;
      readonly name?: string;
      readonly tags?: Readonly<Record<string, string>>;
      /** When it began, in microseconds, for a run that is recorded later. Default: the tracker's clock. */
      readonly startTime?: bigint;
    },
  ): Promise<ActiveRun>;
  /** Continues an existing run. @throws TsopsError RUN_NOT_FOUND */
  resumeRun(runId: string, options?: CallOptions): Promise<ActiveRun>;
  /** @throws TsopsError RUN_NOT_FOUND */
  getRun(runId: string, options?: CallOptions): Promise<Run>;
  /** The runs that meet all conditions, newest first. */
  searchRuns(query?: RunQuery & CallOptions): Promise<readonly Run[]>;
  /** All values of one metric, by (time, step, value): MLflow keeps no order of arrival. */
  metricHistory(runId: string, key: string, options?: CallOptions): Promise<readonly Required<Metric>[]>;
  /** Paths of the run's files, relative to its artifacts, sorted. @throws TsopsError RUN_NOT_FOUND */
  listArtifacts(runId: string, options?: CallOptions): Promise<readonly string[]>;
  /** @throws TsopsError RUN_NOT_FOUND, STORE_NOT_FOUND */
  readArtifact(runId: string, path: string, options?: CallOptions): Promise<Uint8Array>;
  /**
   * The same in pieces, for files that do not fit in memory. Whatever is wrong, also with what has come so far, is thrown by the
   * iteration: use nothing before it has ended.
   */
  streamArtifact(runId: string, path: string, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** The models that a run logged through this contract, oldest first. @throws TsopsError RUN_NOT_FOUND */
  listModels(runId: string, options?: CallOptions): Promise<readonly LoggedModel[]>;
  /**
   * A logged model as it was given to `logModel`, its files verified.
   * @throws TsopsError MODEL_NOT_FOUND, also for a model of another tool, which has no lineage of ours; STORE_CORRUPT
   */
  readModel(modelId: string, options?: CallOptions): Promise<ModelFiles>;
  /** Lets go of what the tracker holds open. Runs are not ended. Calling it again does nothing. */
  close(): Promise<void>;
}
