import { type RegistrySubject, registryCases, trackerCases } from "@tsops/core/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type RunningService, service, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { mlflowRegistry, mlflowTracker } from "../../src/mlflow/index.ts";

describe.skipIf(service("mlflow").isMissing)("a real MLflow server keeps the contracts", () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await startService("mlflow", temporaryDirectory().path);
  }, 300_000);
  afterAll(() => running?.stop());

  const open = async (): Promise<RegistrySubject> => {
    const settings = { url: running.environment["MLFLOW_TRACKING_URI"] as string };
    const [tracker, registry] = [mlflowTracker(settings), mlflowRegistry(settings)];
    return {
      tracker,
      registry,
      close: async () => {
        await Promise.all([tracker.close(), registry.close()]);
      },
    };
  };
  describe("Tracker", () => {
    for (const { name, run } of trackerCases(open)) it(name, run);
  });
  describe("Registry", () => {
    for (const { name, run } of registryCases(open)) it(name, run);
  });
});
