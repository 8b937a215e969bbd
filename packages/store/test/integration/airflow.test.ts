import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { addDuration, interval, toMicros } from "@tsops/core";
import { type AirflowScheduler, airflowScheduler, passwordAuth } from "@tsops/core/airflow";
import { openHome } from "@tsops/store";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunningService, service, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";

const root = resolve(import.meta.dirname, "../../../..");
const config = join(import.meta.dirname, "airflow/tsops.config.ts");
const promoted = "tsops://models/load";
const timeout = 300_000;

/** What `find` finds, as soon as it finds something. */
async function eventually<T>(find: () => Promise<T | undefined>): Promise<T> {
  const found: { value?: T } = {};
  await vi.waitUntil(
    async () => {
      const value = await find();
      if (value === undefined) return false;
      found.value = value;
      return true;
    },
    { timeout, interval: 500 },
  );
  return found.value as T;
}

/** A DAG that another tool might have written. */
function foreignDag(dag: string, tasks: number): string {
  return `# an airflow dag of someone else
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG(dag_id="${dag}", schedule=None):
    for number in range(${tasks}):
        EmptyOperator(task_id=f"task_{number}")
`;
}

describe.skipIf(service("airflow").isMissing)("a pipeline on a real Airflow", { timeout }, () => {
  const state = temporaryDirectory();
  const work = temporaryDirectory();
  let running: RunningService;
  let airflow: AirflowScheduler;
  const dags = join(state.path, "dags");
  const day = (date: string) =>
    interval(toMicros(`${date}T00:00Z`), addDuration(toMicros(`${date}T00:00Z`), "1d"));

  /** Calls the command as a person does. */
  const exported = async (...options: string[]) =>
    promisify(execFile)(
      process.execPath,
      [
        "--import",
        "tsx",
        "--conditions=@tsops/source",
        join(root, "packages/core/src/cli/main.ts"),
        "airflow",
        "export",
        config,
        "--out",
        dags,
        "--node",
        process.execPath,
        ...options,
      ],
      { cwd: root, env: { ...process.env, TSOPS_TEST_FOLDER: work.path } },
    );
  const textOf = (name: string) => readFileSync(join(dags, `${name}.py`), "utf8");

  beforeAll(async () => {
    // Tasks inherit it from the scheduler.
    process.env["TSOPS_TEST_FOLDER"] = work.path;
    const [started] = await Promise.all([startService("airflow", state.path), exported()]);
    running = started;
    const { environment } = running;
    expect(environment["TSOPS_AIRFLOW_DAGS"]).toBe(dags);
    airflow = airflowScheduler({
      url: environment["TSOPS_AIRFLOW_URL"] as string,
      auth: passwordAuth({
        username: environment["TSOPS_AIRFLOW_USER"] as string,
        password: environment["TSOPS_AIRFLOW_PASSWORD"] as string,
      }),
      dagsFolder: dags,
      // Its server and scheduler share two cores with the other tests.
      timeoutMs: 120_000,
    });
  }, timeout);
  afterAll(() => running?.stop(), timeout);

  const upsert = (name: string) => airflow.upsert(name, textOf(name));

  it("runs three backfilled days; a step that fails once is retried; results come back typed", async () => {
    await upsert("daily");
    await airflow.upsert(
      "listener",
      `# an airflow dag of someone else
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset

with DAG(dag_id="listener", schedule=[Asset("${promoted}")]):
    BashOperator(task_id="react", bash_command="echo reacted")
`,
    );
    await airflow.resume("listener");
    await upsert("react");
    await airflow.resume("react");
    const options = { from: "2024-03-01T00:00Z", to: "2024-03-03T00:00Z" };
    expect(await airflow.planBackfill("daily", options)).toEqual(
      ["2024-03-01", "2024-03-02", "2024-03-03"].map((date) => toMicros(`${date}T00:00Z`)),
    );
    await airflow.resume("daily");
    const id = await airflow.backfill("daily", options);
    await airflow.waitForBackfill(id);
    const runs = (await airflow.runs("daily")).filter(({ type }) => type === "backfill");
    expect(runs.map(({ state: ended }) => ended)).toEqual(["success", "success", "success"]);
    expect(runs.map((run) => run.interval)).toEqual([
      day("2024-03-01"),
      day("2024-03-02"),
      day("2024-03-03"),
    ]);
    const [first] = runs.map((run) => run.id) as [string];
    const tries = Object.fromEntries(
      (await airflow.tasks("daily", first)).map((task) => [task.id, task.tryNumber]),
    );
    expect(tries).toEqual({ ingest: 1, train: 2, gate: 1, promote: 1, monitor: 1 });
    const results = await Promise.all(runs.map((run) => airflow.results("daily", run.id)));
    expect(results.map((result) => result["ingest"])).toEqual(
      [360, 384, 408].map((rows, i) => ({ rows, until: toMicros(`2024-03-0${i + 2}T00:00Z`) })),
    );
    expect(results.map((result) => result["promote"])).toEqual(
      [1, null, 3].map((champion) => ({ champion })),
    );
    expect(await airflow.logs("daily", first, "train", 1)).toContain("The disk of the trainer was full.");
  });

  it("runs a day again, and nothing changes twice", async () => {
    const [first] = (await airflow.runs("daily")).filter(({ type }) => type === "backfill");
    const { id } = first as { id: string };
    const before = await airflow.results("daily", id);
    expect([...(await airflow.clear("daily", id))].sort()).toEqual([
      "gate",
      "ingest",
      "monitor",
      "promote",
      "train",
    ]);
    expect((await airflow.wait("daily", id)).state).toBe("success");
    expect(await airflow.results("daily", id)).toEqual(before);
    await using home = await openHome(join(work.path, ".tsops"));
    expect(await home.registry.listVersions("load")).toHaveLength(3);
  });

  it("starts someone else's DAG by a promotion alone, and by an event from outside", async () => {
    const events = await airflow.assetEvents(promoted);
    const extra = (version: number) => ({ version, "note\u2028": 'quotes " and {{ braces }}' });
    // The first day was run twice; on the second nothing was promoted.
    expect(events.map((event) => event.extra["version"]).sort()).toEqual([1, 1, 3]);
    expect(events.map(({ source }) => source?.task)).toEqual(["promote", "promote", "promote"]);
    expect(events[0]?.extra).toEqual(extra(events[0]?.extra["version"] as number));
    await eventually(async () => (await airflow.runs("listener"))[0]);
    const runs = await airflow.runs("listener");
    expect(runs[0]).toMatchObject({ type: "asset_triggered" });
    const event = await airflow.emitAssetEvent(promoted, { version: 9 });
    expect(event).toMatchObject({ asset: promoted, extra: { version: 9 }, source: null });
    const seen = new Set(runs.map(({ id }) => id));
    const fresh = await eventually(async () =>
      (await airflow.runs("listener")).find(({ id }) => !seen.has(id)),
    );
    expect((await airflow.wait("listener", fresh.id)).state).toBe("success");
  });

  it("runs a pipeline of ours by the same events, which its steps see", async () => {
    const told = async () => {
      const runs = (await airflow.runs("react")).filter(({ state: ended }) => ended === "success");
      const results = await Promise.all(runs.map((run) => airflow.results("react", run.id)));
      return results.flatMap((result) => (result["note"] as { told: { extra: { version: number } }[] }).told);
    };
    const seen = await eventually(async () => {
      const all = await told();
      return all.length >= 4 ? all : undefined;
    });
    expect(seen.map(({ extra }) => extra.version).sort()).toEqual([1, 1, 3, 9]);
    const [run] = await airflow.runs("react");
    expect(run).toMatchObject({ type: "asset_triggered", interval: null });
    expect((await airflow.results("react", run?.id ?? ""))["note"]).toMatchObject({ hours: 0 });
  });

  it("runs the hooks of a run's end; what a retry cannot mend is not retried; a repaired run succeeds", async () => {
    await upsert("fragile");
    await airflow.resume("fragile");
    const runOf = async (date: string) => {
      const { id } = await airflow.trigger("fragile", { interval: day(date) });
      const { state: ended } = await airflow.wait("fragile", id);
      const tasks = await airflow.tasks("fragile", id);
      return {
        id,
        ended,
        tasks: Object.fromEntries(tasks.map((task) => [task.id, `${task.state} ${task.tryNumber}`])),
      };
    };
    expect(await runOf("2024-03-01")).toMatchObject({
      ended: "failed",
      tasks: { ingest: "success 1", fit: "failed 2", onSuccess: "upstream_failed 0", onFailure: "success 1" },
    });
    expect(await runOf("2024-03-02")).toMatchObject({
      ended: "failed",
      tasks: { fit: "failed 1", onFailure: "success 1" },
    });
    expect(await runOf("2024-03-03")).toMatchObject({
      ended: "success",
      tasks: { fit: "success 1", onSuccess: "success 1", onFailure: "skipped 0" },
    });
    const alarms = await airflow.assetEvents("tsops://alarms/load");
    expect(alarms.map(({ extra }) => [extra["step"], extra["code"]])).toEqual([
      ["fit", "CONFIG_INVALID"],
      ["fit", "STEP_FAILED"],
    ]);
    const [good] = await airflow.assetEvents("tsops://models/fragile");
    expect(good).toMatchObject({ extra: { day: 3 }, source: { dag: "fragile", task: "onSuccess" } });
  });

  it("lets a person approve or reject a promotion, at once after it was asked", async () => {
    await upsert("careful");
    await airflow.resume("careful");
    const answer = async (date: string, give: "approve" | "reject") => {
      const run = await airflow.trigger("careful", { interval: day(date) });
      const pending = await eventually(async () =>
        (await airflow.pendingApprovals("careful")).find((one) => one.run === run.id),
      );
      expect(pending.question).toBe('Promote "version 7"? {{ no template }}');
      await airflow[give](pending);
      expect((await airflow.wait("careful", run.id)).state).toBe("success");
      return airflow.results("careful", run.id);
    };
    expect(await answer("2024-03-01", "approve")).toEqual({
      propose: { version: 7 },
      promote: { champion: 7 },
    });
    expect(await answer("2024-03-02", "reject")).toEqual({ propose: { version: 7 } });
  });

  it("pauses and resumes; refuses a second run of a day, and says why a file cannot be imported", async () => {
    await airflow.pause("careful");
    expect(await airflow.isPaused("careful")).toBe(true);
    await airflow.resume("careful");
    expect(await airflow.isPaused("careful")).toBe(false);
    await expect(airflow.trigger("careful", { interval: day("2024-03-01") })).rejects.toMatchObject({
      code: "STORE_CONFLICT",
    });
    const broken = (module: string) => airflow.upsert("broken", `# airflow dag\nimport ${module}\n`);
    for (const module of ["nothing_like_it", "another_one"])
      await expect(broken(module)).rejects.toMatchObject({
        code: "PIPELINE_INVALID",
        message: expect.stringContaining(module),
      });
    await airflow.upsert("broken", foreignDag("broken", 1));
    for (const name of ["../escape", "", "a/b"])
      await expect(airflow.upsert(name, foreignDag("x", 1))).rejects.toMatchObject({
        code: "PIPELINE_INVALID",
      });
    await expect(airflow.upsert("listener", foreignDag("x", 1))).rejects.toMatchObject({
      code: "PIPELINE_INVALID",
      message: expect.stringContaining("is that of x"),
    });
    await expect(airflow.runs("nobody")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  it("gives all tasks of a run, and the newest runs, however many there are", async () => {
    await airflow.upsert("wide", foreignDag("wide", 130));
    // Paused, it makes its runs and their tasks and starts none.
    const days = ["2024-03-01", "2024-03-02", "2024-03-03"];
    for (const date of days) await airflow.trigger("wide", { interval: day(date) });
    const runs = await airflow.runs("wide");
    expect(runs.map((run) => run.interval)).toEqual(days.map(day));
    expect((await airflow.runs("wide", { limit: 1 })).map((run) => run.interval)).toEqual([
      day("2024-03-03"),
    ]);
    const tasks = await airflow.tasks("wide", runs[0]?.id ?? "");
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(130);
  });

  it("says that exported files are current, and that one was changed", async () => {
    writeFileSync(join(dags, "gone.py"), textOf("daily"));
    expect((await exported("--check")).stdout).toContain("left over  gone.py");
    rmSync(join(dags, "gone.py"));
    writeFileSync(join(dags, "daily.py"), `${textOf("daily")}# changed by hand\n`);
    await expect(exported("--check")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("differs  daily.py"),
    });
  });
});
