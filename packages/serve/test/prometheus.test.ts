import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Gauge, Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { service, startService } from "../../../test/services.ts";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { type DeployOptions, deploy } from "../src/index.ts";
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
      // Predictions of the version before may still end: its series goes with the next swap.
      await becomes('tsops_predictions_total{version="1",outcome="ok"}', ["3"]);
      await registerModel(space.home, 240, ["champion"], daily, 6);
      expect(await deployment.refresh()).toBe(true);
      await becomes('tsops_predictions_total{version="3",outcome="ok"}', ["0"]);
      await becomes('tsops_predictions_total{version="1"}', []);
      await becomes('up{job="tsops"}', ["1"]);
    } finally {
      await prometheus.stop();
      server.closeAllConnections();
      server.close();
    }
  });
});

/** The samples of a registry's metric that has these labels among its own. */
async function samples(
  registry: Registry,
  name: string,
  labels: Record<string, string> = {},
): Promise<number[]> {
  const metric = (await registry.getMetricsAsJSON()).find((one) => one.name === name);
  return (metric?.values ?? [])
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .map(({ value }) => value);
}

describe("deploymentMetrics", () => {
  it("counts from 0: what has not happened yet is there", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const { registry } = await deploymentMetrics(deployment);
    expect(await samples(registry, "tsops_predictions_total")).toEqual([0, 0]);
    expect(await samples(registry, "tsops_prediction_errors_total", { code: "KEY_UNKNOWN" })).toEqual([0]);
    expect(await samples(registry, "tsops_background_failures_total")).toEqual([0, 0]);
    expect(await samples(registry, "tsops_refresh_failing")).toEqual([0]);
  });

  it("counts a prediction that ends after its version was swapped out", async () => {
    await registerModel(space.home, 240, ["champion"]);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached = () => {};
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const log: DeployOptions["log"] = {
      append: async (records, given) => {
        reached();
        await held;
        await space.home.predictions.append(records, given);
      },
    };
    await using deployment = await deploy("demand", { ...options(), log });
    const { registry } = await deploymentMetrics(deployment);
    const prediction = deployment.predict();
    await isReached;
    await registerModel(space.home, 240, ["champion"], daily, 5);
    await deployment.refresh();
    release();
    await prediction;
    expect(await samples(registry, "tsops_predictions_total", { version: "1", outcome: "ok" })).toEqual([1]);
    expect(await samples(registry, "tsops_model_version_info", { version: "1" })).toEqual([]);
  });

  it("tells the shadow's predictions and failures apart from the champion's", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await registerModel(space.home, 240, ["challenger"], daily, 5);
    let isBroken = false;
    const log: DeployOptions["log"] = {
      append: (records, given) =>
        isBroken && records[0]?.role === "challenger"
          ? Promise.reject(new Error("no room"))
          : space.home.predictions.append(records, given),
    };
    const deployment = await deploy("demand", { ...options(), log, shadow: true });
    const { registry } = await deploymentMetrics(deployment);
    await deployment.predict();
    isBroken = true;
    await deployment.predict();
    await deployment.close();
    const predictions = (role: string, version: string) =>
      samples(registry, "tsops_predictions_total", { role, version });
    expect(await predictions("champion", "1")).toEqual([2, 0]);
    expect(await predictions("challenger", "2")).toEqual([1, 1]);
    expect(
      await samples(registry, "tsops_prediction_errors_total", { role: "challenger", code: "OTHER" }),
    ).toEqual([1]);
    expect(await samples(registry, "tsops_background_failures_total", { kind: "shadow" })).toEqual([1]);
  });

  it("two deployments share a registry; one that is stopped counts no more and tells no present state", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using one = await deploy("demand", { ...options(), deployment: "one" });
    await using other = await deploy("demand", { ...options(), deployment: "other" });
    const registry = new Registry();
    const { stop } = await deploymentMetrics(one, { registry });
    await deploymentMetrics(other, { registry });
    await one.predict();
    await other.predict();
    await other.predict();
    const ok = (deployment: string) =>
      samples(registry, "tsops_predictions_total", { deployment, outcome: "ok" });
    expect([await ok("one"), await ok("other")]).toEqual([[1], [2]]);
    stop();
    await one.predict();
    await other.predict();
    expect([await ok("one"), await ok("other")]).toEqual([[1], [3]]);
    for (const name of [
      "tsops_model_version_info",
      "tsops_refresh_failing",
      "tsops_observed_until_timestamp_seconds",
    ])
      expect([name, await samples(registry, name, { deployment: "one" })]).toEqual([name, []]);
    expect(await samples(registry, "tsops_refresh_failing")).toEqual([0]);
  });

  it("counts nothing twice: refuses a deployment that is measured already, and metrics of someone else", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using one = await deploy("demand", { ...options(), deployment: "one" });
    const registry = new Registry();
    const { stop } = await deploymentMetrics(one, { registry });
    await expect(deploymentMetrics(one, { registry })).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message: expect.stringContaining('"one" is measured'),
    });
    stop();
    await deploymentMetrics(one, { registry });
    const foreign = new Registry();
    new Gauge({ name: "tsops_refresh_failing", help: "mine", registers: [foreign] });
    await expect(deploymentMetrics(one, { registry: foreign })).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message: expect.stringContaining("someone else's"),
    });
  });

  it("says that refreshes fail for as long as they do, and nothing once the deployment is closed", async () => {
    await registerModel(space.home, 240, ["champion"]);
    let isAway = false;
    const registryOfModels: DeployOptions["registry"] = {
      resolve: (...given) =>
        isAway ? Promise.reject(new Error("away")) : space.home.registry.resolve(...given),
      readFiles: (...given) => space.home.registry.readFiles(...given),
    };
    const deployment = await deploy("demand", { ...options(), registry: registryOfModels });
    const { registry } = await deploymentMetrics(deployment);
    const failing = () => samples(registry, "tsops_refresh_failing");
    isAway = true;
    await deployment.refresh();
    expect(await failing()).toEqual([1]);
    isAway = false;
    await deployment.refresh();
    expect(await failing()).toEqual([0]);
    expect(await samples(registry, "tsops_background_failures_total", { kind: "refresh" })).toEqual([1]);
    await deployment.close();
    expect(await failing()).toEqual([]);
  });

  it("says what to install when prom-client is missing", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    vi.doMock("prom-client", () => {
      throw Object.assign(new Error("Cannot find package 'prom-client'"), { code: "ERR_MODULE_NOT_FOUND" });
    });
    try {
      await expect(deploymentMetrics(deployment)).rejects.toMatchObject({
        code: "ADAPTER_MISSING_DEPENDENCY",
      });
    } finally {
      vi.doUnmock("prom-client");
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
