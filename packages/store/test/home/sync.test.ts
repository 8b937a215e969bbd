import { join } from "node:path";
import { type ProgressEvent, syncTracking } from "@tsops/core";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { type Home, openHome } from "../../src/home/home.ts";
import { failingStore, tracked, writeTracked } from "./sync-fixture.ts";

const directory = temporaryDirectory();
const homes: Home[] = [];
afterAll(async () => {
  for (const home of homes) await home.close();
  await directory.dispose();
});

async function newHome(): Promise<Home> {
  const home = await openHome(join(directory.path, `home-${homes.length}`), { user: "test" });
  homes.push(home);
  return home;
}

async function sourceHome(): Promise<Home> {
  const home = await newHome();
  await writeTracked(home);
  return home;
}

describe("syncing what a home tracked to another store", { timeout: 120_000 }, () => {
  it("copies all of it once, and then nothing", async () => {
    const [from, to] = [await sourceHome(), await newHome()];
    const events: ProgressEvent[] = [];
    expect(await syncTracking(from, to, { progress: (event) => events.push(event) })).toEqual({
      copiedRuns: 4,
      unchangedRuns: 0,
      registeredVersions: 3,
      retaggedVersions: 0,
      changedAliases: 2,
      skippedVersions: 0,
    });
    const copy = await tracked(to);
    expect(copy).toEqual(await tracked(from));
    expect(copy.runs).toHaveLength(4);
    expect(copy.versions).toHaveLength(3);
    expect(events.filter(({ done, total }) => done === total).map(({ task, done }) => [task, done])).toEqual([
      ["runs", 4],
      ["models", 2],
    ]);

    const none = failingStore(to, 1, "before");
    expect(await syncTracking(from, none.store)).toEqual({
      copiedRuns: 0,
      unchangedRuns: 4,
      registeredVersions: 0,
      retaggedVersions: 0,
      changedAliases: 0,
      skippedVersions: 0,
    });
    expect(none.writes()).toBe(0);
  });

  it("copies what changed since", async () => {
    const [from, to] = [await sourceHome(), await newHome()];
    await syncTracking(from, to);
    const going = (await from.tracker.searchRuns({ status: "RUNNING" }))[0]?.runId ?? "";
    const run = await from.tracker.resumeRun(going);
    await run.logMetrics([{ key: "mae", value: 12, step: 1, time: 1_700_000_000_000_000n }]);
    await run.setTags({ stage: "late" });
    await run.end("KILLED");
    await from.registry.setTags("bikes", 1, { note: "retired" });
    await from.registry.setAlias("bikes", "champion", 2);
    await from.registry.deleteAlias("bikes", "challenger");
    expect(await syncTracking(from, to)).toMatchObject({
      copiedRuns: 1,
      unchangedRuns: 3,
      registeredVersions: 0,
      retaggedVersions: 1,
      changedAliases: 2,
    });
    expect(await tracked(to)).toEqual(await tracked(from));
  });

  it("copies what was logged to a run after it had ended", async () => {
    const [from, to] = [await sourceHome(), await newHome()];
    await syncTracking(from, to);
    const ended = (await from.tracker.searchRuns({ status: "FINISHED" })).find(
      ({ metrics }) => "mae" in metrics,
    );
    const run = await from.tracker.resumeRun(ended?.runId ?? "");
    // An earlier step, so that no last value changes; new content under an old name.
    await run.logMetrics([{ key: "mae", value: 1, step: 0, time: 1_600_000_000_000_000n }]);
    const [path = "a.txt"] = await from.tracker.listArtifacts(run.runId);
    await run.logArtifact(path, new TextEncoder().encode("other"));
    expect(await syncTracking(from, to)).toMatchObject({ copiedRuns: 1, unchangedRuns: 3 });
    expect(await tracked(to)).toEqual(await tracked(from));
  });

  it("leaves alone what the target has of its own", async () => {
    const [from, to] = [await sourceHome(), await newHome()];
    const own = await to.tracker.startRun({ experiment: "bikes", name: "own" });
    const model = (
      await from.tracker.listModels((await from.registry.getVersion("bikes", 1)).runId ?? "")
    )[0];
    const logged = await own.logModel(await from.tracker.readModel(model?.modelId ?? ""));
    await to.registry.register("bikes", logged);
    await to.registry.setAlias("bikes", "shadow", 1);
    await syncTracking(from, to);
    expect(await to.registry.resolve("bikes", "shadow")).toMatchObject({ version: 1, runId: own.runId });
    expect((await to.registry.resolve("bikes", "champion")).version).toBe(2);
    expect((await to.tracker.searchRuns({ experiment: "bikes" })).map(({ name }) => name)).toContain("own");
  });

  it.each(["before", "after"] as const)(
    "cut off %s any write and begun again, comes to the same",
    async (when) => {
      const from = await sourceHome();
      const whole = await newHome();
      const counted = failingStore(whole, Number.POSITIVE_INFINITY, when);
      await syncTracking(from, counted.store);
      const expected = await tracked(whole);
      expect(counted.writes()).toBeGreaterThan(30);
      // A target of its own for each cut would be the same test, only slower: each goes on where the last one was cut off.
      for (let first = 1; first <= 3; first++) {
        const to = await newHome();
        for (let limit = first; ; limit += 3) {
          const failing = failingStore(to, limit, when);
          const done = await syncTracking(from, failing.store).catch((error: Error) => error);
          if (!(done instanceof Error)) break;
          expect(done.message).toBe("cut off");
        }
        expect(await tracked(to)).toEqual(expected);
        for (const name of ["bikes", "trams"])
          expect(await to.tracker.searchRuns({ experiment: name })).toHaveLength(name === "bikes" ? 3 : 1);
      }
    },
  );
});
