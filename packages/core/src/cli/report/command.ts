import { resolve } from "node:path";
import { formatInstant } from "../../time/instant.ts";
import { writeWhole } from "../../write-whole.ts";
import { exitCodes } from "../exit-codes.ts";
import { loadCompanion } from "../load-companion.ts";
import { type CommandIo, writeResult } from "../session.ts";
import { checkTargets } from "../table-file/check-targets.ts";
import { withHome } from "../with-home.ts";
import type { ReportInput } from "./companions.ts";
import { openInBrowser } from "./open-in-browser.ts";
import type { ReportCommandOptions } from "./options.ts";
import { reportSource } from "./report-source.ts";

/** `tsops report`: how a deployment does, as one HTML file and as JSON. */
export async function reportCommand(io: CommandIo, options: ReportCommandOptions): Promise<number> {
  // With --json the data go to stdout; a page is then written only where one was asked for.
  const name = options.out ?? (options.json === true && options.open !== true ? null : "report.html");
  // A configuration may change the working directory; files are named from where the command was called.
  const path = name === null ? null : resolve(io.cwd, name);
  if (name !== null)
    await checkTargets(io.cwd, [], [{ option: "--out", name, extensions: [".html", ".htm"] }]);
  const tell = (line: string) => io.stderr.write(`${line}\n`);
  return withHome("tsops report", io, options, async (session) => {
    const { renderReport, reportJson } = await loadCompanion("tsops report", "@tsops/monitor/report", io.cwd);
    const source = await reportSource("tsops report", io, session, options, tell);
    try {
      const data = await source.read();
      let bytes = 0;
      if (path !== null) {
        const page = await renderReport(data);
        bytes = Buffer.byteLength(page);
        await writeWhole(path, page);
      }
      writeResult(
        io,
        options,
        options.json === true ? { html: name, report: reportJson(data) } : null,
        reportText(data, name ?? "", bytes),
      );
      if (options.open === true && path !== null && !(await openInBrowser(path)))
        tell(`no browser could be opened here: open ${path} yourself`);
      return exitCodes.done;
    } finally {
      await source.close();
    }
  });
}

function reportText(
  { title, served, decisions, champion, now }: ReportInput,
  name: string,
  bytes: number,
): string {
  const count = (value: number) => value.toLocaleString("en-US");
  const { predictions, withOutcome, withoutOutcome } = served.counts;
  return [
    `${name}: ${title} as of ${formatInstant(now)}, ${count(Math.ceil(bytes / 1000))} kB`,
    `  ${count(predictions)} forecasts, ${count(withOutcome)} of ${count(withOutcome + withoutOutcome)} steps with their outcome`,
    `  ${count(decisions.length)} decisions, ${champion === undefined ? "no champion in the registry" : `champion ${champion.name} v${champion.version}`}`,
  ].join("\n");
}
