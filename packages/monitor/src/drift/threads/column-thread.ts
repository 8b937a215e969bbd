// The program of the helper thread; see helper-thread.ts.
import { workerData } from "node:worker_threads";
import { dropArrays, keepArrays } from "../long-windows/scratch-arrays.ts";
import { type NumericWindow, numericColumn } from "../numeric-column.ts";
import { type ColumnAnswer, type ColumnJob, claims, type HelperData, places } from "./helper-thread.ts";

const { port } = workerData as HelperData;

let slotsBefore = 0;

port.on("message", (job: ColumnJob) => {
  const slots = job.windows[0].values.length + job.windows[1].values.length;
  // Only of windows as long as those before arrays are used again.
  if (slots !== slotsBefore) dropArrays();
  slotsBefore = slots;
  keepArrays();
  port.postMessage(answer(job));
  Atomics.add(job.signals, places.answers, 1);
  Atomics.notify(job.signals, places.answers);
});

function answer({ test, column, slot, windows, areWhole, options, signals }: ColumnJob): ColumnAnswer {
  const nothing: ColumnAnswer = { test, column, slot };
  // The main thread may have come to it meanwhile.
  if (Atomics.compareExchange(signals, places.claims + column, claims.free, claims.helper) !== claims.free)
    return nothing;
  try {
    const [before, now] = windows.map(
      ({ first, values }): NumericWindow => ({
        first,
        values,
        missing: areWhole ? null : missingOf(values),
      }),
    ) as [NumericWindow, NumericWindow];
    return { ...nothing, outcomes: numericColumn(before, now, { ...options, mayOverwrite: true }) };
  } catch {
    // Where it fails too, the main thread has the error.
    return nothing;
  }
}

function missingOf(values: Float64Array): Uint8Array {
  const missing = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) missing[i] = 1;
  return missing;
}
