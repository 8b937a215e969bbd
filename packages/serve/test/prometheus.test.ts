import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { service, startService } from "../../../test/services.ts";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { deploy } from "../src/index.ts";
import { deploymentMetrics, metricsListener } from "../src/prometheus/index.ts";
import { daily, demandRows, hour, registerModel, start, type Workspace, workspace } from "./fixtures.ts";

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(() => space.close());

const options = () => ({
  registry: space.home.registry,
  log: space.home.predictions,
  targetTable: "demand",
  clock: space.clock,
});

describe.skipIf(service("prometheus").isMissing)("a deployment that Prometheus scrapes", () => {
  it("every series equals what was done, before and after a swap", { timeout: 120_000 }, async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const { registry } = await deploymentMetrics(deployment);
    const server = createServer(metricsListener(registry)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const prometheus = await startService("prometheus", temporaryDirectory().path, {
      TSOPS_PROMETHEUS_TARGET: `127.0.0.1:${port}`,
    });
    try {
      const value = async (query: string): Promise<string[]> => {
        const uri = prometheus.environment["PROMETHEUS_URI"];
        const response = await fetch(`${uri}/api/v1/query?query=${encodeURIComponent(query)}`);
        const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
        return data.result.map((series) => series.value[1]);
      };
      const becomes = (query: string, values: string[]) =>
        expect.poll(() => value(query), { timeout: 30_000, interval: 100 }).toEqual(values);

      for (let i = 0; i < 3; i++) await deployment.predict();
      await expect(deployment.predict({ keys: [{ shop: "nowhere" }] })).rejects.toThrow();
      await deployment.observe("demand", demandRows(240, 241));
      const one = '{deployment="demand",model="demand",version="1",role="champion"';
      await becomes(`tsops_predictions_total${one},outcome="ok"}`, ["3"]);
      await becomes(`tsops_predictions_total${one},outcome="error"}`, ["1"]);
      await becomes(`tsops_model_version_info${one}}`, ["1"]);
      await becomes('tsops_prediction_errors_total{code="KEY_UNKNOWN"}', ["1"]);
      await becomes('tsops_prediction_duration_seconds_count{role="champion"}', ["3"]);
      await becomes('tsops_prediction_duration_seconds_bucket{le="+Inf"}', ["3"]);
      await becomes('tsops_observed_rows_total{table="demand"}', ["2"]);
      await becomes("tsops_observed_until_timestamp_seconds", [
        String(Number((start + 240n * hour) / 1_000_000n)),
      ]);

      await registerModel(space.home, 240, ["champion"], daily, 5);
      expect(await deployment.refresh()).toBe(true);
      await deployment.predict();
      await becomes('tsops_predictions_total{version="2",outcome="ok"}', ["1"]);
      await becomes("tsops_model_version_info", ["1"]);
      await becomes('tsops_predictions_total{version="1"}', []);
      await becomes('up{job="tsops"}', ["1"]);
    } finally {
      await prometheus.stop();
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("what is told to listeners", () => {
  it("one that throws breaks nothing", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const told: string[] = [];
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    const end = deployment.subscribe(() => {
      throw new RangeError("a listener's own");
    });
    deployment.subscribe(({ type }) => told.push(type));
    await deployment.predict();
    end();
    await deployment.predict();
    expect(told).toEqual(["predicted", "predicted"]);
    expect((await warned).message).toBe("a listener's own");
  });
});

describe("metricsListener", () => {
  it("answers a collection that fails with 500, another path with 404, another method with 405", async () => {
    const failing = { contentType: "text/plain", metrics: () => Promise.reject(new Error("secret")) };
    const server = createServer(metricsListener(failing as never)).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const failed = await fetch(`${at}/metrics?x=1`);
      expect([failed.status, await failed.text()]).toEqual([500, "the metrics could not be collected\n"]);
      expect((await fetch(`${at}/other`)).status).toBe(404);
      expect((await fetch(`${at}/metrics`, { method: "POST" })).status).toBe(405);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
