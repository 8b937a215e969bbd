import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Metric, sha256Hex, TsopsError } from "@tsops/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningService, service, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { type MlflowSettings, mlflowRegistry, mlflowTracker } from "../../src/mlflow/index.ts";
import { type Cut, type CuttingProxy, cuttingProxy } from "./mlflow/cutting-proxy.ts";

describe.skipIf(service("mlflow").isMissing)(
  "MLflow's server, when things go wrong",
  { timeout: 300_000 },
  () => {
    const state = join(temporaryDirectory().path, "mlflow");
    let server: RunningService;
    let url: string;
    beforeAll(async () => {
      server = await startService("mlflow", state);
      url = server.environment["MLFLOW_TRACKING_URI"] as string;
    }, 300_000);
    afterAll(() => server?.stop(), 60_000);

    const closing: (() => Promise<void>)[] = [];
    afterAll(async () => {
      for (const close of closing.reverse()) await close();
    });
    const open = (settings: Partial<MlflowSettings> = {}) => {
      const given = { url, retryDelayMs: 20, retries: 10, ...settings };
      const opened = { tracker: mlflowTracker(given), registry: mlflowRegistry(given) };
      closing.push(async () => {
        await opened.tracker.close();
        await opened.registry.close();
      });
      return opened;
    };
    /** A proxy that cuts `count` requests to an endpoint, each way in turn: the first ones, or every second one. */
    const cutting = async (endpoint: RegExp, count: number, every = 1): Promise<CuttingProxy> => {
      const ways: readonly Cut[] = ["unanswered", "unheard", "sent", "half", "unanswered", "sent"];
      let [seen, cuts] = [0, 0];
      const proxy = await cuttingProxy(url, (line) => {
        if (!endpoint.test(line) || cuts === count || seen++ % every > 0) return null;
        return ways[cuts++ % ways.length] ?? null;
      });
      closing.push(proxy.close);
      return proxy;
    };
    const metricsOf = (from: number, count: number): Metric[] =>
      Array.from({ length: count }, (_, index) => ({
        key: "mae",
        value: from + index,
        step: from + index,
        time: 1_700_000_000_000_000n + BigInt(from + index) * 1000n,
      }));
    const stepsOf = async (runId: string) =>
      (await open().tracker.metricHistory(runId, "mae")).map(({ step }) => step);
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

    it("18 connections that are cut while 10 runs start give 10 runs", async () => {
      const proxy = await cutting(/^POST \S*\/runs\/create /, 18);
      const { tracker } = open({ url: proxy.url });
      const experiment = "18 of 10";
      const runs = await Promise.all(
        upTo(10).map((index) => tracker.startRun({ experiment, name: `run ${index}` })),
      );
      expect(proxy.cuts()).toBe(18);
      const found = await open().tracker.searchRuns({ experiment });
      expect(found.map(({ name }) => name).sort()).toEqual(upTo(10).map((index) => `run ${index}`));
      expect(found.map(({ runId }) => runId).sort()).toEqual(runs.map(({ runId }) => runId).sort());
    });

    it("an experiment whose creation goes unanswered is there once", async () => {
      const proxy = await cutting(/^POST \S*\/experiments\/create /, 3);
      const { tracker } = open({ url: proxy.url });
      const run = await tracker.startRun({ experiment: "cut experiment" });
      expect((await open().tracker.getRun(run.runId)).experiment).toBe("cut experiment");
      expect(proxy.cuts()).toBeGreaterThan(0);
    });

    it("two writers that create one experiment at once both succeed", async () => {
      const writers = upTo(4).map(() => open().tracker);
      await Promise.all(writers.map((tracker) => tracker.startRun({ experiment: "at once" })));
      expect(await open().tracker.searchRuns({ experiment: "at once" })).toHaveLength(4);
    });

    it("models and versions are made once each, whatever is cut", async () => {
      const proxy = await cutting(
        /^POST \S*\/(?:logged-models|model-versions\/create|registered-models\/create) /,
        12,
        2,
      );
      const { tracker, registry } = open({ url: proxy.url });
      const run = await tracker.startRun({ experiment: "cut models" });
      for (const text of ["a", "b", "c", "d"]) {
        const bytes = new TextEncoder().encode(text);
        const lineage = {
          codeVersion: null,
          definitionHash: sha256Hex("definition"),
          trainingSet: null,
          modelHash: sha256Hex(bytes),
          seed: null,
          environment: {},
        };
        const model = await run.logModel({
          name: text,
          files: { "model.tsops": bytes },
          flavors: {},
          lineage,
        });
        await registry.register("cut", model);
      }
      expect(proxy.cuts()).toBeGreaterThan(5);
      const direct = open();
      expect((await direct.tracker.listModels(run.runId)).map(({ name }) => name)).toEqual([
        "a",
        "b",
        "c",
        "d",
      ]);
      expect(await direct.registry.listVersions("cut")).toHaveLength(4);
    });

    it("metrics, parameters, tags, inputs and files survive any cut, once each", async () => {
      let requests = 0;
      const ways: readonly Cut[] = ["unanswered", "unheard", "sent", "half"];
      const proxy = await cuttingProxy(url, () =>
        ++requests % 3 === 0 ? (ways[(requests / 3) % ways.length] ?? null) : null,
      );
      closing.push(proxy.close);
      const { tracker } = open({ url: proxy.url });
      const run = await tracker.startRun({ experiment: "any cut" });
      const content = new Uint8Array(300_000).map((_, index) => index % 251);
      async function* pieces() {
        for (let at = 0; at < content.length; at += 70_000) yield content.subarray(at, at + 70_000);
      }
      for (let from = 0; from < 3000; from += 500) {
        await run.logMetrics(metricsOf(from, 500));
        await run.logParams({ [`from ${from}`]: from });
        await run.setTags({ last: String(from) });
        await run.logInputs([{ name: "hourly", digest: `d${from}`, sourceType: "delta", source: "{}" }]);
        const whole = from % 1000 === 0;
        expect(await run.logArtifact(`files/${from}.bin`, whole ? content : pieces)).toBe(sha256Hex(content));
      }
      await run.end();
      expect(proxy.cuts()).toBeGreaterThan(10);
      const direct = open().tracker;
      const found = await direct.getRun(run.runId);
      expect(await stepsOf(run.runId)).toEqual(upTo(3000));
      expect(Object.keys(found.params)).toHaveLength(6);
      expect([found.status, found.tags["last"]]).toEqual(["FINISHED", "2500"]);
      expect(found.inputs.map(({ digest }) => digest)).toHaveLength(6);
      for (const path of await direct.listArtifacts(run.runId))
        expect(await direct.readArtifact(run.runId, path)).toEqual(content);
      expect(await direct.listArtifacts(run.runId)).toHaveLength(6);
    });

    it("each request of a run, a model and a version may go unanswered or unheard, and is done once", async () => {
      for (const way of ["unanswered", "unheard"] as const) {
        const cutOnce = new Set<string>();
        const proxy = await cuttingProxy(url, (line) => {
          // Ids and page tokens differ; the endpoint is what is cut once.
          const endpoint = line.replaceAll(/[0-9a-f]{32}|\?.*/g, "*");
          return cutOnce.has(endpoint) ? null : cutOnce.add(endpoint) && way;
        });
        closing.push(proxy.close);
        const { tracker, registry } = open({ url: proxy.url });
        const run = await tracker.startRun({ experiment: `each request, ${way}` });
        await run.logParams({ trees: 4 });
        await run.logInputs([{ name: "hourly", digest: "d", sourceType: "delta", source: "{}" }]);
        await run.logArtifact("a.txt", new TextEncoder().encode("a"));
        const bytes = new TextEncoder().encode(way);
        const logged = await run.logModel({
          name: "model",
          files: { "model.tsops": bytes },
          flavors: {},
          params: Object.fromEntries(upTo(150).map((index) => [`p${index}`, `${index}`])),
          lineage: {
            codeVersion: null,
            definitionHash: sha256Hex("definition"),
            trainingSet: null,
            modelHash: sha256Hex(bytes),
            seed: null,
            environment: {},
          },
        });
        await run.end();
        const name = `each-${way}`;
        const { version } = await registry.register(name, logged);
        await registry.setTags(name, version, { stage: "a" });
        await registry.setAlias(name, "old", version);
        await registry.setAlias(name, "champion", version);
        await registry.deleteAlias(name, "old");
        expect(await tracker.listArtifacts(run.runId)).toEqual(["a.txt"]);
        expect(await tracker.readArtifact(run.runId, "a.txt")).toHaveLength(1);
        expect((await registry.readFiles(name, version))["model.tsops"]).toEqual(bytes);

        const direct = open();
        const [found, ...others] = await direct.tracker.searchRuns({ experiment: `each request, ${way}` });
        expect(others).toEqual([]);
        expect([found?.status, found?.params, found?.inputs.length]).toEqual(["FINISHED", { trees: "4" }, 1]);
        const raw = (await (await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=${run.runId}`)).json()) as {
          run: { outputs: { model_outputs: { model_id: string }[] } };
        };
        expect(raw.run.outputs.model_outputs.map(({ model_id }) => model_id)).toEqual([logged.modelId]);
        expect(Object.keys((await direct.tracker.readModel(logged.modelId)).params ?? {})).toHaveLength(150);
        const versions = await direct.registry.listVersions(name);
        expect(versions.map(({ aliases, tags }) => ({ aliases, tags }))).toEqual([
          { aliases: ["champion"], tags: { stage: "a" } },
        ]);
        expect(proxy.cuts()).toBe(cutOnce.size);
        expect(cutOnce.size).toBeGreaterThan(20);
      }
    });

    it("a file that is broken off on its way out is an error, never a shorter file", async () => {
      const { tracker } = open();
      const run = await tracker.startRun({ experiment: "broken off" });
      await run.logArtifact("big.bin", new Uint8Array(1_000_000));
      const proxy = await cuttingProxy(url, (line) => (line.includes("/artifacts/") ? "begun" : null));
      closing.push(proxy.close);
      const hurt = open({ url: proxy.url, retries: 1 }).tracker;
      let count = 0;
      const read = async () => {
        for await (const piece of hurt.streamArtifact(run.runId, "big.bin")) count += piece.length;
      };
      await expect(read()).rejects.toMatchObject({
        code: "ADAPTER_UNAVAILABLE",
        message: expect.stringMatching(/broke off its answer to GET mlflow-artifacts\S* after \d+ bytes/),
      });
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThan(1_000_000);
      await expect(hurt.readArtifact(run.runId, "big.bin")).rejects.toMatchObject({
        code: "ADAPTER_UNAVAILABLE",
      });
    });

    it("a file of 400 MB goes to the server and comes back in bounded memory", async () => {
      const script = join(import.meta.dirname, "mlflow/big-artifact.ts");
      const child = ["--import", "tsx", "--conditions=@tsops/source", script, url];
      const { stdout } = await promisify(execFile)(process.execPath, child);
      const { bytes, isSame, grownMiB } = JSON.parse(stdout);
      expect({ bytes, isSame }).toEqual({ bytes: 400 * 1024 * 1024, isSame: true });
      expect(grownMiB).toBeLessThan(200);
    });

    it("calls that nobody waits for go out together", async () => {
      let requests = 0;
      const proxy = await cuttingProxy(url, (line) => {
        if (line.includes("/runs/log-batch")) requests++;
        return null;
      });
      closing.push(proxy.close);
      const run = await open({ url: proxy.url }).tracker.startRun({ experiment: "batches" });
      await Promise.all(metricsOf(0, 2500).map((metric) => run.logMetrics([metric])));
      expect(requests).toBeLessThanOrEqual(4);
      expect(await stepsOf(run.runId)).toEqual(upTo(2500));
    });

    it("a signal that sees thousands of calls gathers no listeners", async () => {
      const run = await open().tracker.startRun({ experiment: "signal" });
      const { signal } = new AbortController();
      const calls = metricsOf(0, 50).map((metric) => run.logMetrics([metric], { signal }));
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
      await Promise.all(calls);
      expect(getEventListeners(signal, "abort")).toEqual([]);
    });

    it("what was acknowledged outlives a server that is killed, and calls under way go on when it is back", async () => {
      const { tracker } = open({ retries: 60, retryDelayMs: 100 });
      const run = await tracker.startRun({ experiment: "killed" });
      const acknowledged = new Set<number>();
      const calls = metricsOf(0, 4000).map((metric, index) => async () => {
        await run.logMetrics([metric]);
        acknowledged.add(index);
      });
      // Some calls are always under way; the server dies between two answers.
      const lane = async (): Promise<void> => {
        for (let next = calls.shift(); next !== undefined; next = calls.shift()) await next();
      };
      const lanes = Promise.all(upTo(20).map(lane));
      while (acknowledged.size < 400) await new Promise((wake) => setImmediate(wake));
      process.kill(-Number(readFileSync(join(state, "pid"), "utf8")), "SIGKILL");
      const sure = [...acknowledged];
      const started = tracker.startRun({ experiment: "killed", name: "begun meanwhile" });
      server = await startService("mlflow", state, { TSOPS_MLFLOW_PORT: new URL(url).port });
      const steps = new Set(await stepsOf(run.runId));
      expect(sure.filter((step) => !steps.has(step))).toEqual([]);
      await started;
      await lanes;
      await run.end();
      expect(await stepsOf(run.runId)).toEqual(upTo(4000));
      const names = (await open().tracker.searchRuns({ experiment: "killed" })).map(({ name }) => name);
      expect(names).toHaveLength(2);
    });

    it("a server that does not come back is said to be away, and an end to the wait is heard", async () => {
      const { tracker } = open({ url: "http://127.0.0.1:9", retries: 1 });
      const error = await tracker.getRun("0".repeat(32)).catch((reason: unknown) => reason);
      expect(TsopsError.is(error, "ADAPTER_UNAVAILABLE")).toBe(true);
      const controller = new AbortController();
      const waiting = open({ url: "http://127.0.0.1:9", retries: 100 }).tracker.startRun({
        experiment: "never",
        signal: controller.signal,
      });
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    });
  },
);
