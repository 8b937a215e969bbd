import { TsopsError } from "../../errors.ts";
import type { Outbox, OutboxEntry } from "../../ports/outbox.ts";
import { formatInstant } from "../../time/instant.ts";
import { exitCodes } from "../exit-codes.ts";
import { type CommandIo, type GlobalOptions, writeResult } from "../session.ts";
import { withHome } from "../with-home.ts";
import { messageText } from "./message-text.ts";

/** What `tsops alerts` can do with messages. */
export const alertActions = ["list", "send", "drop"] as const;
export type AlertAction = (typeof alertActions)[number];

/** What `--status` takes. */
export const alertStatuses = ["parked", "waiting", "all"] as const;

/** Options of `tsops alerts`. */
export interface AlertsCommandOptions extends GlobalOptions {
  readonly home?: string;
  readonly channel?: string;
  readonly status: (typeof alertStatuses)[number];
  readonly limit: number;
  readonly all?: boolean;
  readonly failOn?: "parked";
}

/** `tsops alerts`: messages of the outbox that were given up, or wait; sends parked ones again, or drops them. */
export async function alertsCommand(
  io: CommandIo,
  action: AlertAction,
  ids: readonly string[],
  options: AlertsCommandOptions,
): Promise<number> {
  checkTogether(action, ids, options);
  return withHome("tsops alerts", io, options, async (session) => {
    const outbox = await session.contract("outbox");
    if (action === "list") return listMessages(io, outbox, options);
    const { channel } = options;
    const parked = await outbox.list({
      status: "parked",
      ...(channel === undefined ? {} : { channel }),
      signal: io.signal,
    });
    const chosen = options.all === true ? parked : await byIds(outbox, parked, ids, options, io.signal);
    const changed: OutboxEntry[] = [];
    for (const entry of chosen) {
      const done =
        action === "send"
          ? await outbox.release(entry, session.clock.now(), { signal: io.signal })
          : await outbox.drop(entry, { signal: io.signal });
      if (done) changed.push(entry);
    }
    const data = {
      [action === "send" ? "released" : "dropped"]: changed.map(({ channel: to, id }) => ({
        channel: to,
        id,
      })),
    };
    writeResult(io, options, data, changedText(action, changed));
    return exitCodes.done;
  });
}

/** @throws TsopsError CONFIG_INVALID when the arguments do not go together */
function checkTogether(
  action: AlertAction,
  ids: readonly string[],
  { all, failOn, status }: AlertsCommandOptions,
): void {
  if (action === "list") {
    if (ids.length > 0 || all === true)
      throw new TsopsError(
        "CONFIG_INVALID",
        `tsops alerts list takes no ${all === true ? "--all" : "ids"}.`,
        {
          hint: "Narrow the list with --channel and --status, or write tsops alerts send <id>.",
        },
      );
    if (failOn !== undefined && status === "waiting")
      throw new TsopsError("CONFIG_INVALID", "--fail-on parked and --status waiting exclude each other.", {
        hint: "Leave --status out.",
      });
    return;
  }
  if (failOn !== undefined || status !== "parked")
    throw new TsopsError(
      "CONFIG_INVALID",
      `${failOn === undefined ? "--status" : "--fail-on"} belongs to tsops alerts list.`,
      {
        hint: `tsops alerts ${action} is about parked messages.`,
      },
    );
  if (ids.length > 0 !== (all === true)) return;
  throw new TsopsError(
    "CONFIG_INVALID",
    all === true
      ? "Ids and --all exclude each other."
      : `tsops alerts ${action} needs the ids of messages, or --all.`,
    { hint: "tsops alerts lists parked messages with their ids." },
  );
}

async function listMessages(io: CommandIo, outbox: Outbox, options: AlertsCommandOptions): Promise<number> {
  const { channel, status, limit, failOn } = options;
  const found = (
    await outbox.list({ ...(channel === undefined ? {} : { channel }), signal: io.signal })
  ).filter((entry) => (status === "all" ? entry.status !== "delivered" : entry.status === status));
  const shown = found.slice(-limit);
  const data = { messages: shown.map(entryData), total: found.length };
  writeResult(io, options, data, listText(shown, found.length, status));
  const isParked = found.some((entry) => entry.status === "parked");
  return failOn === "parked" && isParked ? exitCodes.drift : exitCodes.done;
}

/** The parked messages of some ids, or of what they begin with. A message has one id in all of its channels. */
async function byIds(
  outbox: Outbox,
  parked: readonly OutboxEntry[],
  ids: readonly string[],
  { channel }: AlertsCommandOptions,
  signal: AbortSignal,
): Promise<readonly OutboxEntry[]> {
  const chosen = new Set<OutboxEntry>();
  for (const id of ids) {
    const exact = parked.filter((entry) => entry.id === id);
    const begun = exact.length > 0 ? exact : parked.filter((entry) => entry.id.startsWith(id));
    const names = [...new Set(begun.map((entry) => entry.id))];
    if (names.length !== 1) throw await notOne(outbox, id, names, channel, signal);
    for (const entry of begun) chosen.add(entry);
  }
  return [...chosen];
}

async function notOne(
  outbox: Outbox,
  id: string,
  names: readonly string[],
  channel: string | undefined,
  signal: AbortSignal,
): Promise<TsopsError> {
  const details = { id, matches: names.length };
  if (names.length > 1)
    return new TsopsError(
      "MESSAGE_NOT_FOUND",
      `${names.length} parked messages have ids that begin with "${id}".`,
      {
        hint: `Give more of it: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", ..." : "."}`,
        details,
      },
    );
  const others = (await outbox.list({ signal })).filter((entry) => entry.id.startsWith(id));
  const other = others.find((entry) => channel === undefined || entry.channel === channel) ?? others[0];
  if (other === undefined)
    return new TsopsError("MESSAGE_NOT_FOUND", `There is no message "${id}" in the outbox.`, {
      hint: "tsops alerts lists parked messages with their ids; what was settled long ago is forgotten.",
      details,
    });
  const state: Readonly<Record<OutboxEntry["status"], string>> = {
    waiting: `waits to be tried at ${formatInstant(other.nextAttemptAt)}`,
    delivered: "has been delivered",
    parked: `is parked in channel ${other.channel} only`,
  };
  return new TsopsError(
    "MESSAGE_NOT_FOUND",
    `Message "${other.id}" ${state[other.status]}; only parked messages are sent again or dropped.`,
    {
      hint: "tsops alerts lists what is parked.",
      details: { ...details, status: other.status, channel: other.channel },
    },
  );
}

function entryData(entry: OutboxEntry) {
  const { id, channel, group, status, attempts, error, createdAt, nextAttemptAt, settledAt, body } = entry;
  return {
    id,
    channel,
    group,
    status,
    attempts,
    error,
    createdAt: formatInstant(createdAt),
    nextAttemptAt: status === "waiting" ? formatInstant(nextAttemptAt) : null,
    parkedAt: settledAt === null ? null : formatInstant(settledAt),
    text: messageText(body),
  };
}

function listText(
  shown: readonly OutboxEntry[],
  total: number,
  status: AlertsCommandOptions["status"],
): string {
  const what = status === "all" ? "parked or waiting" : status;
  if (shown.length === 0) return `No message is ${what}.`;
  const lines = shown.map(
    (entry) =>
      `${formatInstant(entry.createdAt)}  ${entry.channel}  ${stateText(entry)}\n  ${messageText(entry.body)}\n  ${entry.id}`,
  );
  if (shown.length < total) lines.unshift(`The newest ${shown.length} of ${total} messages:`);
  if (shown.some((entry) => entry.status === "parked"))
    lines.push(
      "",
      "tsops alerts send <id> sends one again, tsops alerts drop <id> forgets it; --all means all that are parked.",
    );
  return lines.join("\n");
}

function stateText({ status, attempts, error, nextAttemptAt }: OutboxEntry): string {
  const times = `${attempts} attempt${attempts === 1 ? "" : "s"}`;
  const why = error === null ? "" : `: ${messageText(error)}`;
  return status === "parked"
    ? `parked after ${times}${why}`
    : `waits until ${formatInstant(nextAttemptAt)} after ${times}${why}`;
}

function changedText(action: AlertAction, changed: readonly OutboxEntry[]): string {
  if (changed.length === 0) return "No message is parked.";
  const lines = changed.map(({ channel, id }) => `  ${channel}  ${id}`);
  const messages = `${changed.length} message${changed.length === 1 ? "" : "s"}`;
  return [
    action === "send"
      ? `${messages} will be sent by the next deliverAlerts() of the app:`
      : `${messages} dropped; nobody will be told:`,
    ...lines,
  ].join("\n");
}
