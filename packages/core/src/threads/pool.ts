import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { abortedError, throwIfAborted } from "../abort.ts";
import { TsopsError, type TsopsErrorCode } from "../errors.ts";

/** Work for a thread: plain data and typed arrays. */
export interface ThreadJob {
  /** Which of the works that the program knows. */
  readonly work: string;
  readonly input: unknown;
}

/** What a thread answers. */
export type ThreadAnswer =
  | { readonly output: unknown }
  | {
      readonly refused: {
        readonly code: TsopsErrorCode;
        readonly message: string;
        readonly hint: string | undefined;
        readonly details: Readonly<Record<string, unknown>>;
      };
    }
  | { readonly failed: unknown };

/** How a thread's program is started. */
export interface ThreadProgram {
  /** The file, or its text. */
  readonly source: URL | string;
  readonly isText: boolean;
}

/** How a job is to be done. */
export interface JobOptions {
  readonly signal?: AbortSignal | undefined;
  /** Buffers of the input that are moved rather than copied. */
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * Does a job on a thread.
 * @throws TsopsError what the work throws, ABORTED at once when the signal fires, THREAD_LOST when the thread ends before its work.
 */
export type RunJob = (job: ThreadJob, options?: JobOptions) => Promise<unknown>;

interface Waiting extends JobOptions {
  readonly job: ThreadJob;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  doing: Waiting | null;
  idleTimer: NodeJS.Timeout | undefined;
}

/** A thread without work is kept for so long, as starting one takes a third of a second. */
const idleMs = 5000;

/**
 * Threads that answer jobs one after the other; started at need, ended when there was nothing to do for some seconds. They do not keep the process from ending.
 * @param most - Threads at once.
 */
export function threadPool(program: ThreadProgram, most = availableParallelism()): RunJob {
  const threads = new Set<Thread>();
  const waiting: Waiting[] = [];

  /** Gives waiting jobs to threads that are free or new. */
  const assign = (WorkerThread: typeof Worker): void => {
    while (waiting.length > 0) {
      let free = [...threads].find(({ doing }) => doing === null);
      if (free === undefined && threads.size < most) free = start(WorkerThread);
      if (free === undefined) return;
      const next = waiting.shift() as Waiting;
      free.doing = next;
      clearTimeout(free.idleTimer);
      free.worker.ref();
      try {
        free.worker.postMessage(next.job, next.transfer ?? []);
      } catch (error) {
        // Something in the input cannot be sent.
        rest(free);
        next.reject(error);
      }
    }
  };

  const start = (WorkerThread: typeof Worker): Thread => {
    const worker = new WorkerThread(program.source, {
      name: "tsops",
      // Without the flags of this process, such as loaders: the program needs none of them.
      execArgv: [],
      eval: program.isText,
    });
    const thread: Thread = { worker, doing: null, idleTimer: undefined };
    threads.add(thread);
    const lose = (cause?: unknown): void => {
      if (!threads.delete(thread)) return;
      thread.doing?.reject(
        new TsopsError("THREAD_LOST", `A thread ended before its work "${thread.doing.job.work}" was done.`, {
          hint: "If memory ran out, give Node more of it (--max-old-space-size), or do the work on fewer threads.",
          ...(cause === undefined ? {} : { cause }),
        }),
      );
      assign(WorkerThread);
    };
    worker.on("error", lose);
    worker.on("exit", () => lose());
    worker.on("message", (answer: ThreadAnswer) => {
      const done = thread.doing;
      rest(thread);
      if (done !== null) settle(done, answer);
      assign(WorkerThread);
    });
    return thread;
  };

  const rest = (thread: Thread): void => {
    thread.doing = null;
    thread.worker.unref();
    thread.idleTimer = setTimeout(() => discard(thread), idleMs);
    thread.idleTimer.unref();
  };

  const discard = (thread: Thread): void => {
    threads.delete(thread);
    clearTimeout(thread.idleTimer);
    void thread.worker.terminate();
  };

  return async (job, options = {}) => {
    const { signal } = options;
    throwIfAborted(signal);
    const { Worker: WorkerThread } = await import("node:worker_threads");
    throwIfAborted(signal);
    let stop = (): void => {};
    try {
      return await new Promise<unknown>((resolve, reject) => {
        const one: Waiting = { ...options, job, resolve, reject };
        stop = () => {
          reject(abortedError(signal as AbortSignal));
          const place = waiting.indexOf(one);
          if (place >= 0) waiting.splice(place, 1);
          for (const thread of threads) if (thread.doing === one) discard(thread);
          assign(WorkerThread);
        };
        signal?.addEventListener("abort", stop, { once: true });
        waiting.push(one);
        assign(WorkerThread);
      });
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  };
}

function settle({ resolve, reject }: Waiting, answer: ThreadAnswer): void {
  if ("output" in answer) resolve(answer.output);
  else if ("failed" in answer) reject(answer.failed);
  else {
    const { code, message, hint, details } = answer.refused;
    reject(new TsopsError(code, message, { details, ...(hint === undefined ? {} : { hint }) }));
  }
}
