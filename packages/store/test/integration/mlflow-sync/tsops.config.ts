import { join } from "node:path";
import { defineConfig } from "@tsops/core";
import { openHome } from "@tsops/store";
import { mlflowRegistry, mlflowSettingsFrom, mlflowTracker } from "@tsops/store/mlflow";

const { env } = process;

export default defineConfig({
  home: () => openHome(join(env["TSOPS_TEST_FOLDER"] ?? "", ".tsops")),
  syncTo: {
    mlflow: () => {
      const settings = mlflowSettingsFrom(env);
      if (settings === null) throw new Error("MLFLOW_TRACKING_URI is not set.");
      return { tracker: mlflowTracker(settings), registry: mlflowRegistry(settings) };
    },
  },
});
