import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { abortedError, throwIfAborted } from "../../abort.ts";
import { TsopsError, type TsopsErrorCode } from "../../errors.ts";
import { type ThreadJob, type ThreadResult, workOn } from "./thread-job.ts";

type Message =
  | { readonly result: ThreadResult }
  | {
      readonly refused: {
        readonly code: TsopsErrorCode;
        readonly message: string;
        readonly hint: string | undefined;
        readonly details: Readonly<Record<string, unknown>>;
      };
    };

const isSource = import.meta.url.endsWith(".ts");
/** Beside this file as it is written; below the folder of the built package's shared chunks. */
const program = new URL(isSource ? "./thread.ts" : "./forecast/auto/thread.js", import.meta.url);
/** Threads do not inherit what lets this process run TypeScript. */
const fromSource = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(program.href)}); })`;

/** Does a job of `autoForecaster`. */
export type JobRunner = (job: ThreadJob, signal?: AbortSignal) => Promise<ThreadResult>;

/**
 * Does each job on a thread of its own that ends with it. The results are those of doing them here, which is what happens without threads, and in a
 * program that was bundled into one file, where the thread's own file is missing.
 */
export function jobRunner(threads: boolean): JobRunner {
  if (threads && existsSync(fileURLToPath(program))) return onThread;
  return (job, signal) => workOn(job, signal === undefined ? {} : { signal });
}

async function onThread(job: ThreadJob, signal?: AbortSignal): Promise<ThreadResult> {
  throwIfAborted(signal);
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(isSource ? fromSource : program, {
    workerData: job,
    name: `autoForecaster: ${job.name}`,
    execArgv: [],
    eval: isSource,
  });
  const onAbort = () => void worker.terminate();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await new Promise<ThreadResult>((resolve, reject) => {
      worker.once("message", (message: Message) => {
        if ("result" in message) return resolve(message.result);
        const { code, message: text, hint, details } = message.refused;
        reject(new TsopsError(code, text, { details, ...(hint === undefined ? {} : { hint }) }));
      });
      worker.once("error", reject);
      worker.once("exit", () =>
        reject(
          signal?.aborted
            ? abortedError(signal)
            : new Error(`The thread of "${job.name}" ended before its work did.`),
        ),
      );
    });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}
