// The public contract of @tsops/monitor/statistics: classic two-sample statistics. Every name is listed.

export { benjaminiHochberg, simes } from "../drift/combine.ts";
export {
  type AndersonDarlingOptions,
  type AndersonDarlingResult,
  andersonDarling,
} from "./anderson-darling.ts";
export { type Bins, binCounts, type QuantileBinsOptions, quantileBins } from "./bins.ts";
export { type AlignedCounts, alignCounts, type CategoryCounts, countCategories } from "./categories.ts";
export { type ChiSquareOptions, type ChiSquareResult, chiSquare } from "./chi-square.ts";
export { type CramerVonMisesOptions, type CramerVonMisesResult, cramerVonMises } from "./cramer-von-mises.ts";
export {
  type DomainClassifierOptions,
  type DomainClassifierResult,
  domainClassifier,
} from "./domain-classifier.ts";
export { energyDistance } from "./energy-distance.ts";
export { hellinger } from "./hellinger.ts";
export { type JensenShannonOptions, jensenShannon } from "./jensen-shannon.ts";
export {
  type KolmogorovSmirnovOptions,
  type KolmogorovSmirnovResult,
  kolmogorovSmirnov,
} from "./kolmogorov-smirnov.ts";
export {
  type DiscrepancyOptions,
  type DiscrepancyResult,
  maximumMeanDiscrepancy,
} from "./maximum-mean-discrepancy.ts";
export type { Points } from "./points.ts";
export { type PopulationStabilityOptions, populationStability } from "./population-stability.ts";
export {
  type Reconstruction,
  type ReconstructionOptions,
  type ReconstructionResult,
  reconstruction,
} from "./reconstruction.ts";
export type { Counts } from "./shares.ts";
export { type Sample, type SortedSample, type SortOptions, sortedSample } from "./sorted-sample.ts";
export { wasserstein } from "./wasserstein.ts";
