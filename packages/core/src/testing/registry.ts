import assert from "node:assert/strict";
import type { Registry } from "../ports/registry.ts";
import type { LoggedModel, Tracker } from "../ports/tracker.ts";
import {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";
import { rejectsWith, sampleModel, uniqueName } from "./tracker.ts";

/** An open registry to test, with the tracker that logs the models it registers. */
export interface RegistrySubject extends ConformanceSubject {
  readonly tracker: Tracker;
  readonly registry: Registry;
}

/**
 * What every `Registry` promises. Names are unique per run, so a shared server can be tested.
 * @param open - Called once per case.
 */
export function registryCases(
  open: () => Promise<RegistrySubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, cases, options);
}

async function logModel(tracker: Tracker, text: string): Promise<LoggedModel> {
  const run = await tracker.startRun({ experiment: uniqueName("registry") });
  const { bytes, lineage } = sampleModel(text);
  const files = { "model.tsops": bytes, "notes/readme.txt": new TextEncoder().encode("notes") };
  const model = await run.logModel({
    name: "bikes",
    files,
    flavors: { tsops: { data: "model.tsops" } },
    lineage,
  });
  await run.end();
  return model;
}

const cases: Readonly<Record<string, (subject: RegistrySubject) => Promise<void>>> = {
  async "versions of a name count from 1"({ tracker, registry }) {
    const name = uniqueName("count");
    const first = await logModel(tracker, "one");
    const second = await logModel(tracker, "two");
    assert.equal((await registry.register(name, first)).version, 1);
    assert.equal((await registry.register(name, second)).version, 2);
    assert.deepEqual(
      (await registry.listVersions(name)).map((version) => version.version),
      [1, 2],
    );
    assert.ok((await registry.listModels()).includes(name));
  },
  async "a version knows its run, its model, its tags and its lineage"({ tracker, registry }) {
    const name = uniqueName("version");
    const model = await logModel(tracker, "one");
    await registry.register(name, model, { tags: { "backtest.mae": "48.2" } });
    const version = await registry.getVersion(name, 1);
    assert.equal(version.name, name);
    assert.equal(version.runId, model.runId);
    assert.equal(version.modelId, model.modelId);
    assert.deepEqual({ ...version.tags }, { "backtest.mae": "48.2" });
    assert.deepEqual(version.lineage, model.lineage);
    assert.deepEqual([...version.aliases], []);
  },
  async "one logged model may be registered under two names"({ tracker, registry }) {
    const [one, two] = [uniqueName("one"), uniqueName("two")];
    const model = await logModel(tracker, "shared");
    await registry.register(one, model);
    await registry.register(two, model);
    assert.equal((await registry.getVersion(two, 1)).modelId, model.modelId);
  },
  async "many registrations at once give different versions"({ tracker, registry }) {
    const name = uniqueName("race");
    const models = await Promise.all(["a", "b", "c", "d"].map((text) => logModel(tracker, text)));
    const versions = await Promise.all(models.map((model) => registry.register(name, model)));
    assert.deepEqual(versions.map((version) => version.version).sort(), [1, 2, 3, 4]);
  },
  async "an alias resolves to the version it points at"({ tracker, registry }) {
    const name = uniqueName("alias");
    await registry.register(name, await logModel(tracker, "one"));
    await registry.register(name, await logModel(tracker, "two"));
    await registry.setAlias(name, "champion", 1);
    assert.equal((await registry.resolve(name, "champion")).version, 1);
    await registry.setAlias(name, "champion", 2);
    await registry.setAlias(name, "challenger", 2);
    const resolved = await registry.resolve(name, "champion");
    assert.equal(resolved.version, 2);
    assert.deepEqual([...resolved.aliases].sort(), ["challenger", "champion"]);
    assert.deepEqual([...(await registry.getVersion(name, 1)).aliases], []);
  },
  async "a call whose signal has fired rejects with ABORTED and changes nothing"({ tracker, registry }) {
    const name = uniqueName("abort");
    const signal = AbortSignal.abort();
    const model = await logModel(tracker, "one");
    await registry.register(name, model);
    await registry.setAlias(name, "champion", 1);
    const before = await registry.getVersion(name, 1);
    const calls = [
      registry.register(name, model, { signal }),
      registry.setAlias(name, "challenger", 1, { signal }),
      registry.deleteAlias(name, "champion", { signal }),
      registry.setTags(name, 1, { a: "1" }, { signal }),
      registry.getVersion(name, 1, { signal }),
      registry.resolve(name, "champion", { signal }),
      registry.listVersions(name, { signal }),
      registry.listModels({ signal }),
      registry.readFiles(name, 1, { signal }),
    ];
    for (const call of calls) await rejectsWith(call, "ABORTED");
    assert.deepEqual(await registry.listVersions(name), [before]);
  },
  async "a deleted alias no longer resolves, and deleting it again changes nothing"({ tracker, registry }) {
    const name = uniqueName("alias");
    await registry.register(name, await logModel(tracker, "one"));
    await registry.setAlias(name, "champion", 1);
    await registry.deleteAlias(name, "champion");
    await registry.deleteAlias(name, "champion");
    await rejectsWith(registry.resolve(name, "champion"), "ALIAS_NOT_FOUND");
  },
  async "an alias cannot point at a version that does not exist"({ tracker, registry }) {
    const name = uniqueName("alias");
    await registry.register(name, await logModel(tracker, "one"));
    await registry.setAlias(name, "champion", 1);
    await rejectsWith(registry.setAlias(name, "champion", 2), "MODEL_NOT_FOUND");
    assert.equal((await registry.resolve(name, "champion")).version, 1);
  },
  async "alias names that MLflow reads as versions are refused"({ tracker, registry }) {
    const name = uniqueName("alias");
    await registry.register(name, await logModel(tracker, "one"));
    for (const alias of ["latest", "v1", "", "a/b"])
      await rejectsWith(registry.setAlias(name, alias, 1), "VALUE_INVALID");
  },
  async "an unknown model, version and alias are told apart"({ tracker, registry }) {
    const name = uniqueName("unknown");
    await rejectsWith(registry.resolve(name, "champion"), "MODEL_NOT_FOUND");
    await rejectsWith(registry.getVersion(name, 1), "MODEL_NOT_FOUND");
    assert.deepEqual(await registry.listVersions(name), []);
    await registry.register(name, await logModel(tracker, "one"));
    await rejectsWith(registry.resolve(name, "champion"), "ALIAS_NOT_FOUND");
    await rejectsWith(registry.getVersion(name, 2), "MODEL_NOT_FOUND");
    await rejectsWith(registry.readFiles(name, 2), "MODEL_NOT_FOUND");
  },
  async "a model that was never logged cannot be registered"({ tracker, registry }) {
    const model = { ...(await logModel(tracker, "one")), modelId: `m-${"0".repeat(32)}` };
    await rejectsWith(registry.register(uniqueName("never"), model), "MODEL_NOT_FOUND");
  },
  async "tags of a version are added and overwritten"({ tracker, registry }) {
    const name = uniqueName("tags");
    await registry.register(name, await logModel(tracker, "one"), { tags: { a: "1", b: "1" } });
    await registry.setTags(name, 1, { b: "2", c: "3" });
    assert.deepEqual({ ...(await registry.getVersion(name, 1)).tags }, { a: "1", b: "2", c: "3" });
    await rejectsWith(registry.setTags(name, 2, { a: "1" }), "MODEL_NOT_FOUND");
  },
  async "the files of a version come back byte for byte"({ tracker, registry }) {
    const name = uniqueName("files");
    await registry.register(name, await logModel(tracker, "the bytes"));
    const files = await registry.readFiles(name, 1);
    assert.deepEqual(Object.keys(files).sort(), ["model.tsops", "notes/readme.txt"]);
    assert.equal(new TextDecoder().decode(files["model.tsops"]), "the bytes");
  },
};
