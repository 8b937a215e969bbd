import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { NumericOptions } from "../battery/numeric-tests.ts";
import type { TestOutcome } from "../battery/test-outcome.ts";
import type { RegularSeries } from "../model/regular-series.ts";

/** A column to test. Its values lie in shared memory, and may be overwritten. */
export interface ColumnJob {
  readonly test: number;
  readonly column: number;
  readonly slot: number;
  readonly windows: readonly [RegularSeries, RegularSeries];
  /** Whether no value of them is missing. */
  readonly areWhole: boolean;
  readonly options: NumericOptions;
  readonly signals: Int32Array;
}

/** What the tests found; nothing where the main thread has to do the column. */
export interface ColumnAnswer {
  readonly test: number;
  readonly column: number;
  readonly slot: number;
  readonly outcomes?: readonly TestOutcome[];
}

/** Places in the signals: how many answers there were, and from `claims` on, who is at a column or has done it. */
export const places = { answers: 0, claims: 1 } as const;
export const claims = { free: 0, main: 1, helper: 2 } as const;

/** What the thread is started with. */
export interface HelperData {
  readonly port: MessagePort;
}

/** A thread that tests columns. */
export interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Shared memory for the columns that lie ready. */
  readonly memory: Float64Array[];
  idleTimer: NodeJS.Timeout | undefined;
}

/** A thread without work is kept for so long, as starting one takes a tenth of a second. */
const idleMs = 5000;

const isSource = import.meta.url.endsWith(".ts");
/** Beside this file as it is written, and in the folder of the built package's shared chunks. */
const program = new URL(isSource ? "./column-thread.ts" : "./column-thread.js", import.meta.url);
/** Threads do not inherit what lets this process run TypeScript. */
const fromSource = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(program.href)}); })`;

let kept: Helper | null = null;

/** Whether there can be a helper: in a program that was bundled into one file, its own file is missing. */
export function canHaveHelper(): boolean {
  return availableParallelism() > 1 && existsSync(fileURLToPath(program));
}

/** The thread that is there, or a new one. It does not keep the process from ending. */
export function takeHelper(): Helper {
  if (kept !== null) {
    clearTimeout(kept.idleTimer);
    return kept;
  }
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(isSource ? fromSource : program, {
    name: "tsops",
    // Without the flags of this process, such as loaders: the program needs none of them.
    execArgv: isSource ? ["--conditions=@tsops/source"] : [],
    eval: isSource,
    // Its large arrays lie outside; of short-lived objects there are few.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
    workerData: { port: port2 } satisfies HelperData,
    transferList: [port2],
  });
  const helper: Helper = { worker, port, memory: [], idleTimer: undefined };
  // Without it the main thread does all of the work.
  const lose = (): void => {
    if (kept === helper) kept = null;
  };
  worker.on("error", lose);
  worker.on("exit", lose);
  worker.unref();
  kept = helper;
  return helper;
}

/** Lets the thread go when it has had nothing to do for a while. */
export function restHelper(helper: Helper): void {
  helper.idleTimer = setTimeout(() => endHelper(helper), idleMs);
  helper.idleTimer.unref();
}

/** Ends the thread at once. */
export function endHelper(helper: Helper): void {
  if (kept === helper) kept = null;
  helper.port.close();
  void helper.worker.terminate();
}

/** The answers that have come since. */
export function answersOf({ port }: Helper): ColumnAnswer[] {
  const answers: ColumnAnswer[] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
    answers.push(next.message as ColumnAnswer);
  return answers;
}
