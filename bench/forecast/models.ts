import { availableParallelism } from "node:os";
import {
  adida,
  arima,
  autoForecaster,
  ces,
  croston,
  ensemble,
  ets,
  type Forecaster,
  gbdt,
  historicAverage,
  holt,
  holtWinters,
  imapa,
  mstl,
  naive,
  naive2,
  type ReduceOptions,
  randomWalkWithDrift,
  reduce,
  seasonalFeatures,
  seasonalNaive,
  ses,
  type ThetaVariant,
  theta,
  tsb,
  windowAverage,
} from "@tsops/core";

/** What a model of the bench is made of: it may know the seasons that were given, and nothing of the data set. */
export interface BenchModel {
  /** Names it on the command line. */
  readonly name: string;
  /** The contender of statsforecast or mlforecast with the same method. */
  readonly peer?: string;
  /** Whether the peer takes so long for one series that it forecasts a sample of them. */
  readonly slowPeer?: boolean;
  /** Whether it may use all cores, as its peers do. Models of single series, and theirs, are measured on one thread. */
  readonly usesAllCores?: boolean;
  /** Whether there is none of it without a season. */
  readonly needsSeason?: boolean;
  readonly make: (seasons: readonly number[], horizon: number) => Forecaster;
}

const first = (seasons: readonly number[]): number => seasons[0] ?? 1;

/** A global model of boosted trees; what it learns is the target in one of three shapes. */
const boosted = (seasons: readonly number[], target: ReduceOptions): Forecaster =>
  reduce(
    gbdt({
      loss: "absolute",
      trees: 600,
      learningRate: 0.05,
      leaves: 63,
      columnFraction: 0.6,
      threads: availableParallelism(),
    }),
    {
      ...seasonalFeatures(seasons),
      ...target,
    },
  );
const targets: Readonly<Record<string, (seasons: readonly number[]) => ReduceOptions>> = {
  globalScaled: () => ({ scale: "standard" }),
  globalDifferenced: () => ({ differences: [1], scale: "standard" }),
  globalSeasonal: (seasons) => ({ differences: [Math.max(2, first(seasons))] }),
};
const allTargets = (seasons: readonly number[]): Forecaster[] =>
  Object.values(targets).map((target) => boosted(seasons, target(seasons)));

/** All models that can be asked for; a new one gets its line here. */
export const models: readonly BenchModel[] = [
  { name: "naive", peer: "Naive", make: () => naive() },
  { name: "naive2", make: (seasons) => naive2({ seasonLength: first(seasons) }) },
  {
    name: "seasonalNaive",
    peer: "SeasonalNaive",
    make: (seasons) => seasonalNaive({ seasonLength: first(seasons) }),
  },
  { name: "drift", peer: "RandomWalkWithDrift", make: () => randomWalkWithDrift() },
  { name: "historicAverage", peer: "HistoricAverage", make: () => historicAverage() },
  {
    name: "windowAverage",
    peer: "WindowAverage",
    make: (seasons) => windowAverage({ window: first(seasons) }),
  },
  { name: "croston", peer: "CrostonClassic", make: () => croston({ variant: "classic" }) },
  { name: "crostonOptimized", peer: "CrostonOptimized", make: () => croston({ variant: "optimized" }) },
  { name: "crostonSba", peer: "CrostonSBA", make: () => croston({ variant: "sba" }) },
  { name: "tsb", peer: "TSB", make: () => tsb({ sizeRate: 0.1, probabilityRate: 0.1 }) },
  { name: "adida", peer: "ADIDA", make: () => adida() },
  { name: "imapa", peer: "IMAPA", make: () => imapa() },
  { name: "ses", peer: "SimpleExponentialSmoothingOptimized", make: () => ses() },
  { name: "holt", peer: "Holt", make: () => holt() },
  {
    name: "holtWinters",
    peer: "HoltWinters",
    make: (seasons) => holtWinters({ seasonLength: first(seasons) }),
  },
  {
    name: "arima",
    peer: "AutoARIMA",
    slowPeer: true,
    make: (seasons) => arima({ seasonLength: first(seasons) }),
  },
  { name: "ets", peer: "AutoETS", make: (seasons) => ets({ seasonLength: first(seasons) }) },
  thetaModel("theta", "AutoTheta", "auto"),
  thetaModel("thetaStandard", "Theta", "standard"),
  thetaModel("thetaOptimized", "OptimizedTheta", "optimized"),
  thetaModel("thetaDynamic", "DynamicTheta", "dynamic"),
  thetaModel("thetaDynamicOptimized", "DynamicOptimizedTheta", "dynamicOptimized"),
  {
    name: "mstl",
    peer: "MSTL",
    needsSeason: true,
    make: (seasons) => mstl({ seasonLengths: seasons.filter((season) => season > 1) }),
  },
  { name: "ces", peer: "AutoCES", make: (seasons) => ces({ seasonLength: first(seasons) }) },
  ...Object.entries(targets).map(([name, target]) => ({
    name,
    peer: name.replace("global", "LightGBM"),
    usesAllCores: true,
    make: (seasons: readonly number[]) => boosted(seasons, target(seasons)),
  })),
  { name: "auto", peer: "LightGBMMean", usesAllCores: true, make: () => autoForecaster() },
  {
    name: "globalMean",
    peer: "LightGBMMean",
    usesAllCores: true,
    make: (seasons) => ensemble(allTargets(seasons)),
  },
  {
    name: "globalMedian",
    peer: "LightGBMMean",
    usesAllCores: true,
    make: (seasons) => ensemble(allTargets(seasons), { combine: "median" }),
  },
];

function thetaModel(name: string, peer: string, variant: ThetaVariant): BenchModel {
  return { name, peer, make: (seasons) => theta({ variant, seasonLength: first(seasons) }) };
}
