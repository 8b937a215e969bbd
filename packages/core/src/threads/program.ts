// The program of a thread; see pool.ts.
import { parentPort } from "node:worker_threads";
import { TsopsError } from "../errors.ts";
import type { ThreadAnswer, ThreadJob } from "./pool.ts";

/** Each is loaded when it is first asked for. */
const works: Readonly<Record<string, () => Promise<(input: never) => unknown>>> = {
  autoCandidate: async () => (await import("../forecast/auto/candidate-work.ts")).workOnCandidate,
  fitSeries: async () => (await import("../forecast/local/fit-work.ts")).fitSeries,
};

async function answer({ work, input }: ThreadJob): Promise<ThreadAnswer> {
  try {
    const load = works[work];
    if (load === undefined) throw new Error(`There is no work "${work}".`);
    return { output: await (await load())(input as never) };
  } catch (error) {
    // Errors of tsops keep their code and details; a clone of the object would lose its class.
    if (!TsopsError.is(error)) return { failed: error };
    const { code, message, hint, details } = error;
    return { refused: { code, message, hint, details } };
  }
}

parentPort?.on("message", async (job: ThreadJob) => parentPort?.postMessage(await answer(job)));
