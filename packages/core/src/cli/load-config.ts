import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { closest } from "../did-you-mean.ts";
import { TsopsError } from "../errors.ts";
import type { TsopsConfig } from "./config.ts";
import { placeOf } from "./describe-error.ts";

/** Names that are looked for, in this order, in each folder from the working directory upward. */
export const configNames = [
  "tsops.config.ts",
  "tsops.config.mts",
  "tsops.config.js",
  "tsops.config.mjs",
] as const;

const configKeys = [
  "home",
  "ledger",
  "tracker",
  "registry",
  "predictions",
  "decisions",
  "syncTo",
  "pipelines",
  "airflow",
  "codeVersion",
  "clock",
] as const;

/**
 * Path of the configuration.
 * @throws TsopsError CONFIG_NOT_FOUND
 */
export async function findConfig(
  cwd: string,
  given: string | undefined,
  from = "the path given with --config",
): Promise<string> {
  if (given !== undefined) {
    const path = resolve(cwd, given);
    if (await exists(path)) return path;
    throw new TsopsError("CONFIG_NOT_FOUND", `There is no configuration at ${path}.`, {
      hint: `Check ${from}; it is taken from the working directory.`,
    });
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    for (const name of configNames) if (await exists(join(folder, name))) return join(folder, name);
    if (dirname(folder) === folder) break;
  }
  throw new TsopsError(
    "CONFIG_NOT_FOUND",
    `There is no tsops.config.ts in ${resolve(cwd)} or a folder above it.`,
    {
      hint: 'Create one that says `export default defineConfig({ home: () => openHome("./.tsops"), pipelines: [...] })`, or pass --config <path>.',
      details: { names: configNames },
    },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Loads a configuration. TypeScript needs no build: Node's own support is used where there is some, else jiti.
 * @throws TsopsError CONFIG_INVALID when it does not load or its default export is no configuration
 */
export async function loadConfig(path: string): Promise<TsopsConfig> {
  let loaded: unknown;
  try {
    loaded = await importFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TsopsError("CONFIG_INVALID", `The configuration ${path} does not load: ${reason}`, {
      hint:
        TsopsError.is(cause) && cause.hint !== undefined ? cause.hint : `Look at ${placeOf(cause) ?? path}.`,
      cause,
    });
  }
  return checkConfig(path, loaded);
}

/** Failures of Node's own import that come before any code has run, and that jiti may do better. */
const unsupported: ReadonlySet<unknown> = new Set([
  "ERR_UNKNOWN_FILE_EXTENSION",
  "ERR_MODULE_NOT_FOUND",
  "ERR_UNSUPPORTED_DIR_IMPORT",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
]);

async function importFile(path: string): Promise<unknown> {
  const url = pathToFileURL(path).href;
  try {
    return defaultOf(await import(url));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && unsupported.has(error.code))) throw error;
    const { createJiti } = await import("jiti");
    return defaultOf(await createJiti(url, { fsCache: false }).import(url));
  }
}

function defaultOf(loaded: unknown): unknown {
  return typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
}

function checkConfig(path: string, config: unknown): TsopsConfig {
  const problem = problemOf(config);
  if (problem === null) return config as TsopsConfig;
  throw new TsopsError("CONFIG_INVALID", `The configuration ${path} ${problem.text}`, { hint: problem.hint });
}

function problemOf(config: unknown): { readonly text: string; readonly hint: string } | null {
  if (typeof config !== "object" || config === null || Array.isArray(config))
    return {
      text: `exports ${config === undefined ? "nothing" : `a ${typeof config}`} by default.`,
      hint: "Write `export default defineConfig({ ... })`.",
    };
  for (const [key, value] of Object.entries(config)) {
    if (!(configKeys as readonly string[]).includes(key)) {
      const near = closest(key, configKeys);
      return {
        text: `has a setting "${key}", which does not exist.`,
        hint: near === null ? `Settings are ${configKeys.join(", ")}.` : `Did you mean "${near}"?`,
      };
    }
    if (value === undefined) continue;
    const isFactory = !["syncTo", "pipelines", "airflow", "codeVersion", "clock"].includes(key);
    if (isFactory && typeof value !== "function")
      return {
        text: `gives ${key} as a ${typeof value}; a function that returns it is needed.`,
        hint: `Write ${key}: () => ... so that it is opened only when a command needs it.`,
      };
    if (key === "syncTo") {
      const places = typeof value === "object" && value !== null ? Object.entries(value) : null;
      const wrong = places?.find(([, place]) => typeof place !== "function");
      if (places === null || wrong !== undefined)
        return {
          text: `gives syncTo${wrong === undefined ? "" : `.${wrong[0]}`} as a ${typeof (wrong?.[1] ?? value)}.`,
          hint: "Write syncTo: { mlflow: () => ({ tracker: ..., registry: ... }) }.",
        };
    }
    if (key === "pipelines" && typeof value !== "function" && !Array.isArray(value))
      return {
        text: `gives pipelines as a ${typeof value}.`,
        hint: "Give an array, or a function of the home that returns one.",
      };
    if (key === "airflow" && (typeof value !== "object" || value === null || Array.isArray(value)))
      return { text: "gives airflow as no object.", hint: "Give settings by the name of a pipeline." };
    if (key === "codeVersion" && typeof value !== "string")
      return { text: `gives codeVersion as a ${typeof value}.`, hint: "Give text, e.g. the commit." };
  }
  return null;
}
