import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { column, featureView, TsopsError, toRows } from "@tsops/core";
import { redisOnlineStore } from "@tsops/store/redis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunningService, service, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { asked, load, loadRows, meters } from "./redis-views.ts";

const redis = service("redis");

describe.skipIf(redis.isMissing)("redisOnlineStore, when things go wrong", () => {
  const state = join(temporaryDirectory().path, "redis");
  let server: RunningService;
  let url: string;
  let pid: number;
  const start = async (settings: { TSOPS_REDIS_PORT?: string } = {}) => {
    server = await startService("redis", state, settings);
    pid = Number(readFileSync(join(state, "pid"), "utf8"));
  };
  beforeAll(async () => {
    await start();
    url = server.environment["TSOPS_REDIS_URL"] as string;
  });
  afterAll(async () => {
    await server?.stop();
  });

  const open = (namespace: string, more: { timeout?: string; entityTtl?: string } = {}) =>
    redisOnlineStore({ connection: url, namespace, views: [load], ...more });
  const client = async () => {
    const opened = createClient({ url });
    await opened.connect();
    return opened;
  };
  /** A namespace that no other test uses. */
  const space = () => `test-${randomUUID()}`;
  const failure = async (promise: Promise<unknown>): Promise<TsopsError> => {
    const error = await promise.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!TsopsError.is(error)) throw new Error(`expected a TsopsError, got ${String(error)}`);
    expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain(
      server.environment["TSOPS_REDIS_PASSWORD"],
    );
    return error;
  };
  const lookUp = async (store: ReturnType<typeof open>, ...names: string[]) =>
    toRows(await store.lookup(asked(...names), { time: "at" }));

  it("says that the server is away, calls under way included, and works again when it is back", async () => {
    await using store = open(space());
    await store.observe("meters", loadRows(0, 10));
    const before = await lookUp(store, "m");
    const { TSOPS_REDIS_PORT } = server.environment;
    // Stopped first, so that calls are surely under way when it is killed.
    process.kill(pid, "SIGSTOP");
    const underWay = [failure(lookUp(store, "m")), failure(store.observe("meters", loadRows(10, 11)))];
    await new Promise(setImmediate);
    process.kill(pid, "SIGKILL");
    try {
      for (const error of await Promise.all(underWay)) expect(error.code).toBe("ADAPTER_UNAVAILABLE");
      // While the killed process ends, its port may still take a connection, and drop it.
      await vi.waitUntil(async () => {
        const refused = await failure(lookUp(store, "m"));
        expect(refused.code).toBe("ADAPTER_UNAVAILABLE");
        return /127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/.test(refused.message);
      });
      expect((await failure(store.observe("meters", loadRows(10, 11)))).code).toBe("ADAPTER_UNAVAILABLE");
    } finally {
      await start(TSOPS_REDIS_PORT === undefined ? {} : { TSOPS_REDIS_PORT });
    }
    expect(await lookUp(store, "m")).toEqual(before);
    expect(await store.observe("meters", loadRows(9, 11))).toMatchObject({ accepted: 1, repeated: 1 });
  });

  it("does not wait for ever for a server that hangs, and takes no late reply for another's", async () => {
    await using store = open(space(), { timeout: "1s" });
    await store.observe("meters", loadRows(0, 3, "a"));
    await store.observe("meters", loadRows(0, 7, "b"));
    process.kill(pid, "SIGSTOP");
    try {
      const error = await failure(lookUp(store, "a"));
      expect(error.code).toBe("ADAPTER_UNAVAILABLE");
      expect(error.message).toMatch(/no answer within 1000 ms/);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await using patient = open(space());
    await patient.observe("meters", loadRows(0, 1));
    expect((await lookUp(store, "b"))[0]).toMatchObject({ load__watts: 6, load__n: 7n });
  });

  it("ends a call whose signal fires while the server hangs", async () => {
    await using store = open(space());
    await store.observe("meters", loadRows(0, 1));
    process.kill(pid, "SIGSTOP");
    try {
      const controller = new AbortController();
      const call = failure(store.lookup(asked("m"), { time: "at", signal: controller.signal }));
      controller.abort();
      expect((await call).code).toBe("ABORTED");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    expect(await lookUp(store, "m")).toHaveLength(1);
  });

  it("names a wrong password for what it is, and no password in any message", async () => {
    const wrong = url.replace(/:[^:@]+@/, ":secret-word@");
    await using store = redisOnlineStore({ connection: wrong, views: [load] });
    const error = await failure(lookUp(store, "m"));
    expect(error.code).toBe("CONFIG_INVALID");
    await using without = redisOnlineStore({ connection: url.replace(/:[^:@]+@/, ""), views: [load] });
    expect((await failure(without.observe("meters", loadRows(0, 1)))).code).toBe("CONFIG_INVALID");
    for (const connection of ["redis://:secret-word@:99", "http://secret-word@host", "secret-word"])
      try {
        redisOnlineStore({ connection, views: [load] });
        expect.unreachable();
      } catch (refused) {
        expect(TsopsError.is(refused, "CONFIG_INVALID")).toBe(true);
        expect(String(refused)).not.toContain("secret-word");
      }
  });

  it("writes nothing of a batch when the server's memory is used up", async () => {
    const namespace = space();
    await using store = open(namespace);
    await store.observe("meters", loadRows(0, 1, "before"));
    const admin = await client();
    try {
      const { maxmemory } = (await admin.configGet("maxmemory")) as { maxmemory: string };
      await admin.configSet({ maxmemory: "1mb", "maxmemory-policy": "noeviction" });
      try {
        const batch = ["a", "b", "c", "before"].map((meter) => loadRows(0, 50, meter));
        for (const rows of batch)
          expect((await failure(store.observe("meters", rows))).code).toBe("STORE_FULL");
        // What is there can still be read.
        const rows = await lookUp(store, "before", "a", "b", "c");
        expect(rows.map((row) => row.load__n)).toEqual([1n, 0n, 0n, 0n]);
        expect(rows.map((row) => row.load__feature_status)).toEqual([
          "present",
          "missing",
          "missing",
          "missing",
        ]);
      } finally {
        await admin.configSet({ maxmemory });
      }
      expect(await admin.keys(`${namespace}*`)).toHaveLength(2);
    } finally {
      await admin.close();
    }
    expect(await store.observe("meters", loadRows(0, 50, "before"))).toMatchObject({
      accepted: 49,
      repeated: 1,
    });
  });

  it("writes nothing of a batch when one of its keys belongs to another program", async () => {
    const namespace = space();
    await using store = open(namespace);
    const admin = await client();
    try {
      await admin.set(`${namespace}:meters:["taken"]`, "by another");
      const rows = loadRows(0, 5, "free");
      const both = { ...rows, data: { ...rows.data, meter: { ...rows.data.meter } } };
      both.data.meter = {
        kind: "utf8",
        codes: Int32Array.of(0, 0, 0, 0, 1),
        dictionary: ["free", "taken"],
        valid: null,
      };
      expect((await failure(store.observe("meters", both))).code).toBe("STORE_CORRUPT");
      expect((await lookUp(store, "free"))[0]?.load__feature_status).toBe("missing");
      expect(await admin.keys(`${namespace}*`)).toHaveLength(1);
    } finally {
      await admin.close();
    }
  });

  it("takes every row once from two processes that write the same keys", async () => {
    const namespace = space();
    const child = async (from: number, to: number) => {
      const script = resolve(import.meta.dirname, "redis-child.ts");
      const args = [
        "--conditions=@tsops/source",
        "--import",
        "tsx",
        script,
        url,
        namespace,
        `${from}`,
        `${to}`,
      ];
      return Number((await promisify(execFile)(process.execPath, args)).stdout);
    };
    const accepted = await Promise.all([child(0, 300), child(200, 500)]);
    expect((accepted[0] as number) + (accepted[1] as number)).toBe(500);
    await using store = open(namespace);
    expect((await lookUp(store, "m"))[0]).toMatchObject({ load__watts: 499, load__n: 500n });
  });

  it("refuses a namespace that was filled for other views", async () => {
    const namespace = space();
    await using store = open(namespace);
    await store.observe("meters", loadRows(0, 3));
    const other = featureView({ name: "load", table: meters, features: { watts: column("watts") } });
    await using stranger = redisOnlineStore({ connection: url, namespace, views: [other] });
    const calls = [
      () => stranger.observe("meters", loadRows(3, 4)),
      () => stranger.lookup(asked("m"), { time: "at" }),
      () => stranger.advance("2026-02-01T00:00:00Z"),
    ];
    for (const call of calls) expect((await failure(call())).code).toBe("FEATURE_INVALID");
    expect((await lookUp(store, "m"))[0]?.load__n).toBe(3n);
  });

  it("forgets entities without new rows after their ttl, and lets every new row prolong it", async () => {
    const namespace = space();
    await using store = open(namespace, { entityTtl: "1h" });
    const admin = await client();
    try {
      await store.observe("meters", loadRows(0, 1));
      const key = `${namespace}:meters:["m"]`;
      expect(await admin.pTTL(key)).toBeGreaterThan(3_590_000);
      await admin.pExpire(key, 60_000);
      await store.observe("meters", loadRows(0, 1));
      expect(await admin.pTTL(key)).toBeLessThanOrEqual(60_000);
      await store.observe("meters", loadRows(1, 2));
      expect(await admin.pTTL(key)).toBeGreaterThan(3_590_000);
      await admin.pExpire(key, 0);
      expect((await lookUp(store, "m"))[0]?.load__feature_status).toBe("missing");
    } finally {
      await admin.close();
    }
  });

  it("works through the caller's own client, and leaves it open", async () => {
    const own = await client();
    try {
      const store = redisOnlineStore({ connection: own, namespace: space(), views: [load] });
      await store.observe("meters", loadRows(0, 4));
      expect(toRows(await store.lookup(asked("m"), { time: "at" }))[0]).toMatchObject({ load__n: 4n });
      await store.close();
      expect(await own.ping()).toBe("PONG");
    } finally {
      await own.close();
    }
  });

  it("rejects when what answers is no Redis", async () => {
    const http = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const port = await new Promise<number>((found) => {
      http.listen(0, "127.0.0.1", () => found((http.address() as { port: number }).port));
    });
    try {
      await using store = redisOnlineStore({
        connection: `redis://127.0.0.1:${port}`,
        views: [load],
        timeout: "2s",
      });
      expect((await failure(lookUp(store, "m"))).code).toBe("ADAPTER_UNAVAILABLE");
    } finally {
      http.close();
    }
  });
});
