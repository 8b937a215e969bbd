export { type AirflowAuth, type AirflowAuthRequest, passwordAuth, tokenAuth } from "./auth.ts";
export { airflowDag } from "./dag.ts";
export type { AirflowDagOptions, AirflowDagSettings } from "./dag-options.ts";
export { type AirflowSchedulerOptions, airflowScheduler } from "./scheduler.ts";
export type {
  AirflowApproval,
  AirflowAssetEvent,
  AirflowBackfillOptions,
  AirflowRun,
  AirflowScheduler,
  AirflowTask,
  AirflowTrigger,
} from "./scheduler-types.ts";
