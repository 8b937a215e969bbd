import { type Clock, TsopsError, throwIfAborted } from "@tsops/core";
import type { Action } from "./actions.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { refuseUnwritable } from "./features.ts";
import { tryCommit } from "./log.ts";
import { applyCommits, canAdvance, replay } from "./replay.ts";
import type { SessionSource } from "./session-source.ts";
import type { TableState } from "./state.ts";

/** What a commit is going to change, decided on the newest state. */
export interface CommitPlan {
  /** Delta's name of the operation, e.g. `"WRITE"`. */
  readonly operation: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, string>>;
  readonly actions: readonly Action[];
}

/** A commit that is on disk. */
export interface Committed {
  readonly version: number;
  readonly timestampMicros: bigint;
}

/** Commits behind which a checkpoint is written, unless the table's `delta.checkpointInterval` says otherwise. */
const checkpointInterval = 100;
const attempts = 200;
const dayMs = 86_400_000;

/** The log of one table as one process sees it: its newest state, and commits after it, one at a time. */
export class TableLog {
  readonly directory: string;
  readonly sessions: SessionSource;
  readonly clock: Pick<Clock, "now">;
  #state: TableState | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(directory: string, sessions: SessionSource, clock: Pick<Clock, "now">) {
    this.directory = directory;
    this.sessions = sessions;
    this.clock = clock;
  }

  /**
   * Calls `use` with the newest state, which changes afterwards: take what is needed before returning.
   * @throws TsopsError STORE_NOT_FOUND, STORE_CORRUPT, STORE_UNSUPPORTED
   */
  head<T>(use: (state: TableState) => T): Promise<T> {
    return this.#exclusive(async () => use(await this.#advance()));
  }

  /**
   * Commits what `plan` makes of the newest state; asks again when another writer was faster.
   * @param plan - Gives null when there is nothing to commit (any more); throws when it conflicts with the state.
   * @throws TsopsError STORE_CONFLICT when other writers were faster every time
   */
  commit(
    plan: (state: TableState, next: Committed) => CommitPlan | null,
    signal?: AbortSignal,
  ): Promise<Committed | null> {
    return this.#exclusive(async () => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const state = await this.#advance();
        throwIfAborted(signal);
        refuseUnwritable(state.protocol, state.metaData);
        const now = this.clock.now();
        // Commit times never go back, so that a version can be found by its time.
        const timestampMicros = now > state.timestampMicros ? now : state.timestampMicros;
        const next = { version: state.version + 1, timestampMicros };
        const planned = plan(state, next);
        if (planned === null) return null;
        const actions = withCommitInfo(planned, timestampMicros);
        if (!(await tryCommit(this.directory, next.version, actions))) continue;
        state.apply(next.version, actions);
        await this.#checkpoint(state);
        return next;
      }
      throw new TsopsError(
        "STORE_CONFLICT",
        `Other writers committed first ${attempts} times in a row; nothing was changed.`,
        {
          hint: "Try again, or let fewer processes write to the table at once.",
          details: { attempts },
        },
      );
    });
  }

  async #advance(): Promise<TableState> {
    let state = this.#state;
    if (state !== null && (await canAdvance(this.directory, state))) {
      await applyCommits(this.directory, state);
      return state;
    }
    state = await replay(this.directory, this.sessions);
    if (state === null)
      throw new TsopsError("STORE_NOT_FOUND", `There is no table at ${this.directory}.`, {
        hint: "Create it with createTable, or check the path.",
      });
    this.#state = state;
    return state;
  }

  async #checkpoint(state: TableState): Promise<void> {
    const setting = Number(state.metaData.configuration?.["delta.checkpointInterval"] ?? checkpointInterval);
    if (!(setting >= 1) || state.version % setting !== 0) return;
    const tombstonesAfterMs = Number(state.timestampMicros / 1000n) - 7 * dayMs;
    try {
      await writeCheckpoint(this.directory, state, this.sessions, tombstonesAfterMs);
    } catch {
      // The commit is on disk and a checkpoint only saves time; the next one is due in any case.
    }
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** The lines of a commit. */
export function withCommitInfo(plan: CommitPlan, timestampMicros: bigint): Action[] {
  return [
    {
      commitInfo: {
        timestamp: millisOf(timestampMicros),
        operation: plan.operation,
        operationParameters: plan.parameters,
        operationMetrics: plan.metrics,
        engineInfo: "tsops",
        tsopsTimestampMicros: String(timestampMicros),
      },
    },
    ...plan.actions,
  ];
}

/** Microseconds as Delta's milliseconds, rounded down. */
export function millisOf(micros: bigint): number {
  return Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n);
}
