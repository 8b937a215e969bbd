import { describe, expect, it, vi } from "vitest";
import { TsopsError } from "../errors.ts";
import type { Ledger } from "../ports/ledger.ts";
import { memoryLedger } from "../testing/memory-ledger.ts";
import { type VirtualClock, virtualClock } from "../time/clock.ts";
import { toMicros } from "../time/instant.ts";
import { type PipelineOptions, pipeline } from "./pipeline.ts";
import { type RunPipelineOptions, runPipeline, runUntilSettled } from "./run-pipeline.ts";
import type { LogEntry } from "./step.ts";

const second = 1_000_000n;
const start = toMicros("2011-07-01T00:00Z");
const interval = { start, end: start + 86_400n * second };
const key = { pipeline: "daily", partition: "", ...interval };

function setUp(): { clock: VirtualClock; ledger: Ledger; options: RunPipelineOptions } {
  const clock = virtualClock(interval.end);
  const ledger = memoryLedger();
  return { clock, ledger, options: { ledger, clock, interval, owner: "test" } };
}

/** A pipeline `ingest -> train -> report` that counts how often each step ran. */
function counted(options: PipelineOptions = {}, train: (attempt: number) => unknown = () => 7) {
  const calls: string[] = [];
  const daily = pipeline("daily", { retry: { delay: "10s", jitter: 0 }, ...options })
    .step("ingest", async () => {
      calls.push("ingest");
      return { rows: 24 };
    })
    .step("train", async ({ attempt, results }) => {
      calls.push("train");
      return { model: (await train(attempt)) as number, rows: results.ingest.rows };
    })
    .step("report", ({ results }) => {
      calls.push("report");
      return `${results.train.model} of ${results.ingest.rows}`;
    });
  return { daily, calls };
}

async function errorOf(promise: Promise<unknown>): Promise<TsopsError> {
  const error = await promise.then(
    () => new Error("nothing was thrown"),
    (caught: unknown) => caught,
  );
  if (TsopsError.is(error)) return error;
  throw error;
}

describe("a run", () => {
  it("does its steps in order and hands results on", async () => {
    const { options, ledger } = setUp();
    const { daily, calls } = counted();
    const run = await runPipeline(daily, options);
    expect(calls).toEqual(["ingest", "train", "report"]);
    expect(run.results).toEqual({ ingest: { rows: 24 }, train: { model: 7, rows: 24 }, report: "7 of 24" });
    expect(run.isNew).toBe(true);
    const found = await ledger.get(key);
    expect(found?.entry).toMatchObject({ status: "succeeded", attempt: 1, owner: null, error: null });
    expect(found?.steps.map((step) => step.step)).toEqual(["ingest", "train", "report"]);
  });

  it("of a finished interval does nothing and gives its results back", async () => {
    const { options } = setUp();
    const { daily, calls } = counted();
    const first = await runPipeline(daily, options);
    const again = await runPipeline(daily, options);
    expect(calls).toHaveLength(3);
    expect(again.results).toEqual(first.results);
    expect(again.isNew).toBe(false);
    expect(again.steps.every((step) => step.wasRecorded)).toBe(true);
  });

  it("is done again from the first step with force", async () => {
    const { options, ledger } = setUp();
    const { daily, calls } = counted();
    await runPipeline(daily, options);
    await runPipeline(daily, { ...options, force: true });
    expect(calls).toEqual(["ingest", "train", "report", "ingest", "train", "report"]);
    expect((await ledger.get(key))?.entry.attempt).toBe(2);
  });

  it("of an interval that its schedule does not have is resumed, and gives its results, once it was forced", async () => {
    const { options } = setUp();
    const half = { start, end: start + 43_200n * second };
    let isBroken = true;
    const { daily, calls } = counted({ schedule: { every: "1d" }, retry: { attempts: 1 } }, () => {
      if (isBroken) throw new Error("no");
      return 7;
    });
    const asked = { ...options, interval: half };
    expect(await errorOf(runPipeline(daily, asked))).toMatchObject({
      code: "PIPELINE_INVALID",
      hint: expect.stringContaining("use force"),
    });
    expect((await errorOf(runPipeline(daily, { ...asked, force: true }))).code).toBe("STEP_FAILED");
    isBroken = false;
    const resumed = await runPipeline(daily, { ...asked, resume: true });
    expect((await runPipeline(daily, asked)).results).toEqual(resumed.results);
    expect(calls).toEqual(["ingest", "train", "train", "report"]);
  });

  it("tells its steps the interval, partition, attempt and clock", async () => {
    const { options, clock } = setUp();
    const seen = vi.fn();
    const parts = pipeline("daily", { partitions: ["east", "west"] }).step("look", (context) => {
      seen({ ...context, signal: undefined, progress: undefined, log: undefined });
    });
    const run = await runPipeline(parts, { ...options, partition: "west" });
    expect(seen.mock.calls[0]?.[0]).toMatchObject({
      pipeline: "daily",
      step: "look",
      interval,
      partition: "west",
      attempt: 1,
      results: {},
      clock,
    });
    expect(run.results.look).toBe(null);
  });

  it("gives each step results that other steps cannot change", async () => {
    const { options } = setUp();
    const seen: number[][] = [];
    const changing = pipeline("daily")
      .step("one", () => [1, 2, 3])
      .step("two", ({ results }) => {
        results.one.push(4);
      })
      .step("three", ({ results }) => {
        seen.push(results.one);
      });
    await runPipeline(changing, options);
    expect(seen).toEqual([[1, 2, 3]]);
  });

  it("keeps bigint, Date, typed arrays and NaN in results", async () => {
    const { options } = setUp();
    const value = {
      big: 2n ** 63n,
      date: new Date(86_400_000),
      values: Float64Array.of(1, Number.NaN),
      gap: Number.NaN,
      left: undefined,
    };
    const seen = vi.fn();
    const exact = pipeline("daily")
      .step("make", () => value)
      .step("look", ({ results }) => seen(results.make));
    await runPipeline(exact, options);
    const { left: _, ...rest } = value;
    expect(seen).toHaveBeenCalledWith(rest);
  });

  it("takes the schedule's last due interval when none is given", async () => {
    const { ledger, clock } = setUp();
    const { daily } = counted({ schedule: { every: "1d", delay: "1h" } });
    const run = await runPipeline(daily, { ledger, clock, at: "2011-07-03T00:59:00Z" });
    expect(run.entry.start).toBe(toMicros("2011-07-01T00:00Z"));
    const later = await runPipeline(daily, { ledger, clock, at: "2011-07-03T01:00:00Z" });
    expect(later.entry.start).toBe(toMicros("2011-07-02T00:00Z"));
  });

  it("reports progress and log lines under the step's name", async () => {
    const { options } = setUp();
    const lines: LogEntry[] = [];
    const progress = vi.fn();
    const talking = pipeline("daily").step("fit", ({ progress: report, log }) => {
      report({ task: "trees", done: 1, total: 2 });
      log("half way", { mae: 3 });
    });
    await runPipeline(talking, { ...options, progress, log: (entry) => lines.push(entry) });
    expect(progress).toHaveBeenCalledWith({ task: "fit: trees", done: 1, total: 2 });
    expect(lines.map(({ message, step }) => [step, message])).toEqual([
      ["fit", "started"],
      ["fit", "half way"],
      ["fit", "done in 0.0 s"],
    ]);
    expect(lines[1]).toMatchObject({
      level: "info",
      pipeline: "daily",
      partition: "",
      interval,
      fields: { mae: 3 },
    });
  });
});

describe("failures", () => {
  it("are tried again after growing waits, without repeating finished steps", async () => {
    const { options, clock, ledger } = setUp();
    const { daily, calls } = counted({}, (attempt) => {
      if (attempt < 3) throw new Error(`no luck ${attempt}`);
      return attempt;
    });
    const running = runPipeline(daily, options);
    await clock.advanceBy(0n);
    expect((await ledger.get(key))?.entry).toMatchObject({
      status: "waiting_retry",
      nextRetryAt: interval.end + 10n * second,
      error: { code: "STEP_FAILED", message: 'Step "train" failed: no luck 1' },
    });
    await clock.advanceBy(10n * second);
    expect((await ledger.get(key))?.entry.nextRetryAt).toBe(interval.end + 30n * second);
    await clock.advanceBy(20n * second);
    expect((await running).results.train.model).toBe(3);
    expect(calls).toEqual(["ingest", "train", "train", "train", "report"]);
  });

  it("end the run after the last attempt, with the cause, and a later run says so", async () => {
    const { options, clock, ledger } = setUp();
    const cause = new Error("disk on fire");
    const { daily, calls } = counted({ retry: { attempts: 2, delay: "1s", jitter: 0 } }, () => {
      throw cause;
    });
    const running = errorOf(runPipeline(daily, options));
    await clock.advanceBy(second);
    const error = await running;
    expect([error.code, error.message, error.cause]).toEqual([
      "STEP_FAILED",
      'Step "train" failed: disk on fire',
      cause,
    ]);
    expect((await ledger.get(key))?.entry).toMatchObject({ status: "failed", attempt: 2 });
    const later = await errorOf(runPipeline(daily, options));
    expect(later.message).toBe('The run failed before. Step "train" failed: disk on fire');
    expect(later.hint).toContain("resume");
    expect(calls).toEqual(["ingest", "train", "train"]);
  });

  it("keep the code, hint and details of our own errors", async () => {
    const { options } = setUp();
    const { daily } = counted({ retry: { attempts: 1 } }, () => {
      throw new TsopsError("SERIES_TOO_SHORT", "12 rows", { hint: "More rows.", details: { rows: 12 } });
    });
    const error = await errorOf(runPipeline(daily, options));
    expect([error.code, error.hint, error.details]).toEqual([
      "SERIES_TOO_SHORT",
      "More rows.",
      { rows: 12, step: "train" },
    ]);
  });

  it("are gone on from with resume, after the cause was repaired", async () => {
    const { options } = setUp();
    let isBroken = true;
    const { daily, calls } = counted({ retry: { attempts: 1 } }, () => {
      if (isBroken) throw new Error("broken");
      return 1;
    });
    await errorOf(runPipeline(daily, options));
    isBroken = false;
    const run = await runPipeline(daily, { ...options, resume: true });
    expect(run.results.report).toBe("1 of 24");
    expect(calls).toEqual(["ingest", "train", "train", "report"]);
    expect(run.steps.map((step) => step.wasRecorded)).toEqual([true, false, false]);
  });

  it("after a resume or a force may be tried again as often as after a first run", async () => {
    const { options, clock, ledger } = setUp();
    const { daily, calls } = counted({ retry: { attempts: 2, delay: "1s", jitter: 0 } }, () => {
      throw new Error("no");
    });
    for (const asked of [{}, { resume: true }, { force: true }]) {
      calls.length = 0;
      const running = errorOf(runPipeline(daily, { ...options, ...asked }));
      await clock.advanceBy(10n * second);
      await running;
      expect(calls.filter((name) => name === "train")).toHaveLength(2);
    }
    expect((await ledger.get(key))?.entry.attempt).toBe(6);
  });

  it("that waiting cannot repair are not tried again", async () => {
    const { options } = setUp();
    const odd = pipeline("daily").step("make", () => ({
      a: [1, { b: new URL("http://localhost") as unknown }],
    }));
    const error = await errorOf(runPipeline(odd, options));
    expect(error.code).toBe("PIPELINE_INVALID");
    expect(error.message).toBe(
      'Step "make" returned an instance of URL at result.a[1].b, which cannot be recorded.',
    );
  });

  it("include results nested too deeply to be written down", async () => {
    const { options } = setUp();
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = { deep };
    const error = await errorOf(
      runPipeline(
        pipeline("daily").step("make", () => deep),
        options,
      ),
    );
    expect([error.code, error.message]).toEqual([
      "PIPELINE_INVALID",
      expect.stringContaining("nested too deeply"),
    ]);
  });

  it("include results too large for a ledger", async () => {
    const { options } = setUp();
    const large = pipeline("daily").step("make", () => "x".repeat(2_000_000));
    expect((await errorOf(runPipeline(large, options))).message).toContain("2000002 characters");
  });

  it("are returned at once, with the time of the retry, when nothing may be waited for", async () => {
    const { options } = setUp();
    const { daily } = counted({}, () => {
      throw new Error("no");
    });
    const outcome = await runUntilSettled(daily, { ...options, wait: "nothing" });
    expect(outcome.status).toBe("waiting_retry");
    expect(outcome.entry.nextRetryAt).toBe(interval.end + 10n * second);
    expect((await runUntilSettled(daily, { ...options, wait: "nothing" })).status).toBe("busy");
  });
});

describe("timeouts", () => {
  it("fire the step's signal; a step that does not listen is waited for 5 seconds more", async () => {
    const { options, clock, ledger } = setUp();
    const reasons: unknown[] = [];
    const slow = pipeline("daily", { retry: { attempts: 1 } }).step(
      "wait",
      ({ signal }) =>
        new Promise<void>(() => {
          signal.addEventListener("abort", () => reasons.push((signal.reason as TsopsError).code));
        }),
      { timeout: "5m" },
    );
    const running = errorOf(runPipeline(slow, options));
    await clock.advanceBy(299n * second);
    expect(reasons).toEqual([]);
    await clock.advanceBy(second);
    expect(reasons).toEqual(["STEP_TIMEOUT"]);
    expect((await ledger.get(key))?.entry.status).toBe("running");
    await clock.advanceBy(5n * second);
    const error = await running;
    expect([error.code, error.message]).toEqual(["STEP_TIMEOUT", 'Step "wait" was not done within 5m.']);
    expect((await ledger.get(key))?.entry.error?.code).toBe("STEP_TIMEOUT");
  });

  it("let a step that is done in time be, and leave no sleeper behind", async () => {
    const { options, clock } = setUp();
    const quick = pipeline("daily").step("wait", () => 1, { timeout: "5m" });
    await runPipeline(quick, options);
    await clock.advanceBy(0n);
    expect(clock.nextWakeUp()).toBe(null);
  });
});

describe("abort", () => {
  it("keeps finished steps, and the run can be resumed at once", async () => {
    const { options, clock, ledger } = setUp();
    const controller = new AbortController();
    const { daily, calls } = counted({}, (attempt) => {
      if (attempt > 1) return 5;
      controller.abort(new Error("SIGTERM"));
      return new Promise(() => {});
    });
    const running = errorOf(runPipeline(daily, { ...options, signal: controller.signal }));
    await clock.advanceBy(5n * second);
    const error = await running;
    expect(error.code).toBe("ABORTED");
    expect((await ledger.get(key))?.entry).toMatchObject({ status: "waiting_retry", owner: null });
    const run = await runPipeline(daily, options);
    expect(run.results.train.model).toBe(5);
    expect(calls).toEqual(["ingest", "train", "train", "report"]);
  });

  it("lets a step clean up before the run is given away, and keeps what it finishes meanwhile", async () => {
    const { options, clock, ledger } = setUp();
    const controller = new AbortController();
    const cleaning = pipeline("daily")
      .step("write", async ({ signal, clock: time }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        await time.sleepUntil(time.now() + 3n * second);
        return "whole";
      })
      .step("read", ({ results }) => results.write);
    const running = errorOf(runPipeline(cleaning, { ...options, signal: controller.signal }));
    await clock.advanceBy(second);
    controller.abort();
    await clock.advanceBy(2n * second);
    expect((await ledger.get(key))?.entry.status).toBe("running");
    await clock.advanceBy(second);
    expect((await running).code).toBe("ABORTED");
    expect((await ledger.get(key))?.steps.map((step) => step.step)).toEqual(["write"]);
    expect((await runPipeline(cleaning, options)).results.read).toBe("whole");
  });

  it("before the first step runs nothing", async () => {
    const { options } = setUp();
    const { daily, calls } = counted();
    expect((await errorOf(runPipeline(daily, { ...options, signal: AbortSignal.abort() }))).code).toBe(
      "ABORTED",
    );
    expect(calls).toEqual([]);
  });

  it("ends the wait for a retry", async () => {
    const { options, clock, ledger } = setUp();
    const controller = new AbortController();
    const { daily } = counted({}, () => {
      throw new Error("no");
    });
    const running = errorOf(runPipeline(daily, { ...options, signal: controller.signal }));
    await clock.advanceBy(second);
    controller.abort();
    expect((await running).code).toBe("ABORTED");
    expect((await ledger.get(key))?.entry.status).toBe("waiting_retry");
  });
});

describe("the lease", () => {
  it("is renewed while a step works, so that nobody else takes the run", async () => {
    const { options, clock, ledger } = setUp();
    let finish = (_: number): void => {};
    const { daily, calls } = counted(
      { lease: "30s" },
      () =>
        new Promise<number>((resolve) => {
          finish = resolve;
        }),
    );
    const running = runPipeline(daily, options);
    await clock.advanceBy(600n * second);
    expect((await runUntilSettled(daily, { ...options, wait: "nothing" })).status).toBe("busy");
    expect((await ledger.get(key))?.entry.leaseUntil).toBeGreaterThan(clock.now());
    finish(1);
    expect((await running).results.report).toBe("1 of 24");
    expect(calls).toEqual(["ingest", "train", "report"]);
    expect(clock.nextWakeUp()).toBe(null);
  });

  it("of a process that died runs out, and whoever takes over goes on after its last finished step", async () => {
    const { options, clock, ledger } = setUp();
    const { daily, calls } = counted({ lease: "30s" });
    // A process that claims, records one step, and is never heard of again.
    await ledger.claim(key, { owner: "dead", now: clock.now(), leaseUntil: clock.now() + 30n * second });
    const other = setUp();
    const donor = counted();
    await runPipeline(donor.daily, other.options);
    const [ingest] = (await other.ledger.get(key))?.steps ?? [];
    if (ingest === undefined) throw new Error("no step");
    await ledger.recordStep(key, "dead", ingest);

    const running = runPipeline(daily, options);
    await clock.advanceBy(29n * second);
    expect(calls).toEqual([]);
    await clock.advanceBy(second);
    const run = await running;
    expect(calls).toEqual(["train", "report"]);
    expect(run.entry.attempt).toBe(2);
  });

  it("of processes that die again and again is taken over as often as retries allow, then by resume only", async () => {
    const { options, clock, ledger } = setUp();
    const { daily, calls } = counted({ lease: "30s", retry: { attempts: 3 } });
    const die = async (owner: string) => {
      await ledger.claim(key, { owner, now: clock.now(), leaseUntil: clock.now() + 30n * second });
      await clock.advanceBy(30n * second);
    };
    for (const owner of ["first", "second", "third"]) await die(owner);
    const error = await runPipeline(daily, options).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "RUN_ABANDONED", details: { attempts: 3 } });
    expect(calls).toEqual([]);
    expect((await ledger.get(key))?.entry).toMatchObject({
      status: "failed",
      owner: null,
      error: { code: "RUN_ABANDONED" },
    });
    const run = await runPipeline(daily, { ...options, resume: true });
    expect(run.status).toBe("succeeded");
    expect(calls).toEqual(["ingest", "train", "report"]);
  });

  it("once lost stops the step, and nothing more is recorded", async () => {
    const { options, clock, ledger } = setUp();
    const codes: unknown[] = [];
    const { daily, calls } = counted({ lease: "30s" }, () => new Promise(() => {}));
    const watched = daily.step("never", () => null);
    const running = errorOf(runPipeline(watched, options));
    await clock.advanceBy(0n);
    // The clock stood still for this process, and another one took the run.
    const taken = await ledger.claim(key, {
      owner: "thief",
      now: clock.now() + 31n * second,
      leaseUntil: clock.now() + 900n * second,
    });
    expect(taken.outcome).toBe("claimed");
    await clock.advanceBy(15n * second);
    codes.push((await running).code);
    expect(codes).toEqual(["LEASE_LOST"]);
    expect(calls).toEqual(["ingest", "train"]);
    expect((await ledger.get(key))?.entry.owner).toBe("thief");
  });

  it("survives a ledger that is busy for a moment, but not one that is away for longer", async () => {
    const { options, clock, ledger } = setUp();
    let failures = 0;
    let isAway = true;
    const flaky: Ledger = {
      ...ledger,
      async renew(...values) {
        if (isAway) {
          failures++;
          throw new TsopsError("STORE_BUSY", "locked");
        }
        return ledger.renew(...values);
      },
    };
    const { daily } = counted({ lease: "30s" }, () => new Promise(() => {}));
    const running = errorOf(runPipeline(daily, { ...options, ledger: flaky }));
    await clock.advanceBy(15n * second);
    isAway = false;
    await clock.advanceBy(300n * second);
    expect(failures).toBe(1);
    isAway = true;
    await clock.advanceBy(40n * second);
    const error = await running;
    expect([error.code, TsopsError.is(error.cause, "STORE_BUSY")]).toEqual(["LEASE_LOST", true]);
  });
});

describe("a crash at any moment", () => {
  /** A ledger as one process sees it that dies before (or right after) its n-th call. */
  function mortal(ledger: Ledger, calls: number, isDone: boolean): Ledger {
    let left = calls;
    const guard =
      <A extends unknown[], R>(call: (...values: A) => Promise<R>) =>
      async (...values: A): Promise<R> => {
        left--;
        if (left < 0) throw new Error("dead");
        const result = left > 0 || isDone ? await call(...values) : undefined;
        if (left === 0) throw new Error("dead");
        return result as R;
      };
    return {
      ...ledger,
      claim: guard(ledger.claim),
      recordStep: guard(ledger.recordStep),
      finish: guard(ledger.finish),
      get: guard(ledger.get),
    };
  }

  it("loses no recorded step, repeats only the one at work, and ends in the same results", async () => {
    let crashes = 0;
    for (let calls = 1; calls <= 7; calls++)
      for (const isDone of [false, true]) {
        const { options, clock, ledger } = setUp();
        const { daily, calls: ran } = counted();
        const before = await runPipeline(daily, { ...options, ledger: mortal(ledger, calls, isDone) }).catch(
          (error: unknown) => error,
        );
        if (before instanceof Error) crashes++;
        const recorded = (await ledger.get(key))?.steps.map((step) => step.step) ?? [];
        const ranBefore = [...ran];
        await clock.advanceBy(120n * second);
        const run = await runPipeline(daily, options);
        expect(run.results).toEqual({
          ingest: { rows: 24 },
          train: { model: 7, rows: 24 },
          report: "7 of 24",
        });
        expect((await ledger.get(key))?.entry.status).toBe("succeeded");
        const again = ran.slice(ranBefore.length);
        expect(again).toEqual(["ingest", "train", "report"].filter((step) => !recorded.includes(step)));
        expect(ran.length).toBeLessThanOrEqual(4);
      }
    // 6 calls make a run (claim, 3 steps, finish, get); the seventh never comes.
    expect(crashes).toBe(12);
  });
});

describe("a step alone", () => {
  it("runs once its predecessors are recorded; the last one ends the run", async () => {
    const { options, ledger } = setUp();
    const { daily, calls } = counted();
    const early = await errorOf(runPipeline(daily, { ...options, only: "train" }));
    expect([early.code, early.hint]).toEqual([
      "PIPELINE_INVALID",
      'Run "ingest" for this interval first, or the whole pipeline.',
    ]);
    for (const [only, status] of [
      ["ingest", "pending"],
      ["train", "pending"],
      ["report", "succeeded"],
    ] as const) {
      const outcome = await runUntilSettled(daily, { ...options, only });
      expect([outcome.status, outcome.entry.attempt]).toEqual([status, 1]);
    }
    expect(calls).toEqual(["ingest", "train", "report"]);
    expect((await ledger.get(key))?.entry.status).toBe("succeeded");
    await runUntilSettled(daily, { ...options, only: "train" });
    expect(calls).toHaveLength(3);
  });

  it("is run again with force, keeping what is before it", async () => {
    const { options } = setUp();
    const { daily, calls } = counted({}, (attempt) => attempt);
    await runPipeline(daily, options);
    const outcome = await runUntilSettled(daily, { ...options, only: "train", force: true });
    expect(outcome.status).toBe("pending");
    expect(calls).toEqual(["ingest", "train", "report", "train"]);
    // What was made from the old result is made again.
    const run = await runPipeline(daily, options);
    expect(calls).toEqual(["ingest", "train", "report", "train", "report"]);
    expect(run.results.report).toBe("2 of 24");
  });

  it("that fails is left to whoever asked, without using up attempts", async () => {
    const { options } = setUp();
    let isBroken = true;
    const { daily } = counted({ retry: { attempts: 1 } }, () => {
      if (isBroken) throw new Error("broken");
      return 1;
    });
    await runUntilSettled(daily, { ...options, only: "ingest" });
    for (let i = 0; i < 3; i++)
      expect((await runUntilSettled(daily, { ...options, only: "train" })).status).toBe("waiting_retry");
    isBroken = false;
    expect((await runUntilSettled(daily, { ...options, only: "train" })).status).toBe("pending");
  });
});

describe("a pipeline that changed between attempts", () => {
  it("runs a step again whose predecessor is new", async () => {
    const { options } = setUp();
    const calls: string[] = [];
    const step = (name: string) => () => {
      calls.push(name);
      return name;
    };
    const before = pipeline("daily", { retry: { attempts: 1 } })
      .step("a", step("a"))
      .step("c", step("c"))
      .step("d", () => {
        throw new Error("no");
      });
    await errorOf(runPipeline(before, options));
    const after = pipeline("daily").step("a", step("a")).step("b", step("b")).step("c", step("c"));
    await runPipeline(after, { ...options, resume: true });
    expect(calls).toEqual(["a", "c", "b", "c"]);
  });

  it("refuses a recorded result that was tampered with", async () => {
    const { options, ledger } = setUp();
    const { daily } = counted();
    await runPipeline(daily, options);
    const forged: Ledger = {
      ...ledger,
      async claim(...values) {
        const claim = await ledger.claim(...values);
        if (claim.outcome === "busy") return claim;
        return { ...claim, steps: claim.steps.map((step) => ({ ...step, result: "0" })) };
      },
    };
    expect((await errorOf(runPipeline(daily, { ...options, ledger: forged }))).code).toBe("STORE_CORRUPT");
  });
});

describe("what cannot be run", () => {
  it.each([
    ["no steps", pipeline("empty"), {}],
    ["no such step", counted().daily, { only: "trian" }],
    ["no such partition", counted().daily, { partition: "east" }],
    ["a partition too few", pipeline("parts", { partitions: ["a", "b"] }).step("x", () => 1), {}],
    ["an interval that ends before it starts", counted().daily, { interval: { start: 2n, end: 1n } }],
  ] as const)("%s", async (_name, broken, extra) => {
    const { options } = setUp();
    const error = await errorOf(runUntilSettled(broken, { ...options, ...extra }));
    expect(error.code).toBe("PIPELINE_INVALID");
    expect(error.hint).toBeDefined();
  });

  it("neither interval nor schedule", async () => {
    const { ledger, clock } = setUp();
    expect((await errorOf(runUntilSettled(counted().daily, { ledger, clock }))).hint).toContain("schedule");
  });
});
