import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "@tsops/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { type Home, openHome } from "../../src/home/home.ts";
import { openSqlite } from "../../src/home/sqlite.ts";
import { runChild } from "../run-child.ts";

const script = new URL("child.ts", import.meta.url);
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function expectSound(home: Home): Promise<void> {
  for (const file of ["tsops.db", "mlflow.db"]) {
    const database = await openSqlite(join(home.path, file));
    expect(database.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    expect(database.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
    database.close();
  }
}

describe("a home under several processes", { timeout: 60_000 }, () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let path: string;
  beforeEach(async () => {
    directory = temporaryDirectory();
    path = join(directory.path, ".tsops");
  });
  afterEach(() => directory.dispose());

  it("keeps every acknowledged prediction when its process is killed at any moment", async () => {
    const random = createRandom("kill while predicting");
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const child = runChild(script, ["predict", path, `r${round}`]);
      await child.reached(random.integer(1, 40));
      await pause(random.uniform(0, 30));
      await child.kill();
      acknowledged.push(...child.lines);
    }
    await using home = await openHome(path);
    for (const id of acknowledged) {
      const [, round, part] = id.split("-").map(Number);
      expect((await home.predictions.get(id)).mean).toEqual(Float64Array.of(round ?? -1, part ?? -1, 0));
    }
    let rows = 0;
    for await (const { predictionId, mean } of home.predictions.scan()) {
      expect(mean[0]).toBe(Number(predictionId.split("-")[1]));
      rows++;
    }
    expect(rows).toBeGreaterThanOrEqual(acknowledged.length);
    await expectSound(home);
  });

  it("always has a champion whose files are whole when it is killed while promoting", async () => {
    const random = createRandom("kill while promoting");
    for (let round = 0; round < 5; round++) {
      const child = runChild(script, ["promote", path]);
      await child.reached(random.integer(1, 6));
      await pause(random.uniform(0, 60));
      await child.kill();
      await using home = await openHome(path);
      const acknowledged = Number(child.lines.at(-1));
      const champion = await home.registry.resolve("bikes", "champion");
      expect(champion.version).toBeGreaterThanOrEqual(acknowledged);
      expect(champion.version).toBeLessThanOrEqual(acknowledged + 1);
      for (const { version } of await home.registry.listVersions("bikes"))
        expect(Object.keys(await home.registry.readFiles("bikes", version)).sort()).toEqual([
          "big.bin",
          "model.tsops",
        ]);
      await expectSound(home);
    }
    // A model folder is there with its MLmodel or not at all; the unfinished ones lie where MLflow does not look.
    const models = join(path, "artifacts", "1", "models");
    for (const model of readdirSync(models))
      expect(readdirSync(join(models, model, "artifacts")).sort()).toEqual([
        "MLmodel",
        "big.bin",
        "model.tsops",
      ]);
  });

  it("lets another process take over a killed owner's run when the lease has expired, and not before", async () => {
    const child = runChild(script, ["lease", path]);
    await child.reached(2);
    expect(child.lines).toEqual(["claimed", "recorded"]);
    await child.kill();
    await using home = await openHome(path);
    const key = { pipeline: "daily", partition: "", start: 0n, end: 86_400_000_000n };
    expect((await home.ledger.claim(key, { owner: "b", now: 1999n, leaseUntil: 3000n })).outcome).toBe(
      "busy",
    );
    const taken = await home.ledger.claim(key, { owner: "b", now: 2000n, leaseUntil: 3000n });
    expect(taken.outcome === "claimed" && taken.steps.map((step) => step.result)).toEqual(['{"rows":24}']);
    expect(taken.entry.attempt).toBe(2);
  });

  it("can be opened after its making was killed at any moment", async () => {
    const random = createRandom("kill while creating");
    mkdirSync(path);
    for (let round = 0; round < 4; round++) {
      const root = join(path, `round-${round}`);
      const child = runChild(script, ["create", root]);
      await child.reached(1 + random.integer(0, 8));
      await pause(random.uniform(0, 15));
      await child.kill();
      for (const name of readdirSync(root)) {
        await using home = await openHome(join(root, name));
        await (await home.tracker.startRun({ experiment: "after" })).end();
        await expectSound(home);
      }
    }
  });

  it("is made once and loses nothing when four processes begin at the same time", async () => {
    const count = 30;
    const children = ["a", "b", "c", "d"].map((name) =>
      runChild(script, ["everything", path, name, `${count}`]),
    );
    expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0, 0, 0]);
    await using home = await openHome(path, { create: false });
    for (const child of children) {
      const history = await home.tracker.metricHistory(child.lines[0] as string, "loss");
      expect(history.map((metric) => metric.value)).toEqual(
        Array.from({ length: count }, (_, index) => index),
      );
    }
    let rows = 0;
    for await (const _ of home.predictions.scan()) rows++;
    expect(rows).toBe(4 * count);
    const versions = await home.registry.listVersions("shared");
    expect(versions.map((version) => version.version)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    expect((await home.tracker.searchRuns({ experiment: "shared" })).length).toBe(4);
    await expectSound(home);
  });

  // Root may write everywhere, so as root the child becomes somebody else.
  const nobody = process.getuid?.() === 0 ? { userId: 65_534 } : {};

  it("says STORE_READ_ONLY where it may not write, and leaves the home as it was", async () => {
    await (await openHome(path)).close();
    // What is left when every process ended well: SQLite then has neither -wal nor -shm files.
    const tidy = join(directory.path, "tidy");
    cpSync(path, tidy, { recursive: true, filter: (source) => !/-(wal|shm)$/.test(source) });
    const open = await openSqlite(join(path, "tsops.db"));
    expect(open.prepare("SELECT count(*) AS runs FROM pipeline_run").get()).toEqual({ runs: 0n });
    execFileSync("chmod", ["-R", "a+rX,a-w", directory.path]);
    const files = (): unknown[] =>
      readdirSync(directory.path, { recursive: true, encoding: "utf8" })
        .filter((name) => !/-(wal|shm)$/.test(name))
        .sort();
    const before = files();
    try {
      for (const target of [path, tidy, join(directory.path, "new")]) {
        const child = runChild(script, ["open", target], nobody);
        await child.ended;
        expect(child.lines.at(-1)).toBe("STORE_READ_ONLY");
        expect(child.lines).not.toContain("wrote");
      }
      expect(files()).toEqual(before);
    } finally {
      execFileSync("chmod", ["-R", "u+w", directory.path]);
      open.close();
    }
    for (const target of [path, tidy]) {
      await using home = await openHome(target);
      await (await home.tracker.startRun({ experiment: "again" })).end();
    }
  });

  // A small file system of its own, in a mount namespace, so that neither the machine nor other tests see it.
  const small = (size: string): string[] => [
    "unshare",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    `mount -t tmpfs -o size=${size} tmpfs "$0" && exec "$@"`,
    directory.path,
  ];
  const canMount =
    spawnSync("unshare", ["--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /tmp"]).status ===
    0;
  // Where it counts the test fails instead, with what the mount said.
  const isSkipped = !canMount && process.env["CI"] !== "true";
  if (isSkipped)
    process.stderr.write(
      "\nNo private mounts here (unshare --map-root-user --mount): the full-disk test is SKIPPED.\n",
    );

  it.skipIf(isSkipped)("says STORE_FULL when the disk is full, and keeps what was acknowledged", async () => {
    const child = runChild(script, ["fill", path], { wrapper: small("8m") });
    await child.reached(8);
    expect(await child.ended).toBe(0);
    expect(child.lines).toEqual([
      "STORE_FULL",
      "STORE_FULL",
      "STORE_FULL",
      "before",
      "1",
      "true",
      "0",
      "before",
    ]);
  });
});
