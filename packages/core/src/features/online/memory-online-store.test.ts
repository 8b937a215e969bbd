import { describe, it } from "vitest";
import type { OnlineStore } from "../../ports/online-store.ts";
import { onlineStoreCases } from "../../testing/online-store.ts";
import { memoryOnlineStore } from "./memory-online-store.ts";

describe("memoryOnlineStore", () => {
  const cases = onlineStoreCases(
    async () => {
      // One process has one store: whoever opens a place again gets the one that is there.
      const stores = new Map<string, OnlineStore>();
      return {
        async open(views, place) {
          const store = stores.get(place) ?? memoryOnlineStore({ views });
          stores.set(place, store);
          return store;
        },
        async close() {
          for (const store of stores.values()) await store.close();
        },
      };
    },
    {
      skip: {
        "what was acknowledged is there after the server was killed, for the clients that were connected":
          "it lives in the process",
      },
    },
  );
  for (const { name, run, skip } of cases) it.skipIf(skip !== undefined)(name, run);
});
