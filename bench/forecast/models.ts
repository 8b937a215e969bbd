import {
  ces,
  conformal,
  ets,
  type Forecaster,
  historicAverage,
  naive,
  naive2,
  randomWalkWithDrift,
  seasonalNaive,
  type ThetaVariant,
  theta,
} from "@tsops/core";

/** What a model of the bench is made of: it may know the seasons that were given, and nothing of the data set. */
export interface BenchModel {
  /** Names it on the command line. */
  readonly name: string;
  /** The contender of statsforecast with the same method. */
  readonly peer?: string;
  readonly make: (seasons: readonly number[], horizon: number) => Forecaster;
}

const first = (seasons: readonly number[]): number => seasons[0] ?? 1;

/** All models that can be asked for; a new one gets its line here. */
export const models: readonly BenchModel[] = [
  { name: "naive", peer: "Naive", make: () => naive() },
  { name: "naive2", make: (seasons) => naive2({ seasonLength: first(seasons) }) },
  {
    name: "seasonalNaive",
    peer: "SeasonalNaive",
    make: (seasons) => conformal(seasonalNaive({ seasonLength: first(seasons) }), { folds: 10 }),
  },
  { name: "drift", peer: "RandomWalkWithDrift", make: () => randomWalkWithDrift() },
  { name: "historicAverage", peer: "HistoricAverage", make: () => historicAverage() },
  { name: "ets", peer: "AutoETS", make: (seasons) => ets({ seasonLength: first(seasons) }) },
  thetaModel("theta", "AutoTheta", "auto"),
  thetaModel("thetaStandard", "Theta", "standard"),
  thetaModel("thetaOptimized", "OptimizedTheta", "optimized"),
  thetaModel("thetaDynamic", "DynamicTheta", "dynamic"),
  thetaModel("thetaDynamicOptimized", "DynamicOptimizedTheta", "dynamicOptimized"),
  { name: "ces", peer: "AutoCES", make: (seasons) => ces({ seasonLength: first(seasons) }) },
];

function thetaModel(name: string, peer: string, variant: ThetaVariant): BenchModel {
  return { name, peer, make: (seasons) => theta({ variant, seasonLength: first(seasons) }) };
}
