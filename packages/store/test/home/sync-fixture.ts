import {
  type ActiveRun,
  type LoggedModel,
  type Registry,
  sha256Hex,
  type Tracker,
  type TrackingStore,
  toMicros,
} from "@tsops/core";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function logModel(run: ActiveRun, text: string): Promise<LoggedModel> {
  const content = bytesOf(text);
  return run.logModel({
    name: "reduce",
    files: { "model.tsops": content, "report/signature.json": bytesOf("{}") },
    flavors: { tsops: { kind: "reduce", data: "model.tsops" } },
    lineage: {
      codeVersion: "0123abc",
      definitionHash: sha256Hex("definition"),
      trainingSet: {
        name: "hourly",
        definitionHash: sha256Hex("views"),
        tables: [{ table: "rentals", version: 7 }],
        rows: 8760,
        contentHash: sha256Hex("content"),
      },
      modelHash: sha256Hex(content),
      seed: "42",
      environment: { node: "20.20.2" },
    },
    params: { trees: "400" },
  });
}

/** Runs of every state in two experiments, three versions of two models, two aliases. */
export async function writeTracked({ tracker, registry }: TrackingStore): Promise<void> {
  const models: LoggedModel[] = [];
  for (const [index, status] of (["FINISHED", "FAILED", "FINISHED"] as const).entries()) {
    const start = toMicros("2024-03-01T00:00Z") + BigInt(index) * 3_600_000_000n;
    const run = await tracker.startRun({
      experiment: index === 1 ? "trams" : "bikes",
      name: `night ${index}`,
      startTime: start,
      tags: { stage: "train" },
    });
    await run.logParams({ trees: 400 + index, loss: "l1" });
    await run.logMetrics(
      Array.from({ length: 1200 }, (_, step) => ({
        key: step % 3 === 0 ? "mae" : "rmse",
        value: Math.sin(step),
        step,
        time: start + BigInt(step) * 1_000_000n,
      })),
    );
    await run.logMetrics([
      { key: "empty", value: Number.NaN, time: start },
      { key: "high", value: Number.POSITIVE_INFINITY, time: start, step: 1 },
      { key: "high", value: Number.NEGATIVE_INFINITY, time: start, step: 2 },
    ]);
    await run.logInputs([
      {
        name: "hourly",
        digest: `d${index}`,
        sourceType: "delta",
        source: '{"table":"rentals","version":7}',
        context: "training",
      },
    ]);
    await run.logArtifact("reports/day.html", bytesOf(`<p>night ${index}</p>`));
    await run.logArtifact("notes.txt", bytesOf("notes"));
    if (status === "FINISHED") models.push(await logModel(run, `model ${index}`));
    await run.end(status, { endTime: start + 60_000_000n });
  }
  await tracker.startRun({
    experiment: "bikes",
    name: "still going",
    startTime: toMicros("2024-03-02T00:00Z"),
  });
  const [first, second] = models as [LoggedModel, LoggedModel];
  await registry.register("bikes", first, { tags: { "backtest.mae": "48.2" } });
  await registry.register("bikes", second);
  await registry.register("shadow", first);
  await registry.setAlias("bikes", "champion", 1);
  await registry.setAlias("bikes", "challenger", 2);
}

/** All that is tracked, by name instead of by identifier, so that two stores can be compared. */
export async function tracked({ tracker, registry }: TrackingStore, experiments = ["bikes", "trams"]) {
  const names = new Map<string | null, string>();
  const runs: unknown[] = [];
  for (const experiment of experiments)
    for (const run of await tracker.searchRuns({ experiment, limit: 1000 })) {
      names.set(run.runId, run.name);
      const models = await tracker.listModels(run.runId);
      const { runId: _, metrics, tags, ...rest } = run;
      const artifacts = await tracker.listArtifacts(run.runId);
      runs.push({
        ...rest,
        metrics: { ...metrics },
        tags: Object.fromEntries(Object.entries(tags).filter(([key]) => isOwnTag(key))),
        history: await Promise.all(Object.keys(metrics).map((key) => tracker.metricHistory(run.runId, key))),
        artifacts: await Promise.all(
          artifacts.map(async (path) => [path, sha256Hex(await tracker.readArtifact(run.runId, path))]),
        ),
        models: await Promise.all(
          models.map(async ({ modelId }) => {
            const { flavors, files, ...model } = await tracker.readModel(modelId);
            return { ...model, files: hashes(files), flavor: flavors["tsops"] };
          }),
        ),
      });
    }
  return { runs, versions: await registered(registry, names) };
}

async function registered(registry: Registry, names: ReadonlyMap<string | null, string>) {
  const versions: unknown[] = [];
  for (const name of ["bikes", "shadow"])
    for (const version of await registry.listVersions(name)) {
      const { createdAt: _created, modelId: _model, runId, tags, ...rest } = version;
      versions.push({
        ...rest,
        run: names.get(runId),
        tags: Object.fromEntries(Object.entries(tags).filter(([key]) => isOwnTag(key))),
        files: hashes(await registry.readFiles(name, version.version)),
      });
    }
  return versions;
}

function isOwnTag(key: string): boolean {
  return !key.startsWith("tsops.origin_") && key !== "tsops.registered_at";
}

function hashes(files: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, sha256Hex(content)]));
}

/** A store whose writes fail from the `limit`th on: before they are done, or after, so that the caller only hears of no answer. */
export function failingStore(
  store: TrackingStore,
  limit: number,
  when: "before" | "after",
): { store: TrackingStore; writes: () => number } {
  let writes = 0;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    const isLast = ++writes >= limit;
    if (isLast && when === "before") throw new Error("cut off");
    const result = await work();
    if (isLast) throw new Error("cut off");
    return result;
  };
  const guarded = <T extends object>(target: T, names: readonly string[]): T =>
    new Proxy(target, {
      get(of, name) {
        const found = Reflect.get(of, name) as unknown;
        if (typeof found !== "function" || !names.includes(String(name))) return found;
        return (...args: readonly unknown[]) =>
          guard(async () => {
            const result: unknown = await found.apply(of, args);
            return typeof result === "object" && result !== null && "logMetrics" in result
              ? guarded(result, runWrites)
              : result;
          });
      },
    });
  const resuming = (tracker: Tracker): Tracker => guarded(tracker, ["startRun", "resumeRun"]);
  return {
    store: {
      tracker: resuming(store.tracker),
      registry: guarded(store.registry, ["register", "setTags", "setAlias", "deleteAlias"]),
    },
    writes: () => writes,
  };
}

const runWrites = ["logParams", "logMetrics", "setTags", "logInputs", "logArtifact", "logModel", "end"];
