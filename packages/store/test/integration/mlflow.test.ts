import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type ActiveRun, type LoggedModel, type Metric, sha256Hex } from "@tsops/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { type Home, openHome } from "../../src/home/home.ts";
import { mlflowRevision, testedRevisions } from "../../src/home/mlflow-schema.ts";
import { openSqlite } from "../../src/home/sqlite.ts";
import { type SchemaObject, schemaDifferences, schemaOf, structureOf } from "./mlflow/schema-difference.ts";
import { mlflow, mlflowService, pythonEnvironment, pythonScript, runPython } from "./mlflow/service.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const experiment = "bike sharing";
const model = "bikes";

async function logModel(run: ActiveRun, text: string): Promise<LoggedModel> {
  const content = bytesOf(text);
  return run.logModel({
    name: "reduce",
    files: { "model.tsops": content, "report/signature.json": bytesOf("{}") },
    flavors: { tsops: { kind: "reduce", data: "model.tsops" } },
    lineage: {
      codeVersion: "0123abc",
      definitionHash: sha256Hex(bytesOf("definition")),
      trainingSet: null,
      modelHash: sha256Hex(content),
      seed: "42",
      environment: { node: process.versions.node },
    },
    params: { trees: "400" },
  });
}

/** A run with a little of everything, registered as the next champion. */
async function writeEverything(home: Home, name: string): Promise<{ runId: string; version: number }> {
  const run = await home.tracker.startRun({ experiment, name });
  await run.logParams({ trees: 400, loss: "l1" });
  await run.logMetrics([{ key: "mae", value: 48.25, step: 3 }]);
  await run.setTags({ note: name });
  await run.logInputs([
    { name: "hourly", digest: "abc", sourceType: "delta", source: "{}", context: "training" },
  ]);
  await run.logArtifact("report.txt", bytesOf(name));
  const logged = await logModel(run, `bytes of ${name}`);
  await run.end();
  const { version } = await home.registry.register(model, logged, { tags: { note: name } });
  await home.registry.setAlias(model, "champion", version);
  return { runId: run.runId, version };
}

describe.skipIf(mlflow.isMissing)("the home beside a real MLflow 3.17.2", { timeout: 120_000 }, () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeAll(async () => {
    directory = temporaryDirectory();
  });
  afterAll(() => directory.dispose());

  it("creates the schema that MLflow's own migrations create, without any difference", async () => {
    const theirsPath = join(directory.path, "theirs.db");
    const dump = JSON.parse(await runPython(directory.path, "schema.py", theirsPath, mlflowRevision)) as {
      objects: SchemaObject[];
    };
    const fixture = new URL("__fixtures__/mlflow-3.0.1-schema-400f98739977.json", import.meta.url);
    const recorded = JSON.parse(readFileSync(fixture, "utf8")) as { objects: SchemaObject[] };
    expect(schemaDifferences(recorded.objects, dump.objects)).toEqual([]);

    const home = await openHome(join(directory.path, "schema"));
    await home.close();
    const [ours, theirs] = [await openSqlite(home.mlflowPath), await openSqlite(theirsPath)];
    expect(schemaDifferences(schemaOf(ours), schemaOf(theirs))).toEqual([]);
    expect(structureOf(ours)).toEqual(structureOf(theirs));
    expect(Object.keys(structureOf(ours))).toHaveLength(23);
    for (const database of [ours, theirs]) database.close();
  });

  it("writes on, one home left open, while MLflow upgrades the file through every revision; Python reads all", async () => {
    const home = await openHome(join(directory.path, "walk"), { user: "node" });
    const upgrade = spawn(mlflow.program, [pythonScript("upgrade.py"), home.mlflowPath], {
      stdio: ["pipe", "pipe", "ignore"],
      env: pythonEnvironment,
      cwd: directory.path,
    });
    const revisions: string[] = [];
    const written: { runId: string; version: number }[] = [];
    for await (const revision of createInterface({ input: upgrade.stdout })) {
      revisions.push(revision);
      written.push(await writeEverything(home, revision));
      upgrade.stdin.write("\n");
    }
    if (upgrade.exitCode === null) await once(upgrade, "exit");
    expect(upgrade.exitCode).toBe(0);
    expect(revisions).toEqual(testedRevisions);

    const seen = JSON.parse(
      await runPython(directory.path, "read_back.py", home.mlflowPath, experiment, model),
    );
    expect(seen.runs.map((run: { id: string }) => run.id).sort()).toEqual(
      written.map((one) => one.runId).sort(),
    );
    for (const run of seen.runs) {
      expect(run).toMatchObject({
        status: "FINISHED",
        user: "node",
        params: { trees: "400", loss: "l1" },
        metrics: { mae: 48.25 },
        artifacts: ["report.txt"],
        inputs: [{ name: "hourly", digest: "abc", tags: { "mlflow.data.context": "training" } }],
      });
      expect(run.outputs).toHaveLength(1);
      expect(revisions).toContain(run.tags.note);
    }
    expect(seen.versions.map((version: { version: number }) => version.version)).toEqual(
      written.map((one) => one.version),
    );
    expect(seen.champion).toBe(testedRevisions.length);
    for (const { runId } of written)
      expect((await home.tracker.getRun(runId)).metrics).toEqual({ mae: 48.25 });
    await home.close();
  });

  it("an upgrade of ours and of MLflow's own file end in the same schema", async () => {
    const newest = testedRevisions.at(-1) as string;
    const home = await openHome(join(directory.path, "same"));
    await home.close();
    // Opening by the client upgrades the file, since tables are missing.
    await runPython(directory.path, "write.py", `sqlite:///${home.mlflowPath}`, experiment, model, "0");
    const theirsPath = join(directory.path, "theirs-newest.db");
    await runPython(directory.path, "schema.py", theirsPath, newest);
    const [ours, theirs] = [await openSqlite(home.mlflowPath), await openSqlite(theirsPath)];
    expect(schemaDifferences(schemaOf(ours), schemaOf(theirs))).toEqual([]);
    for (const database of [ours, theirs]) database.close();
    const reopened = await openHome(home.path);
    expect((await writeEverything(reopened, "after")).version).toBe(2);
    await reopened.close();
  });

  it("the Python client reads back every value that Node wrote", async () => {
    const instant = 1_309_478_400_000_000n;
    const home = await openHome(join(directory.path, "values in ü"), {
      clock: { now: () => instant },
      user: "ada",
    });
    const metrics: Required<Metric>[] = [
      { key: "mae", value: 58.2, step: 0, time: instant },
      { key: "mae", value: 1 / 3, step: 1, time: instant + 1_000n },
      { key: "mae", value: -0.5, step: -1, time: instant + 2_000n },
      { key: "folds/coverage 80", value: Number.NaN, step: 7, time: instant },
      { key: "high", value: Number.POSITIVE_INFINITY, step: 0, time: instant },
      { key: "low", value: Number.NEGATIVE_INFINITY, step: 0, time: instant },
      { key: "tiny", value: 5e-324, step: 2 ** 40, time: instant },
    ];
    const run = await home.tracker.startRun({ experiment, name: "première", tags: { stage: "draft" } });
    await run.logParams({ trees: 400, rate: 0.1, weather: true, text: "ü ✓ 'quoted' \"twice\"" });
    await run.logMetrics(metrics);
    await run.setTags({ stage: "final" });
    const input = {
      name: "hourly",
      digest: "0123456789abcdef0123456789abcdef0123",
      sourceType: "delta",
      source: '{"table":"rentals","version":7}',
      schema: '{"columns":["y"]}',
      profile: '{"rows":8760}',
    };
    await run.logInputs([{ ...input, context: "training" }]);
    await run.logArtifact("reports/one.txt", bytesOf("one"));
    const logged = await logModel(run, "the model");
    await run.end();
    const other = await home.tracker.startRun({ experiment, name: "second" });
    await other.end("FAILED");
    await home.registry.register(model, logged, { tags: { "backtest.mae": "48.2" } });
    const second = await home.registry.register(model, logged);
    await home.registry.setAlias(model, "champion", second.version);
    await home.registry.setAlias(model, "challenger", 1);
    await home.registry.setAlias(model, "gone", 1);
    await home.registry.deleteAlias(model, "gone");
    await home.close();

    const seen = JSON.parse(
      await runPython(directory.path, "read_back.py", home.mlflowPath, experiment, model),
    );
    const millis = Number(instant / 1000n);
    expect(seen.mlflow).toBe("3.17.2");
    expect(seen.experiments).toEqual({
      Default: join(home.artifactsPath, "0"),
      [experiment]: join(home.artifactsPath, "1"),
    });
    // MLflow keeps the infinities as the greatest doubles.
    const max = Number.MAX_VALUE;
    const byId = new Map(seen.runs.map((one: { id: string }) => [one.id, one]));
    expect([...byId.keys()].sort()).toEqual([run.runId, other.runId].sort());
    expect(byId.get(run.runId)).toEqual({
      id: run.runId,
      name: "première",
      status: "FINISHED",
      user: "ada",
      start: millis,
      end: millis,
      params: { trees: "400", rate: "0.1", weather: "true", text: "ü ✓ 'quoted' \"twice\"" },
      metrics: { mae: 1 / 3, "folds/coverage 80": "nan", high: max, low: -max, tiny: 5e-324 },
      history: {
        mae: [
          [58.2, millis, 0],
          [1 / 3, millis + 1, 1],
          [-0.5, millis + 2, -1],
        ],
        "folds/coverage 80": [["nan", millis, 7]],
        high: [[max, millis, 0]],
        low: [[-max, millis, 0]],
        tiny: [[5e-324, millis, 2 ** 40]],
      },
      tags: {
        "mlflow.runName": "première",
        "mlflow.user": "ada",
        "mlflow.source.name": "tsops",
        "mlflow.source.type": "LOCAL",
        stage: "final",
        "tsops.code_version": "0123abc",
        "tsops.definition_hash": logged.lineage.definitionHash,
      },
      inputs: [{ ...input, tags: { "mlflow.data.context": "training" } }],
      outputs: [[logged.modelId, 0]],
      artifacts: ["reports"],
    });
    expect(byId.get(other.runId)).toMatchObject({ status: "FAILED", metrics: {}, inputs: [] });
    expect(seen.models).toHaveLength(1);
    expect(seen.models[0]).toMatchObject({
      id: logged.modelId,
      name: "reduce",
      status: "READY",
      run: run.runId,
      params: { trees: "400" },
      created: millis,
    });
    expect(JSON.parse(seen.models[0].tags["tsops.lineage"])).toEqual(logged.lineage);
    expect(JSON.parse(seen.models[0].tags["mlflow.modelVersions"])).toEqual([
      { name: model, version: 1 },
      { name: model, version: 2 },
    ]);
    expect(seen.registered).toEqual([model]);
    const version = {
      run: run.runId,
      source: `models:/${logged.modelId}`,
      status: "READY",
      stage: "None",
      created: millis,
    };
    expect(seen.versions).toEqual([
      { ...version, version: 1, tags: { "backtest.mae": "48.2" }, aliases: ["challenger"] },
      { ...version, version: 2, tags: {}, aliases: ["champion"] },
    ]);
    expect(seen.champion).toBe(2);
    expect(seen.championFlavors).toEqual({ tsops: { kind: "reduce", data: "model.tsops" } });
    expect(seen.championRun).toBe(run.runId);
    expect(seen.championModelId).toBe(logged.modelId);
    expect(seen.championFiles).toMatchObject({
      "model.tsops": logged.lineage.modelHash,
      "report/signature.json": sha256Hex(bytesOf("{}")),
    });
  });

  it("a moved home is read by Node where it lies now", async () => {
    const home = await openHome(join(directory.path, "before"));
    const { runId, version } = await writeEverything(home, "moved");
    await home.close();
    execFileSync("mv", [home.path, join(directory.path, "after")]);
    const moved = await openHome(join(directory.path, "after"));
    expect(await moved.tracker.readArtifact(runId, "report.txt")).toEqual(bytesOf("moved"));
    expect(Object.keys(await moved.registry.readFiles(model, version))).toContain("model.tsops");
    await moved.close();
  });

  it("a server on the file shows what Node wrote, and both go on writing at the same time", async () => {
    const home = await openHome(join(directory.path, "served"));
    const { runId } = await writeEverything(home, "before the server");
    const service = mlflowService(join(directory.path, "service"));
    const started = service("start", `sqlite:///${home.mlflowPath}`, home.artifactsPath);
    try {
      expect(started.code, started.text).toBe(0);
      const uri = /MLFLOW_TRACKING_URI=(\S+)/.exec(started.text)?.[1] as string;
      const get = async (path: string): Promise<unknown> =>
        (await fetch(`${uri}/api/2.0/mlflow/${path}`)).json();

      const byRest = (id: string): Promise<unknown> => get(`runs/get?run_id=${id}`);
      expect(await byRest(runId)).toMatchObject({
        run: {
          info: {
            run_name: "before the server",
            status: "FINISHED",
            artifact_uri: join(home.artifactsPath, "1", runId, "artifacts"),
          },
          data: { metrics: [{ key: "mae", value: 48.25, step: 3 }] },
        },
      });
      expect(await get(`registered-models/alias?name=${model}&alias=champion`)).toMatchObject({
        model_version: { name: model, version: "1", run_id: runId },
      });
      expect(await get(`artifacts/list?run_id=${runId}`)).toMatchObject({ files: [{ path: "report.txt" }] });

      const fromPython = runPython(directory.path, "write.py", uri, experiment, model, "5");
      const run = await home.tracker.startRun({ experiment, name: "beside the server" });
      let rows = 0;
      let isDone = false;
      const waiting = fromPython.finally(() => {
        isDone = true;
      });
      waiting.catch(() => undefined);
      do {
        await run.logMetrics(
          Array.from({ length: 500 }, (_, index) => ({ key: "loss", value: index, step: rows + index })),
        );
        rows += 500;
        await new Promise((resolve) => setTimeout(resolve, 5));
      } while (!isDone);
      const python = JSON.parse(await waiting) as { runs: string[]; modelRun: string; version: number };
      await run.end();

      expect((await home.tracker.metricHistory(run.runId, "loss")).length).toBe(rows);
      expect(python.runs).toHaveLength(5);
      for (const id of python.runs) {
        expect((await home.tracker.metricHistory(id, "mae")).length).toBe(20);
        expect((await home.tracker.getRun(id)).params).toMatchObject({ index: expect.any(String) });
      }
      expect(await byRest(run.runId)).toMatchObject({
        run: { data: { metrics: [{ key: "loss", step: rows - 1 }] } },
      });
      const foreign = await home.registry.getVersion(model, python.version);
      expect(foreign).toMatchObject({
        lineage: null,
        modelId: null,
        runId: python.modelRun,
        tags: { from: "python" },
      });
      expect(Object.keys(await home.registry.readFiles(model, python.version))).toEqual(["weights.txt"]);
      await writeEverything(home, "after the server wrote");
    } finally {
      service("stop");
    }
    await home.close();
  });

  it("the service script starts one server, says so, and stops only that one", async () => {
    const service = mlflowService(join(directory.path, "script"));
    expect(service("status")).toEqual({ code: 1, text: "not running\n" });
    expect(service("env").code).toBe(1);
    const started = service("start");
    try {
      expect(started.code, started.text).toBe(0);
      const uri = /MLFLOW_TRACKING_URI=(\S+)/.exec(started.text)?.[1] as string;
      expect(uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await (await fetch(`${uri}/health`)).text()).toBe("OK");
      expect(service("status").text).toContain(uri);
      expect(service("env").text).toBe(started.text);
      expect(service("start").text).toContain("already running");
      const elsewhere = mlflowService(join(directory.path, "elsewhere"));
      expect(elsewhere("stop").text).toBe("not running\n");
      expect((await fetch(`${uri}/health`)).status).toBe(200);
      expect(service("stop")).toEqual({ code: 0, text: "stopped\n" });
      await expect(fetch(`${uri}/health`)).rejects.toThrow();
      expect(service("status").code).toBe(1);
    } finally {
      service("stop");
    }
    expect(service("nonsense").code).toBe(2);
  });
});
