import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { syncTracking, type TrackingStore } from "@tsops/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningService, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { openHome } from "../../src/home/home.ts";
import { mlflowRegistry, mlflowTracker } from "../../src/mlflow/index.ts";
import { failingStore, tracked, writeTracked } from "../home/sync-fixture.ts";
import { mlflow, runPython } from "./mlflow/service.ts";

const root = resolve(import.meta.dirname, "../../../..");

describe.skipIf(mlflow.isMissing)("tsops sync --to mlflow", { timeout: 180_000 }, () => {
  const directory = temporaryDirectory();
  const folder = join(directory.path, "node");
  const servers: RunningService[] = [];
  const open: (() => Promise<void>)[] = [];
  let home: TrackingStore & { readonly mlflowPath: string };
  beforeAll(async () => {
    const opened = await openHome(join(folder, ".tsops"), { user: "node" });
    open.push(opened.close);
    home = opened;
    await writeTracked(home);
  });
  afterAll(async () => {
    for (const close of open.reverse()) await close();
    for (const server of servers) await server.stop();
  }, 120_000);

  /** A new server, without anything on it, and what is open of it. */
  async function newServer() {
    const server = await startService("mlflow", join(directory.path, `server-${servers.length}`));
    servers.push(server);
    const url = server.environment["MLFLOW_TRACKING_URI"] as string;
    const store = { tracker: mlflowTracker({ url }), registry: mlflowRegistry({ url }) };
    open.push(store.tracker.close, store.registry.close);
    return { url, store };
  }

  /** The command as a process. */
  function sync(url: string) {
    const child = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        "--conditions=@tsops/source",
        join(root, "packages/core/src/cli/main.ts"),
        "sync",
        "--to",
        "mlflow",
        "--json",
      ],
      {
        cwd: join(import.meta.dirname, "mlflow-sync"),
        env: { ...process.env, TSOPS_TEST_FOLDER: folder, MLFLOW_TRACKING_URI: url },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const out: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk: Buffer) => {
        out[name] += chunk;
      });
    const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...out }));
    return { child, ended };
  }

  it("copies the home once, with its times, and then nothing; Python's client reads the same from both", async () => {
    const { url, store } = await newServer();
    expect(await syncTracking(home, store)).toEqual({
      copiedRuns: 4,
      unchangedRuns: 0,
      registeredVersions: 3,
      retaggedVersions: 0,
      changedAliases: 2,
      skippedVersions: 0,
    });
    expect(await tracked(store)).toEqual(await tracked(home));
    const none = failingStore(store, 1, "before");
    expect(await syncTracking(home, none.store)).toMatchObject({ copiedRuns: 0, unchangedRuns: 4 });
    expect(none.writes()).toBe(0);

    const [theirs, ours] = await Promise.all(
      [url, home.mlflowPath].map(async (place) =>
        comparable(JSON.parse(await runPython(directory.path, "read_back.py", place, "bikes", "bikes"))),
      ),
    );
    expect(theirs).toEqual(ours);
    expect(theirs).toMatchObject({ champion: 1, registered: ["bikes", "shadow"] });
    expect(theirs?.runs).toHaveLength(3);
    const history =
      (theirs?.runs as unknown as { history: Record<string, unknown[][]> }[] | undefined)?.[0]?.history ?? {};
    expect([history["mae"]?.length, history["rmse"]?.length]).toEqual([400, 800]);
    expect(history["empty"]).toEqual([["nan", Date.UTC(2024, 2, 1), 0]]);
    // MLflow's SQL stores hold the infinities as the greatest doubles.
    expect(history["high"]?.map(([value]) => Math.sign(Number(value)))).toEqual([1, -1]);
  });

  it("killed again and again in the middle, comes to the same", async () => {
    const { url, store } = await newServer();
    for (const runs of [1, 3]) {
      const { child, ended } = sync(url);
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      const begun = async () =>
        (await store.tracker.searchRuns({ experiment: "bikes" })).length +
        (await store.tracker.searchRuns({ experiment: "trams" })).length;
      while (!isOver && (await begun()) < runs);
      child.kill("SIGKILL");
      expect(await ended).toMatchObject({ signal: "SIGKILL" });
    }
    const last = await sync(url).ended;
    expect([last.code, last.stderr]).toEqual([0, expect.stringContaining("runs")]);
    expect(await tracked(store)).toEqual(await tracked(home));
    const again = await sync(url).ended;
    expect(JSON.parse(again.stdout)).toEqual({
      to: "mlflow",
      copiedRuns: 0,
      unchangedRuns: 4,
      registeredVersions: 0,
      retaggedVersions: 0,
      changedAliases: 0,
      skippedVersions: 0,
    });
    expect(again.code).toBe(0);
  });

  it("called three times at once, copies everything once: one works and the others wait", async () => {
    const { url, store } = await newServer();
    const ended = await Promise.all([1, 2, 3].map(() => sync(url).ended));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    const copied = ended.map(({ stdout }) => JSON.parse(stdout).copiedRuns);
    expect([...copied].sort()).toEqual([0, 0, 4]);
    expect(ended.filter(({ stderr }) => /is copying to "mlflow"; waiting/.test(stderr))).not.toHaveLength(0);
    expect(await tracked(store)).toEqual(await tracked(home));
    expect(await store.registry.listVersions("bikes")).toHaveLength(
      (await home.registry.listVersions("bikes")).length,
    );
  });
});

interface ReadBack {
  readonly runs: readonly (Readonly<Record<string, unknown>> & {
    readonly tags: Readonly<Record<string, string>>;
  })[];
  readonly versions: readonly (Readonly<Record<string, unknown>> & {
    readonly tags: Readonly<Record<string, string>>;
  })[];
  readonly [name: string]: unknown;
}

/** What Python read, without what differs by its nature: identifiers, places, and what a copy says of its origin. */
function comparable(read: ReadBack) {
  const own = (tags: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(tags).filter(
        ([key]) =>
          !key.startsWith("tsops.origin_") && !["tsops.registered_at", "tsops.request"].includes(key),
      ),
    );
  const { championFiles, championFlavors, champion, registered } = read;
  const { MLmodel: _, registered_model_meta: _meta, ...files } = championFiles as Record<string, string>;
  return {
    runs: read.runs.map(({ id: _id, outputs, tags, ...run }) => ({
      ...run,
      tags: own(tags),
      outputs: (outputs as unknown[]).length,
    })),
    versions: read.versions.map(({ run: _run, source: _source, created: _created, tags, ...version }) => ({
      ...version,
      tags: own(tags),
    })),
    champion,
    championFiles: files,
    championFlavors,
    registered,
  };
}
