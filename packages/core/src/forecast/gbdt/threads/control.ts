/**
 * Places in the numbers that main thread and workers share. A job lies open while `gate` is odd: then everyone takes chunks of its rows, by adding to
 * `next`. `active` counts the workers that are at it.
 */
export const control = {
  gate: 0,
  next: 1,
  end: 2,
  chunk: 3,
  active: 4,
  stop: 5,
  /** Number of the worker that failed, from 1. */
  failed: 6,
  words: 7,
  wordsPerRow: 8,
  strides: 9,
  values: 10,
  rows: 11,
  /** From here on, per worker: the gate of the last job that it added to its sums. */
  used: 12,
} as const;

/** What a worker is started with. */
export interface WorkerData {
  readonly module: object;
  readonly memory: object;
  readonly shared: Int32Array;
  /** From 0. */
  readonly worker: number;
  /** Where its own sums lie in memory, and how many there are. */
  readonly sums: number;
  readonly slots: number;
  readonly places: typeof control;
}

/**
 * The program of a worker, as text: so it runs alike from sources, from the built package and from a bundle, where there is no file to start.
 * Plain CommonJS; it needs nothing but the WebAssembly module.
 */
export const workerProgram = `
const { parentPort, workerData } = require("node:worker_threads");
const { module: code, memory, shared, worker, sums, slots, places } = workerData;
const { addRows } = new WebAssembly.Instance(code, { workspace: { memory } }).exports;
const own = new Float64Array(memory.buffer, sums, slots);
function work(gate) {
  const at = (name) => shared[places[name]];
  const end = at("end");
  const chunk = at("chunk");
  for (;;) {
    const from = Atomics.add(shared, places.next, chunk);
    if (from >= end) return;
    if (shared[places.used + worker] !== gate) {
      own.fill(0);
      shared[places.used + worker] = gate;
    }
    const to = Math.min(end, from + chunk);
    addRows(sums, at("words"), at("wordsPerRow"), at("strides"), at("values"), at("rows") + 4 * from, at("rows") + 4 * to);
  }
}
let seen = 0;
for (;;) {
  Atomics.wait(shared, places.gate, seen);
  if (Atomics.load(shared, places.stop) === 1) break;
  seen = Atomics.load(shared, places.gate);
  if ((seen & 1) === 0) continue;
  Atomics.add(shared, places.active, 1);
  try {
    // The job may have been closed meanwhile: then its numbers are no longer to be read.
    if (Atomics.load(shared, places.gate) === seen) work(seen);
  } catch (error) {
    Atomics.store(shared, places.failed, worker + 1);
    parentPort.postMessage(String(error));
  }
  Atomics.sub(shared, places.active, 1);
  Atomics.notify(shared, places.active);
}
`;
