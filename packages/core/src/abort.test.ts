import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable, throwIfAborted } from "./abort.ts";
import { TsopsError } from "./errors.ts";

describe("abortable", () => {
  it("passes results and errors on and leaves no listener behind", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(7), signal)).toBe(7);
    expect(await abortable(Promise.resolve(7), undefined)).toBe(7);
    await expect(abortable(Promise.reject(new RangeError("no")), signal)).rejects.toThrow(RangeError);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("rejects with ABORTED as soon as the signal fires, with the reason as cause", async () => {
    const controller = new AbortController();
    const never = abortable(new Promise(() => {}), controller.signal);
    controller.abort("shutdown");
    await expect(never).rejects.toMatchObject({ code: "ABORTED", cause: "shutdown" });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    await expect(abortable(Promise.resolve(1), controller.signal)).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("swallows the late failure of abandoned work", async () => {
    const controller = new AbortController();
    let fail = (_: Error): void => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const waiting = abortable(work, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    fail(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("throwIfAborted", () => {
  it("throws only once the signal has fired", () => {
    throwIfAborted(undefined);
    throwIfAborted(new AbortController().signal);
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(TsopsError);
  });
});
