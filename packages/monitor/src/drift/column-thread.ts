// The program of the helper thread; see helper-thread.ts.
import { workerData } from "node:worker_threads";
import { type ColumnAnswer, type ColumnJob, claims, type HelperData, places } from "./helper-thread.ts";
import { type NumericWindow, numericColumn } from "./numeric-column.ts";
import { dropArrays, keepArrays } from "./scratch-arrays.ts";

const { port } = workerData as HelperData;

port.on("message", (job: ColumnJob | "done") => {
  if (job === "done") {
    dropArrays();
    return;
  }
  keepArrays();
  port.postMessage(answer(job));
  Atomics.add(job.signals, places.answers, 1);
  Atomics.notify(job.signals, places.answers);
});

function answer({ test, column, slot, windows, options, signals }: ColumnJob): ColumnAnswer {
  const nothing: ColumnAnswer = { test, column, slot };
  // The main thread may have come to it meanwhile.
  if (Atomics.compareExchange(signals, places.claims + column, claims.free, claims.helper) !== claims.free)
    return nothing;
  try {
    const areWhole = windows.every(({ values }) => isWhole(values));
    const [before, now] = windows.map(
      ({ first, values }): NumericWindow => ({
        first,
        values,
        missing: areWhole ? nothingMissing : missingOf(values),
      }),
    ) as [NumericWindow, NumericWindow];
    return { ...nothing, outcomes: numericColumn(before, now, { ...options, mayOverwrite: true }) };
  } catch {
    // Where it fails too, the main thread has the error.
    return nothing;
  }
}

const nothingMissing = new Uint8Array(0);

function isWhole(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return false;
  return true;
}

function missingOf(values: Float64Array): Uint8Array {
  const missing = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) missing[i] = 1;
  return missing;
}
