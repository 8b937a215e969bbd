import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onlineStoreCases } from "@tsops/core/testing";
import { redisOnlineStore } from "@tsops/store/redis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type RunningService, service, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";

const redis = service("redis");

describe.skipIf(redis.isMissing)("redisOnlineStore", () => {
  const state = join(temporaryDirectory().path, "redis");
  let server: RunningService;
  beforeAll(async () => {
    server = await startService("redis", state);
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** Ends the server as a crash does, and starts it again at its address. */
  async function restart(): Promise<void> {
    const { TSOPS_REDIS_PORT } = server.environment;
    const pid = Number(readFileSync(join(state, "pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    server = await startService("redis", state, { TSOPS_REDIS_PORT });
  }

  const cases = onlineStoreCases(async () => {
    const opened: { close(): Promise<void> }[] = [];
    return {
      async open(views, place) {
        const connection = server.environment["TSOPS_REDIS_URL"] as string;
        const store = redisOnlineStore({ connection, views, namespace: `${place}*[x]` });
        opened.push(store);
        return store;
      },
      restart,
      async close() {
        for (const store of opened) await store.close();
      },
    };
  });
  for (const { name, run } of cases) it(name, run);
});
