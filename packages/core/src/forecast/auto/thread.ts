// One job of autoForecaster on a thread of its own; see threads.ts.
import { parentPort, workerData } from "node:worker_threads";
import { TsopsError } from "../../errors.ts";
import { type ThreadJob, workOn } from "./thread-job.ts";

try {
  parentPort?.postMessage({ result: await workOn(workerData as ThreadJob) });
} catch (error) {
  // Errors of tsops keep their code and details; a clone of the object would lose its class.
  if (!TsopsError.is(error)) throw error;
  const { code, message, hint, details } = error;
  parentPort?.postMessage({ refused: { code, message, hint, details } });
}
