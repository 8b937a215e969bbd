import { describe, expect, it, vi } from "vitest";
import { TsopsError } from "../errors.ts";
import { systemClock, virtualClock } from "./clock.ts";

describe("the virtual clock", () => {
  it("wakes sleepers in order of their instants, each at its own", async () => {
    const clock = virtualClock(100n);
    const log: string[] = [];
    const sleep = async (name: string, until: bigint) => {
      await clock.sleepUntil(until);
      log.push(`${name}@${clock.now()}`);
    };
    const all = [
      sleep("c", 300n),
      sleep("a", 200n),
      sleep("late", 999n),
      sleep("b", 200n),
      sleep("past", 50n),
    ];
    expect(clock.nextWakeUp()).toBe(200n);
    await clock.advanceTo(500n);
    expect(log).toEqual(["past@100", "a@200", "b@200", "c@300"]);
    expect(clock.now()).toBe(500n);
    expect(clock.nextWakeUp()).toBe(999n);
    await clock.advanceBy(499n);
    await Promise.all(all);
    expect(log.at(-1)).toBe("late@999");
    expect(clock.nextWakeUp()).toBeNull();
  });

  it("wakes sleeps that began while it was advancing", async () => {
    const clock = virtualClock(0n);
    const ticks: bigint[] = [];
    const loop = (async () => {
      for (let at = 10n; at <= 50n; at += 10n) {
        await clock.sleepUntil(at);
        ticks.push(clock.now());
      }
    })();
    await clock.advanceTo(35n);
    expect(ticks).toEqual([10n, 20n, 30n]);
    expect(clock.now()).toBe(35n);
    await clock.advanceTo(50n);
    await loop;
    expect(ticks).toHaveLength(5);
  });

  it("lets a signal end a sleep, before it begins or while it lasts", async () => {
    const clock = virtualClock(0n);
    await expect(clock.sleepUntil(5n, AbortSignal.abort("stop"))).rejects.toMatchObject({
      code: "ABORTED",
      cause: "stop",
    });
    const controller = new AbortController();
    const slept = clock.sleepUntil(5n, controller.signal);
    controller.abort();
    await expect(slept).rejects.toMatchObject({ code: "ABORTED" });
    expect(clock.nextWakeUp()).toBeNull();
    await clock.advanceTo(10n);
  });

  it("never goes back", async () => {
    await expect(virtualClock(10n).advanceTo(9n)).rejects.toThrow(RangeError);
  });
});

describe("the system clock", () => {
  it("tells the time of Date and sleeps at least until the instant", async () => {
    vi.useFakeTimers();
    try {
      const start = Date.now();
      const clock = systemClock();
      expect(clock.now()).toBe(BigInt(start) * 1000n);
      const month = 31n * 86_400_000_000n;
      let isAwake = false;
      const slept = clock.sleepUntil(clock.now() + month).then(() => {
        isAwake = true;
      });
      await vi.advanceTimersByTimeAsync(31 * 86_400_000 - 1);
      expect(isAwake).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      await slept;
      await clock.sleepUntil(clock.now() - 1n);
      const controller = new AbortController();
      const cut = clock.sleepUntil(clock.now() + month, controller.signal);
      controller.abort();
      await expect(cut).rejects.toSatisfy((error) => TsopsError.is(error, "ABORTED"));
      expect(vi.getTimerCount()).toBe(0);
      await expect(clock.sleepUntil(0n, AbortSignal.abort())).rejects.toSatisfy((error) =>
        TsopsError.is(error, "ABORTED"),
      );
    } finally {
      vi.useRealTimers();
    }
  });
});
