import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { parseRetry } from "../pipeline/retry.ts";
import { systemClock } from "../time/clock.ts";
import { tokenAuth } from "./auth.ts";
import { airflowCalls, askedAgain } from "./client.ts";

/** A server that gives these answers, one after the other, and the calls that it has seen. */
async function serverOf(...answers: readonly { status: number; body: string }[]) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[seen.length] as { status: number; body: string };
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call = askedAgain(airflowCalls({ url, auth: tokenAuth("t"), timeoutMs: 10_000 }), {
    clock: systemClock(),
    policy: parseRetry({ attempts: 3, delay: "1ms" }),
  });
  return {
    call,
    seen,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const failed = { status: 500, body: "Internal Server Error" };
const locked = { status: 503, body: '{"detail":"Database is locked"}' };
const fine = { status: 200, body: '{"ok":true}' };

describe("calls to Airflow", () => {
  it("ask again what the server failed to answer, and what its locked database refused", async () => {
    await using reads = await serverOf(failed, failed, fine);
    expect(await reads.call("/dags")).toEqual({ ok: true });
    expect(reads.seen).toEqual(Array(3).fill("GET /api/v2/dags"));
    await using writes = await serverOf(locked, fine);
    expect(await writes.call("/backfills", { method: "POST", body: {} })).toEqual({ ok: true });
    expect(writes.seen).toEqual(Array(2).fill("POST /api/v2/backfills"));
  });

  it("give up in the end, and repeat neither a write that may have happened nor a question that is wrong", async () => {
    await using down = await serverOf(failed, failed, failed);
    await expect(down.call("/dags")).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
    expect(down.seen).toHaveLength(3);
    await using write = await serverOf(failed);
    await expect(write.call("/dags/d/dagRuns", { method: "POST", body: {} })).rejects.toMatchObject({
      code: "ADAPTER_UNAVAILABLE",
      details: { status: 500 },
    });
    expect(write.seen).toHaveLength(1);
    await using wrong = await serverOf({ status: 404, body: '{"detail":"no such DAG"}' });
    await expect(wrong.call("/dags/d")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    expect(wrong.seen).toHaveLength(1);
  });
});
