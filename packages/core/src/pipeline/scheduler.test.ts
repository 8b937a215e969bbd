import { describe, expect, it } from "vitest";
import { abortable } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import type { Ledger } from "../ports/ledger.ts";
import { memoryLedger } from "../testing/memory-ledger.ts";
import { virtualClock } from "../time/clock.ts";
import { formatInstant, toMicros } from "../time/instant.ts";
import { type PipelineOptions, pipeline } from "./pipeline.ts";
import { runPipeline } from "./run-pipeline.ts";
import { createScheduler, type SchedulerOptions } from "./scheduler.ts";

const hour = 3_600_000_000n;
const midnight = toMicros("2011-07-01T00:00Z");

/** An hourly pipeline that notes what it ran; `work` decides how long a run takes. */
function noting(
  options: PipelineOptions = {},
  work: (start: bigint) => unknown = () => null,
  name = "hourly",
) {
  const ran: string[] = [];
  const hourly = pipeline(name, {
    schedule: { every: "1h" },
    retry: { delay: "10m", jitter: 0 },
    ...options,
  }).step("note", async ({ interval, partition, signal }) => {
    ran.push(`${formatInstant(interval.start).slice(11, 16)}${partition}`);
    await abortable(Promise.resolve(work(interval.start)), signal);
  });
  return { hourly, ran };
}

function setUp(start = midnight) {
  const clock = virtualClock(start);
  const ledger = memoryLedger();
  const schedulerOf = (pipelines: SchedulerOptions["pipelines"], more: Partial<SchedulerOptions> = {}) =>
    createScheduler({ pipelines, ledger, clock, owner: "test", ...more });
  return { clock, ledger, schedulerOf };
}

describe("runDue", () => {
  it("runs each interval once it has ended, and nothing before", async () => {
    const { clock, schedulerOf } = setUp();
    const { hourly, ran } = noting({ catchUp: "none" });
    const scheduler = schedulerOf([hourly]);
    expect(await scheduler.runDue()).toEqual([]);
    expect(scheduler.nextDue()).toBe(midnight + hour);
    await clock.advanceBy(hour - 1n);
    await scheduler.runDue();
    expect(ran).toEqual([]);
    await clock.advanceBy(1n);
    const outcomes = await scheduler.runDue();
    expect(ran).toEqual(["00:00"]);
    expect(outcomes.map((outcome) => [outcome.status, outcome.entry.start])).toEqual([
      ["succeeded", midnight],
    ]);
    await clock.advanceBy(3n * hour);
    await scheduler.runDue();
    expect(ran).toEqual(["00:00", "01:00", "02:00", "03:00"]);
  });

  it("goes by due instant over all pipelines, ties in the order they were given", async () => {
    const { clock, schedulerOf } = setUp();
    const order: string[] = [];
    const named = (name: string, schedule: PipelineOptions["schedule"]) =>
      pipeline(name, { schedule: schedule as NonNullable<typeof schedule>, catchUp: "none" }).step(
        "x",
        ({ interval }) => {
          order.push(`${name} ${formatInstant(interval.end).slice(11, 16)}`);
        },
      );
    const scheduler = schedulerOf(
      [
        named("daily", { cron: "0 3 * * *" }),
        named("late", { every: "1h", delay: "30m" }),
        named("hourly", { every: "1h" }),
      ],
      { maxConcurrent: 1 },
    );
    await scheduler.runDue();
    await clock.advanceBy(3n * hour);
    await scheduler.runDue();
    expect(order).toEqual([
      "late 00:00",
      "hourly 01:00",
      "late 01:00",
      "hourly 02:00",
      "late 02:00",
      "daily 03:00",
      "hourly 03:00",
    ]);
  });

  it("gives the same runs however the clock gets there", async () => {
    const histories: unknown[] = [];
    for (const steps of [[12n], [1n, 11n], [5n, 5n, 2n]]) {
      const { clock, schedulerOf, ledger } = setUp();
      const { hourly } = noting({ catchUp: "all", startAt: midnight, partitions: ["a", "b"] });
      const scheduler = schedulerOf([hourly]);
      for (const step of steps) {
        await clock.advanceBy(step * hour);
        await scheduler.runDue();
      }
      const entries = await ledger.list("hourly");
      histories.push(
        entries.map(({ start, partition, status, attempt }) => ({ start, partition, status, attempt })),
      );
      expect(entries).toHaveLength(24);
    }
    expect(histories[1]).toEqual(histories[0]);
    expect(histories[2]).toEqual(histories[0]);
  });

  it("leaves pipelines without a schedule alone", async () => {
    const { schedulerOf } = setUp();
    const manual = pipeline("manual").step("x", () => 1);
    const scheduler = schedulerOf([manual]);
    expect(await scheduler.runDue()).toEqual([]);
    expect(scheduler.nextDue()).toBe(null);
  });

  it("retries when the retry is due, and later intervals of a queue wait for it", async () => {
    const { clock, schedulerOf, ledger } = setUp();
    let failures = 2;
    const { hourly, ran } = noting({ catchUp: "none" }, () => {
      if (failures-- > 0) throw new Error("no");
    });
    const scheduler = schedulerOf([hourly]);
    await scheduler.runDue();
    await clock.advanceBy(hour);
    await scheduler.runDue();
    expect(scheduler.nextDue()).toBe(midnight + hour + hour / 6n);
    await clock.advanceBy(hour / 6n);
    await scheduler.runDue();
    expect(ran).toEqual(["00:00", "00:00"]);
    await clock.advanceBy(2n * hour);
    await scheduler.runDue();
    expect(ran).toEqual(["00:00", "00:00", "00:00", "01:00", "02:00"]);
    expect((await ledger.list("hourly")).map((entry) => entry.attempt)).toEqual([3, 1, 1]);
  });

  it("goes on after a run that failed for good, and gives its error back", async () => {
    const { clock, schedulerOf } = setUp();
    const { hourly, ran } = noting({ catchUp: "none", retry: { attempts: 1 } }, (start) => {
      if (start === midnight) throw new TsopsError("SERIES_TOO_SHORT", "12 rows");
    });
    const scheduler = schedulerOf([hourly]);
    await scheduler.runDue();
    await clock.advanceBy(2n * hour);
    const outcomes = await scheduler.runDue();
    expect(outcomes.map((outcome) => [outcome.status, outcome.error?.code])).toEqual([
      ["failed", "SERIES_TOO_SHORT"],
      ["succeeded", undefined],
    ]);
    expect(ran).toEqual(["00:00", "01:00"]);
  });

  it("throws what is neither a run's outcome nor passing", async () => {
    const { clock, schedulerOf, ledger } = setUp();
    const broken: Ledger = {
      ...ledger,
      claim: () => Promise.reject(new TsopsError("STORE_CORRUPT", "bad page")),
    };
    const scheduler = schedulerOf([noting({ catchUp: "none" }).hourly], { ledger: broken });
    await scheduler.runDue();
    await clock.advanceBy(hour);
    await expect(scheduler.runDue()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  });
});

describe("catching up after a stop", () => {
  async function afterStop(options: PipelineOptions): Promise<string[]> {
    const { clock, schedulerOf } = setUp();
    const { hourly, ran } = noting(options);
    const before = schedulerOf([hourly]);
    await before.runDue();
    await clock.advanceBy(2n * hour);
    await before.runDue();
    ran.length = 0;
    await clock.advanceBy(5n * hour + hour / 2n);
    const after = schedulerOf([hourly]);
    await after.runDue();
    await clock.advanceBy(hour);
    await after.runDue();
    return ran;
  }

  it("none: goes on with the interval that is not over", async () => {
    expect(await afterStop({ catchUp: "none" })).toEqual(["07:00"]);
  });

  it("latest: makes up for the last one", async () => {
    expect(await afterStop({ catchUp: "latest" })).toEqual(["06:00", "07:00"]);
  });

  it("all: makes up for every one", async () => {
    expect(await afterStop({ catchUp: "all" })).toEqual([
      "02:00",
      "03:00",
      "04:00",
      "05:00",
      "06:00",
      "07:00",
    ]);
  });

  it("the very first start: nothing, the latest, or all since startAt", async () => {
    const first = async (options: PipelineOptions): Promise<string[]> => {
      const { schedulerOf } = setUp(midnight + 3n * hour);
      const { hourly, ran } = noting(options);
      await schedulerOf([hourly]).runDue();
      return ran;
    };
    expect(await first({ catchUp: "none" })).toEqual([]);
    expect(await first({ catchUp: "latest" })).toEqual(["02:00"]);
    expect(await first({ catchUp: "all" })).toEqual(["02:00"]);
    expect(await first({ catchUp: "all", startAt: "2011-06-30T23:30Z" })).toEqual([
      "00:00",
      "01:00",
      "02:00",
    ]);
    expect(await first({ catchUp: "latest", startAt: "2011-07-02T00:00Z" })).toEqual([]);
  });

  it("all, since startAt: also what was missed before a later interval that was run by hand", async () => {
    const restarted = async (options: PipelineOptions): Promise<string[]> => {
      const { clock, schedulerOf, ledger } = setUp(midnight + 2n * hour);
      const { hourly, ran } = noting(options);
      await schedulerOf([hourly]).runDue();
      await clock.advanceBy(3n * hour);
      await runPipeline(hourly, { ledger, clock });
      ran.length = 0;
      await clock.advanceBy(hour);
      await schedulerOf([hourly]).runDue();
      return ran;
    };
    const startAt = formatInstant(midnight);
    expect(await restarted({ catchUp: "all", startAt })).toEqual(["02:00", "03:00", "05:00"]);
    expect(await restarted({ catchUp: "all" })).toEqual(["05:00"]);
    expect(await restarted({ catchUp: "latest", startAt })).toEqual(["05:00"]);
  });

  it("takes over the run of a scheduler that died, once its lease has run out", async () => {
    const { clock, schedulerOf, ledger } = setUp(midnight + hour);
    const { hourly, ran } = noting();
    const key = { pipeline: "hourly", partition: "", start: midnight, end: midnight + hour };
    await ledger.claim(key, { owner: "dead", now: clock.now(), leaseUntil: clock.now() + hour / 60n });
    const scheduler = schedulerOf([hourly]);
    await scheduler.runDue();
    expect(ran).toEqual([]);
    expect(scheduler.nextDue()).toBe(midnight + hour + hour / 60n);
    await clock.advanceTo(scheduler.nextDue() ?? 0n);
    await scheduler.runDue();
    expect(ran).toEqual(["00:00"]);
    expect((await ledger.get(key))?.entry).toMatchObject({ status: "succeeded", attempt: 2 });
  });
});

describe("two schedulers on one ledger", () => {
  it("run every interval once between them", async () => {
    const { clock, schedulerOf } = setUp();
    const { hourly, ran } = noting({ catchUp: "all", startAt: midnight });
    const [one, two] = [schedulerOf([hourly]), schedulerOf([hourly])];
    for (let i = 0; i < 6; i++) {
      await clock.advanceBy(2n * hour);
      await Promise.all([one.runDue(), two.runDue()]);
    }
    expect([...ran].sort()).toEqual(Array.from({ length: 12 }, (_, i) => `${String(i).padStart(2, "0")}:00`));
  });
});

describe("run", () => {
  /** Runs that take as long as `finish` says. */
  function slow(options: PipelineOptions) {
    const open = new Map<string, () => void>();
    const { hourly, ran } = noting(
      options,
      (start) => new Promise<void>((resolve) => open.set(formatInstant(start).slice(11, 16), resolve)),
    );
    const finish = async (start: string) => {
      open.get(start)?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { hourly, ran, finish };
  }

  it("runs what is due when it is due, and stops the runs at work when the signal fires", async () => {
    const { clock, schedulerOf, ledger } = setUp();
    const { hourly, ran, finish } = slow({ catchUp: "none" });
    const controller = new AbortController();
    const running = schedulerOf([hourly]).run(controller.signal);
    await clock.advanceBy(hour);
    await finish("00:00");
    await clock.advanceBy(hour);
    expect(ran).toEqual(["00:00", "01:00"]);
    controller.abort();
    await running;
    expect((await ledger.list("hourly")).map((entry) => entry.status)).toEqual([
      "succeeded",
      "waiting_retry",
    ]);
    expect(clock.nextWakeUp()).toBe(null);
  });

  it("queue: later intervals wait for their turn", async () => {
    const { clock, schedulerOf } = setUp();
    const { hourly, ran, finish } = slow({ catchUp: "none", overlap: "queue" });
    const controller = new AbortController();
    const running = schedulerOf([hourly]).run(controller.signal);
    await clock.advanceBy(3n * hour);
    expect(ran).toEqual(["00:00"]);
    await finish("00:00");
    await finish("01:00");
    expect(ran).toEqual(["00:00", "01:00", "02:00"]);
    controller.abort();
    await running;
  });

  it("parallel: intervals run side by side, up to maxConcurrent", async () => {
    const { clock, schedulerOf } = setUp();
    const { hourly, ran, finish } = slow({ catchUp: "none", overlap: "parallel" });
    const controller = new AbortController();
    const running = schedulerOf([hourly], { maxConcurrent: 2 }).run(controller.signal);
    await clock.advanceBy(4n * hour);
    expect(ran).toEqual(["00:00", "01:00"]);
    await finish("01:00");
    expect(ran).toEqual(["00:00", "01:00", "02:00"]);
    controller.abort();
    await running;
  });

  it("skip: an interval that becomes due meanwhile is left out, and the ledger says so", async () => {
    const { clock, schedulerOf, ledger } = setUp();
    const { hourly, ran, finish } = slow({ catchUp: "none", overlap: "skip" });
    const controller = new AbortController();
    const running = schedulerOf([hourly]).run(controller.signal);
    await clock.advanceBy(3n * hour);
    await finish("00:00");
    await clock.advanceBy(hour);
    expect(ran).toEqual(["00:00", "03:00"]);
    controller.abort();
    await running;
    expect((await ledger.list("hourly")).map((entry) => entry.status)).toEqual([
      "succeeded",
      "cancelled",
      "cancelled",
      "waiting_retry",
    ]);
  });

  it("skip: what was due before the work began is not left out", async () => {
    const { clock, schedulerOf } = setUp();
    const { hourly, ran } = noting({ catchUp: "all", startAt: midnight, overlap: "skip" });
    await clock.advanceBy(3n * hour);
    await schedulerOf([hourly]).runDue();
    expect(ran).toEqual(["00:00", "01:00", "02:00"]);
  });

  it("does not let a long run of one pipeline delay another", async () => {
    const { clock, schedulerOf } = setUp();
    const long = slow({ catchUp: "none" });
    const short = noting({ catchUp: "none" }, () => null, "short");
    const controller = new AbortController();
    const running = schedulerOf([long.hourly, short.hourly]).run(controller.signal);
    await clock.advanceBy(3n * hour);
    expect(long.ran).toEqual(["00:00"]);
    expect(short.ran).toEqual(["00:00", "01:00", "02:00"]);
    controller.abort();
    await running;
  });

  it("outlives a ledger that is out of reach for a moment", async () => {
    const { clock, schedulerOf, ledger } = setUp();
    let failures = 1;
    const flaky: Ledger = {
      ...ledger,
      async claim(...values) {
        if (failures-- > 0) throw new TsopsError("STORE_BUSY", "locked");
        return ledger.claim(...values);
      },
    };
    const { hourly, ran } = noting({ catchUp: "none" });
    const controller = new AbortController();
    const lines: string[] = [];
    const running = schedulerOf([hourly], { ledger: flaky, log: (entry) => lines.push(entry.message) }).run(
      controller.signal,
    );
    await clock.advanceBy(hour);
    expect(ran).toEqual([]);
    expect(lines).toEqual(["STORE_BUSY: locked"]);
    await clock.advanceBy(hour / 60n);
    expect(ran).toEqual(["00:00"]);
    controller.abort();
    await running;
  });
});

describe("what cannot be scheduled", () => {
  it("two pipelines of one name, or room for no run", () => {
    const { schedulerOf } = setUp();
    const { hourly } = noting();
    expect(() => schedulerOf([hourly, hourly])).toThrow('Two pipelines are named "hourly".');
    expect(() => schedulerOf([hourly], { maxConcurrent: 0 })).toThrow("maxConcurrent");
  });
});
