import { describe, expect, it } from "vitest";
import { threadPool } from "./pool.ts";

/** A program that does what it is told. */
const program = {
  isText: true,
  source: `
const { parentPort, threadId } = require("node:worker_threads");
parentPort.on("message", ({ work, input }) => {
  if (work === "die") process.exit(1);
  if (work === "hang") for (;;);
  if (work === "throw") throw new Error("broken");
  if (work === "refuse") return parentPort.postMessage({ refused: { code: "PANEL_INVALID", message: input, hint: "mend it", details: { row: 3 } } });
  if (work === "fail") return parentPort.postMessage({ failed: new RangeError(input) });
  parentPort.postMessage({ output: { threadId, input } });
});`,
};
const echo = (input: unknown) => ({ work: "echo", input });
const idOf = (output: unknown) => (output as { threadId: number }).threadId;

describe("a pool of threads", () => {
  it("does jobs on no more threads than it may have, and uses them again", async () => {
    const run = threadPool(program, 2);
    const outputs = await Promise.all([1, 2, 3, 4, 5].map((input) => run(echo(input))));
    expect(outputs.map((output) => (output as { input: number }).input)).toEqual([1, 2, 3, 4, 5]);
    const ids = new Set(outputs.map(idOf));
    expect(ids.size).toBe(2);
    expect(ids).toContain(idOf(await run(echo(6))));
  });

  it("moves the buffers that it is told to", async () => {
    const values = Float64Array.of(1, 2, 3);
    const output = await threadPool(program, 1)(echo(values), { transfer: [values.buffer] });
    expect(output).toMatchObject({ input: Float64Array.of(1, 2, 3) });
    expect(values).toHaveLength(0);
  });

  it("carries errors over, those of tsops with code, hint and details", async () => {
    const run = threadPool(program, 1);
    await expect(run({ work: "refuse", input: "no rows" })).rejects.toMatchObject({
      name: "TsopsError",
      code: "PANEL_INVALID",
      message: "no rows",
      hint: "mend it",
      details: { row: 3 },
    });
    await expect(run({ work: "fail", input: "too long" })).rejects.toThrow(RangeError);
  });

  it("says when a thread is lost, and goes on with a new one", async () => {
    const run = threadPool(program, 1);
    const [lost, next] = await Promise.allSettled([run({ work: "die", input: null }), run(echo(1))]);
    expect(lost).toMatchObject({
      status: "rejected",
      reason: { code: "THREAD_LOST", message: 'A thread ended before its work "die" was done.' },
    });
    expect(next.status).toBe("fulfilled");
    await expect(run({ work: "throw", input: null })).rejects.toMatchObject({
      code: "THREAD_LOST",
      cause: { message: "broken" },
    });
    expect(idOf(await run(echo(2)))).toBeGreaterThan(0);
  });

  it("ends a job with its signal, whether it is done or waits, and leaves others alone", async () => {
    const run = threadPool(program, 1);
    const [first, second] = [new AbortController(), new AbortController()];
    const hanging = run({ work: "hang", input: null }, { signal: first.signal });
    const waiting = run(echo(1), { signal: second.signal });
    const other = run(echo(2));
    second.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    first.abort();
    await expect(hanging).rejects.toMatchObject({ code: "ABORTED" });
    expect(await other).toMatchObject({ input: 2 });
    await expect(run(echo(3), { signal: first.signal })).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("refuses input that cannot be sent, and stays whole", async () => {
    const run = threadPool(program, 1);
    await expect(run(echo(() => 1))).rejects.toThrow(/could not be cloned/);
    expect(await run(echo(1))).toMatchObject({ input: 1 });
  });
});
