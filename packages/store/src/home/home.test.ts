import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  decisionRecord,
  type ModelLineage,
  sha256Hex,
  TsopsError,
  type TsopsErrorCode,
  table,
  timestamp,
} from "@tsops/core";
import { samplePrediction } from "@tsops/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { openHome } from "./home.ts";
import { openSqlite } from "./sqlite.ts";

const fails = async (promise: Promise<unknown>, code: TsopsErrorCode): Promise<void> =>
  expect(promise).rejects.toSatisfy((error) => TsopsError.is(error, code));

describe("openHome", () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let path: string;
  beforeEach(async () => {
    directory = temporaryDirectory();
    path = join(directory.path, "deep", ".tsops");
  });
  afterEach(() => directory.dispose());

  const execute = async (file: string, statement: string): Promise<void> => {
    const database = await openSqlite(join(path, file));
    database.exec(statement);
    database.close();
  };

  it("stops waiting for another process's lock when the signal fires, and has changed nothing", async () => {
    const home = await openHome(path, { busyTimeoutMs: 60_000 });
    const { tracker, registry, ledger, decisions, predictions, snapshots } = home;
    const run = await tracker.startRun({ experiment: "bikes" });
    const bytes = new TextEncoder().encode("model");
    const lineage: ModelLineage = {
      codeVersion: null,
      definitionHash: sha256Hex(new TextEncoder().encode("definition")),
      trainingSet: null,
      modelHash: sha256Hex(bytes),
      seed: null,
      environment: {},
    };
    const files = { name: "bikes", files: { "model.tsops": bytes }, flavors: {}, lineage };
    const model = await run.logModel(files);
    await registry.register("bikes", model);
    const key = { pipeline: "daily", partition: "", start: 0n, end: 10n };
    const claim = { owner: "a", now: 0n, leaseUntil: 9n };
    await ledger.claim(key, claim);
    const state = async (): Promise<unknown> => ({
      runs: await tracker.searchRuns(),
      versions: await registry.listVersions("bikes"),
      ledger: await ledger.get(key),
      decisions: await decisions.list(),
      snapshot: await snapshots.get("state"),
    });
    const before = await state();

    const others = await Promise.all(["tsops.db", "mlflow.db"].map((file) => openSqlite(join(path, file))));
    for (const other of others) other.exec("BEGIN IMMEDIATE");
    const abort = new AbortController();
    const { signal } = abort;
    const decision = decisionRecord({
      kind: "alert",
      subject: "bikes",
      time: 0n,
      verdict: "alarm",
      reason: "test",
      requestedBy: "test",
      evidence: {},
    });
    const step = {
      step: "fit",
      attempt: 1,
      startedAt: 1n,
      finishedAt: 2n,
      result: "1",
      resultHash: "",
      announced: [],
    };
    const calls = [
      tracker.startRun({ experiment: "bikes", signal }),
      run.logParams({ trees: 1 }, { signal }),
      run.logMetrics([{ key: "mae", value: 1 }], { signal }),
      run.setTags({ stage: "fit" }, { signal }),
      run.logArtifact("a.txt", bytes, { signal }),
      run.logModel(files, { signal }),
      run.end("FINISHED", { signal }),
      registry.register("bikes", model, { signal }),
      registry.setAlias("bikes", "champion", 1, { signal }),
      registry.setTags("bikes", 1, { a: "1" }, { signal }),
      ledger.claim({ ...key, start: 10n }, { ...claim, signal }),
      ledger.recordStep(key, "a", step, { signal }),
      ledger.finish(key, "a", { status: "succeeded", now: 1n }, { signal }),
      decisions.append(decision, { signal }),
      predictions.append([samplePrediction()], { signal }),
      snapshots.put("state", bytes, { signal }),
    ];
    const outcomes = Promise.allSettled(calls);
    await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "ABORTED" } });
    for (const other of others) {
      other.exec("ROLLBACK");
      other.close();
    }
    expect(await state()).toEqual(before);
    await home.close();
  });

  it("refuses misspelt options of its parts, which would otherwise do nothing", async () => {
    const home = await openHome(path);
    const { tracker, registry, ledger } = home;
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["tag", () => tracker.startRun(untyped({ experiment: "bikes", tag: {} }))],
      ["experimnt", () => tracker.searchRuns(untyped({ experimnt: "bikes" }))],
      ["tag", () => registry.register("bikes", untyped(null), untyped({ tag: {} }))],
      ["state", () => ledger.list("daily", untyped({ state: "failed" }))],
    ];
    for (const [name, call] of calls) {
      const error = await errorOf(call);
      expect([error.code, error.details]).toEqual(["VALUE_INVALID", { option: name }]);
    }
    await home.close();
  });

  it("stops opening a home that another process holds when the signal fires", async () => {
    mkdirSync(path, { recursive: true });
    const other = await openSqlite(join(path, "tsops.db"));
    other.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    const signal = AbortSignal.timeout(50);
    await fails(openHome(path, { busyTimeoutMs: 60_000, signal }), "ABORTED");
    other.exec("ROLLBACK");
    other.close();
  });

  it("makes the directory with everything in it, and finds it again", async () => {
    const first = await openHome(path);
    const run = await first.tracker.startRun({ experiment: "bikes" });
    await first.close();
    const second = await openHome(path, { create: false });
    expect((await second.tracker.getRun(run.runId)).experiment).toBe("bikes");
    expect(second.tablesPath).toBe(join(path, "tables"));
    expect(second.mlflowPath).toBe(join(path, "mlflow.db"));
    await second.close();
  });

  it("refuses what callers without types write", async () => {
    await fails(openHome(undefined as never), "VALUE_INVALID");
    await fails(openHome(path, { creat: false } as never), "VALUE_INVALID");
    await using home = await openHome(path);
    const { decisions, predictions, tracker } = home;
    await fails(decisions.list({ kind: "gates" } as never), "VALUE_INVALID");
    await fails(decisions.list({ since: 1n } as never), "VALUE_INVALID");
    await fails(decisions.append({} as never), "VALUE_INVALID");
    await fails(decisions.append({ kind: "gate", id: "1" } as never), "VALUE_INVALID");
    await fails(predictions.append({} as never), "VALUE_INVALID");
    await fails(predictions.append([{}] as never), "VALUE_INVALID");
    await fails(predictions.append([{ ...samplePrediction({}), times: [1] }] as never), "VALUE_INVALID");
    await fails(predictions.append([null] as never), "VALUE_INVALID");
    const run = await tracker.startRun({ experiment: "bikes" });
    await fails(run.logMetrics([{ key: "mae", value: "1x" }] as never), "VALUE_INVALID");
    await fails(run.logMetrics([{ key: "mae", value: 1, time: "1x" }] as never), "VALUE_INVALID");
    await run.logParams({ model: { lags: [1, 24] } } as never);
    expect((await tracker.getRun(run.runId)).params).toEqual({ model: '{"lags":[1,24]}' });
  });

  it("does not make a home where it was told not to", async () => {
    await fails(openHome(path, { create: false }), "STORE_NOT_FOUND");
    await openHome(path).then((home) => home.close());
    writeFileSync(join(directory.path, "file"), "x");
    await fails(openHome(join(directory.path, "file")), "STORE_EXISTS");
  });

  it("commits pending predictions before it closes, and closes once", async () => {
    const home = await openHome(path);
    const appended = home.predictions.append([samplePrediction({ predictionId: "late" })]);
    await home.close();
    await appended;
    await home.close();
    await fails(home.predictions.get("late"), "STORE_UNAVAILABLE");
    await using again = await openHome(path);
    expect((await again.predictions.get("late")).predictionId).toBe("late");
  });

  it("closes everything although a part fails to close, and then says what failed", async () => {
    const home = await openHome(path);
    const definition = (name: string) =>
      table({ name, columns: { at: timestamp() }, keys: [], eventTime: "at" });
    const [first, second] = [await home.table(definition("first")), await home.table(definition("second"))];
    const engine = await home.engine();
    first.close = () => Promise.reject(new Error("first is stuck"));
    let isSecondClosed = false;
    second.close = async () => {
      isSecondClosed = true;
    };
    await expect(home.close()).rejects.toThrow("first is stuck");
    expect(isSecondClosed).toBe(true);
    await expect(engine.use((session) => session.columns("SELECT 1 AS one"))).rejects.toThrow();
    await fails(home.predictions.get("any"), "STORE_UNAVAILABLE");
    await fails(home.tracker.getRun("any"), "STORE_UNAVAILABLE");
  });

  it("leaves files that are whole without their -wal when it is closed", async () => {
    const home = await openHome(path);
    await home.predictions.append([samplePrediction({ predictionId: "copied" })]);
    const { runId } = await home.tracker.startRun({ experiment: "copied" });
    await home.close();
    const copy = join(directory.path, "copy");
    mkdirSync(copy);
    for (const file of ["tsops.db", "mlflow.db"]) copyFileSync(join(path, file), join(copy, file));
    await using copied = await openHome(copy);
    expect((await copied.predictions.get("copied")).predictionId).toBe("copied");
    expect((await copied.tracker.getRun(runId)).experiment).toBe("copied");
  });

  it("keeps predictions whose append shared its commit with one that cannot be stored", async () => {
    await using home = await openHome(path);
    const append = (fields: object) => home.predictions.append([samplePrediction(fields)]);
    for (const [index, bad] of [
      { deployment: "a\0b" },
      { requestId: "half \ud83d" },
      { cutoff: 2n ** 63n },
    ].entries()) {
      const [first, wrong, last] = await Promise.allSettled([
        append({ predictionId: `first-${index}` }),
        append({ predictionId: `wrong-${index}`, ...bad }),
        append({ predictionId: `last-${index}` }),
      ]);
      expect([first.status, wrong.status, last.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(wrong.status === "rejected" && TsopsError.is(wrong.reason, "VALUE_INVALID")).toBe(true);
      for (const name of ["first", "last"])
        expect((await home.predictions.get(`${name}-${index}`)).predictionId).toBe(`${name}-${index}`);
    }
  });

  it("refuses predictions, metrics and versions that are not what their types say, naming the field", async () => {
    await using home = await openHome(path);
    for (const wrong of [
      { cutoff: 1.5 },
      { modelVersion: 1.5 },
      { latencyMs: Number.NaN },
      { requestId: undefined },
      { role: "boss" },
    ])
      await expect(home.predictions.append([samplePrediction(wrong as object)])).rejects.toMatchObject({
        code: "VALUE_INVALID",
        details: { field: Object.keys(wrong)[0] },
      });
    const run = await home.tracker.startRun({ experiment: "e" });
    for (const value of [null, "5", undefined, 5n])
      await fails(
        run.logMetrics([
          { key: "before", value: 1 },
          { key: "mae", value: value as unknown as number },
        ]),
        "VALUE_INVALID",
      );
    expect((await home.tracker.getRun(run.runId)).metrics).toEqual({});
    for (const version of [1.5, Number.NaN])
      await fails(home.registry.setAlias("bikes", "champion", version), "MODEL_NOT_FOUND");
    await run.logArtifact("a", new Uint8Array(1));
    await fails(run.logArtifact("a/b", new Uint8Array(1)), "STORE_EXISTS");
  });

  it("refuses a status that there is none of, naming those there are", async () => {
    await using home = await openHome(path);
    const wrong = "DONE" as never;
    const run = await home.tracker.startRun({ experiment: "demand" });
    for (const call of [
      () => run.end(wrong),
      () => home.tracker.searchRuns({ status: wrong }),
      () => home.ledger.list("daily", { status: wrong }),
    ])
      await expect(call()).rejects.toMatchObject({
        code: "VALUE_INVALID",
        message: expect.stringMatching(/status is one of .*(FAILED|failed)/),
      });
    await run.end("FAILED");
  });

  it("stamps what it writes with the clock and the identifiers it was given", async () => {
    let ids = 0;
    const createId = (): string => String(++ids).padStart(32, "0");
    await using home = await openHome(path, {
      clock: { now: () => 1_300_000_000_123_456n },
      createId,
      user: "ada",
    });
    const run = await home.tracker.startRun({ experiment: "bikes" });
    await run.end();
    expect(run.runId).toBe("1".padStart(32, "0"));
    expect(await home.tracker.getRun(run.runId)).toMatchObject({
      startTime: 1_300_000_000_123_000n,
      endTime: 1_300_000_000_123_000n,
      tags: { "mlflow.user": "ada" },
    });
  });

  it("refuses a database that a newer tsops has written to", async () => {
    await openHome(path).then((home) => home.close());
    await execute("tsops.db", "INSERT INTO migration (number, name, applied_at) VALUES (999, 'future', 0)");
    await fails(openHome(path), "STORE_UNSUPPORTED");
  });

  it("refuses a revision of MLflow that was not tested, on opening and while it is open", async () => {
    const home = await openHome(path);
    await execute("mlflow.db", "UPDATE alembic_version SET version_num = 'ffffffffffff'");
    await fails(home.tracker.startRun({ experiment: "bikes" }), "STORE_UNSUPPORTED");
    await home.close();
    await fails(openHome(path), "STORE_UNSUPPORTED");
    await execute("mlflow.db", "UPDATE alembic_version SET version_num = 'dc11669786a5'");
    await openHome(path).then((again) => again.close());
  });

  it("refuses an SQLite file of somebody else in the place of MLflow's", async () => {
    await openHome(path).then((home) => home.close());
    await execute("mlflow.db", "DROP TABLE alembic_version");
    await fails(openHome(path), "STORE_UNSUPPORTED");
  });

  it("finds a model file that was changed or removed after it was logged", async () => {
    await using home = await openHome(path);
    const run = await home.tracker.startRun({ experiment: "bikes" });
    const bytes = new TextEncoder().encode("model");
    const lineage = {
      codeVersion: null,
      definitionHash: sha256Hex("d"),
      trainingSet: null,
      modelHash: sha256Hex(bytes),
      seed: null,
      environment: {},
    };
    const model = await run.logModel({
      name: "bikes",
      files: { "model.tsops": bytes },
      flavors: {},
      lineage,
    });
    await home.registry.register("bikes", model);
    writeFileSync(join(model.uri, "model.tsops"), "other");
    await fails(home.registry.readFiles("bikes", 1), "STORE_CORRUPT");
    await import("node:fs/promises").then(({ rm }) => rm(join(model.uri, "model.tsops")));
    await fails(home.registry.readFiles("bikes", 1), "STORE_CORRUPT");
  });

  it("finds an artifact that was changed after it was logged, and accepts what was logged anew", async () => {
    await using home = await openHome(path);
    const run = await home.tracker.startRun({ experiment: "bikes" });
    const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
    await run.logArtifact("report.txt", bytesOf("first"));
    const file = join(home.artifactsPath, "1", run.runId, "artifacts", "report.txt");
    writeFileSync(file, "edited");
    await fails(home.tracker.readArtifact(run.runId, "report.txt"), "STORE_CORRUPT");
    await run.logArtifact("report.txt", bytesOf("second"));
    expect(await home.tracker.readArtifact(run.runId, "report.txt")).toEqual(bytesOf("second"));
    writeFileSync(join(file, "..", "by-another-tool.txt"), "x");
    expect(await home.tracker.readArtifact(run.runId, "by-another-tool.txt")).toEqual(bytesOf("x"));
  });

  it("refuses to write to a run or an experiment that was deleted with MLflow's tools", async () => {
    await using home = await openHome(path);
    const run = await home.tracker.startRun({ experiment: "bikes" });
    await execute("mlflow.db", "UPDATE runs SET lifecycle_stage = 'deleted'");
    await fails(home.tracker.resumeRun(run.runId), "STORE_CONFLICT");
    await execute("mlflow.db", "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'bikes'");
    await fails(home.tracker.startRun({ experiment: "bikes" }), "STORE_CONFLICT");
    expect(await home.tracker.searchRuns()).toEqual([]);
  });

  it("keeps snapshots by name, replaced as a whole", async () => {
    await using home = await openHome(path);
    expect(await home.snapshots.get("online")).toBeNull();
    await home.snapshots.put("online", Uint8Array.of(1, 2, 3));
    await home.snapshots.put("online", Uint8Array.of(4));
    await home.snapshots.put("empty", new Uint8Array(0));
    expect(await home.snapshots.get("online")).toEqual(Uint8Array.of(4));
    expect(await home.snapshots.get("empty")).toEqual(new Uint8Array(0));
  });
});
