// The public contract of @tsops/serve: every name is listed.

export { type Deployment, deploy } from "./deployment.ts";
export type { DeploymentActivity } from "./deployment-activity.ts";
export type {
  DeploymentEvent,
  DeploymentPredictOptions,
  DeploymentStatus,
  DeployOptions,
} from "./deployment-options.ts";
export type { DeploymentFeatures, FeatureSource } from "./feature-source.ts";
export type { Prediction } from "./prediction.ts";
