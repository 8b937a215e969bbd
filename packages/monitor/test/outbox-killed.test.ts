import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openHome } from "@tsops/store";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { webhookReceiver } from "./webhook-receiver.ts";

const child = fileURLToPath(new URL("./outbox-child.ts", import.meta.url));

it("delivers every message at least once, each group in order, through SIGKILLs in the middle of sending", {
  timeout: 120_000,
}, async () => {
  const directory = temporaryDirectory();
  const path = join(directory.path, ".tsops");
  const home = await openHome(path);
  const groups = ["a", "b", "c"];
  const ids = Array.from({ length: 45 }, (_, i) => `${groups[i % 3]}-${String(i).padStart(2, "0")}`);
  await home.outbox.put(
    ids.map((id) => ({ id, channel: "webhook", group: id.slice(0, 1), body: "{}", createdAt: 1n })),
  );

  let running: ReturnType<typeof spawn> | null = null;
  // It dies when the request is there and not answered: neither side knows whether the message counts.
  const killAt = new Set([4, 11, 23]);
  const receiver = await webhookReceiver((_, count) => {
    if (!killAt.has(count)) return { status: 200 };
    running?.kill("SIGKILL");
    return null;
  });
  const ends: (string | null)[] = [];
  for (let run = 0; run < 4; run++) {
    running = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=@tsops/source", child, path, receiver.url, String(600_000_000 * run)],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const [, signal] = (await once(running, "close")) as [number | null, string | null];
    ends.push(signal);
  }
  expect(ends).toEqual(["SIGKILL", "SIGKILL", "SIGKILL", null]);

  const first = [...new Set(receiver.received.map(({ id }) => id))];
  expect([...first].sort()).toEqual([...ids].sort());
  for (const group of groups)
    expect(first.filter((id) => id.startsWith(group))).toEqual(ids.filter((id) => id.startsWith(group)));
  // Some came twice, with the same id.
  expect(receiver.received.length).toBeGreaterThan(ids.length);
  expect((await home.outbox.list({ status: "delivered" })).length).toBe(ids.length);
  await home.close();
  await receiver.close();
  await directory.dispose();
});
