// Runs and models on an MLflow server.

export { mlflowRegistry } from "./registry.ts";
export { type MlflowSettings, mlflowSettingsFrom } from "./settings.ts";
export { mlflowTracker } from "./tracker.ts";
