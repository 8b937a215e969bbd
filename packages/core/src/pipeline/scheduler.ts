import { abortable } from "../abort.ts";
import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import { checkList, checkOptions } from "../options.ts";
import type { LedgerKey } from "../ports/ledger.ts";
import type { AttemptOptions } from "./attempt-options.ts";
import { type Lane, openLanes, takeInEvents } from "./lane.ts";
import type { AnyPipeline } from "./pipeline.ts";
import { runAttempt, uniqueOwner } from "./run-attempt.ts";
import type { RunOutcome } from "./run-outcome.ts";
import type { LogEntry } from "./step.ts";

/** What a scheduler works with. Steps' progress and log lines go where `progress` and `log` say. */
export interface SchedulerOptions
  extends Pick<AttemptOptions, "ledger" | "clock" | "owner" | "codeVersion" | "progress" | "log"> {
  /** Pipelines with neither a schedule nor `.onAssetEvent` are left alone. */
  readonly pipelines: readonly AnyPipeline[];
  /** Runs at work at once, over all pipelines. Default 4. */
  readonly maxConcurrent?: number;
}

/** Runs pipelines when they are due. Which runs there are is in the ledger, so a restarted scheduler goes on where it was. */
export interface Scheduler {
  /**
   * Runs all that is due at the clock's present, and what becomes due meanwhile, until nothing is; in order of the due
   * instants. For replays: move a virtual clock, then call this.
   * @returns What became of each run, in order of their ends.
   * @throws TsopsError ABORTED after the runs at work have stopped
   */
  runDue(signal?: AbortSignal): Promise<readonly RunOutcome[]>;
  /** Runs what is due, when it is due, until the signal fires; then stops the runs at work and resolves. */
  run(signal: AbortSignal): Promise<void>;
  /** The next instant at which something is due; null when nothing ever is. Call it after `runDue`. */
  nextDue(): bigint | null;
}

/** How often the ledger is asked for events. */
const eventPollMicros = 1_000_000n;

interface Due {
  readonly lane: Lane;
  readonly key: LedgerKey;
  readonly dueAt: bigint;
}

/**
 * Makes a scheduler. Pipelines with `.onAssetEvent` run once for all that was announced since their last run. A lane (pipeline and partition) goes on after the last interval in the ledger; intervals that passed
 * meanwhile are made up for as the pipeline's `catchUp` says, unfinished runs of a scheduler that died are taken over. With
 * `catchUp: "all"` and a `startAt`, every interval since then that is not in the ledger is made up for, finished ones are left alone.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  checkOptions("PIPELINE_INVALID", "createScheduler()", options, {
    ledger: true,
    clock: true,
    owner: true,
    codeVersion: true,
    progress: true,
    log: true,
    pipelines: true,
    maxConcurrent: true,
  });
  checkList("PIPELINE_INVALID", "pipelines", options.pipelines);
  const { clock, maxConcurrent = 4 } = options;
  if (!(Number.isSafeInteger(maxConcurrent) && maxConcurrent >= 1))
    throw new TsopsError(
      "PIPELINE_INVALID",
      `maxConcurrent must be a whole number of at least 1, got ${maxConcurrent}.`,
    );
  refuseTwins(options.pipelines);
  for (const pipeline of options.pipelines) refuseEcho(pipeline);
  const otherWork = turnsForOthers();
  let lanes: readonly Lane[] | null = null;
  const active = new Set<Promise<void>>();
  const outcomes: RunOutcome[] = [];
  let failure: { readonly error: unknown } | null = null;

  const start = (due: Due, signal: AbortSignal | undefined, mayRepeat: boolean): void => {
    const { lane, key } = due;
    lane.busySince ??= clock.now();
    lane.waiting.delete(key.start);
    lane.active.add(key.start);
    const attempt: AttemptOptions = { ...options, ...(signal === undefined ? {} : { signal }) };
    const work = runAttempt(lane.pipeline, key, attempt)
      .then((outcome) => {
        const again = whenAgain(outcome);
        if (again !== null) lane.waiting.set(key.start, { key, dueAt: again });
        if (outcome.isNew) outcomes.push(outcome);
      })
      .catch((error: unknown) => {
        // Whoever took the run over ends it; look again when that lease may have run out.
        const isPassing = TsopsError.is(error, "LEASE_LOST") || (mayRepeat && isTransient(error));
        if (isPassing) {
          lane.waiting.set(key.start, { key, dueAt: clock.now() + lane.pipeline.leaseMicros });
          logRun(options, key, "error", `${error.code}: ${error.message}`);
        } else if (!(TsopsError.is(error, "ABORTED") && signal?.aborted)) failure ??= { error };
      })
      .finally(() => {
        lane.active.delete(key.start);
        if (!isOccupied(lane)) lane.busySince = null;
        active.delete(work);
      });
    active.add(work);
  };

  /** Starts what is due while there is room. */
  const dispatch = async (signal: AbortSignal | undefined, mayRepeat: boolean): Promise<void> => {
    lanes ??= await openLanes(options);
    for (;;) {
      if (signal?.aborted || failure !== null) return;
      await takeInEvents(lanes, options);
      const due = firstDue(lanes, clock.now());
      if (due === null) return;
      if (isToSkip(due)) {
        advance(due.lane, due.key);
        await cancel(options, due);
        continue;
      }
      if (active.size >= maxConcurrent) return;
      advance(due.lane, due.key);
      start(due, signal, mayRepeat);
    }
  };

  const settle = async (): Promise<void> => {
    await Promise.all(active);
    if (failure === null) return;
    const { error } = failure;
    failure = null;
    throw error;
  };

  return {
    async runDue(signal) {
      outcomes.length = 0;
      for (;;) {
        await dispatch(signal, false);
        if (active.size === 0 || failure !== null) break;
        await Promise.race(active);
        await otherWork();
      }
      await settle();
      if (signal?.aborted)
        throw new TsopsError("ABORTED", "The scheduler was stopped.", { cause: signal.reason });
      return [...outcomes];
    },
    async run(signal) {
      while (!signal.aborted && failure === null) {
        outcomes.length = 0;
        await dispatch(signal, true);
        const until = active.size >= maxConcurrent ? null : nextLook(lanes ?? [], clock.now());
        const awake = new AbortController();
        const waits: Promise<unknown>[] = [...active];
        if (until !== null) waits.push(clock.sleepUntil(until, awake.signal).catch(() => {}));
        if (waits.length === 0) waits.push(new Promise(() => {}));
        await abortable(Promise.race(waits), signal).catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
        awake.abort();
        await otherWork();
      }
      await settle();
    },
    nextDue: () => nextWake(lanes ?? [], clock.now()),
  };
}

function refuseTwins(pipelines: readonly AnyPipeline[]): void {
  const names = pipelines.map((one) => one.name);
  const twin = names.find((name, i) => names.indexOf(name) !== i);
  if (twin !== undefined)
    throw new TsopsError("PIPELINE_INVALID", `Two pipelines are named "${twin}".`, {
      hint: "Give each a name of its own: the ledger tells runs apart by it.",
    });
}

/**
 * Gives timers and signals a turn now and then, which steps that never wait, and pipelines that start each other, would not.
 * @returns To be awaited after each run.
 */
function turnsForOthers(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 50) return;
    await new Promise((resolve) => setImmediate(resolve));
    last = performance.now();
  };
}

/** A pipeline that runs by what it says itself never ends. */
function refuseEcho({ name, onAssets, steps, hooks }: AnyPipeline): void {
  const said = [...steps, ...hooks].flatMap(({ announces }) => announces);
  const echo = onAssets.find((asset) => said.includes(asset));
  if (echo !== undefined)
    throw new TsopsError(
      "PIPELINE_INVALID",
      `"${name}" runs by events of ${echo}, which it announces itself.`,
      {
        hint: "Let it announce another asset, or react to another.",
      },
    );
}

function isOccupied(lane: Lane): boolean {
  return lane.active.size > 0 || lane.waiting.size > 0;
}

/** The run that is due first; ties go by order of the pipelines and their partitions, then of the intervals. */
function firstDue(lanes: readonly Lane[], now: bigint): Due | null {
  let first: Due | null = null;
  for (const lane of lanes)
    for (const due of candidates(lane))
      if (due.dueAt <= now && mayStart(due) && (first === null || compareDue(due, first) < 0)) first = due;
  return first;
}

function* candidates(lane: Lane): Generator<Due> {
  for (const { key, dueAt } of lane.waiting.values()) yield { lane, key, dueAt };
  const { pipeline, partition, next } = lane;
  const end = next === null ? null : (pipeline.ticks?.after(next) ?? null);
  if (next === null || end === null) return;
  const dueAt = end + (pipeline.ticks?.delayMicros ?? 0n);
  yield { lane, key: { pipeline: pipeline.name, partition, start: next, end }, dueAt };
}

/** With the `skip` policy, an interval that became due while the lane was at work is left out; one that was due before waits. */
function isToSkip({ lane, key, dueAt }: Due): boolean {
  const { pipeline, busySince, next } = lane;
  return pipeline.overlap === "skip" && key.start === next && busySince !== null && dueAt > busySince;
}

/** In a queue only the earliest unfinished interval may start, and only when none is at work. */
function mayStart(due: Due): boolean {
  const { lane, key } = due;
  if (lane.pipeline.overlap === "parallel" || isToSkip(due)) return true;
  if (lane.active.size > 0) return false;
  for (const start of lane.waiting.keys()) if (start < key.start) return false;
  return true;
}

function compareDue(a: Due, b: Due): number {
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt ? -1 : 1;
  if (a.lane.order !== b.lane.order) return a.lane.order - b.lane.order;
  return a.key.start < b.key.start ? -1 : 1;
}

function advance(lane: Lane, key: LedgerKey): void {
  if (lane.next === key.start) lane.next = key.end;
}

/** The next instant at which a run could start that cannot now. */
function nextWake(lanes: readonly Lane[], now: bigint): bigint | null {
  let next: bigint | null = null;
  for (const lane of lanes)
    for (const { dueAt } of candidates(lane))
      if (dueAt > now && (next === null || dueAt < next)) next = dueAt;
  return next;
}

/** When to look again: events may come from other processes at any time. */
function nextLook(lanes: readonly Lane[], now: bigint): bigint | null {
  const wake = nextWake(lanes, now);
  if (lanes.every(({ pipeline }) => pipeline.onAssets.length === 0)) return wake;
  const look = now + eventPollMicros;
  return wake === null || wake > look ? look : wake;
}

function whenAgain({ status, entry }: RunOutcome): bigint | null {
  if (status === "waiting_retry") return entry.nextRetryAt;
  if (status === "busy") return entry.leaseUntil ?? entry.nextRetryAt;
  return null;
}

/** Whether the ledger was only out of reach for a moment. */
function isTransient(error: unknown): error is TsopsError {
  return ["STORE_BUSY", "STORE_UNAVAILABLE", "ADAPTER_UNAVAILABLE"].some((code) =>
    TsopsError.is(error, code as TsopsErrorCode),
  );
}

/** Records an interval that is left out because the one before it is still at work. */
async function cancel(options: SchedulerOptions, { key }: Due): Promise<void> {
  const { ledger, clock } = options;
  const now = clock.now();
  const owner = uniqueOwner(options.owner);
  const claim = await ledger.claim(key, { owner, now, leaseUntil: now + 60_000_000n });
  if (claim.outcome !== "claimed") return;
  const message = "Left out, as the interval before it was still at work.";
  await ledger.finish(key, owner, { status: "cancelled", now, error: { code: "ABORTED", message } });
  logRun(options, key, "warn", message);
}

function logRun({ log }: SchedulerOptions, key: LedgerKey, level: LogEntry["level"], message: string): void {
  const { pipeline, partition, start, end } = key;
  log?.({ level, message, pipeline, partition, interval: { start, end } });
}
