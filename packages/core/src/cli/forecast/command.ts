import { access, constants, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { TsopsError } from "../../errors.ts";
import { checkLevels } from "../../forecast/levels.ts";
import { writeWhole } from "../../write-whole.ts";
import { exitCodes } from "../exit-codes.ts";
import { progressBar } from "../progress-bar.ts";
import { type CommandIo, writeResult } from "../session.ts";
import { drawingOf, mostDrawn } from "./drawing.ts";
import { forecastFile } from "./forecast-file.ts";
import { type ForecastReport, reportData, reportText } from "./forecast-report.ts";
import { tableColumns } from "./forecast-table.ts";
import { loadCompanion } from "./load-companion.ts";
import type { ForecastCommandOptions } from "./options.ts";

/** `tsops forecast <file>`: from a table of rows to a forecast, without a line of code. */
export async function forecastCommand(
  io: CommandIo,
  path: string,
  options: ForecastCommandOptions,
): Promise<number> {
  checkLevels(options.level);
  // Messages name files as they were given.
  const at = (name: string) => (io.cwd === process.cwd() ? name : resolve(io.cwd, name));
  await checkTargets(io.cwd, path, options);
  const bar = progressBar({ stream: io.stderr });
  const tell = (line: string) => {
    bar.stop();
    io.stderr.write(`${line}\n`);
  };
  try {
    const { tableFiles } = await loadCompanion("tsops forecast", "@tsops/store/files", io.cwd);
    const reading = {
      signal: io.signal,
      ...(options.decimal === undefined ? {} : { decimal: options.decimal }),
    };
    await using file = await tableFiles.open(at(path), reading);
    await using future =
      options.future === undefined ? null : await tableFiles.open(at(options.future), reading);
    const report = await forecastFile({ io, path, file, future, options, bar, tell });
    const { history, table } = report;
    // Drawn before anything is written: it may fail.
    let picture = "";
    if (options.plot !== undefined) {
      const { drawForecasts } = await loadCompanion("tsops forecast --plot", "@tsops/monitor/report", io.cwd);
      if (table.series.length > mostDrawn)
        tell(`${options.plot} shows the first ${mostDrawn} of ${table.series.length} series`);
      picture = await drawForecasts(
        drawingOf(basename(path), report.target, table, history, report.folds, options.horizon),
      );
    }
    if (options.out !== undefined) {
      const { keys, time } = history.panel.spec;
      await tableFiles.write(at(options.out), tableColumns(table, keys, time, history), {
        timeStyle: history.style === "steps" ? "instant" : history.style,
        signal: io.signal,
      });
    }
    if (options.plot !== undefined) await writeWhole(at(options.plot), picture);
    bar.stop();
    const whole: ForecastReport = { ...report, out: options.out ?? null, plot: options.plot ?? null };
    writeResult(io, options, options.json === true ? reportData(whole) : null, reportText(whole));
    return exitCodes.done;
  } finally {
    bar.stop();
  }
}

/** What cannot be written at the end is said before the work. */
async function checkTargets(cwd: string, path: string, options: ForecastCommandOptions): Promise<void> {
  const inputs = [path, ...(options.future === undefined ? [] : [options.future])].map((name) =>
    resolve(cwd, name),
  );
  for (const [option, name, extensions] of [
    ["--out", options.out, [".csv", ".tsv", ".parquet"]],
    ["--plot", options.plot, [".svg"]],
  ] as const) {
    if (name === undefined) continue;
    const target = resolve(cwd, name);
    if (!extensions.some((extension) => target.toLowerCase().endsWith(extension)))
      throw new TsopsError("CONFIG_INVALID", `${option} ${name} has no extension that is known.`, {
        hint: `Give it one of ${extensions.join(", ")}.`,
      });
    if (inputs.includes(target))
      throw new TsopsError(
        "CONFIG_INVALID",
        `${option} ${name} would overwrite what the forecast is made from.`,
        {
          hint: "Give another name.",
        },
      );
    const folder = await stat(dirname(target)).catch(() => null);
    if (folder?.isDirectory() !== true)
      throw new TsopsError("STORE_NOT_FOUND", `There is no folder ${dirname(target)} for ${option}.`, {
        hint: "Make it first.",
      });
    await access(dirname(target), constants.W_OK).catch((cause: unknown) => {
      throw new TsopsError(
        "STORE_NOT_FOUND",
        `The folder ${dirname(target)} for ${option} cannot be written to.`,
        {
          hint: "Give it to this user, or name another folder.",
          cause,
        },
      );
    });
    if ((await stat(target).catch(() => null))?.isDirectory() === true)
      throw new TsopsError("CONFIG_INVALID", `${option} ${name} is a folder.`, { hint: "Name a file." });
  }
}
