// The public contract of @tsops/serve: every name is listed.

export {
  type Deployment,
  type DeploymentEvent,
  type DeploymentPredictOptions,
  type DeploymentStatus,
  type DeployOptions,
  deploy,
} from "./deployment.ts";
export type { DeploymentFeatures, FeatureSource } from "./feature-source.ts";
export type { Prediction } from "./prediction.ts";
