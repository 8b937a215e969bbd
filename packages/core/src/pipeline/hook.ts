import type { Step, StepContext, StepResults } from "./step.ts";

/** Which end of a run a hook reacts to. */
export type HookName = "onSuccess" | "onFailure";

/** The names of hooks, which no step may have: a hook is asked for alone by its name, as a step is. */
export const hookNames: readonly HookName[] = ["onSuccess", "onFailure"];

/** What a hook is given. */
export type HookContext<Results extends StepResults = StepResults, Assets extends string = string> = Omit<
  StepContext<Results, Assets>,
  "step" | "progress"
>;

/** Why a run failed for good. */
export interface RunFailure {
  /** The step that was not done; null when all were, and the run ended before that was told. */
  readonly step: string | null;
  readonly code: string;
  readonly message: string;
}

/** What a hook of a failed run is given: the results of the steps that were done, and why the next one was not. */
export interface FailureContext<Results extends StepResults = StepResults, Assets extends string = string>
  extends HookContext<Partial<Results>, Assets> {
  readonly failure: RunFailure;
}

/** A hook as part of a pipeline: a step that the end of a run starts. */
export interface Hook extends Step {
  readonly name: HookName;
}
