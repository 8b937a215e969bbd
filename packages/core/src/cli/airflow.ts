import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { bundleConfiguration } from "../airflow/bundle.ts";
import { airflowDag, exportedBy } from "../airflow/dag.ts";
import { TsopsError } from "../errors.ts";
import { writeWhole } from "../write-whole.ts";
import { exitCodes } from "./exit-codes.ts";
import { findConfig } from "./load-config.ts";
import { type CommandIo, type GlobalOptions, withSession, writeResult } from "./session.ts";

/** Options of `tsops airflow export`. */
export interface AirflowExportOptions extends GlobalOptions {
  readonly out: string;
  readonly check?: boolean;
  readonly node?: string;
  readonly external?: readonly string[];
}

/** `tsops airflow export [configurations...]`. */
export async function airflowExportCommand(
  io: CommandIo,
  configurations: readonly string[],
  options: AirflowExportOptions,
): Promise<number> {
  const out = resolve(io.cwd, options.out);
  const given = configurations.length > 0 ? configurations : [await findConfig(io.cwd, options.config)];
  const files = new Map<string, string>();
  for (const configuration of given) {
    const path = await findConfig(io.cwd, configuration, "the path of the configuration");
    for (const [name, text] of await exportConfiguration(io, path, out, options)) {
      if (files.has(name))
        throw new TsopsError("CONFIG_INVALID", `Two configurations give a file ${name}.`, {
          hint: "Give pipelines, and files of configurations, names of their own.",
        });
      files.set(name, text);
    }
  }
  const found: { file: string; state: "same" | "differs" | "written" | "left over" }[] = [];
  // Bundles come first, so that no DAG file names one that is not there.
  for (const [file, text] of [...files].sort(([a], [b]) =>
    isBundle(a) === isBundle(b) ? 0 : isBundle(a) ? -1 : 1,
  )) {
    const path = join(out, file);
    const isSame = (await readFile(path, "utf8").catch(() => null)) === text;
    if (!isSame && options.check !== true) await writeExported(path, text);
    found.push({ file, state: isSame ? "same" : options.check === true ? "differs" : "written" });
  }
  // Airflow goes on running them, so somebody has to decide.
  for (const file of await exportedFiles(out)) if (!files.has(file)) found.push({ file, state: "left over" });
  writeResult(
    io,
    options,
    { out, files: found },
    found.map(({ file, state }) => `${state}  ${file}`).join("\n"),
  );
  return found.some(({ state }) => state === "differs") ? exitCodes.failed : exitCodes.done;
}

/** DAG files in the folder that were exported, by this call or another. */
async function exportedFiles(out: string): Promise<readonly string[]> {
  const names = (await readdir(out).catch(() => [])).filter((name) => name.endsWith(".py")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(out, name), "utf8").catch(() => "")));
  return names.filter((_, i) => texts[i]?.startsWith(exportedBy));
}

function isBundle(file: string): boolean {
  return file.endsWith(".mjs");
}

/** The files of one configuration by name: its bundle, and a DAG for each of its pipelines. */
async function exportConfiguration(
  io: CommandIo,
  path: string,
  out: string,
  { node, external = [] }: AirflowExportOptions,
): Promise<ReadonlyMap<string, string>> {
  const bundle = `${basename(path).replace(/\.[a-z]+$/, "")}.mjs`;
  const directory = relative(out, dirname(path)).split(sep).join("/") || ".";
  return withSession(io, { config: path }, async (session) => {
    const { airflow = {} } = session.config;
    const pipelines = await session.pipelines();
    const unknown = Object.keys(airflow).find((name) => !pipelines.some((one) => one.name === name));
    if (unknown !== undefined)
      throw new TsopsError("CONFIG_INVALID", `airflow of ${path} names a pipeline "${unknown}".`, {
        hint: `It has ${pipelines.map(({ name }) => name).join(", ")}.`,
      });
    const files = new Map([
      [bundle, await bundleConfiguration(path, { external, conditions: ownConditions() })],
    ]);
    for (const pipeline of pipelines) {
      const settings = { ...airflow[pipeline.name], ...(node === undefined ? {} : { node }) };
      files.set(`${pipeline.name}.py`, airflowDag(pipeline, { ...settings, bundle, directory }));
    }
    return files;
  });
}

/** @throws TsopsError CONFIG_INVALID */
async function writeExported(path: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeWhole(path, text);
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    throw new TsopsError("CONFIG_INVALID", `${path} cannot be written${code === "" ? "" : ` (${code})`}.`, {
      hint: "Give a folder that can be made or written to: --out <folder>.",
      cause,
    });
  }
}

/** Level by level: Node's recursive mkdir never ends in a folder that takes no other, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
    });
  try {
    await make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make();
  }
}

/** Conditions that this process was started with: a bundle resolves packages as it does. */
function ownConditions(): readonly string[] {
  const { NODE_OPTIONS: options = "" } = process.env;
  const given = [...process.execArgv, ...options.split(" ")];
  return given.flatMap((flag, i) => {
    const match = /^(?:--conditions|-C)(?:=(.+))?$/.exec(flag);
    const value = match === null ? undefined : (match[1] ?? given[i + 1]);
    return value === undefined ? [] : [value];
  });
}
