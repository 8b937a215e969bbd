import { throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import type {
  Announcement,
  AssetEvent,
  Claim,
  Ledger,
  LedgerEntry,
  LedgerKey,
  StepRecord,
} from "../ports/ledger.ts";

/** A ledger in memory, for tests and for pipelines that need not survive their process. */
export function memoryLedger(): Ledger {
  const runs = new Map<string, MemoryRun>();
  const events: AssetEvent[] = [];
  const addEvent = ({ asset, extra }: Announcement, at: bigint, source: AssetEvent["source"]): AssetEvent => {
    const last = events.at(-1)?.at ?? at - 1n;
    const event = { asset, extra, at: at > last ? at : last + 1n, source };
    events.push(event);
    return event;
  };
  const owned = (key: LedgerKey, owner: string): MemoryRun => {
    const run = runs.get(keyText(key));
    if (run?.entry.status === "running" && run.entry.owner === owner) return run;
    const state = run === undefined ? "is not in the ledger" : `is ${run.entry.status}`;
    throw new TsopsError("LEASE_LOST", `"${owner}" no longer holds ${keyText(key)}: it ${state}.`, {
      hint: "Stop this attempt; whoever holds the lease goes on from the recorded steps.",
    });
  };
  return {
    async claim(key, options): Promise<Claim> {
      throwIfAborted(options.signal);
      const run = runs.get(keyText(key));
      if (run === undefined) {
        const entry = firstEntry(key, options);
        runs.set(keyText(key), { entry, steps: [] });
        return { outcome: "claimed", entry, steps: [], isTakeOver: false };
      }
      const { entry } = run;
      const isAsked = options.force === true || options.reopen === true;
      const isFinished = ["succeeded", "failed", "cancelled"].includes(entry.status);
      if (isFinished && !isAsked) return { outcome: "done", entry, steps: [...run.steps] };
      const isHeld = entry.status === "running" && (entry.leaseUntil ?? 0n) > options.now;
      const isTooEarly = entry.status === "waiting_retry" && (entry.nextRetryAt ?? 0n) > options.now;
      if ((isHeld && entry.owner !== options.owner) || (isTooEarly && !isAsked))
        return { outcome: "busy", entry };
      const isFresh = options.force === true && !isHeld;
      const isSameAttempt = isHeld || (entry.status === "pending" && !isAsked);
      if (isFresh) run.steps = [];
      run.entry = {
        ...entry,
        status: "running",
        attempt: isSameAttempt ? entry.attempt : entry.attempt + 1,
        owner: options.owner,
        leaseUntil: options.leaseUntil,
        nextRetryAt: null,
        codeVersion: options.codeVersion ?? entry.codeVersion,
        error: null,
        updatedAt: options.now,
      };
      const isTakeOver = entry.status === "running" && !isHeld;
      return { outcome: "claimed", entry: run.entry, steps: [...run.steps], isTakeOver };
    },
    async renew(key, owner, leaseUntil, now, options) {
      throwIfAborted(options?.signal);
      const run = owned(key, owner);
      run.entry = { ...run.entry, leaseUntil, updatedAt: now };
    },
    async recordStep(key, owner, step, options) {
      throwIfAborted(options?.signal);
      const run = owned(key, owner);
      const at = run.steps.findIndex((other) => other.step === step.step);
      if (at >= 0) run.steps[at] = step;
      else run.steps.push(step);
      const { pipeline, partition, start, end } = key;
      for (const announced of step.announced)
        addEvent(announced, step.finishedAt, { pipeline, partition, start, end, step: step.step });
    },
    async finish(key, owner, outcome, options) {
      throwIfAborted(options?.signal);
      const run = owned(key, owner);
      run.entry = {
        ...run.entry,
        status: outcome.status,
        owner: null,
        leaseUntil: null,
        nextRetryAt: outcome.nextRetryAt ?? null,
        error: outcome.error ?? null,
        updatedAt: outcome.now,
      };
    },
    async get(key, options) {
      throwIfAborted(options?.signal);
      const run = runs.get(keyText(key));
      return run === undefined ? null : { entry: run.entry, steps: [...run.steps] };
    },
    async list(pipeline, options = {}) {
      throwIfAborted(options.signal);
      const { partition, status, from, to, limit } = options;
      return [...runs.values()]
        .map((run) => run.entry)
        .filter(
          (entry) =>
            entry.pipeline === pipeline &&
            (partition === undefined || entry.partition === partition) &&
            (status === undefined || entry.status === status) &&
            (from === undefined || entry.start >= from) &&
            (to === undefined || entry.start < to),
        )
        .sort(byInterval)
        .slice(0, limit);
    },
    async announce(announcement, at, options) {
      throwIfAborted(options?.signal);
      return addEvent(announcement, at, null);
    },
    async events({ assets, after, to, signal }) {
      throwIfAborted(signal);
      return events.filter(
        ({ asset, at }) =>
          assets.includes(asset) && (after === undefined || at > after) && (to === undefined || at <= to),
      );
    },
    async close() {},
  };
}

interface MemoryRun {
  entry: LedgerEntry;
  steps: StepRecord[];
}

function firstEntry(key: LedgerKey, options: Parameters<Ledger["claim"]>[1]): LedgerEntry {
  return {
    pipeline: key.pipeline,
    partition: key.partition,
    start: key.start,
    end: key.end,
    status: "running",
    attempt: 1,
    owner: options.owner,
    leaseUntil: options.leaseUntil,
    nextRetryAt: null,
    codeVersion: options.codeVersion ?? null,
    error: null,
    createdAt: options.now,
    updatedAt: options.now,
  };
}

function keyText({ pipeline, partition, start, end }: LedgerKey): string {
  return JSON.stringify([pipeline, partition, String(start), String(end)]);
}

function byInterval(a: LedgerEntry, b: LedgerEntry): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  if (a.partition !== b.partition) return a.partition < b.partition ? -1 : 1;
  return a.end < b.end ? -1 : a.end > b.end ? 1 : 0;
}
