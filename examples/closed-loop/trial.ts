// A live experiment: the challenger predicts in the champion's shadow, and both are scored on the same outcomes.
import {
  addOutcomes,
  type BacktestResult,
  type Clock,
  type ExperimentDecision,
  endExperiment,
  experiment,
  experimentDecision,
  type GateDecision,
  type Guard,
  pairedOutcomes,
} from "@tsops/core";
import { type JoinedOutcomes, pairVersions } from "@tsops/monitor";
import { modelName, zone } from "./definitions.ts";

/** A version of the model, and what its backtest promised. */
export interface Served {
  readonly version: number;
  readonly promise: BacktestResult;
}

/** Neither clearly better nor worse: on average the candidate is ahead, its guards pass, and chance explains it. */
export function isUndecided({ verdict, evidence }: GateDecision): boolean {
  const { candidate, reference, guards } = evidence;
  return verdict === "reject" && candidate.loss < reference.loss && guards.every(({ passed }) => passed);
}

/** Begins the experiment of a challenger; `judge` takes what both have served since then, every midnight, and `stop` ends it without a verdict of its own. */
export function beginTrial(champion: number, challenger: Served, guards: readonly Guard[], clock: Clock) {
  let state = experiment({
    subject: modelName,
    champion: `${modelName} v${champion}`,
    challenger: `${modelName} v${challenger.version}`,
    alpha: 0.1, // as at the gate
    deadline: 84, // twelve weeks
    zone,
  });
  const about = { clock, requestedBy: "daily" };
  return {
    since: clock.now(),
    champion,
    challenger,
    judge(joined: JoinedOutcomes): ExperimentDecision {
      const pairs = pairVersions(joined, { champion, challenger: challenger.version });
      state = addOutcomes(state, pairedOutcomes(pairs.champion, pairs.challenger).outcomes, { clock });
      return experimentDecision(state, {
        ...about,
        guards,
        champion: { backtest: pairs.champion },
        challenger: { backtest: pairs.challenger },
      });
    },
    stop(why: string): ExperimentDecision {
      return experimentDecision(endExperiment(state, { why }), about);
    },
  };
}
