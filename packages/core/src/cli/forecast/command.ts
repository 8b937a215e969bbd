import { basename, resolve } from "node:path";
import { checkLevels } from "../../forecast/levels.ts";
import { writeWhole } from "../../write-whole.ts";
import { exitCodes } from "../exit-codes.ts";
import { loadCompanion } from "../load-companion.ts";
import { progressBar } from "../progress-bar.ts";
import { type CommandIo, writeResult } from "../session.ts";
import { checkTargets } from "../table-file/check-targets.ts";
import { drawingOf, mostDrawn } from "./drawing.ts";
import { forecastFile } from "./forecast-file.ts";
import { type ForecastReport, reportData, reportText } from "./forecast-report.ts";
import { tableColumns } from "./forecast-table.ts";
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
  await checkTargets(
    io.cwd,
    [path, ...(options.future === undefined ? [] : [options.future])],
    [
      ...(options.out === undefined
        ? []
        : [{ option: "--out", name: options.out, extensions: [".csv", ".tsv", ".parquet"] }]),
      ...(options.plot === undefined ? [] : [{ option: "--plot", name: options.plot, extensions: [".svg"] }]),
    ],
  );
  const bar = progressBar({ stream: io.stderr });
  const tell = (line: string) => {
    bar.stop();
    io.stderr.write(`${line}\n`);
  };
  try {
    const { tableFiles } = await loadCompanion("tsops forecast", "@tsops/store/files", io.cwd);
    const reading = { signal: io.signal, decimal: options.decimal };
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
