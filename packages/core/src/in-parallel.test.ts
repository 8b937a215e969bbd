import { describe, expect, it } from "vitest";
import { inParallel } from "./in-parallel.ts";

describe("inParallel", () => {
  it("gives the results in the order of the items, with at most so many at a time", async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([5, 1, 4, 1, 3, 2], 2, async (turns) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      running--;
      return turns * 10;
    });
    expect(results).toEqual([50, 10, 40, 10, 30, 20]);
    expect(most).toBe(2);
  });

  it("does nothing for no items", async () => {
    expect(await inParallel([], 3, async () => 1)).toEqual([]);
  });

  it("throws the first failure and begins nothing after it", async () => {
    const begun: number[] = [];
    await expect(
      inParallel([0, 1, 2, 3], 1, async (item) => {
        begun.push(item);
        if (item === 1) throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(begun).toEqual([0, 1]);
  });
});
