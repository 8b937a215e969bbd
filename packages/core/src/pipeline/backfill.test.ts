import { describe, expect, it } from "vitest";
import { memoryLedger } from "../testing/memory-ledger.ts";
import { virtualClock } from "../time/clock.ts";
import { formatInstant, toMicros } from "../time/instant.ts";
import { backfill } from "./backfill.ts";
import { pipeline } from "./pipeline.ts";

function setUp(fails: (start: string) => boolean = () => false) {
  const ran: string[] = [];
  const daily = pipeline("daily", {
    schedule: { every: "1d" },
    partitions: ["east", "west"],
    retry: { attempts: 1 },
  }).step("note", ({ interval, partition }) => {
    const day = `${formatInstant(interval.start).slice(0, 10)} ${partition}`;
    ran.push(day);
    if (fails(day)) throw new Error("no");
  });
  const options = {
    ledger: memoryLedger(),
    clock: virtualClock(toMicros("2011-08-01T00:00Z")),
    from: "2011-07-01T06:00Z",
    to: "2011-07-04T00:00Z",
  };
  return { daily, ran, options };
}

describe("backfill", () => {
  it("runs whole intervals in the range, oldest first, for every partition", async () => {
    const { daily, ran, options } = setUp();
    const runs = await backfill(daily, options);
    expect(ran).toEqual(["2011-07-02 east", "2011-07-02 west", "2011-07-03 east", "2011-07-03 west"]);
    expect(runs.map((run) => [run.before, run.outcome?.status])).toEqual(Array(4).fill([null, "succeeded"]));
  });

  it("refuses intervals that are not over, and ends before starts, and runs nothing", async () => {
    const { daily, ran, options } = setUp();
    const to = "2011-08-03T00:00Z";
    await expect(backfill(daily, { ...options, to })).rejects.toThrow(
      /2011-08-02T00:00:00Z\/2011-08-03T00:00:00Z of "daily" is not over: it is 2011-08-01/,
    );
    const forced = await backfill(daily, { ...options, to, force: true }).catch((error: unknown) => error);
    expect(forced).toMatchObject({ code: "PIPELINE_INVALID", hint: expect.not.stringContaining("force") });
    await expect(backfill(daily, { ...options, to: "2011-06-01T00:00Z" })).rejects.toThrow(
      /ends before it starts/,
    );
    expect([ran, await options.ledger.list("daily")]).toEqual([[], []]);
  });

  it("only says what it would do in a dry run", async () => {
    const { daily, ran, options } = setUp();
    await backfill(daily, { ...options, to: "2011-07-03T00:00Z", partitions: ["west"] });
    ran.length = 0;
    const runs = await backfill(daily, { ...options, dryRun: true });
    expect(ran).toEqual([]);
    expect(runs.map((run) => [run.partition, run.before, run.isRun, run.outcome])).toEqual([
      ["east", null, true, null],
      ["west", "succeeded", false, null],
      ["east", null, true, null],
      ["west", null, true, null],
    ]);
    expect(await options.ledger.list("daily")).toHaveLength(1);
  });

  it("leaves finished runs alone unless forced, and failed ones unless resumed", async () => {
    let isBroken = true;
    const { daily, ran, options } = setUp((day) => isBroken && day === "2011-07-02 west");
    const first = await backfill(daily, options);
    expect(first.map((run) => run.outcome?.status)).toEqual([
      "succeeded",
      "failed",
      "succeeded",
      "succeeded",
    ]);
    ran.length = 0;
    isBroken = false;
    await backfill(daily, options);
    expect(ran).toEqual([]);
    await backfill(daily, { ...options, resume: true });
    expect(ran).toEqual(["2011-07-02 west"]);
    ran.length = 0;
    await backfill(daily, { ...options, force: true });
    expect(ran).toHaveLength(4);
  });

  it("reports progress and stops when the signal fires", async () => {
    const { daily, options } = setUp();
    const controller = new AbortController();
    const done: number[] = [];
    const running = backfill(daily, {
      ...options,
      signal: controller.signal,
      progress: (event) => {
        done.push(event.done);
        if (event.done === 2) controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    expect(done).toEqual([1, 2]);
  });

  it("needs a schedule", async () => {
    const { options } = setUp();
    const manual = pipeline("manual").step("x", () => 1);
    await expect(backfill(manual, options)).rejects.toMatchObject({ code: "PIPELINE_INVALID" });
  });
});
