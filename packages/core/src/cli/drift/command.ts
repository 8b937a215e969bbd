import { resolve } from "node:path";
import { TsopsError } from "../../errors.ts";
import { writeWhole } from "../../write-whole.ts";
import { exitCodes } from "../exit-codes.ts";
import { loadCompanion } from "../load-companion.ts";
import { progressBar } from "../progress-bar.ts";
import { type CommandIo, writeResult } from "../session.ts";
import { checkTargets } from "../table-file/check-targets.ts";
import { driftFiles } from "./drift-files.ts";
import { type DriftReport, driftData, driftText, hasDrift, windowDrifts } from "./drift-report.ts";
import type { DriftCommandOptions } from "./options.ts";
import { pageOf } from "./page.ts";

/** `tsops drift <reference> <current>`, or `tsops drift <file> --windows 7d`: whether rows of files differ beyond season and autocorrelation. */
export async function driftCommand(
  io: CommandIo,
  paths: readonly string[],
  options: DriftCommandOptions,
): Promise<number> {
  checkUse(paths, options);
  // Messages name files as they were given.
  const at = (name: string) => (io.cwd === process.cwd() ? name : resolve(io.cwd, name));
  const { html } = options;
  await checkTargets(
    io.cwd,
    paths,
    html === undefined ? [] : [{ option: "--html", name: html, extensions: [".html", ".htm"] }],
  );
  const bar = progressBar({ stream: io.stderr });
  const tell = (line: string) => {
    bar.stop();
    io.stderr.write(`${line}\n`);
  };
  try {
    const { tableFiles } = await loadCompanion("tsops drift", "@tsops/store/files", io.cwd);
    const tests = await loadCompanion("tsops drift", "@tsops/monitor", io.cwd);
    const reading = { signal: io.signal, decimal: options.decimal };
    const [first, second] = paths as [string, string | undefined];
    await using file = await tableFiles.open(at(first), reading);
    await using current = second === undefined ? null : await tableFiles.open(at(second), reading);
    const inputs = [
      { path: first, file },
      ...(second === undefined || current === null ? [] : [{ path: second, file: current }]),
    ];
    const found = await driftFiles({ io, inputs, options, tests, bar, tell });
    const report: DriftReport = { ...found, html: html ?? null };
    if (html !== undefined) {
      const { renderDriftPage } = await loadCompanion("tsops drift --html", "@tsops/monitor/report", io.cwd);
      await writeWhole(at(html), renderDriftPage(pageOf(report)));
    }
    bar.stop();
    writeResult(io, options, options.json === true ? driftData(report) : null, driftText(report));
    return isFailure(report, options) ? exitCodes.drift : exitCodes.done;
  } finally {
    bar.stop();
  }
}

function isFailure(report: DriftReport, { failOn }: DriftCommandOptions): boolean {
  if (failOn === undefined) return false;
  return failOn === "drift" ? hasDrift(report) : report.windows.slice(-1).some(windowDrifts);
}

/** @throws TsopsError CONFIG_INVALID for options that do not go together */
function checkUse(paths: readonly string[], options: DriftCommandOptions): void {
  const isByWindow = options.windows !== undefined;
  if (paths.length === 1 && !isByWindow)
    throw new TsopsError("CONFIG_INVALID", "There is one file, and nothing to compare it with.", {
      hint: "Name a second file, or say --windows 7d to test one file window by window.",
    });
  if (paths.length > 1 && isByWindow)
    throw new TsopsError("CONFIG_INVALID", "--windows cuts one file into windows, and there are two files.", {
      hint: "Name one file, or leave --windows out.",
    });
  if (isByWindow) return;
  const [wrong] = [
    ...(options.reference === undefined ? [] : ["--reference"]),
    ...(options.against === "before" ? [] : ["--against"]),
    ...(options.failOn === "last-window" ? ["--fail-on last-window"] : []),
  ];
  if (wrong !== undefined)
    throw new TsopsError("CONFIG_INVALID", `${wrong} is about windows, and there are two files.`, {
      hint: "Name one file with --windows 7d, or leave it out.",
    });
}
