import { canonicalJson } from "../canonical-json.ts";
import { closest } from "../did-you-mean.ts";
import { TsopsError } from "../errors.ts";
import type { AnyPipeline } from "../pipeline/pipeline.ts";
import { isWorthRetrying } from "../pipeline/retry.ts";
import type { RunOutcome } from "../pipeline/run-outcome.ts";
import { runUntilSettled } from "../pipeline/run-pipeline.ts";
import type { LogEntry } from "../pipeline/step.ts";
import type { AssetEvent } from "../ports/ledger.ts";
import { addDuration } from "../time/duration.ts";
import { formatInstant, toMicros } from "../time/instant.ts";
import { type Interval, interval } from "../time/interval.ts";
import { errorData, errorText } from "./describe-error.ts";
import { exitCodes } from "./exit-codes.ts";
import { progressBar } from "./progress-bar.ts";
import { type CommandIo, type GlobalOptions, withSession, writeResult } from "./session.ts";

/** Options of `tsops run`. */
export interface RunCommandOptions extends GlobalOptions {
  readonly interval?: string;
  readonly at?: string;
  readonly partition?: string;
  readonly force?: boolean;
  readonly resume?: boolean;
  readonly events?: string;
  /** False with `--no-wait`. */
  readonly wait: boolean;
}

/** `tsops run <pipeline> [step]`. */
export async function runCommand(
  io: CommandIo,
  name: string,
  step: string | undefined,
  options: RunCommandOptions,
): Promise<number> {
  const given = options.interval === undefined ? {} : { interval: parseInterval(options.interval) };
  const at = options.at === undefined ? {} : { at: toMicros(options.at) };
  const events = options.events === undefined ? {} : { events: parseEvents(options.events) };
  return withSession(io, options, async (session) => {
    const pipeline = findPipeline(await session.pipelines(), name);
    const { clock, config } = session;
    const bar = progressBar({ stream: io.stderr, clock });
    try {
      const outcome = await runUntilSettled(pipeline, {
        ledger: await session.contract("ledger"),
        clock,
        ...given,
        ...at,
        ...events,
        ...(options.partition === undefined ? {} : { partition: options.partition }),
        ...(step === undefined ? {} : { only: step }),
        ...(config.codeVersion === undefined ? {} : { codeVersion: config.codeVersion }),
        force: options.force === true,
        resume: options.resume === true,
        wait: options.wait ? "all" : "nothing",
        signal: io.signal,
        progress: bar,
        log: (entry) => io.stderr.write(logLine(io, entry, clock.now())),
      });
      bar.stop();
      // The result comes last, also where both streams are one, as in Airflow.
      if (outcome.error !== null) io.stderr.write(`${errorText(outcome.error)}\n`);
      writeResult(io, options, outcomeData(outcome, step), outcomeText(outcome));
      return exitCodeOfRun(outcome, step);
    } finally {
      bar.stop();
    }
  });
}

function exitCodeOfRun({ status, error }: RunOutcome, step: string | undefined): number {
  if (status === "succeeded" || status === "pending") return exitCodes.done;
  if (status === "cancelled") return exitCodes.skipped;
  if (status !== "failed") return exitCodes.retryLater;
  // The hook has done its work: it was asked to react to the failure.
  if (step === "onFailure") return exitCodes.done;
  return step !== undefined && !isWorthRetrying(error) ? exitCodes.usage : exitCodes.failed;
}

/** A list of `{ asset, at, extra }`, `at` as text of an instant. */
function parseEvents(text: string): readonly AssetEvent[] {
  const refuse = (cause?: unknown) =>
    new TsopsError("PIPELINE_INVALID", "The events are no list of { asset, at, extra } in JSON.", {
      hint: 'Write --events \'[{"asset":"tsops://models/load","at":"2024-03-01T00:00Z","extra":{}}]\'.',
      cause,
    });
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw refuse(cause);
  }
  if (!Array.isArray(list)) throw refuse();
  return list.map((event: Partial<Record<"asset" | "at" | "extra", unknown>> | null) => {
    const { asset, at, extra = {} } = event ?? {};
    if (typeof asset !== "string" || typeof at !== "string" || typeof extra !== "object" || extra === null)
      throw refuse();
    return { asset, at: toMicros(at), extra: extra as Readonly<Record<string, unknown>>, source: null };
  });
}

/** `start/end`, the end also as a duration: `2011-07-01T00:00Z/1d`. */
export function parseInterval(text: string): Interval {
  const parts = text.split("/");
  const [from, to] = parts;
  if (parts.length !== 2 || from === undefined || to === undefined || from === "" || to === "")
    throw new TsopsError("TIME_INVALID", `${JSON.stringify(text)} is not an interval.`, {
      hint: "Write start/end, e.g. 2011-07-01T00:00Z/2011-07-02T00:00Z or 2011-07-01T00:00Z/1d.",
    });
  const start = toMicros(from);
  return interval(start, /^\d+[a-z]+$/.test(to) ? addDuration(start, to) : toMicros(to));
}

function findPipeline(pipelines: readonly AnyPipeline[], name: string): AnyPipeline {
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found !== undefined) return found;
  const names = pipelines.map((pipeline) => pipeline.name);
  const near = closest(name, names);
  throw new TsopsError("PIPELINE_NOT_FOUND", `There is no pipeline "${name}" in the configuration.`, {
    hint:
      near !== null
        ? `Did you mean "${near}"?`
        : names.length === 0
          ? "The configuration has no pipelines: add them to its pipelines."
          : `It has ${names.join(", ")}.`,
  });
}

function logLine(io: CommandIo, entry: LogEntry, now: bigint): string {
  const where = [entry.pipeline, entry.partition, entry.step].filter(Boolean).join("/");
  const fields = Object.entries(entry.fields ?? {}).map(([name, value]) => ` ${name}=${String(value)}`);
  const level = entry.level === "info" ? "" : `${entry.level} `;
  // On a terminal a half-drawn bar is wiped first.
  const wipe = io.stderr.isTTY === true ? "\r\x1b[2K" : "";
  return `${wipe}${formatInstant(now)} ${level}${where}: ${entry.message}${fields.join("")}\n`;
}

function outcomeData(outcome: RunOutcome, asked: string | undefined): Readonly<Record<string, unknown>> {
  const { entry, status, isNew, results, steps, error } = outcome;
  return {
    pipeline: entry.pipeline,
    partition: entry.partition,
    interval: { start: formatInstant(entry.start), end: formatInstant(entry.end) },
    status,
    attempt: entry.attempt,
    isNew,
    owner: entry.owner,
    nextRetryAt: entry.nextRetryAt === null ? null : formatInstant(entry.nextRetryAt),
    leaseUntil: entry.leaseUntil === null ? null : formatInstant(entry.leaseUntil),
    steps: steps.map(({ step, wasRecorded, startedAt, finishedAt }) => ({
      step,
      wasRecorded,
      seconds: Number(finishedAt - startedAt) / 1e6,
    })),
    results,
    // Of the step that was asked for: the earlier ones have said theirs.
    announced: steps.flatMap((one) => (asked === undefined || one.step === asked ? one.announced : [])),
    error: error === null ? null : errorData(error),
  };
}

function outcomeText({ entry, status, isNew, steps, results, error }: RunOutcome): string {
  const partition = entry.partition === "" ? "" : ` [${entry.partition}]`;
  const interval = `${formatInstant(entry.start)}/${formatInstant(entry.end)}`;
  const lines = [`${entry.pipeline}${partition} ${interval}: ${statusText(status, entry, isNew)}`];
  const failed = error?.details["step"];
  const names = [...steps.map(({ step }) => step), ...(typeof failed === "string" ? [failed] : [])];
  const width = Math.max(...names.map(({ length }) => length));
  for (const { step, wasRecorded, startedAt, finishedAt } of steps) {
    const took = `${(Number(finishedAt - startedAt) / 1e6).toFixed(1)} s`;
    const result = resultText(results[step]);
    lines.push(`  ${step.padEnd(width)}  ${took}${wasRecorded ? ", done before" : ""}${result}`);
  }
  if (typeof failed === "string") lines.push(`  ${failed.padEnd(width)}  failed`);
  return lines.join("\n");
}

/** What a step returned, on the rest of its line. */
function resultText(result: unknown): string {
  if (result === null || result === undefined) return "";
  const text = canonicalJson(result);
  const most = 240;
  return `  ${text.length > most ? `${text.slice(0, most)}… (--json shows all)` : text}`;
}

function statusText(status: RunOutcome["status"], entry: RunOutcome["entry"], isNew: boolean): string {
  const attempt = entry.attempt > 1 ? ` at attempt ${entry.attempt}` : "";
  switch (status) {
    case "busy":
      return entry.status === "waiting_retry" && entry.nextRetryAt !== null
        ? `waits to be tried again at ${formatInstant(entry.nextRetryAt)}`
        : `is run by ${entry.owner} (lease until ${formatInstant(entry.leaseUntil ?? entry.updatedAt)})`;
    case "waiting_retry":
      return `failed${attempt}, to be tried again at ${formatInstant(entry.nextRetryAt ?? entry.updatedAt)}`;
    case "pending":
      return "step done, others are to come";
    case "cancelled":
      return "was left out";
    default:
      return isNew ? `${status}${attempt}` : `${status} before, nothing to do`;
  }
}
