import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../test/hourly-series.ts";
import { forecasterCache } from "./forecaster-cache.ts";
import { naive } from "./models/naive.ts";

const nameOf = (i: number) => `model ${i}`;

/** Bytes of a fitted model whose forecast is its number. */
async function bytesOf(name: string): Promise<Uint8Array> {
  const value = Number(name.split(" ")[1]);
  return (await naive().fit(hourlyPanel([value, value, value]), { horizon: 2 })).save();
}

/** Bytes from memory, with how often each was asked for. */
async function shelf(count: number) {
  const bytes = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) bytes.set(nameOf(i), await bytesOf(nameOf(i)));
  const loads: string[] = [];
  const load = async (name: string): Promise<Uint8Array> => {
    loads.push(name);
    await new Promise((resolve) => setImmediate(resolve));
    const found = bytes.get(name);
    if (found === undefined) throw new Error(`There is no "${name}".`);
    return found;
  };
  return { load, loads, bytes, size: (bytes.get(nameOf(0)) as Uint8Array).length };
}

const firstMean = async (cache: ReturnType<typeof forecasterCache>, name: string) =>
  (await cache.get(name)).predict().mean[0];

describe("a cache of forecasters", () => {
  it("holds the lately used of ten thousand, and loads the others again", async () => {
    const { load, loads, size } = await shelf(10_000);
    const cache = forecasterCache({ load, maxBytes: 1000 * size });
    for (let i = 0; i < 10_000; i++) expect(await firstMean(cache, nameOf(i))).toBe(i);
    const { count, bytes, misses, evictions } = cache.stats;
    expect(bytes).toBeLessThanOrEqual(1000 * size);
    expect(count).toBeGreaterThan(900);
    expect([misses, evictions]).toEqual([10_000, 10_000 - count]);
    await cache.get(nameOf(9999));
    expect([cache.stats.hits, loads.length]).toEqual([1, 10_000]);
    expect(await firstMean(cache, nameOf(0))).toBe(0);
    expect(loads.length).toBe(10_001);
  });

  it("counts forecasters where that is what is bounded; using one keeps it", async () => {
    const { load } = await shelf(3);
    const cache = forecasterCache({ load, maxCount: 2 });
    for (const i of [0, 1, 0, 2]) await cache.get(nameOf(i));
    expect(cache.stats).toMatchObject({ count: 2, hits: 1, misses: 3, evictions: 1 });
    await cache.get(nameOf(0));
    expect(cache.stats.hits).toBe(2);
  });

  it("loads a name once for all who wait for it, whose signals end their waiting alone", async () => {
    const { load, loads } = await shelf(1);
    const cache = forecasterCache({ load, maxCount: 5 });
    const controller = new AbortController();
    const [first, second] = [cache.get(nameOf(0), { signal: controller.signal }), cache.get(nameOf(0))];
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: "ABORTED" });
    expect((await second).predict().mean[0]).toBe(0);
    expect(loads).toHaveLength(1);
    await expect(cache.get(nameOf(0), { signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("does not keep what failed", async () => {
    const { load, loads, bytes } = await shelf(1);
    const cache = forecasterCache({ load, maxCount: 5 });
    await expect(cache.get("model 7")).rejects.toThrow(/no "model 7"/);
    bytes.set("model 7", Uint8Array.of(1, 2, 3));
    await expect(cache.get("model 7")).rejects.toMatchObject({ code: "MODEL_FORMAT_INVALID" });
    bytes.set("model 7", await bytesOf("model 7"));
    expect(await firstMean(cache, "model 7")).toBe(7);
    expect(loads).toHaveLength(3);
  });

  it("gives what was set, also while an older one is being loaded, and loads anew what was deleted", async () => {
    const { load, loads } = await shelf(1);
    const cache = forecasterCache({ load, maxBytes: 1e6 });
    const older = cache.get(nameOf(0));
    const updated = (await naive().fit(hourlyPanel([1, 1, 1]), { horizon: 2 })).update(hourlyRows([5], 3));
    cache.set(nameOf(0), updated);
    expect((await older).predict().mean[0]).toBe(0);
    expect(await cache.get(nameOf(0))).toBe(updated);
    const again = cache.get(nameOf(0));
    cache.delete(nameOf(0));
    await again;
    expect(await firstMean(cache, nameOf(0))).toBe(0);
    expect(loads).toHaveLength(2);
  });

  it("gives one that is larger than all that it may hold, and does not hold it", async () => {
    const { load } = await shelf(1);
    const cache = forecasterCache({ load, maxBytes: 10 });
    expect(await firstMean(cache, nameOf(0))).toBe(0);
    expect(cache.stats).toMatchObject({ count: 0, bytes: 0 });
  });

  it("takes bytes that are there at once, and passes on what such a load throws", async () => {
    const bytes = await bytesOf(nameOf(3));
    const cache = forecasterCache({
      load: (name) => {
        if (name === nameOf(3)) return bytes;
        throw new Error(`There is no "${name}".`);
      },
      maxCount: 2,
    });
    expect(await firstMean(cache, nameOf(3))).toBe(3);
    for (let call = 0; call < 2; call++) await expect(cache.get("model 7")).rejects.toThrow(/no "model 7"/);
    expect(cache.stats).toMatchObject({ count: 1, misses: 3 });
  });

  it("refuses to hold what is no fitted forecaster, and keeps what it has", async () => {
    const { load } = await shelf(1);
    const cache = forecasterCache({ load, maxCount: 2 });
    const held = await cache.get(nameOf(0));
    for (const wrong of [{}, undefined, naive()])
      expect(() => cache.set(nameOf(0), wrong as never)).toThrow(
        expect.objectContaining({ code: "MODEL_PARAMETER_INVALID", hint: expect.stringContaining("fitted") }),
      );
    expect(await cache.get(nameOf(0))).toBe(held);
  });

  it("refuses settings that make no sense", () => {
    const load = bytesOf;
    expect(() => forecasterCache({ load })).toThrow(/no bound/);
    expect(() => forecasterCache({ load, maxCount: 0 })).toThrow(/maxCount must be/);
    expect(() => forecasterCache({ load, maxBytes: 1.5 })).toThrow(/maxBytes must be/);
    expect(() => forecasterCache({ load: 3 as never, maxCount: 1 })).toThrow(/load is a function, got 3/);
    expect(() => forecasterCache({ load, maxcount: 1 } as never)).toThrow(/maxcount/);
  });
});
