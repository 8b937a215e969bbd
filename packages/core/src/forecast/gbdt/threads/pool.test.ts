import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../../../errors.ts";
import { createRandom } from "../../../random.ts";
import { randomBins } from "../__fixtures__/random-bins.ts";
import { synthetic } from "../__fixtures__/synthetic.ts";
import { gbdt } from "../gbdt.ts";
import type { GbdtOptions } from "../options.ts";
import { createSharedWorkspace, plainWorkspace, type SharedWorkspace } from "../workspace.ts";
import { openPool } from "./pool.ts";

/** Bins, gradients and shuffled rows in a workspace, and the sums of some of the rows by the plain kernel. */
function problem(seed: number, rowCount: number) {
  const random = createRandom(seed);
  const workspace = createSharedWorkspace(1 << 22) as SharedWorkspace;
  const { widths, strides, words } = randomBins(workspace, random, rowCount, 4);
  const values = workspace.float64(rowCount);
  values.forEach((_, i) => {
    values[i] = random.integer(-1000, 1000) * 2 ** 20 + 1;
  });
  const rows = workspace.uint32(rowCount);
  rows.set(random.shuffle(Uint32Array.from({ length: rowCount }, (_, row) => row)));
  const slots = 4 * widths.reduce((sum, width) => sum + width, 0);
  return { workspace, strides, words, values, rows, slots, random };
}

/** Threads of this process; only Linux says. */
function threadCount(): number | undefined {
  try {
    return readdirSync("/proc/self/task").length;
  } catch {
    return undefined;
  }
}

/** The same, after what Node starts once for all has been started. */
async function settledThreadCount(): Promise<number | undefined> {
  await readFile(new URL(import.meta.url));
  const { x, y } = synthetic("numeric", 1, 25_000);
  await gbdt({ trees: 1, threads: 2 }).fit(x, y);
  return threadCount();
}

const turn = (): Promise<void> => new Promise((resume) => setImmediate(resume));

describe("threads that add up histograms", { timeout: 120_000 }, () => {
  it("find the sums of one thread, however many they are and whoever is late", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 40_000 }),
        async (seed, workers, rowCount) => {
          const { workspace, strides, words, values, rows, slots, random } = problem(seed, rowCount);
          const pool = await openPool(workspace, slots, workers);
          try {
            for (let job = 0; job < 20; job++) {
              const start = random.integer(rowCount);
              const end = random.integer(start, rowCount) + 1;
              const expected = new Float64Array(slots);
              plainWorkspace.kernels.addRows(expected, words, strides, values, rows, start, end);
              const sums = new Float64Array(slots);
              const inMemory = workspaceSums(workspace, slots);
              pool.workspace.kernels.addRows(inMemory, words, strides, values, rows, start, end);
              sums.set(inMemory);
              expect(sums).toEqual(expected);
              await turn();
              pool.check();
            }
          } finally {
            await pool.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("take part", async () => {
    const { workspace, strides, words, values, rows, slots } = problem(3, 40_000);
    const partials: Float64Array[] = [];
    const watched: SharedWorkspace = {
      ...workspace,
      float64(length) {
        partials.push(workspace.float64(length));
        return partials.at(-1)!;
      },
    };
    const pool = await openPool(watched, slots, 2);
    const sums = workspaceSums(workspace, slots);
    // Ends when both have added something; a worker that never does lets the test run out of time.
    while (!partials.every((partial) => partial.some((sum) => sum !== 0))) {
      pool.workspace.kernels.addRows(sums, words, strides, values, rows, 0, rows.length);
      await turn();
    }
    expect(partials).toHaveLength(2);
    await pool.close();
  });

  it.each([
    ["does not start", "throw new Error('no start');", /no start/],
    ["starts and is ended", "process.exit(3);", /ended/],
  ])("say so when a worker %s", async (_what, program, message) => {
    const { workspace, slots } = problem(1, 100);
    const pool = await openPool(workspace, slots, 1, program);
    const failure = await new Promise<unknown>((resolve) => {
      const look = (): void => {
        try {
          pool.check();
          setImmediate(look);
        } catch (error) {
          resolve(error);
        }
      };
      look();
    });
    expect(String(failure)).toMatch(message);
    await pool.close();
  });

  it("pass on what a kernel throws in a worker", async () => {
    const { workspace, strides, words, values, rows, slots } = problem(2, 20_000);
    // Claims a chunk, as a worker does, and fails on it.
    const program = `
      const { workerData } = require("node:worker_threads");
      const { shared, places } = workerData;
      for (;;) {
        Atomics.wait(shared, places.gate, 0);
        if (Atomics.load(shared, places.stop) === 1) break;
        Atomics.add(shared, places.active, 1);
        Atomics.store(shared, places.failed, 1);
        Atomics.sub(shared, places.active, 1);
        Atomics.notify(shared, places.active);
        break;
      }`;
    const pool = await openPool(workspace, slots, 1, program);
    const sums = workspaceSums(workspace, slots);
    const failure = await (async () => {
      for (;;) {
        try {
          pool.workspace.kernels.addRows(sums, words, strides, values, rows, 0, rows.length);
          await turn();
        } catch (error) {
          return error;
        }
      }
    })();
    expect(String(failure)).toMatch(/worker thread of gbdt failed/);
    expect(() => pool.check()).toThrow(/failed/);
    await pool.close();
  });
});

const sumsOf = new WeakMap<SharedWorkspace, Float64Array>();
/** Zeroed sums in the workspace. */
function workspaceSums(workspace: SharedWorkspace, slots: number): Float64Array {
  const sums = sumsOf.get(workspace) ?? workspace.float64(slots);
  sumsOf.set(workspace, sums);
  return sums.fill(0);
}

describe("gbdt on several threads", { timeout: 120_000 }, () => {
  it("fits the same bytes on any number, and ends them", async () => {
    const before = await settledThreadCount();
    for (const [kind, options] of [
      ["missing", { rowFraction: 0.8 }],
      ["counts", { loss: "poisson" }],
    ] as const satisfies readonly (readonly [string, GbdtOptions])[]) {
      const { x, y, weights } = synthetic(kind, 8, 30_000);
      const fit = async (threads: number): Promise<Uint8Array> =>
        (
          await gbdt({ ...options, trees: 6, threads }).fit(x, y, kind === "counts" ? { weights } : {})
        ).save();
      const one = await fit(1);
      for (const threads of [2, 3, 5]) expect(await fit(threads)).toEqual(one);
    }
    expect(threadCount()).toBe(before);
  });

  it("ends its threads when it is aborted or fails", async () => {
    const before = await settledThreadCount();
    const { x, y } = synthetic("numeric", 8, 30_000);
    const controller = new AbortController();
    const fit = gbdt({ trees: 1000, threads: 3 }).fit(x, y, {
      signal: controller.signal,
      progress: ({ done }) => {
        if (done === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(fit).rejects.toSatisfy((error) => TsopsError.is(error, "ABORTED"));
    const zeros = gbdt({ loss: "poisson", threads: 3 }).fit(x, new Float64Array(x.rows));
    await expect(zeros).rejects.toSatisfy((error) => TsopsError.is(error, "VALUE_INVALID"));
    expect(threadCount()).toBe(before);
  });

  it.each([0, 1.5, 65])("refuses %s threads", (threads) => {
    expect(() => gbdt({ threads })).toThrow(
      expect.toSatisfy((error) => TsopsError.is(error, "MODEL_PARAMETER_INVALID")),
    );
  });
});
