import type { Worker } from "node:worker_threads";
import type { Kernels } from "../kernels.ts";
import type { SharedWorkspace, Workspace } from "../workspace.ts";
import { control, type WorkerData, workerProgram } from "./control.ts";

/** Rows that are added up at a time, and fewest rows for which workers are called at all. */
const chunkRows = 4096;
const leastRows = 2 * chunkRows;
/** A worker that holds a chunk for so long is taken for dead: a chunk takes less than a millisecond. */
const patienceMs = 60_000;

/** Threads that add rows to histograms together with the main one. */
export interface ThreadPool {
  /** The workspace with kernels that use the threads. */
  readonly workspace: Workspace;
  /** @throws Error when a worker has failed. */
  check(): void;
  /** Ends the workers. */
  close(): Promise<void>;
}

/**
 * Starts workers for a shared workspace. Results do not depend on them: sums of whole numbers below 2^53 are exact in any order, and until a worker has started,
 * the main thread does all of the work.
 * @param slots - Histogram slots; the workspace must have room for so many per worker.
 */
export async function openPool(
  workspace: SharedWorkspace,
  slots: number,
  workers: number,
  program: string = workerProgram,
): Promise<ThreadPool> {
  const { Worker: Thread } = await import("node:worker_threads");
  const shared = new Int32Array(new SharedArrayBuffer(4 * (control.used + workers)));
  const partials = Array.from({ length: workers }, () => workspace.float64(slots));
  let failure: unknown;
  const threads = partials.map((sums, worker): Worker => {
    const { module, memory } = workspace.shared;
    const workerData: WorkerData = {
      module,
      memory,
      shared,
      worker,
      sums: sums.byteOffset,
      slots,
      places: control,
    };
    // Without the flags of this process, such as loaders: the program needs none of them.
    const thread = new Thread(program, { eval: true, workerData, execArgv: [], name: "gbdt" });
    thread.on("error", (error) => {
      failure ??= error;
    });
    thread.on("message", (message) => {
      failure ??= message;
    });
    thread.on("exit", () => {
      if (Atomics.load(shared, control.stop) === 0) failure ??= "it ended before its work did";
    });
    thread.unref();
    return thread;
  });
  const check = (): void => {
    const failed = Atomics.load(shared, control.failed);
    if (failure === undefined && failed === 0) return;
    throw new Error(`A worker thread of gbdt failed${failure === undefined ? "" : `: ${failure}`}.`, {
      cause: failure,
    });
  };
  return {
    workspace: {
      ...workspace,
      kernels: { ...workspace.kernels, addRows: sharedAddRows(workspace, shared, partials) },
    },
    check,
    async close() {
      Atomics.store(shared, control.stop, 1);
      // An even gate that no worker has seen.
      Atomics.add(shared, control.gate, 2);
      Atomics.notify(shared, control.gate);
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

function sharedAddRows(
  { kernels }: Workspace,
  shared: Int32Array,
  partials: readonly Float64Array[],
): Kernels["addRows"] {
  return (sums, words, strides, values, rows, start, end) => {
    if (end - start < leastRows) {
      kernels.addRows(sums, words, strides, values, rows, start, end);
      return;
    }
    shared[control.end] = end;
    shared[control.chunk] = chunkRows;
    shared[control.words] = words.byteOffset;
    shared[control.wordsPerRow] = strides.length;
    shared[control.strides] = strides.byteOffset;
    shared[control.values] = values.byteOffset;
    shared[control.rows] = rows.byteOffset;
    Atomics.store(shared, control.next, start);
    const gate = Atomics.add(shared, control.gate, 1) + 1;
    Atomics.notify(shared, control.gate);
    for (;;) {
      const from = Atomics.add(shared, control.next, chunkRows);
      if (from >= end) break;
      kernels.addRows(sums, words, strides, values, rows, from, Math.min(end, from + chunkRows));
    }
    Atomics.add(shared, control.gate, 1);
    waitForWorkers(shared);
    partials.forEach((partial, worker) => {
      if (shared[control.used + worker] === gate) addTo(sums, partial);
    });
  };
}

/** Closed to newcomers, the job is done when those who were at it have left. */
function waitForWorkers(shared: Int32Array): void {
  for (let active = Atomics.load(shared, control.active); active !== 0; ) {
    if (Atomics.wait(shared, control.active, active, patienceMs) === "timed-out")
      throw new Error(`A worker thread of gbdt has not answered for ${patienceMs / 1000} s.`);
    active = Atomics.load(shared, control.active);
  }
  if (Atomics.load(shared, control.failed) !== 0) throw new Error("A worker thread of gbdt failed.");
}

function addTo(sums: Float64Array, partial: Float64Array): void {
  for (let slot = 0; slot < sums.length; slot++) sums[slot]! += partial[slot]!;
}
