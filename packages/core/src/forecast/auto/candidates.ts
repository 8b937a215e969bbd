import type { Forecaster } from "../forecaster.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import type { LocalForecaster } from "../local/local-forecaster.ts";
import { arima } from "../models/arima/arima.ts";
import { ces } from "../models/ces/ces.ts";
import { croston } from "../models/croston.ts";
import { ets } from "../models/ets/ets.ts";
import { historicAverage } from "../models/historic-average.ts";
import { mstl } from "../models/mstl/mstl.ts";
import { naive } from "../models/naive.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { theta } from "../models/theta/theta.ts";
import type { ReduceOptions } from "../reduce/options.ts";
import { reduce } from "../reduce/reduce.ts";
import { seasonalFeaturesWithin } from "../reduce/seasonal-features.ts";
import { asMember } from "./as-member.ts";

/** What decides which candidates there are. */
export interface CandidateTask {
  /** Seasons that the series go with. */
  readonly seasons: readonly number[];
  /** The shortest season, or 1. */
  readonly primary: number;
  /** Seasons that features may look back to. */
  readonly featureSeasons: readonly number[];
  /** Rows of all judged series together before what is held out; and of such a series that half of these rows lie in ones as long. */
  readonly rows: number;
  readonly typicalRows: number;
  /** Rows of the shortest series of all, judged or not. */
  readonly leastRows: number;
  /** Share of zeros among the known targets. */
  readonly zeros: number;
  /** Whether columns are known for the future. */
  readonly hasKnown: boolean;
  /** Those of them that a slope can be found for. */
  readonly regressors: readonly string[];
}

/** A forecaster to try. */
export interface Candidate {
  readonly name: string;
  /** Of a model of all series; others have none. */
  readonly trees?: number;
  /** Takes by far the longest, so it gets the time that others leave. */
  readonly isSlow?: true;
  readonly make: () => Forecaster;
}

/** Longest season that exponential smoothing keeps a state for. */
export const longestState = 24;
/** Fewest rows that a model of all series can learn from; fewer do where columns are known for the future, which few others make use of. */
const fewestGlobalRows = { plain: 400, withKnown: 100 };
/** Share of zeros from which demand counts as intermittent. */
export const intermittent = 0.3;

/** What every other candidate is measured by. */
export function baseline({ primary }: CandidateTask): Candidate {
  return { name: "seasonalNaive", make: () => seasonalNaive({ seasonLength: primary }) };
}

/** Models of single series, the cheapest first. */
export function localCandidates(task: CandidateTask): Candidate[] {
  const { primary, seasons, zeros, regressors } = task;
  const shortSeason = primary <= longestState ? primary : 1;
  const candidates: readonly (Omit<Candidate, "make"> & { make(): LocalForecaster<string, string> })[] = [
    ...(primary > 1 ? [{ name: "naive", make: () => naive() }] : []),
    { name: "theta", make: () => theta({ variant: "dynamicOptimized", seasonLength: primary }) },
    ...(zeros >= intermittent
      ? [
          { name: "croston", make: () => croston({ variant: "sba" }) },
          { name: "historicAverage", make: () => historicAverage() },
        ]
      : []),
    { name: "ets", make: () => ets({ seasonLength: shortSeason }) },
    // A season too weak to be found may still help beside others.
    ...(primary > 1
      ? [{ name: "mstl", make: () => mstl({ seasonLengths: seasons.length > 0 ? seasons : [primary] }) }]
      : []),
    { name: "ces", make: () => ces({ seasonLength: primary }) },
    ...(regressors.length > 0
      ? [
          {
            name: "arima with known columns",
            isSlow: true,
            make: () => arima({ seasonLength: shortSeason, regressors }),
          } as const,
        ]
      : []),
    { name: "arima", isSlow: true, make: () => arima({ seasonLength: shortSeason }) },
  ];
  return candidates.map(({ make, ...rest }) => ({ ...rest, make: () => asMember(make()) }));
}

/** Makes the models of all series with so many trees each. */
export function globalCandidates(task: CandidateTask, trees: number): Candidate[] {
  if (task.rows < (task.hasKnown ? fewestGlobalRows.withKnown : fewestGlobalRows.plain)) return [];
  const longest = task.seasons.at(-1) ?? task.primary;
  const shapes: readonly (readonly [string, ReduceOptions])[] = [
    ["gbdt, scaled", { scale: "standard" }],
    ["gbdt, differenced and scaled", { differences: [1], scale: "standard" }],
    ...(task.primary > 1
      ? [["gbdt, seasonally differenced", { differences: [task.primary] }] as const]
      : [["gbdt, differenced", { differences: [1] }] as const]),
    // Series of different sizes count alike where they are scaled, large ones more where they are not.
    ...(task.primary > 1
      ? [
          [
            longest === task.primary
              ? "gbdt, seasonally differenced and scaled"
              : "gbdt, differenced by the longest season and scaled",
            { differences: [longest], scale: "standard" },
          ] as const,
        ]
      : []),
  ];
  return shapes.map(([name, target]) => ({ name, trees, make: () => boosted(task, target, trees) }));
}

/** Trees of which each takes a twentieth of what is left; with fewer trees each takes more. */
function boosted(task: CandidateTask, target: ReduceOptions, trees: number): Forecaster {
  const { rows, typicalRows, leastRows, featureSeasons } = task;
  const leaves = Math.max(7, Math.min(63, Math.floor(rows / 200)));
  return reduce(
    gbdt({
      loss: "absolute",
      trees,
      learningRate: Math.min(0.15, 30 / trees),
      leaves,
      // What happens in one row of ten must be able to have a leaf of its own.
      minLeafRows: Math.max(2, Math.min(20, Math.floor(rows / 25))),
      columnFraction: 0.5,
    }),
    // Where a series has fewer rows than the features look back, rows with missing features are learnt from as well.
    {
      ...seasonalFeaturesWithin(featureSeasons, typicalRows),
      ...target,
      maxTrainingRows,
      ...(leastRows > 2 * Math.max(1, Math.floor(typicalRows / 3)) ? {} : { warmup: 1 }),
    },
  );
}

/** Rows say little more beyond these, and take memory: some 40 features of 8 bytes each. */
export const maxTrainingRows = 400_000;

/** Trees of a model when time allows. */
export const mostTrees = 500;
