import { checkOptions, shown } from "../../options.ts";
import { checkState, type ExperimentState, invalid } from "./state.ts";

/**
 * Ends an experiment for a reason outside of it, e.g. that a gate promoted a third version, so that what it compares is served no more: `experimentDecision`
 * then says `keep`, with what was seen until then. One that has its verdict stays as it is.
 * @param options.why - The end of a sentence, e.g. `"bikes v5 has replaced bikes v3"`.
 * @returns A new state; the one given is unchanged.
 * @throws TsopsError EXPERIMENT_INVALID
 */
export function endExperiment(state: ExperimentState, options: { readonly why: string }): ExperimentState {
  checkState(state);
  checkOptions("EXPERIMENT_INVALID", "endExperiment()", options, { why: true });
  const { why } = options;
  if (typeof why !== "string" || why === "")
    throw invalid(`why is a text, got ${shown(why)}.`, 'Say why: "bikes v5 has replaced bikes v3".');
  return state.end === null ? { ...state, end: { verdict: "keep", because: "stopped", why } } : state;
}
