import { TsopsError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import type { LedgerStatus } from "../ports/ledger.ts";
import { type InstantInput, toMicros } from "../time/instant.ts";
import type { Interval } from "../time/interval.ts";
import { type AttemptOptions, attemptOptionNames } from "./attempt-options.ts";
import type { AnyPipeline } from "./pipeline.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { runUntilSettled } from "./run-pipeline.ts";
import { intervalsBetween, refuseUnscheduled } from "./schedule.ts";

/** Which intervals to run, and how. */
export interface BackfillOptions extends Omit<AttemptOptions, "only"> {
  /** Intervals that lie wholly in [from, to) are run. */
  readonly from: InstantInput;
  readonly to: InstantInput;
  /** Default: all of the pipeline's partitions. */
  readonly partitions?: readonly string[];
  /** Only say what would be run. */
  readonly dryRun?: boolean;
}

/** One run of a backfill. */
export interface BackfillRun {
  readonly interval: Interval;
  readonly partition: string;
  /** What the ledger said before: null when it did not know the run. */
  readonly before: LedgerStatus | null;
  /** Whether it is (or would be) run: finished runs are not, unless forced. */
  readonly isRun: boolean;
  /** Null in a dry run and for runs that are left alone. */
  readonly outcome: RunOutcome | null;
}

/**
 * Runs past intervals of a pipeline one after another, oldest first, each until it has settled. Intervals that succeeded
 * are left alone unless `force`; failed ones too unless `resume` or `force`. A failure does not stop the rest.
 * @throws TsopsError PIPELINE_INVALID for a pipeline without schedule, and for intervals that are not over (nothing is run then); ABORTED; LEASE_LOST
 */
export async function backfill(
  pipeline: AnyPipeline,
  options: BackfillOptions,
): Promise<readonly BackfillRun[]> {
  const { only: _, ...names } = attemptOptionNames;
  checkOptions("PIPELINE_INVALID", "backfill()", options, {
    ...names,
    from: true,
    to: true,
    partitions: true,
    dryRun: true,
  });
  const { from, to, partitions = pipeline.partitions, dryRun = false, ...attempt } = options;
  const { ledger, clock, force = false, resume = false, progress, signal } = attempt;
  const { ticks, name } = pipeline;
  if (ticks === null)
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Pipeline "${name}" has no schedule, so it has no intervals to fill.`,
      {
        hint: "Give it a schedule, or run single intervals.",
      },
    );
  const [first, last] = [toMicros(from), toMicros(to)];
  if (last < first)
    throw new TsopsError("PIPELINE_INVALID", `The backfill of "${name}" ends before it starts.`, {
      hint: "Swap from and to.",
    });
  const intervals = [...intervalsBetween(ticks, first, last)];
  const latest = intervals.at(-1);
  if (latest !== undefined) refuseUnscheduled(pipeline, latest, clock.now(), "Here, an earlier `to`.");
  const planned = intervals.flatMap((interval) => partitions.map((partition) => ({ interval, partition })));
  const runs: BackfillRun[] = [];
  for (const { interval, partition } of planned) {
    const found = await ledger.get({ pipeline: name, partition, ...interval }, { signal });
    const before = found?.entry.status ?? null;
    const isOver = before === "succeeded" || ((before === "failed" || before === "cancelled") && !resume);
    const isRun = force || !isOver;
    const outcome =
      isRun && !dryRun ? await runUntilSettled(pipeline, { ...attempt, interval, partition }) : null;
    runs.push({ interval, partition, before, isRun, outcome });
    progress?.({ task: `backfill ${name}`, done: runs.length, total: planned.length });
  }
  return runs;
}
