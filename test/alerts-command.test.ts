import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OutboxMessage } from "@tsops/core";
import { openHome } from "@tsops/store";
import { beforeEach, describe, expect, it } from "vitest";
import { commandChild } from "./command-child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const folder = temporaryDirectory().path;
const second = 1_000_000n;
const start = 1_767_571_200_000_000n; // 2026-01-05
const alerts = commandChild("alerts");
let path: string;
let homes = 0;

const message = (channel: string, id: string, text: string): OutboxMessage => ({
  channel,
  id,
  group: id,
  body: JSON.stringify({ type: "alert.raised", text }),
  createdAt: start,
});

beforeEach(async () => {
  path = join(folder, `home-${homes++}`);
  await using home = await openHome(path);
  const { outbox } = home;
  const messages = [
    message("on-call", "alert-5f0c", "error for load: \u001b[31m80\u0007"),
    message("log", "alert-5f0c", "error for load"),
    message("on-call", "alert-5f99", "drift of temp"),
    message("on-call", "alert-77", "still on its way"),
  ];
  await outbox.put(messages);
  await outbox.claim({
    owner: "one",
    now: start,
    leaseUntil: start + second,
    channels: ["on-call", "log"],
    limit: 3,
  });
  for (const one of messages.slice(0, 3))
    await outbox.failed(one, { owner: "one", now: start + second, nextAttemptAt: null, error: "HTTP 410" });
});

const states = async () => {
  await using home = await openHome(path);
  return (await home.outbox.list())
    .map(({ channel, id, status, attempts }) => `${channel} ${id} ${status} ${attempts}`)
    .sort();
};

describe("tsops alerts", () => {
  it("lists what is parked with its last error, without characters that steer a terminal", async () => {
    const { code, stdout } = await alerts("--home", path);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "2026-01-05T00:00:00Z  on-call  parked after 1 attempt: HTTP 410\n  error for load:  [31m80\n  alert-5f0c",
    );
    expect(stdout).not.toContain("alert-77");
    expect(stdout).toContain("tsops alerts send <id>");
    const { json } = await alerts(
      "--home",
      path,
      "--status",
      "all",
      "--channel",
      "on-call",
      "--limit",
      "2",
      "--json",
    );
    expect(json()).toMatchObject({
      total: 3,
      messages: [
        {
          id: "alert-5f99",
          status: "parked",
          attempts: 1,
          error: "HTTP 410",
          text: "drift of temp",
          parkedAt: "2026-01-05T00:00:01Z",
          nextAttemptAt: null,
        },
        { id: "alert-77", status: "waiting", parkedAt: null, nextAttemptAt: "2026-01-05T00:00:00Z" },
      ],
    });
  });

  it("fails a check when a message is parked, and not when none is", async () => {
    expect((await alerts("--home", path, "--fail-on", "parked")).code).toBe(2);
    const none = await alerts("--home", path, "--fail-on", "parked", "--channel", "tickets");
    expect([none.code, none.stdout]).toEqual([0, "No message is parked.\n"]);
  });

  it("sends a message again in every channel that gave it up, or in one", async () => {
    const { code, stdout } = await alerts("send", "alert-5f0c", "--home", path);
    expect(code).toBe(0);
    expect(stdout).toBe(
      "2 messages will be sent by the next deliverAlerts() of the app:\n  on-call  alert-5f0c\n  log  alert-5f0c\n",
    );
    expect(await states()).toEqual([
      "log alert-5f0c waiting 0",
      "on-call alert-5f0c waiting 0",
      "on-call alert-5f99 parked 1",
      "on-call alert-77 waiting 0",
    ]);
    const { json } = await alerts("send", "--all", "--channel", "on-call", "--home", path, "--json");
    expect(json()).toEqual({ released: [{ channel: "on-call", id: "alert-5f99" }] });
  });

  it("drops one by the beginning of its id, or all of a channel", async () => {
    expect((await alerts("drop", "alert-5f9", "--home", path)).stdout).toContain(
      "1 message dropped; nobody will be told",
    );
    const { json } = await alerts("drop", "--all", "--channel", "log", "--home", path, "--json");
    expect(json()).toEqual({ dropped: [{ channel: "log", id: "alert-5f0c" }] });
    expect(await states()).toEqual(["on-call alert-5f0c parked 1", "on-call alert-77 waiting 0"]);
    expect((await alerts("drop", "--all", "--channel", "log", "--home", path)).stdout).toBe(
      "No message is parked.\n",
    );
  });

  it("says what became of a message that is not parked, and changes nothing", async () => {
    const before = await states();
    const waits = await alerts("drop", "alert-5f99", "alert-77", "--home", path);
    expect(waits.code).toBe(1);
    expect(waits.stderr).toContain('Message "alert-77" waits to be tried at 2026-01-05T00:00:00Z');
    const unknown = await alerts("send", "nothing", "--home", path, "--json");
    expect(unknown.code).toBe(1);
    expect(unknown.json()).toMatchObject({
      error: { code: "MESSAGE_NOT_FOUND", details: { id: "nothing", matches: 0 } },
    });
    expect((await alerts("send", "alert-5f", "--home", path)).stderr).toContain(
      "2 parked messages have ids that begin",
    );
    expect((await alerts("send", "alert-5f99", "--channel", "log", "--home", path)).stderr).toContain(
      "is parked in channel on-call only",
    );
    expect(await states()).toEqual(before);
  });

  it("takes a wrong command line for what it is", async () => {
    for (const given of [
      ["send"],
      ["drop", "alert-77", "--all"],
      ["list", "alert-77"],
      ["alert-77"],
      ["send", "--all", "--fail-on", "parked"],
    ])
      expect((await alerts(...given, "--home", path)).code, given.join(" ")).toBe(64);
    mkdirSync(join(folder, "nothing"), { recursive: true });
    const none = await alerts("--home", join(folder, "nothing"));
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("STORE_NOT_FOUND");
  });
});
