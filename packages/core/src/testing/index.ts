// Conformance kits: plain cases for any test framework, so that third parties can test their own implementations.

export { type AsOfCase, type AsOfCaseOptions, type CaseColumnKinds, randomAsOfCase } from "./as-of-cases.ts";
export { type DefinedCase, defineCase, matchesOf } from "./as-of-definitions.ts";
export {
  type OracleFeature,
  type OracleKnownAt,
  type OracleMatch,
  type OracleRow,
  type OracleValue,
  type OracleView,
  oracleJoin,
} from "./as-of-oracle.ts";
export {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";
export { type DecisionLogSubject, decisionLogCases } from "./decision-log.ts";
export { forecasterCases } from "./forecaster.ts";
export { type LedgerSubject, ledgerCases } from "./ledger.ts";
export { memoryDecisionLog } from "./memory-decision-log.ts";
export { memoryLedger } from "./memory-ledger.ts";
export { memoryOutbox } from "./memory-outbox.ts";
export { type OnlineStoreSubject, onlineStoreCases } from "./online-store.ts";
export { type OutboxSubject, outboxCases } from "./outbox.ts";
export { type PredictionLogSubject, predictionLogCases, samplePrediction } from "./prediction-log.ts";
export { type RegistrySubject, registryCases } from "./registry.ts";
export { regressorCases } from "./regressor.ts";
export { type TrackerSubject, trackerCases } from "./tracker.ts";
