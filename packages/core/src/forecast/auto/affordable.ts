import { mostThreads } from "../../threads/shared-pool.ts";
import type { FitOptions } from "../forecaster.ts";
import type { Panel } from "../panel/panel.ts";
import { takeSeries } from "../panel/panel-slices.ts";
import { type Candidate, type CandidateTask, globalCandidates, mostTrees } from "./candidates.ts";
import { reasonOf, type Trial } from "./trial.ts";

/** Share of what is left of the budget for models of all series. */
const reserved = 0.8;
/** A model of fewer trees is not worth its time. */
const fewestTrees = 60;
/** Rows that say how long a tree takes. */
const enoughToTime = 40_000;

/** Models of all series, as many trees each, and then models, as time allows; and how long each takes to fit, about. */
export async function affordable(
  task: CandidateTask,
  trial: Trial,
  before: Panel,
  fitOptions: FitOptions,
): Promise<{ readonly globals: readonly Candidate[]; readonly fitMs: number }> {
  const none = { globals: [], fitMs: 0 };
  const [first] = globalCandidates(task, 2);
  if (first === undefined) return none;
  const growth = trial.growth.ofGlobals;
  const every = Math.max(1, Math.floor(before.y.length / enoughToTime));
  const some =
    every === 1
      ? before
      : takeSeries(
          before,
          before.series.flatMap((_, s) => (s % every === 0 ? [s] : [])),
        );
  const timeOf = async (trees: number): Promise<number> => {
    const started = performance.now();
    await (globalCandidates(task, trees)[0] as Candidate).make().fit(some, fitOptions);
    return ((performance.now() - started) * before.y.length) / some.y.length;
  };
  try {
    const fixedMs = await timeOf(2);
    const treeMs = Math.max(0.01, ((await timeOf(12)) - fixedMs) / 10);
    const all = globalCandidates(task, mostTrees);
    for (const count of [all.length, 2, 1]) {
      // Fits that share the memory's bandwidth slow each other down: two at once are 1.4 times as quick as one after the other.
      const speedUp = Math.sqrt(Math.min(count, fitOptions.threads ?? mostThreads));
      // Each is fitted twice: for the held-out rows, with half the trees, and on all.
      const trees = Math.floor(
        ((reserved * trial.leftMs * speedUp) / count - fixedMs * (1 + growth)) / (treeMs * (0.5 + growth)),
      );
      if (trees < fewestTrees) continue;
      const taken = Math.min(trees, mostTrees);
      return {
        globals: globalCandidates(task, taken).slice(0, count),
        fitMs: (fixedMs + taken * treeMs) * growth,
      };
    }
    for (const { name } of all) trial.skip(name, "the budget is too short for it");
  } catch (error) {
    trial.skip(first.name, reasonOf(error));
  }
  return none;
}

/** To be judged, half of the trees do: twice as quick, a little worse, and all candidates of this kind alike. */
export function treesToJudge(trees: number): number {
  return Math.max(fewestTrees, Math.ceil(trees / 2));
}

/** What is left of the trees where there is time for a share of them. */
export function treesInTime(trees: number, share: number): number {
  return Math.min(trees, Math.max(fewestTrees, Math.floor(trees * share)));
}
