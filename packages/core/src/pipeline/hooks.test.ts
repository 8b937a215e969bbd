import { describe, expect, it } from "vitest";
import { untyped } from "../../../../test/without-types.ts";
import type { AssetEvent, Ledger } from "../ports/ledger.ts";
import { memoryLedger } from "../testing/memory-ledger.ts";
import { virtualClock } from "../time/clock.ts";
import { toMicros } from "../time/instant.ts";
import { announceAsset } from "./assets.ts";
import { type AnyPipeline, pipeline } from "./pipeline.ts";
import { runPipeline, runUntilSettled } from "./run-pipeline.ts";
import { createScheduler } from "./scheduler.ts";
import type { LogEntry } from "./step.ts";

const second = 1_000_000n;
const day = 86_400n * second;
const start = toMicros("2011-07-01T00:00Z");
const interval = { start, end: start + day };
const key = { pipeline: "daily", partition: "", ...interval };
const model = "tsops://models/load";
const alarm = "tsops://alarms/load";

function setUp() {
  const clock = virtualClock(interval.end);
  const ledger = memoryLedger();
  const logged: LogEntry[] = [];
  const log = (entry: LogEntry) => logged.push(entry);
  return { clock, ledger, logged, options: { ledger, clock, interval, owner: "test", log } };
}

/** Trains and promotes; reacts to its end. `fit` may fail. */
function reacting(fit: (attempt: number) => unknown = () => 1, attempts = 2) {
  const calls: string[] = [];
  const daily = pipeline("daily", { retry: { attempts, delay: "10s", jitter: 0 } })
    .step("ingest", () => 24)
    .step("train", ({ attempt }) => {
      calls.push("train");
      return { version: fit(attempt) as number };
    })
    .onSuccess(
      ({ results, announce }) => {
        calls.push(`success of ${results.train.version}`);
        announce(model, { version: results.train.version });
      },
      { announces: [model] },
    )
    .onFailure(
      ({ failure, results, announce }) => {
        calls.push(`failure of ${failure.step} after ${results.ingest}: ${failure.code}`);
        announce(alarm, { step: failure.step });
      },
      { announces: [alarm] },
    );
  return { daily, calls };
}

const told = async (ledger: Ledger, assets = [model, alarm]) =>
  (await ledger.events({ assets })).map(({ asset, extra, source }) => [asset, extra, source?.step]);

describe("a hook", () => {
  it("of success runs once, after all steps, and not again for a run that is over", async () => {
    const { options, ledger } = setUp();
    const { daily, calls } = reacting();
    const run = await runPipeline(daily, options);
    expect(calls).toEqual(["train", "success of 1"]);
    expect(run.steps.map(({ step }) => step)).toEqual(["ingest", "train", "onSuccess"]);
    expect(run.results).toEqual({ ingest: 24, train: { version: 1 } });
    await runPipeline(daily, options);
    expect(calls).toHaveLength(2);
    expect(await told(ledger)).toEqual([[model, { version: 1 }, "onSuccess"]]);
    await runPipeline(daily, { ...options, force: true });
    expect(calls).toHaveLength(4);
    expect(await told(ledger)).toHaveLength(2);
  });

  it("of failure runs when the retries are used up, and says which step failed and why", async () => {
    const { options, ledger, clock } = setUp();
    const { daily, calls } = reacting(() => {
      throw new Error("no disk");
    });
    const outcome = runUntilSettled(daily, options);
    await clock.advanceBy(10n * second);
    expect((await outcome).status).toBe("failed");
    expect(calls).toEqual(["train", "train", "failure of train after 24: STEP_FAILED"]);
    expect(await told(ledger)).toEqual([[alarm, { step: "train" }, "onFailure"]]);
    expect((await ledger.get(key))?.entry.error?.code).toBe("STEP_FAILED");
  });

  it("that throws is logged, changes nothing, and what it had announced stays said", async () => {
    const { options, ledger, logged } = setUp();
    const seen: string[] = [];
    const daily = pipeline("daily")
      .step("fit", () => 1)
      .onSuccess(
        ({ announce }) => {
          announce(model);
          throw new Error("the chat is down");
        },
        { announces: [model] },
      )
      .onSuccess(() => {
        seen.push("second");
      });
    expect((await runPipeline(daily, options)).status).toBe("succeeded");
    expect(seen).toEqual(["second"]);
    expect(logged.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      'STEP_FAILED: Step "onSuccess" failed: the chat is down',
    ]);
    expect(await told(ledger)).toEqual([[model, {}, "onSuccess"]]);
  });

  it("whose process dies runs again with whoever takes the run over", async () => {
    const { options, ledger, clock } = setUp();
    const { daily, calls } = reacting();
    // Dies when it is about to record that the hook ran.
    const dying: Ledger = {
      ...ledger,
      recordStep: (of, owner, step) =>
        step.step === "onSuccess" ? new Promise(() => {}) : ledger.recordStep(of, owner, step),
      renew: () => new Promise(() => {}),
    };
    void runPipeline(daily, { ...options, ledger: dying });
    await clock.advanceBy(1n);
    expect(calls).toEqual(["train", "success of 1"]);
    const running = runPipeline(daily, options);
    await clock.advanceBy(61n * second);
    expect((await running).status).toBe("succeeded");
    expect(calls).toEqual(["train", "success of 1", "success of 1"]);
    expect(await told(ledger)).toHaveLength(1);
  });

  it("that was recorded before its process died is not run again", async () => {
    const { options, ledger, clock } = setUp();
    const { daily, calls } = reacting();
    const dying: Ledger = {
      ...ledger,
      finish: () => new Promise(() => {}),
      renew: () => new Promise(() => {}),
    };
    void runPipeline(daily, { ...options, ledger: dying });
    await clock.advanceBy(1n);
    const running = runPipeline(daily, options);
    await clock.advanceBy(61n * second);
    expect((await running).status).toBe("succeeded");
    expect(calls).toEqual(["train", "success of 1"]);
    expect(await told(ledger)).toHaveLength(1);
  });

  it("at whose work the signal fires leaves the run to be gone on with", async () => {
    const { options, ledger } = setUp();
    const controller = new AbortController();
    let isPatient = false;
    const daily = pipeline("daily")
      .step("fit", () => 1)
      .onSuccess(({ signal }) => {
        if (isPatient) return;
        controller.abort();
        signal.throwIfAborted();
      });
    await expect(runPipeline(daily, { ...options, signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect((await ledger.get(key))?.entry.status).toBe("waiting_retry");
    isPatient = true;
    expect((await runPipeline(daily, options)).steps.map((step) => step.wasRecorded)).toEqual([true, false]);
  });
});

describe("steps that are asked for alone", () => {
  it("leave the hook of success to be asked for, too", async () => {
    const { options, ledger } = setUp();
    const { daily, calls } = reacting();
    const ask = async (only: string) => (await runUntilSettled(daily, { ...options, only })).status;
    await expect(ask("onSuccess")).rejects.toMatchObject({ code: "PIPELINE_INVALID" });
    expect([await ask("ingest"), await ask("train"), await ask("onSuccess"), await ask("onSuccess")]).toEqual(
      ["pending", "pending", "succeeded", "succeeded"],
    );
    expect(calls).toEqual(["train", "success of 1"]);
    expect(await told(ledger)).toHaveLength(1);
  });

  it("leave the hook of failure to be asked for once they are given up; a step asked for then goes on", async () => {
    const { options, ledger } = setUp();
    let isBroken = true;
    const { daily, calls } = reacting(() => {
      if (isBroken) throw new Error("no disk");
      return 5;
    });
    const ask = (only: string) => runUntilSettled(daily, { ...options, only });
    await ask("ingest");
    expect((await ask("train")).status).toBe("waiting_retry");
    const given = await ask("onFailure");
    expect(given).toMatchObject({ status: "failed", error: { code: "STEP_FAILED" } });
    expect(given.steps.at(-1)?.announced).toEqual([{ asset: alarm, extra: { step: "train" } }]);
    expect(calls).toEqual(["train", "failure of train after 24: STEP_FAILED"]);
    isBroken = false;
    expect((await ask("train")).status).toBe("pending");
    expect((await ask("onSuccess")).status).toBe("succeeded");
    expect(await told(ledger)).toEqual([
      [alarm, { step: "train" }, "onFailure"],
      [model, { version: 5 }, "onSuccess"],
    ]);
  });

  it("refuse the hook of failure for a run that has not failed", async () => {
    const { options, ledger } = setUp();
    const { daily, calls } = reacting();
    const ask = () => runUntilSettled(daily, { ...options, only: "onFailure" });
    await expect(ask()).rejects.toThrow(/never began/);
    expect(await ledger.get(key)).toBeNull();
    await runPipeline(daily, options);
    await expect(ask()).rejects.toThrow(/is succeeded/);
    expect((await ledger.get(key))?.entry.status).toBe("succeeded");
    expect(calls).toEqual(["train", "success of 1"]);
  });

  it("fail for good when a retry cannot help", async () => {
    const { options } = setUp();
    const daily = untyped(pipeline("daily")).step("fit", () => () => 1);
    const outcome = await runUntilSettled(daily, { ...options, only: "fit" });
    expect(outcome).toMatchObject({ status: "failed", error: { code: "PIPELINE_INVALID" } });
  });
});

describe("announce", () => {
  it("says nothing when its step fails, and says it with the step's result", async () => {
    const { options, ledger, clock } = setUp();
    const daily = pipeline("daily", { retry: { delay: "10s", jitter: 0 } }).step(
      "promote",
      ({ announce, attempt }) => {
        announce(model, { attempt });
        if (attempt === 1) throw new Error("again");
      },
      { announces: [model] },
    );
    const running = runPipeline(daily, options);
    await clock.advanceBy(10n * second);
    expect((await running).steps[0]?.announced).toEqual([{ asset: model, extra: { attempt: 2 } }]);
    expect(await told(ledger)).toEqual([[model, { attempt: 2 }, "promote"]]);
  });

  it.each([
    ["an asset that was not declared", alarm, {}, /did not declare/],
    ["facts that JSON cannot hold", model, { at: 1n }, /not plain JSON/],
    ["a Date", model, { at: new Date(0) }, /not plain JSON/],
    ["NaN", model, { score: Number.NaN }, /not plain JSON/],
    ["a text as facts", model, "v3", /not plain JSON/],
  ])("refuses %s", async (_, asset, extra, message) => {
    const { options, ledger } = setUp();
    const daily = pipeline("daily").step("promote", ({ announce }): void => untyped(announce)(asset, extra), {
      announces: [model],
    });
    await expect(runPipeline(daily, options)).rejects.toThrow(message);
    expect(await told(ledger)).toEqual([]);
  });

  it.each(["load", "tsops://models", "tsops://models/", "tsops://a/b?c", "airflow://a/b", "a b://c/d", ""])(
    "refuses %j as the URI of an asset",
    (asset) => {
      expect(() => pipeline("p").step("a", () => 1, { announces: [asset] })).toThrow(/no URI/);
      expect(() => pipeline("p").onAssetEvent(asset)).toThrow(/no URI/);
    },
  );

  it("refuses names of hooks for steps, and events for a pipeline with a schedule", () => {
    expect(() => pipeline("p").step("onSuccess", () => 1)).toThrow(/that is a hook/);
    expect(() => pipeline("p", { schedule: { every: "1d" } }).onAssetEvent(model)).toThrow(/has a schedule/);
  });
});

describe("a pipeline that reacts to events", () => {
  const listening = (seen: (readonly AssetEvent[])[], work: () => unknown = () => null) =>
    pipeline("react", { catchUp: "all", retry: { attempts: 2, delay: "1s", jitter: 0 } })
      .onAssetEvent(model, alarm)
      .step("note", async ({ events, interval: { start: from, end } }) => {
        expect([from, end]).toEqual([events.at(-1)?.at, events.at(-1)?.at]);
        await work();
        seen.push(events);
      });

  it("runs after the pipeline that announced, in the same go", async () => {
    const { ledger, clock } = setUp();
    const seen: (readonly AssetEvent[])[] = [];
    const daily = pipeline("daily", { schedule: { every: "1d" } }).step(
      "promote",
      ({ announce }) => announce(model, { version: 2 }),
      { announces: [model] },
    );
    const scheduler = createScheduler({ pipelines: [listening(seen), daily], ledger, clock });
    const outcomes = await scheduler.runDue();
    expect(outcomes.map(({ entry, status }) => [entry.pipeline, status])).toEqual([
      ["daily", "succeeded"],
      ["react", "succeeded"],
    ]);
    expect(seen.map((events) => events.map(({ extra }) => extra))).toEqual([[{ version: 2 }]]);
    expect(await scheduler.runDue()).toEqual([]);
  });

  it("takes in all events since its last run at once, and goes on there after a restart", async () => {
    const { ledger, clock } = setUp();
    const seen: (readonly AssetEvent[])[] = [];
    const say = (n: number) => announceAsset(model, { ledger, clock, extra: { n } });
    const restart = () => createScheduler({ pipelines: [listening(seen)], ledger, clock });
    await say(1);
    await say(2);
    await announceAsset("tsops://models/other", { ledger, clock });
    await restart().runDue();
    await restart().runDue();
    await say(3);
    const scheduler = restart();
    await scheduler.runDue();
    await say(4);
    await scheduler.runDue();
    expect(seen.map((events) => events.map(({ extra }) => extra["n"]))).toEqual([[1, 2], [3], [4]]);
  });

  it("loses no event that comes while it is at work or fails, and repeats none", async () => {
    const { ledger, clock } = setUp();
    const seen: (readonly AssetEvent[])[] = [];
    let count = 0;
    const say = () => announceAsset(alarm, { ledger, clock, extra: { n: ++count } });
    let fails = 1;
    const react = listening(seen, async () => {
      if (count < 3) await say();
      if (fails-- > 0) throw new Error("again");
    });
    const scheduler = createScheduler({ pipelines: [react], ledger, clock });
    await say();
    await scheduler.runDue();
    await clock.advanceBy(second);
    await scheduler.runDue();
    expect(seen.map((events) => events.map(({ extra }) => extra["n"]))).toEqual([[1], [2, 3]]);
  });

  it("runs soon after another process announced, while the scheduler waits", async () => {
    const { ledger, clock } = setUp();
    const seen: (readonly AssetEvent[])[] = [];
    const stop = new AbortController();
    const running = createScheduler({ pipelines: [listening(seen)], ledger, clock }).run(stop.signal);
    await clock.advanceBy(second);
    await announceAsset(model, { ledger, clock });
    await clock.advanceBy(second);
    await clock.advanceBy(second);
    expect(seen).toHaveLength(1);
    stop.abort();
    await running;
  });

  it("is refused when it would run by what it says itself; a ring of pipelines can be stopped", async () => {
    const { ledger, clock } = setUp();
    const of = (name: string, from: string, to: string) =>
      pipeline(name)
        .onAssetEvent(from)
        .step("say", ({ announce }) => announce(to), { announces: [to] });
    const scheduler = (...pipelines: AnyPipeline[]) => createScheduler({ pipelines, ledger, clock });
    expect(() => scheduler(of("echo", model, model))).toThrow(/announces itself/);
    await announceAsset(model, { ledger, clock });
    const signal = AbortSignal.timeout(50);
    const ring = scheduler(of("one", model, alarm), of("two", alarm, model));
    await expect(ring.runDue(signal)).rejects.toMatchObject({ code: "ABORTED" });
    expect((await ledger.list("one")).length).toBeGreaterThan(1);
  });

  it("leaves the event loop its turns, whatever steps do not wait", async () => {
    const { ledger, clock } = setUp();
    const busy = pipeline("busy", {
      schedule: { every: "1m" },
      catchUp: "all",
      startAt: start - 100n * day,
    }).step("count", () => 1);
    const signal = AbortSignal.timeout(50);
    await createScheduler({ pipelines: [busy], ledger, clock }).run(signal);
    expect((await ledger.list("busy")).length).toBeLessThan(101 * 1440);
  });
});
