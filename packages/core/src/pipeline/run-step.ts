import { abortable, throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import { formatDuration } from "../time/duration.ts";
import type { RunFailure } from "./hook.ts";
import type { Step, StepContext } from "./step.ts";

/** How long a step is waited for after its signal fired, so that it can clean up before the run is given away. */
export const stopGraceMicros = 5_000_000n;

/** What a step or a hook is given, but for the signal. */
export type StepInput = Omit<StepContext, "signal"> & { readonly failure?: RunFailure };

/**
 * Runs one step under its timeout. When the timeout or the signal fires, the step has 5 seconds left to stop; what it
 * returns later is dropped.
 * @returns What the step returned, also when it did so after the signal had fired: finished work is kept.
 * @throws TsopsError STEP_TIMEOUT; ABORTED when the signal fired; else whatever the step throws
 */
export async function runStep(
  step: Step,
  context: StepInput,
  signal: AbortSignal,
  clock: Clock,
): Promise<unknown> {
  throwIfAborted(signal);
  const { timeoutMicros } = step;
  const timeout = new AbortController();
  const done = new AbortController();
  const both = AbortSignal.any([signal, timeout.signal]);
  if (timeoutMicros !== null)
    clock.sleepUntil(clock.now() + timeoutMicros, done.signal).then(
      () => timeout.abort(timedOut(step.name, timeoutMicros)),
      () => {},
    );
  const run = step.run as (context: StepInput & { readonly signal: AbortSignal }) => unknown;
  const working = Promise.resolve().then(() => run({ ...context, signal: both }));
  try {
    return await abortable(working, both);
  } catch (error) {
    if (!both.aborted) throw error;
    const late = await Promise.race([
      working.then(
        (value) => ({ value }),
        () => null,
      ),
      clock.sleepUntil(clock.now() + stopGraceMicros, done.signal).then(() => null),
    ]);
    if (timeout.signal.aborted && !signal.aborted) throw timeout.signal.reason;
    if (late !== null) return late.value;
    throw error;
  } finally {
    done.abort();
  }
}

function timedOut(step: string, timeoutMicros: bigint): TsopsError {
  return new TsopsError(
    "STEP_TIMEOUT",
    `Step "${step}" was not done within ${formatDuration(timeoutMicros)}.`,
    {
      hint: "Raise the step's timeout, or find out what it waits for; pass its signal on so that it stops.",
      details: { step },
    },
  );
}

/** The error of a failed step: the code and hint of what it threw, under a sentence that names the step. */
export function stepError(step: string, error: unknown): TsopsError {
  const message = error instanceof Error ? error.message : String(error);
  if (TsopsError.is(error)) {
    const { step: named } = error.details;
    if (named === step) return error;
    return new TsopsError(error.code, `Step "${step}" failed: ${message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: { ...error.details, step },
      cause: error,
    });
  }
  return new TsopsError("STEP_FAILED", `Step "${step}" failed: ${message}`, {
    hint: "Mend what the step does, then run it again: resume (--resume) goes on with this step, force (--force) begins anew.",
    details: { step },
    cause: error,
  });
}
