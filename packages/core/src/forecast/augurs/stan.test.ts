import { describe, expect, it, vi } from "vitest";
import type { readyStan } from "./stan.ts";

type Work = readonly [init: { sigmaObs: number }, data: string, options: object];

/** Stan as instances that do what is told: give parameters, refuse in order, or stop. Counts searches per instance. */
async function withInstances(does: (load: number, sigma: number) => "find" | "refuse" | "stop") {
  const searches: [load: number, sigma: number][] = [];
  const broken = new Set<number>();
  vi.resetModules();
  vi.doMock("./load-library.ts", () => ({
    async loadStan(load: number) {
      return {
        optimize({ sigmaObs }: Work[0]) {
          expect(broken.has(load), "an instance that was stopped is used again").toBe(false);
          searches.push([load, sigmaObs]);
          const outcome = does(load, sigmaObs);
          if (outcome === "find") return { params: { sigmaObs } };
          if (outcome === "refuse")
            throw Object.assign(new Error("refused"), { payload: "Search  failed\n at last" });
          broken.add(load);
          throw new Error("unreachable");
        },
      };
    },
  }));
  try {
    const { optimize, readyStan: ready } = (await import("./stan.ts")) as unknown as {
      optimize(...work: Work): unknown;
      readyStan: typeof readyStan;
    };
    return { search: () => optimize({ sigmaObs: 1 }, "{}", {}), ready, searches };
  } finally {
    vi.doUnmock("./load-library.ts");
    vi.resetModules();
  }
}

describe("Stan", () => {
  it("is asked once where its search ends", async () => {
    const { search, ready, searches } = await withInstances(() => "find");
    await ready();
    expect(search()).toEqual({ params: { sigmaObs: 1 } });
    expect(searches).toEqual([[0, 1]]);
  });

  it("searches from another start where it finds no end, and tells why in one line when there is none", async () => {
    const { search, ready, searches } = await withInstances((_, sigma) => (sigma > 0.3 ? "refuse" : "find"));
    await ready();
    expect(search()).toEqual({ params: { sigmaObs: 0.25 } });
    expect(searches).toEqual([
      [0, 1],
      [0, 0.5],
      [0, 0.25],
    ]);
    const never = await withInstances(() => "refuse");
    await never.ready();
    expect(never.search).toThrow(
      expect.objectContaining({ code: "FIT_FAILED", message: "Stan: Search failed at last" }),
    );
  });

  it("gives up an instance that was stopped, goes on with the one in reserve, and loads another", async () => {
    const { search, ready, searches } = await withInstances((_, sigma) => (sigma === 1 ? "stop" : "find"));
    await ready();
    for (let round = 0; round < 3; round++) {
      expect(search()).toEqual({ params: { sigmaObs: 0.5 } });
      await ready();
    }
    expect(searches).toEqual(
      [0, 1, 2].flatMap((load) => [
        [load, 1],
        [load + 1, 0.5],
      ]),
    );
  });

  it("refuses to search when all instances were stopped, until others are loaded", async () => {
    let stops = true;
    const { search, ready } = await withInstances(() => (stops ? "stop" : "find"));
    await ready();
    expect(search).toThrow(
      expect.objectContaining({ code: "FIT_FAILED", message: "Stan was stopped: unreachable." }),
    );
    expect(search).toThrow(/is being loaded anew/);
    stops = false;
    await ready();
    expect(search()).toEqual({ params: { sigmaObs: 1 } });
  });
});
