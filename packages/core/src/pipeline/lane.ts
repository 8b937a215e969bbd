import type { Clock } from "../ports/clock.ts";
import type { Ledger, LedgerEntry, LedgerKey } from "../ports/ledger.ts";
import type { AnyPipeline } from "./pipeline.ts";
import { latestDueInterval, type Ticks } from "./schedule.ts";

/** Intervals of one pipeline and partition, from the first that is not in the ledger on. */
export interface Lane {
  readonly pipeline: AnyPipeline;
  readonly partition: string;
  readonly order: number;
  /** Start of the next interval; null when the schedule has no further tick. */
  next: bigint | null;
  /** Runs that wait: retries, and runs that another process holds. By start of the interval. */
  readonly waiting: Map<bigint, { readonly key: LedgerKey; readonly dueAt: bigint }>;
  readonly active: Set<bigint>;
  /** When the lane went to work, not having been at work before; null while it rests. */
  busySince: bigint | null;
  /** The newest event that a run has taken in; null before the first, and in lanes of a schedule. */
  seen: bigint | null;
}

interface LaneOptions {
  readonly pipelines: readonly AnyPipeline[];
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** A lane for each partition of each pipeline that runs by itself: by a schedule or by events. */
export async function openLanes(options: LaneOptions): Promise<readonly Lane[]> {
  const lanes: Lane[] = [];
  for (const pipeline of options.pipelines)
    for (const partition of pipeline.partitions)
      if (pipeline.ticks !== null || pipeline.onAssets.length > 0)
        lanes.push(await openLane(options, pipeline, partition, lanes.length));
  return lanes;
}

async function openLane(
  { ledger, clock }: LaneOptions,
  pipeline: AnyPipeline,
  partition: string,
  order: number,
): Promise<Lane> {
  const entries = await ledger.list(pipeline.name, { partition });
  const waiting = new Map<bigint, { key: LedgerKey; dueAt: bigint }>();
  for (const entry of entries) {
    const again = unfinishedSince(entry);
    const { start, end } = entry;
    if (again !== null)
      waiting.set(start, { key: { pipeline: pipeline.name, partition, start, end }, dueAt: again });
  }
  const now = clock.now();
  const { ticks, startAt, catchUp } = pipeline;
  const next = ticks === null ? null : firstInterval(pipeline, ticks, entries, now);
  const since = catchUp === "none" ? now : startAt === null ? null : startAt - 1n;
  const seen = ticks === null ? (entries.at(-1)?.start ?? since) : null;
  const busySince = waiting.size > 0 ? now : null;
  return { pipeline, partition, order, next, waiting, active: new Set(), busySince, seen };
}

/**
 * Lets a run wait for what was announced since the last one. While a queue is at work, events gather: one run takes in all of
 * them.
 */
export async function takeInEvents(
  lanes: readonly Lane[],
  { ledger, clock }: Pick<LaneOptions, "ledger" | "clock">,
): Promise<void> {
  for (const lane of lanes) {
    const { name, onAssets: assets, overlap } = lane.pipeline;
    const isAtWork = lane.active.size > 0 || lane.waiting.size > 0;
    if (assets.length === 0 || (isAtWork && overlap !== "parallel")) continue;
    const found = await ledger.events({ assets, ...(lane.seen === null ? {} : { after: lane.seen }) });
    const last = found.at(-1)?.at;
    if (last === undefined) continue;
    const key = { pipeline: name, partition: lane.partition, start: last, end: last };
    lane.waiting.set(last, { key, dueAt: clock.now() });
    lane.seen = last;
  }
}

function unfinishedSince(entry: LedgerEntry): bigint | null {
  if (entry.status === "running") return entry.leaseUntil;
  if (entry.status === "waiting_retry") return entry.nextRetryAt;
  return entry.status === "pending" ? entry.updatedAt : null;
}

/** Start of the first interval that is to run: what the ledger lacks, but not before what `catchUp` makes up for. */
function firstInterval(
  pipeline: AnyPipeline,
  ticks: Ticks,
  entries: readonly LedgerEntry[],
  now: bigint,
): bigint | null {
  const latest = latestDueInterval(ticks, now);
  const unseen = firstUnseen(pipeline, ticks, entries);
  if (latest === null) return unseen ?? ticks.after(now - 1n);
  const skipTo = { none: latest.end, latest: latest.start, all: unseen ?? latest.start }[pipeline.catchUp];
  return unseen !== null && unseen > skipTo ? unseen : skipTo;
}

/**
 * Start of the first interval after the last one in the ledger; if all are to be made up for since some instant, of the first that
 * is not in the ledger since then: a later run by hand must not hide those that were missed before it.
 */
function firstUnseen(
  { startAt, catchUp }: AnyPipeline,
  ticks: Ticks,
  entries: readonly LedgerEntry[],
): bigint | null {
  const last = entries.at(-1)?.end ?? startAt;
  if (startAt === null || catchUp !== "all") return last === null ? null : ticks.after(last - 1n);
  let unseen = ticks.after(startAt - 1n);
  for (const { start, end } of entries) {
    if (unseen === null || start > unseen) return unseen;
    if (end > unseen) unseen = ticks.after(end - 1n);
  }
  return unseen;
}
