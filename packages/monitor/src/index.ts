// The public contract of @tsops/monitor: every name is listed, grouped by folder.

export { benjaminiHochberg, simes } from "./drift/combine.ts";
export {
  type ColumnDrift,
  type DriftOptions,
  type DriftReport,
  type DriftTestResult,
  driftTest,
} from "./drift/drift-test.ts";
export type { DriftTestName } from "./drift/test-outcome.ts";
