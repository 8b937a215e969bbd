import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import { checkMethods } from "../options.ts";
import type { AssetEvent, Ledger, LedgerKey } from "../ports/ledger.ts";
import { Attempt } from "./attempt.ts";
import type { AttemptOptions } from "./attempt-options.ts";
import { hookNames } from "./hook.ts";
import { holdLease } from "./lease.ts";
import type { AnyPipeline } from "./pipeline.ts";
import { doneBefore, outcomeOf, type RunOutcome } from "./run-outcome.ts";

/**
 * Makes one attempt at the run of a data interval: claims it in the ledger, runs the steps that are not recorded yet,
 * records each, and ends the run. A failed step is an outcome, not an exception.
 * @throws TsopsError ABORTED when the signal fires: the run can be resumed at once, finished steps are kept.
 * @throws TsopsError LEASE_LOST when another process has taken the run over
 * @throws TsopsError PIPELINE_INVALID for a pipeline without steps, or a partition or step that it does not have
 */
export async function runAttempt(
  pipeline: AnyPipeline,
  key: LedgerKey,
  options: AttemptOptions,
): Promise<RunOutcome> {
  const { ledger, clock, signal, force = false, resume = false, only, codeVersion } = options;
  checkLedgerAndClock(options);
  assertRunnable(pipeline, key, only);
  throwIfAborted(signal);
  const owner = uniqueOwner(options.owner);
  const before = only === undefined ? null : ((await ledger.get(key, { signal }))?.entry ?? null);
  const isGivenUp = only === "onFailure";
  if (isGivenUp && (before === null || before.status === "succeeded" || before.status === "cancelled"))
    throw new TsopsError(
      "PIPELINE_INVALID",
      `The run of "${pipeline.name}" has not failed: it ${before === null ? "never began" : `is ${before.status}`}.`,
      { hint: "Ask for onFailure once a step of the run has failed for good." },
    );
  const now = clock.now();
  const claim = await ledger.claim(key, {
    owner,
    now,
    leaseUntil: now + pipeline.leaseMicros,
    ...(codeVersion === undefined ? {} : { codeVersion }),
    force: force && only === undefined,
    // Whoever asks for a step of a failed run has decided to go on with it.
    reopen: resume || (only !== undefined && (force || isGivenUp || before?.status === "failed")),
    signal,
  });
  if (claim.outcome === "busy") return outcomeOf("busy", claim.entry, false, [], []);
  if (claim.outcome === "done") return doneBefore(claim.entry, claim.steps, pipeline);

  const lease = holdLease({ ledger, key, owner, clock, leaseMicros: pipeline.leaseMicros });
  const { entry, steps: recorded, isTakeOver } = claim;
  try {
    const events = options.events ?? (await eventsOf(pipeline, key, ledger));
    const run = new Attempt({ pipeline, key, owner, entry, recorded, events, lease, options });
    if (isGivenUp) return await run.giveUp(before?.error ?? null);
    return await (isTakeOver && run.isBeyondRetries() ? run.abandon() : run.work());
  } finally {
    await lease.stop();
  }
}

/** The events that a run takes in: those since the run before it. */
async function eventsOf(
  { name, onAssets }: AnyPipeline,
  { partition, start }: LedgerKey,
  ledger: Ledger,
): Promise<readonly AssetEvent[]> {
  if (onAssets.length === 0) return [];
  const before = (await ledger.list(name, { partition, to: start })).at(-1);
  const after = before === undefined ? {} : { after: before.start };
  return ledger.events({ assets: onAssets, ...after, to: start });
}

/** @throws TsopsError PIPELINE_INVALID when one is missing, or is something else. */
export function checkLedgerAndClock({ ledger, clock }: Pick<AttemptOptions, "ledger" | "clock">): void {
  checkMethods("PIPELINE_INVALID", "The ledger", ledger, ["claim", "finish", "get"], "Give home.ledger.");
  checkMethods(
    "PIPELINE_INVALID",
    "The clock",
    clock,
    ["now", "sleepUntil"],
    "Give systemClock() or a virtualClock().",
  );
}

/** Two attempts must not share an owner: the ledger lets an owner claim its own run again. */
export function uniqueOwner(owner = `${hostname()}:${process.pid}`): string {
  return `${owner}/${randomUUID()}`;
}

function assertRunnable(pipeline: AnyPipeline, key: LedgerKey, only: string | undefined): void {
  const names = pipeline.steps.map((step) => step.name);
  if (names.length === 0)
    throw new TsopsError("PIPELINE_INVALID", `Pipeline "${pipeline.name}" has no steps.`, {
      hint: 'Add one: pipeline(...).step("name", async (context) => ...).',
    });
  const askable = [...names, ...hookNames.filter((hook) => pipeline.hooks.some(({ name }) => name === hook))];
  if (only !== undefined && !askable.includes(only))
    throw new TsopsError("PIPELINE_INVALID", `Pipeline "${pipeline.name}" has no step "${only}".`, {
      hint: `It has ${askable.join(", ")}.`,
    });
  if (!pipeline.partitions.includes(key.partition))
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Pipeline "${pipeline.name}" has no partition ${JSON.stringify(key.partition)}.`,
      {
        hint:
          pipeline.partitions[0] === ""
            ? "It has no partitions: leave partition (--partition) out."
            : `It has ${pipeline.partitions.join(", ")}.`,
      },
    );
}
