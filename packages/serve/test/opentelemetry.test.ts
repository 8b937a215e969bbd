import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CollectedTelemetry, collectedTelemetry } from "../../../test/telemetry.ts";
import { deploy } from "../src/index.ts";
import { deploymentTelemetry } from "../src/opentelemetry/index.ts";
import { daily, demandRows, hour, registerModel, start, type Workspace, workspace } from "./fixtures.ts";

let space: Workspace;
let sdk: CollectedTelemetry;
beforeEach(async () => {
  space = await workspace();
  sdk = collectedTelemetry();
});
afterEach(async () => {
  await sdk.close();
  await space.close();
});

describe("deploymentTelemetry", () => {
  it("counts what was done, and tells which version serves", async () => {
    await registerModel(space.home, 240, ["champion"]);
    const deployment = await deploy("demand", {
      registry: space.home.registry,
      log: space.home.predictions,
      targetTable: "demand",
      clock: space.clock,
    });
    const telemetry = await deploymentTelemetry(deployment, { meter: sdk.meter });
    for (let i = 0; i < 3; i++) await deployment.predict();
    await expect(deployment.predict({ keys: [{ shop: "nowhere" }] })).rejects.toThrow();
    await deployment.observe("demand", demandRows(240, 241));
    const first = '"deployment":"demand","model":"demand"';
    expect(await sdk.collect()).toEqual([
      `tsops_model_version_info {${first},"role":"champion","version":"1"} 1`,
      'tsops_observed_rows_total {"deployment":"demand","table":"demand"} 2',
      `tsops_observed_until_timestamp_seconds {"deployment":"demand"} ${Number(start + 240n * hour) / 1e6}`,
      'tsops_prediction_duration_seconds {"deployment":"demand","role":"champion"} 3',
      'tsops_prediction_errors_total {"code":"KEY_UNKNOWN","deployment":"demand","role":"champion"} 1',
      `tsops_predictions_total {${first},"outcome":"error","role":"champion","version":"1"} 1`,
      `tsops_predictions_total {${first},"outcome":"ok","role":"champion","version":"1"} 3`,
      'tsops_refresh_failing {"deployment":"demand"} 0',
    ]);

    await registerModel(space.home, 240, ["champion"], daily, 5);
    expect(await deployment.refresh()).toBe(true);
    const info = (lines: string[]) => lines.filter((line) => line.startsWith("tsops_model_version_info"));
    expect(info(await sdk.collect())).toEqual([
      `tsops_model_version_info {${first},"role":"champion","version":"1"} 0`,
      `tsops_model_version_info {${first},"role":"champion","version":"2"} 1`,
    ]);

    telemetry.stop();
    await deployment.predict();
    const after = await sdk.collect();
    expect(after).toContain(
      `tsops_predictions_total {${first},"outcome":"ok","role":"champion","version":"1"} 3`,
    );
    expect(after.some((line) => line.includes('"ok","role":"champion","version":"2"'))).toBe(false);
    await deployment[Symbol.asyncDispose]();
    await expect(deploymentTelemetry(deployment, { meter: sdk.meter })).rejects.toThrow(/closed/i);
  });
});
