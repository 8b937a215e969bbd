import type { CallOptions } from "./call-options.ts";

/** Which execution of a pipeline: one per pipeline, partition and data interval [start, end). */
export interface LedgerKey {
  readonly pipeline: string;
  /** `""` for unpartitioned pipelines. */
  readonly partition: string;
  /** Microseconds UTC. */
  readonly start: bigint;
  readonly end: bigint;
}

/** State of a pipeline run. */
export type LedgerStatus = "pending" | "running" | "succeeded" | "failed" | "waiting_retry" | "cancelled";

/** One row of the ledger. */
export interface LedgerEntry extends LedgerKey {
  readonly status: LedgerStatus;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly owner: string | null;
  /** Until when the owner may work without renewing; after it another process may take over. */
  readonly leaseUntil: bigint | null;
  readonly nextRetryAt: bigint | null;
  readonly codeVersion: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly createdAt: bigint;
  readonly updatedAt: bigint;
}

/** Something that happened to an asset (a model, a table), said by the step that did it: a promotion, a drift alarm. */
export interface Announcement {
  /** A URI, e.g. `tsops://models/load`. */
  readonly asset: string;
  /** Plain JSON values. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** An announcement in the ledger. */
export interface AssetEvent extends Announcement {
  /** Microseconds UTC. No two events of a ledger have the same, and a later one has a greater. */
  readonly at: bigint;
  /** The step that announced it; null when it came from elsewhere. */
  readonly source: (LedgerKey & { readonly step: string }) | null;
}

/** Which events: of any of the assets, with `after < at <= to`. */
export interface AssetEventsQuery extends CallOptions {
  readonly assets: readonly string[];
  readonly after?: bigint;
  readonly to?: bigint;
}

/** A finished step of a run: its result survives a crash, so that the step is not run again. */
export interface StepRecord {
  readonly step: string;
  readonly attempt: number;
  readonly startedAt: bigint;
  readonly finishedAt: bigint;
  /** Canonical JSON of the step's result. */
  readonly result: string;
  /** sha256 of `result`. */
  readonly resultHash: string;
  readonly announced: readonly Announcement[];
}

/** Answer to a claim. */
export type Claim =
  | {
      readonly outcome: "claimed";
      readonly entry: LedgerEntry;
      readonly steps: readonly StepRecord[];
      /** Whether the attempt before ended without a word: it was at work, and its lease ran out. */
      readonly isTakeOver: boolean;
    }
  | { readonly outcome: "done"; readonly entry: LedgerEntry; readonly steps: readonly StepRecord[] }
  /** Another owner's lease is still good, or the next retry is not due yet. */
  | { readonly outcome: "busy"; readonly entry: LedgerEntry };

/** Who runs what, once. All writes are atomic and durable; several processes may use one ledger at once. */
export interface Ledger {
  /**
   * Takes the run for `owner`: creates it, retries it when due, or takes it over when its lease has expired.
   * A finished run answers `done` unless it is asked for again: `force` begins a new attempt from the first step, `reopen`
   * one that keeps the recorded steps (to go on after a failure that was repaired). Either also takes a retry that is not
   * due yet; neither breaks a good lease. A `pending` run goes on with the
   * attempt that it had, unless it is asked for in one of these ways.
   */
  claim(
    key: LedgerKey,
    options: CallOptions & {
      readonly owner: string;
      readonly now: bigint;
      readonly leaseUntil: bigint;
      readonly codeVersion?: string;
      readonly force?: boolean;
      readonly reopen?: boolean;
    },
  ): Promise<Claim>;
  /** @throws TsopsError LEASE_LOST when `owner` no longer holds the run. */
  renew(key: LedgerKey, owner: string, leaseUntil: bigint, now: bigint, options?: CallOptions): Promise<void>;
  /**
   * Records a finished step and, in the same transaction, what it announced.
   * @throws TsopsError LEASE_LOST
   */
  recordStep(key: LedgerKey, owner: string, step: StepRecord, options?: CallOptions): Promise<void>;
  /**
   * Ends the owner's work and releases the lease. `pending` ends it without an outcome: more steps are to come, and anyone
   * may go on at once.
   * @throws TsopsError LEASE_LOST
   */
  finish(
    key: LedgerKey,
    owner: string,
    outcome: {
      readonly status: Exclude<LedgerStatus, "running">;
      readonly now: bigint;
      readonly nextRetryAt?: bigint;
      readonly error?: { readonly code: string; readonly message: string };
    },
    options?: CallOptions,
  ): Promise<void>;
  /** A run and its finished steps, in the order they were recorded; null when the interval was never claimed. */
  get(
    key: LedgerKey,
    options?: CallOptions,
  ): Promise<{ readonly entry: LedgerEntry; readonly steps: readonly StepRecord[] } | null>;
  /** Entries of a pipeline by interval start, ascending. */
  list(
    pipeline: string,
    options?: CallOptions & {
      readonly partition?: string;
      readonly status?: LedgerStatus;
      readonly from?: bigint;
      readonly to?: bigint;
      readonly limit?: number;
    },
  ): Promise<readonly LedgerEntry[]>;
  /**
   * Adds an event from outside any step.
   * @param at - The present; an event that is not later than the last one is moved to the microsecond after it.
   */
  announce(announcement: Announcement, at: bigint, options?: CallOptions): Promise<AssetEvent>;
  /** Events in order of time. */
  events(query: AssetEventsQuery): Promise<readonly AssetEvent[]>;
  /** Lets go of what the ledger holds open. Runs at work keep their lease until it ends. */
  close(): Promise<void>;
}
