import { checkList, checkMethods, checkOptions, shown } from "../../options.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Frequency } from "../../time/frequency.ts";
import { lookAt } from "./look.ts";
import {
  blocksOf,
  checkState,
  type ExperimentBlock,
  type ExperimentCounts,
  type ExperimentState,
  invalid,
  type OpenBlock,
  type PairedOutcome,
} from "./state.ts";

type Counts = { -readonly [Name in keyof ExperimentCounts]: ExperimentCounts[Name] };
type Losses = readonly [champion: number, challenger: number];

/**
 * Adds outcomes to an experiment as they come, one or many a call, in any order within a call.
 *
 * An outcome belongs to the block of its cutoff, so overlapping horizons of one block are one observation. A block is closed when outcomes have
 * come that lie the reach of the forecasts and the lateness after it; its mean losses then count for good. An id that comes again while its block is
 * open replaces the earlier one; what comes for a closed block is left out and counted as `late`. Blocks without outcomes do not count.
 * An outcome of an instant that is still to come is left out and counted as `early`: one wrong time would close all blocks before it for good.
 * After the verdict everything is left out: begin another experiment.
 * @param options.clock - Tells the present instant.
 * @returns A new state; the one given is unchanged.
 * @throws TsopsError EXPERIMENT_INVALID when an outcome has no id, instants or losses (the first few are listed); nothing is added then.
 */
export function addOutcomes(
  state: ExperimentState,
  outcomes: readonly PairedOutcome[],
  options: { readonly clock: Pick<Clock, "now"> },
): ExperimentState {
  checkState(state);
  checkList("EXPERIMENT_INVALID", "outcomes", outcomes);
  checkOptions("EXPERIMENT_INVALID", "addOutcomes()", options, { clock: true });
  checkMethods(
    "EXPERIMENT_INVALID",
    "The clock of addOutcomes()",
    options.clock,
    ["now"],
    "Give systemClock.",
  );
  refuseUnusable(outcomes);
  if (outcomes.length === 0) return state;
  const counts: Counts = { ...state.counts };
  if (state.end !== null) {
    counts.late += outcomes.length;
    return { ...state, counts };
  }
  const now = options.clock.now();
  const grid = blocksOf(state);
  const open = new Map(
    state.open.map(({ index, outcomes: kept }) => [
      index,
      new Map<string, Losses>(kept.map(([id, champion, challenger]) => [id, [champion, challenger]])),
    ]),
  );
  let { latest, reach } = state;
  for (const outcome of outcomes) {
    if (outcome.time > now) {
      counts.early++;
      continue;
    }
    const index = grid.indexOf(outcome.cutoff);
    if (state.closedThrough !== null && index <= state.closedThrough) {
      counts.late++;
      continue;
    }
    if (latest === null || outcome.time > latest) latest = outcome.time;
    if (outcome.time - outcome.cutoff > reach) reach = outcome.time - outcome.cutoff;
    insert(open, index, outcome, counts);
  }
  return closeBlocks({ ...state, latest, reach, counts }, open, grid);
}

function insert(
  open: Map<number, Map<string, Losses>>,
  index: number,
  { id, championLoss, challengerLoss }: PairedOutcome,
  counts: Counts,
): void {
  let block = open.get(index);
  if (block === undefined) {
    block = new Map();
    open.set(index, block);
  }
  if (block.delete(id)) counts.repeated++;
  else counts.outcomes++;
  const isUsable = Number.isFinite(championLoss) && Number.isFinite(challengerLoss);
  if (isUsable) {
    block.set(id, [championLoss, challengerLoss]);
    return;
  }
  counts.outcomes--;
  if (!Number.isFinite(championLoss)) counts.championNotFinite++;
  else counts.challengerNotFinite++;
}

/** Closes every block whose outcomes must have come, the earliest first, and looks after each. */
function closeBlocks(
  state: ExperimentState,
  open: ReadonlyMap<number, ReadonlyMap<string, Losses>>,
  grid: Frequency,
): ExperimentState {
  const settled = (state.latest ?? 0n) - state.reach - state.lateness;
  const indexes = [...open.keys()].sort((a, b) => a - b);
  let next: ExperimentState = state;
  let closed = 0;
  for (const index of indexes) {
    if (grid.instantAt(index + 1) > settled || next.end !== null) break;
    closed++;
    const outcomes = open.get(index) as ReadonlyMap<string, Losses>;
    next = { ...next, closedThrough: index };
    if (outcomes.size > 0) next = lookAt({ ...next, closed: [...next.closed, meansOf(index, outcomes)] });
  }
  return {
    ...next,
    open: indexes.slice(closed).map(
      (index): OpenBlock => ({
        index,
        outcomes: [...(open.get(index) as ReadonlyMap<string, Losses>)].map(([id, losses]) => [
          id,
          ...losses,
        ]),
      }),
    ),
  };
}

function meansOf(index: number, outcomes: ReadonlyMap<string, Losses>): ExperimentBlock {
  // By id, so that the sum does not depend on the order in which the outcomes came.
  const ordered = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
  let champion = 0;
  let challenger = 0;
  for (const [, [ofChampion, ofChallenger]] of ordered) {
    champion += ofChampion / ordered.length;
    challenger += ofChallenger / ordered.length;
  }
  return { index, outcomes: ordered.length, championLoss: champion, challengerLoss: challenger };
}

function refuseUnusable(outcomes: readonly unknown[]): void {
  const problems: { readonly row: number; readonly problem: string }[] = [];
  outcomes.forEach((outcome, row) => {
    const problem = problemOf(outcome as Partial<PairedOutcome> | null);
    if (problem !== null) problems.push({ row, problem });
  });
  const [first] = problems;
  if (first === undefined) return;
  throw invalid(
    `${problems.length} of ${outcomes.length} outcomes cannot be used: in row ${first.row} ${first.problem}.`,
    "pairedOutcomes() makes them of two backtests or logs.",
    { rows: problems.slice(0, 5) },
  );
}

function problemOf(outcome: Partial<PairedOutcome> | null): string | null {
  if (typeof outcome !== "object" || outcome === null) return `the outcome is ${shown(outcome)}`;
  if (typeof outcome.id !== "string") return `the id is ${shown(outcome.id)}, not a text`;
  for (const name of ["cutoff", "time"] as const)
    if (typeof outcome[name] !== "bigint")
      return `${name} is ${shown(outcome[name])}, not bigint microseconds`;
  if ((outcome.time as bigint) < (outcome.cutoff as bigint)) return "the time lies before the cutoff";
  for (const name of ["championLoss", "challengerLoss"] as const)
    if (typeof outcome[name] !== "number") return `${name} is ${shown(outcome[name])}, not a number`;
  return null;
}
