import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import type { ModelLineage } from "../lineage.ts";
import type { Tracker } from "../ports/tracker.ts";
import {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";

/** An open tracker to test. */
export interface TrackerSubject extends ConformanceSubject {
  readonly tracker: Tracker;
}

/**
 * What every `Tracker` promises. Names are unique per run, so a shared server can be tested.
 * @param open - Called once per case.
 */
export function trackerCases(
  open: () => Promise<TrackerSubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, cases, options);
}

/** A name that no earlier test used. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}

/** Asserts that a promise rejects with a TsopsError of this code. */
export async function rejectsWith(promise: Promise<unknown>, code: TsopsErrorCode): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(TsopsError.is(error), `expected a TsopsError ${code}, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}

/** Model bytes and a lineage that names them. */
export function sampleModel(text: string): { bytes: Uint8Array; lineage: ModelLineage } {
  const bytes = new TextEncoder().encode(text);
  const lineage: ModelLineage = {
    codeVersion: "0123abc",
    definitionHash: createHash("sha256").update("definition").digest("hex"),
    trainingSet: {
      name: "hourly",
      definitionHash: createHash("sha256").update("views").digest("hex"),
      tables: [{ table: "rentals", version: 7 }],
      rows: 8760,
      contentHash: createHash("sha256").update("content").digest("hex"),
    },
    modelHash: createHash("sha256").update(bytes).digest("hex"),
    seed: "42",
    environment: { node: "20.20.2" },
  };
  return { bytes, lineage };
}

const cases: Readonly<Record<string, (subject: TrackerSubject) => Promise<void>>> = {
  async "a run is RUNNING until it is ended"({ tracker }) {
    const experiment = uniqueName("status");
    const active = await tracker.startRun({ experiment, name: "first" });
    const before = await tracker.getRun(active.runId);
    assert.equal(before.status, "RUNNING");
    assert.equal(before.endTime, null);
    assert.equal(before.name, "first");
    assert.equal(before.experiment, experiment);
    await active.end();
    const after = await tracker.getRun(active.runId);
    assert.equal(after.status, "FINISHED");
    assert.ok(after.endTime !== null && after.endTime >= after.startTime);
  },
  async "a run that has ended is written to only when it is resumed"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("ended") });
    await active.end();
    await rejectsWith(active.logMetrics([{ key: "mae", value: 1 }]), "STORE_CONFLICT");
    await rejectsWith(active.logParams({ trees: 1 }), "STORE_CONFLICT");
    await rejectsWith(active.setTags({ stage: "late" }), "STORE_CONFLICT");
    await rejectsWith(active.logArtifact("a.txt", new Uint8Array(1)), "STORE_CONFLICT");
    await rejectsWith(active.end("FAILED"), "STORE_CONFLICT");
    const resumed = await tracker.resumeRun(active.runId);
    await resumed.logMetrics([{ key: "mae", value: 2 }]);
    const run = await tracker.getRun(active.runId);
    assert.deepEqual([run.status, { ...run.metrics }], ["FINISHED", { mae: 2 }]);
  },
  async "a run ends as told"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("end") });
    await active.end("FAILED");
    assert.equal((await tracker.getRun(active.runId)).status, "FAILED");
  },
  async "a call whose signal has fired rejects with ABORTED and changes nothing"({ tracker }) {
    const experiment = uniqueName("abort");
    const signal = AbortSignal.abort();
    const active = await tracker.startRun({ experiment });
    const before = await tracker.getRun(active.runId);
    const { bytes, lineage } = sampleModel("aborted");
    const model = { name: "bikes", files: { "model.tsops": bytes }, flavors: {}, lineage };
    const input = { name: "hourly", digest: "d1", sourceType: "local", source: "{}" };
    const calls = [
      tracker.startRun({ experiment, signal }),
      active.logParams({ trees: 400 }, { signal }),
      active.logMetrics([{ key: "mae", value: 1 }], { signal }),
      active.setTags({ stage: "fit" }, { signal }),
      active.logInputs([input], { signal }),
      active.logArtifact("report.html", bytes, { signal }),
      active.logModel(model, { signal }),
      active.end("FINISHED", { signal }),
      tracker.resumeRun(active.runId, { signal }),
      tracker.getRun(active.runId, { signal }),
      tracker.searchRuns({ experiment, signal }),
      tracker.metricHistory(active.runId, "mae", { signal }),
      tracker.listArtifacts(active.runId, { signal }),
      tracker.readArtifact(active.runId, "report.html", { signal }),
      tracker.listModels(active.runId, { signal }),
      tracker.readModel("m-0", { signal }),
    ];
    for (const call of calls) await rejectsWith(call, "ABORTED");
    assert.deepEqual(await tracker.searchRuns({ experiment }), [before]);
    assert.deepEqual(await tracker.listArtifacts(active.runId), []);
  },
  async "params come back as text"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("params") });
    await active.logParams({ trees: 400, rate: 0.1, loss: "l1", weather: true });
    await active.logParams({ lags: "24..192" });
    const { params } = await tracker.getRun(active.runId);
    assert.deepEqual(
      { ...params },
      { trees: "400", rate: "0.1", loss: "l1", weather: "true", lags: "24..192" },
    );
  },
  async "a param cannot be changed, and repeating it changes nothing"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("params") });
    await active.logParams({ trees: 400 });
    await active.logParams({ trees: 400 });
    await rejectsWith(active.logParams({ depth: 3, trees: 500 }), "STORE_CONFLICT");
    assert.equal((await tracker.getRun(active.runId)).params["trees"], "400");
  },
  async "metrics keep every value, step and time; the history is by time"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("metrics") });
    const logged = [
      { key: "mae", value: 58.25, step: 0, time: 1_700_000_000_000_000n },
      { key: "mae", value: 49.5, step: 2, time: 1_700_000_002_000_000n },
      { key: "mae", value: 51.125, step: 1, time: 1_700_000_001_000_000n },
    ];
    await active.logMetrics(logged.slice(0, 1));
    await active.logMetrics(logged.slice(1));
    const byTime = [logged[0], logged[2], logged[1]];
    assert.deepEqual(await tracker.metricHistory(active.runId, "mae"), byTime);
  },
  async "a run shows the metric of the greatest step"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("latest") });
    await active.logMetrics([
      { key: "mae", value: 3, step: 5 },
      { key: "mae", value: 1, step: 4 },
    ]);
    await active.logMetrics([{ key: "mae", value: 2, step: 3 }]);
    assert.equal((await tracker.getRun(active.runId)).metrics["mae"], 3);
    await active.logMetrics([{ key: "mae", value: 7, step: 6 }]);
    assert.equal((await tracker.getRun(active.runId)).metrics["mae"], 7);
  },
  async "among metrics of one step the latest time wins, then the greatest value"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("latest") });
    await active.logMetrics([
      { key: "mae", value: 9, step: 1, time: 2_000_000n },
      { key: "mae", value: 1, step: 1, time: 3_000_000n },
      { key: "mae", value: 2, step: 1, time: 3_000_000n },
    ]);
    assert.equal((await tracker.getRun(active.runId)).metrics["mae"], 2);
  },
  async "NaN and infinities are metric values"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("nan") });
    await active.logMetrics([
      { key: "nan", value: Number.NaN },
      { key: "high", value: Number.POSITIVE_INFINITY },
      { key: "low", value: Number.NEGATIVE_INFINITY },
    ]);
    const { metrics } = await tracker.getRun(active.runId);
    assert.deepEqual({ ...metrics }, { nan: Number.NaN, high: Infinity, low: -Infinity });
    const [value] = await tracker.metricHistory(active.runId, "nan");
    assert.ok(Number.isNaN(value?.value));
  },
  async "a metric logged twice is one value"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("twice") });
    const metric = { key: "mae", value: 1, step: 1, time: 5_000_000n };
    await active.logMetrics([metric, metric]);
    await active.logMetrics([metric]);
    assert.equal((await tracker.metricHistory(active.runId, "mae")).length, 1);
  },
  async "an unknown metric has no history"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("none") });
    assert.deepEqual(await tracker.metricHistory(active.runId, "mae"), []);
  },
  async "a metric name that MLflow refuses is refused, and nothing is written"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("names") });
    for (const key of ["", "a\nb", "../up", "a#b", "x".repeat(251)])
      await rejectsWith(
        active.logMetrics([
          { key: "fine", value: 1 },
          { key, value: 1 },
        ]),
        "VALUE_INVALID",
      );
    assert.deepEqual({ ...(await tracker.getRun(active.runId)).metrics }, {});
  },
  async "tags are set and overwritten"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("tags"), tags: { stage: "draft" } });
    await active.setTags({ stage: "final", by: "test ü" });
    const { tags } = await tracker.getRun(active.runId);
    assert.equal(tags["stage"], "final");
    assert.equal(tags["by"], "test ü");
  },
  async "data set inputs come back with their context"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("inputs") });
    const input = {
      name: "hourly",
      digest: "0123456789abcdef0123456789abcdef0123",
      sourceType: "delta",
      source: '{"table":"rentals","version":7}',
      schema: '{"columns":["y"]}',
      profile: '{"rows":8760}',
      context: "training",
    };
    await active.logInputs([input]);
    await active.logInputs([input]);
    assert.deepEqual(await readInputs(tracker, active.runId), [input]);
  },
  async "a data set digest of more than 36 characters is refused"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("inputs") });
    const input = { name: "hourly", digest: "x".repeat(37), sourceType: "delta", source: "{}" };
    await rejectsWith(active.logInputs([input]), "VALUE_INVALID");
  },
  async "artifacts come back byte for byte, with their sha256"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("artifacts") });
    const content = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
    const hash = await active.logArtifact("reports/one.bin", content);
    assert.equal(hash, createHash("sha256").update(content).digest("hex"));
    const odd = "reports/a b/ü & 5 %?.txt";
    await active.logArtifact(odd, new TextEncoder().encode("two"));
    assert.deepEqual(await tracker.listArtifacts(active.runId), [odd, "reports/one.bin"]);
    assert.deepEqual(await tracker.readArtifact(active.runId, odd), new TextEncoder().encode("two"));
    assert.deepEqual(await tracker.readArtifact(active.runId, "reports/one.bin"), content);
  },
  async "of many parameters none is added when one has another value already"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("many") });
    await active.logParams({ last: "1" });
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`p${i}`, i]));
    await rejectsWith(active.logParams({ ...many, last: "2" }), "STORE_CONFLICT");
    assert.deepEqual((await tracker.getRun(active.runId)).params, { last: "1" });
    await active.logParams({ ...many, last: "1" });
    assert.equal(Object.keys((await tracker.getRun(active.runId)).params).length, 151);
  },
  async "a limit that is no count is refused"({ tracker }) {
    for (const limit of [0, -1, 1.5, Number.NaN])
      await rejectsWith(tracker.searchRuns({ limit }), "VALUE_INVALID");
  },
  async "texts that no database keeps, and times before 1970, are refused"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("odd") });
    for (const text of ["half \ud83d of a pair", "a\0b"]) {
      await rejectsWith(active.setTags({ note: text }), "VALUE_INVALID");
      await rejectsWith(active.logParams({ note: text }), "VALUE_INVALID");
    }
    await rejectsWith(active.logMetrics([{ key: "mae", value: 1, time: -1n }]), "VALUE_INVALID");
    const { params, tags, metrics } = await tracker.getRun(active.runId);
    assert.deepEqual([params, metrics, tags["note"]], [{}, {}, undefined]);
  },
  async "a long parameter or tag is cut where MLflow cuts it, and a warning says so"({ tracker }) {
    const said: string[] = [];
    const listen = (warning: Error) => said.push(warning.message);
    process.on("warning", listen);
    try {
      const long = `${"x".repeat(5999)}\u{1f600}${"y".repeat(3000)}`;
      const active = await tracker.startRun({ experiment: uniqueName("long"), tags: { note: long } });
      await active.logParams({ config: long, short: "\u{1f600}".repeat(6000) });
      // The same again is no other value.
      await active.logParams({ config: long });
      await active.setTags({ text: long });
      // Warnings are told in the next turn.
      await new Promise((resolve) => setImmediate(resolve));
      const { params, tags } = await tracker.getRun(active.runId);
      assert.equal(params["config"], `${"x".repeat(5999)}\u{1f600}`);
      assert.equal(params["short"], "\u{1f600}".repeat(6000));
      assert.equal(tags["note"], `${"x".repeat(5999)}\u{1f600}${"y".repeat(2000)}`);
      assert.equal(tags["text"], tags["note"]);
      for (const what of ['tag "note"', 'param "config"', 'tag "text"'])
        assert.ok(said.some((text) => text.includes(what) && text.includes("MLflow keeps the first")));
      assert.ok(!said.some((text) => text.includes('"short"')));
    } finally {
      process.off("warning", listen);
    }
  },
  async "a file may come in pieces, and go out in pieces"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("pieces") });
    const piece = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
    async function* content(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 20; i++) yield piece;
    }
    const hash = createHash("sha256");
    for (let i = 0; i < 20; i++) hash.update(piece);
    const expected = hash.digest("hex");
    assert.equal(await active.logArtifact("big/file.bin", content), expected);
    assert.equal(await active.logArtifact("big/file.bin", content), expected);
    await active.logArtifact("empty.bin", async function* () {});
    const found = createHash("sha256");
    for await (const part of tracker.streamArtifact(active.runId, "big/file.bin")) found.update(part);
    assert.equal(found.digest("hex"), expected);
    for await (const part of tracker.streamArtifact(active.runId, "big/file.bin")) {
      assert.ok(part.length > 0);
      break;
    }
    assert.equal((await tracker.readArtifact(active.runId, "empty.bin")).length, 0);
    const missing = async () => {
      for await (const _ of tracker.streamArtifact(active.runId, "nothing.txt"));
    };
    await rejectsWith(missing(), "STORE_NOT_FOUND");
  },
  async "a file whose pieces break off, or whose signal fires, is not there"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("broken") });
    const piece = new Uint8Array(300_000);
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield piece;
      yield piece;
      throw new Error("the disk is gone");
    }
    await assert.rejects(active.logArtifact("a.bin", breaking), /the disk is gone/);
    const missing = `/nowhere/${uniqueName("missing")}`;
    await rejectsWith(
      active.logArtifact("c.bin", () => createReadStream(missing)),
      "VALUE_INVALID",
    );
    const controller = new AbortController();
    async function* aborting(): AsyncGenerator<Uint8Array> {
      yield piece;
      controller.abort();
      yield piece;
      yield piece;
    }
    await rejectsWith(active.logArtifact("b.bin", aborting, { signal: controller.signal }), "ABORTED");
    assert.deepEqual(await tracker.listArtifacts(active.runId), []);
    const { signal } = controller;
    const late = async () => {
      for await (const _ of tracker.streamArtifact(active.runId, "a.bin", { signal }));
    };
    await rejectsWith(late(), "ABORTED");
  },
  async "an artifact path cannot leave the run"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("artifacts") });
    for (const path of ["../up.txt", "/etc/passwd", "a/../../b", "", "a#b", "%41.txt"])
      await rejectsWith(active.logArtifact(path, new Uint8Array(1)), "VALUE_INVALID");
  },
  async "a missing artifact and a missing run are told apart"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("missing") });
    await rejectsWith(tracker.readArtifact(active.runId, "nothing.txt"), "STORE_NOT_FOUND");
    const unknown = "0".repeat(32);
    await rejectsWith(tracker.getRun(unknown), "RUN_NOT_FOUND");
    await rejectsWith(tracker.resumeRun(unknown), "RUN_NOT_FOUND");
    await rejectsWith(tracker.readArtifact(unknown, "nothing.txt"), "RUN_NOT_FOUND");
  },
  async "a run can be resumed"({ tracker }) {
    const first = await tracker.startRun({ experiment: uniqueName("resume") });
    await first.logParams({ a: 1 });
    const second = await tracker.resumeRun(first.runId);
    await second.logParams({ b: 2 });
    await second.end();
    const run = await tracker.getRun(first.runId);
    assert.deepEqual({ ...run.params }, { a: "1", b: "2" });
    assert.equal(run.status, "FINISHED");
  },
  async "runs are found by experiment, status and tags"({ tracker }) {
    const experiment = uniqueName("search");
    const first = await tracker.startRun({ experiment, tags: { kind: "a" } });
    await first.end();
    const second = await tracker.startRun({ experiment, tags: { kind: "b" } });
    const ids = async (query: Parameters<Tracker["searchRuns"]>[0]): Promise<string[]> =>
      (await tracker.searchRuns({ experiment, ...query })).map((run) => run.runId);
    assert.deepEqual((await ids({})).sort(), [first.runId, second.runId].sort());
    assert.deepEqual(await ids({ status: "FINISHED" }), [first.runId]);
    assert.deepEqual(await ids({ tags: { kind: "b" } }), [second.runId]);
    assert.deepEqual(await ids({ tags: { kind: "c" } }), []);
    assert.equal((await ids({ limit: 1 })).length, 1);
    assert.deepEqual(await tracker.searchRuns({ experiment: uniqueName("nothing") }), []);
  },
  async "a model is logged with its lineage"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("model") });
    const { bytes, lineage } = sampleModel("model bytes");
    const model = await active.logModel({
      name: "bikes",
      files: { "model.tsops": bytes },
      flavors: { tsops: { data: "model.tsops" } },
      lineage,
      params: { trees: "400" },
    });
    assert.match(model.modelId, /^m-/);
    assert.equal(model.name, "bikes");
    assert.equal(model.runId, active.runId);
    assert.deepEqual(model.lineage, lineage);
  },
  async "a run and its end may lie in the past"({ tracker }) {
    const [startTime, endTime] = [1_700_000_000_123_000n, 1_700_000_060_456_000n];
    const active = await tracker.startRun({ experiment: uniqueName("past"), startTime });
    await active.end("FINISHED", { endTime });
    const run = await tracker.getRun(active.runId);
    assert.deepEqual([run.startTime, run.endTime], [startTime, endTime]);
  },
  async "the models of a run are listed and read back as they were logged"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("models") });
    assert.deepEqual(await tracker.listModels(active.runId), []);
    const logged = [];
    for (const text of ["one", "two"]) {
      const { bytes, lineage } = sampleModel(text);
      const files = { "model.tsops": bytes, "notes/readme.txt": new TextEncoder().encode(text) };
      const model = { name: text, files, flavors: { tsops: { kind: text } }, lineage, params: { text } };
      logged.push(await active.logModel(model));
      const read = await tracker.readModel(logged.at(-1)?.modelId ?? "");
      assert.deepEqual(
        { ...read, files: { ...read.files }, params: { ...read.params } },
        { ...model, flavors: read.flavors },
      );
      assert.deepEqual(read.flavors["tsops"], { kind: text });
    }
    assert.deepEqual(await tracker.listModels(active.runId), logged);
    await rejectsWith(tracker.listModels("0".repeat(32)), "RUN_NOT_FOUND");
    await rejectsWith(tracker.readModel(`m-${"0".repeat(32)}`), "MODEL_NOT_FOUND");
  },
  async "a model that is logged twice under one key is one model"({ tracker }) {
    const { bytes, lineage } = sampleModel("keyed");
    const model = { name: "bikes", files: { "model.tsops": bytes }, flavors: {}, lineage };
    const active = await tracker.startRun({ experiment: uniqueName("keys") });
    const first = await active.logModel(model, { key: "nightly" });
    assert.equal(first.key, "nightly");
    const resumed = await tracker.resumeRun(active.runId);
    assert.deepEqual(await resumed.logModel(model, { key: "nightly" }), first);
    const other = await resumed.logModel(model, { key: "weekly" });
    assert.deepEqual(await tracker.listModels(active.runId), [first, other]);
  },
  async "a model whose files do not have the hash of its lineage is refused"({ tracker }) {
    const active = await tracker.startRun({ experiment: uniqueName("model") });
    const { lineage } = sampleModel("model bytes");
    const files = { "model.tsops": new TextEncoder().encode("other bytes") };
    await rejectsWith(active.logModel({ name: "bikes", files, flavors: {}, lineage }), "VALUE_INVALID");
  },
};

async function readInputs(tracker: Tracker, runId: string): Promise<unknown[]> {
  return (await tracker.getRun(runId)).inputs.map((input) => ({ ...input }));
}
