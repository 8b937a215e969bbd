import { hasThreads, runOnThread } from "../../threads/shared-pool.ts";
import { type CandidateResult, type CandidateWork, workOnCandidate } from "./candidate-work.ts";

/** Does the work of a candidate somewhere. */
export type CandidateRunner = (work: CandidateWork, signal?: AbortSignal) => Promise<CandidateResult>;

/** Does each work on a thread, or here; with the same results. */
export function candidateRunner(threads: boolean): CandidateRunner {
  return threads && hasThreads()
    ? async (input, signal) =>
        (await runOnThread({ work: "autoCandidate", input }, { signal })) as CandidateResult
    : (work, signal) => workOnCandidate(work, signal === undefined ? {} : { signal });
}
