import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { TsopsError } from "../../errors.ts";
import { durationMicros } from "../../time/duration.ts";
import { formatInstant } from "../../time/instant.ts";
import { errorText } from "../describe-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { loadCompanion } from "../load-companion.ts";
import { type CommandIo, type Session, writeResult } from "../session.ts";
import { withHome } from "../with-home.ts";
import { type LiveServer, liveServer } from "./live-server.ts";
import { openInBrowser } from "./open-in-browser.ts";
import type { WatchCommandOptions } from "./options.ts";
import { type ReportSource, reportSource } from "./report-source.ts";

/** `tsops watch`: the page of `tsops report`, which follows the data until the command is asked to stop. */
export async function watchCommand(io: CommandIo, options: WatchCommandOptions): Promise<number> {
  const tell = (line: string) => io.stderr.write(`${line}\n`);
  return withHome("tsops watch", io, options, async (session) => {
    const pages = await loadCompanion("tsops watch", "@tsops/monitor/report", io.cwd);
    const source = await reportSource("tsops watch", io, session, options, tell);
    const render = () => renderedPage(source, pages, options.deployment);
    let server: LiveServer | null = null;
    try {
      let seen = await fingerprint(session);
      const first = await render();
      server = await liveServer(options.port, pages.livePage);
      server.show(first);
      writeResult(
        io,
        options,
        { address: server.address },
        `${server.address} follows the data; Ctrl-C ends it.`,
      );
      if (options.open === true && !(await openInBrowser(server.address)))
        tell(`no browser could be opened here: open ${server.address} yourself`);
      const every = Number(durationMicros(options.every) / 1000n);
      while (await pause(every, io.signal)) {
        const now = await fingerprint(session);
        if (now !== null && now === seen) continue;
        if (await follow(server, render, io, tell)) seen = now;
      }
      return exitCodes.done;
    } catch (error) {
      // That it was asked to stop is how it ends.
      if (io.signal.aborted) return exitCodes.done;
      throw error;
    } finally {
      await server?.close();
      await source.close();
    }
  });
}

interface Pages {
  renderReport(data: Awaited<ReturnType<ReportSource["read"]>>): Promise<string>;
  messagePage(title: string, text: string): string;
}

/** The page as it is now; one that waits for as long as nothing was served. */
async function renderedPage(
  source: ReportSource,
  { renderReport, messagePage }: Pages,
  deployment: string | undefined,
): Promise<string> {
  try {
    return await renderReport(await source.read());
  } catch (error) {
    if (!TsopsError.is(error, "PREDICTION_NOT_FOUND")) throw error;
    return messagePage(deployment ?? "Nothing to report yet", `${error.message} This page waits for it.`);
  }
}

/** Shows what is new. What goes wrong is told, and tried again: a store that is busy now will not be for long. */
async function follow(
  server: LiveServer,
  render: () => Promise<string>,
  io: CommandIo,
  tell: (line: string) => void,
): Promise<boolean> {
  try {
    const page = await render();
    if (server.show(page)) tell(`updated ${formatInstant(BigInt(Date.now()) * 1000n)}`);
    return true;
  } catch (error) {
    if (io.signal.aborted) throw error;
    tell(errorText(error));
    server.fail(error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** @returns False when the command is to stop. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve(true);
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Sizes and times of the files that change when something is written to the home; null where the contracts are not those of one. */
async function fingerprint(session: Session): Promise<string | null> {
  const { predictions, decisions, registry } = session.config;
  const { path, tablesPath } = await session.home();
  if (path === undefined || tablesPath === undefined || predictions || decisions || registry) return null;
  const tables = await readdir(tablesPath).catch(() => []);
  const files = [
    ...["tsops.db", "tsops.db-wal", "mlflow.db", "mlflow.db-wal"].map((name) => join(path, name)),
    ...tables.map((name) => join(tablesPath, name, "_delta_log")),
  ];
  const marks = await Promise.all(
    files.map((file) =>
      stat(file, { bigint: true }).then(
        ({ size, mtimeNs }) => `${file} ${size} ${mtimeNs}`,
        () => file,
      ),
    ),
  );
  return marks.join("\n");
}
