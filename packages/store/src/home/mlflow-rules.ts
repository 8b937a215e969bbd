import { posix } from "node:path";
import { canonicalJson, type Metric, type RunStatus, shown, TsopsError } from "@tsops/core";

// Names and lengths as mlflow/utils/validation.py of MLflow 3.17.2 accepts them, so that whatever is written here can
// also be written, searched and copied by its clients.
const maximum = {
  key: 250,
  param: 6000,
  tag: 8000,
  digest: 36,
  datasetName: 500,
  inputTag: 500,
  alias: 255,
} as const;

/** All states of a run. */
export const runStatuses: readonly RunStatus[] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];

/** @throws TsopsError VALUE_INVALID unless the key can name a metric, a parameter or a tag. */
export function checkKey(kind: "metric" | "param" | "tag", key: string): void {
  if (!/^[/\p{L}\p{N}_.\- :]+$/u.test(key))
    throw invalid(
      `The ${kind} name "${key}" is empty or has other characters than letters, digits and / _ . - : space.`,
    );
  if (posix.normalize(key) !== key || key.startsWith("/") || key.startsWith("..") || key.endsWith("/"))
    throw invalid(`The ${kind} name "${key}" would not keep its name as a file path.`);
  checkLength(`The ${kind} name "${key.slice(0, 40)}"`, key, maximum.key);
}

/** A parameter as MLflow keeps it: text as it is; objects and lists as JSON. */
export function paramText(value: unknown): string {
  return typeof value === "object" && value !== null && !(value instanceof Date)
    ? canonicalJson(value)
    : String(value);
}

/** @throws TsopsError VALUE_INVALID unless an instant of the run is given as microseconds. */
export function checkMicros(what: string, time: unknown): void {
  if (typeof time !== "bigint")
    throw invalid(`${what} is ${shown(time)}; microseconds UTC as bigint are needed.`, {
      hint: `Write ${what}: toMicros(...), which takes dates and texts.`,
    });
}

/** @throws TsopsError VALUE_INVALID */
export function checkMetric(metric: Metric): void {
  checkKey("metric", metric.key);
  if (typeof metric.value !== "number")
    throw invalid(
      `The value of metric "${metric.key}" is ${metric.value === null ? "null" : `a ${typeof metric.value}`}, not a number.`,
      { hint: "Log NaN for a value that is not known." },
    );
  if (metric.time !== undefined && typeof metric.time !== "bigint")
    throw invalid(
      `The time of metric "${metric.key}" is ${shown(metric.time)}; microseconds UTC as bigint are needed.`,
      { hint: "Write time: toMicros(...), which takes dates and texts." },
    );
  if (metric.time !== undefined && metric.time < 0n)
    throw invalid(`The time of metric "${metric.key}" is before 1970, which MLflow does not take.`, {
      hint: "Give the time at which it was measured; the time that it is about can be its step.",
    });
  if (!Number.isSafeInteger(metric.step ?? 0))
    throw invalid(`Step ${metric.step} of metric "${metric.key}" is not an integer.`);
}

/**
 * The value of a parameter as MLflow keeps it: what is beyond 6,000 characters is cut off, and a warning of the process says so.
 * @throws TsopsError VALUE_INVALID for the name
 */
export function keptParam(key: string, value: string): string {
  checkKey("param", key);
  return kept("param", key, value);
}

/**
 * The value of a tag as MLflow keeps it: what is beyond 8,000 characters is cut off, and a warning of the process says so.
 * @throws TsopsError VALUE_INVALID for the name
 */
export function keptTag(key: string, value: string): string {
  checkKey("tag", key);
  return kept("tag", key, value);
}

/** Tags by name, each as `keptTag` keeps it. */
export function keptTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, keptTag(key, value)]));
}

/** The tags with which a run starts: the caller's beside those that MLflow's pages show, each as `keptTag` keeps it. */
export function runTags(
  user: string,
  name: string,
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return keptTags({
    "mlflow.user": user,
    "mlflow.source.name": "tsops",
    "mlflow.source.type": "LOCAL",
    ...given,
    "mlflow.runName": name,
  });
}

/** A server cuts in silence, and people would compare what is no longer whole. */
function kept(kind: "param" | "tag", key: string, value: string): string {
  const limit = maximum[kind];
  checkText(`The value of ${kind} "${key}"`, value);
  // Characters, as MLflow counts them, are at most as many as units of UTF-16.
  if (value.length <= limit) return value;
  const characters = [...value];
  if (characters.length <= limit) return value;
  process.emitWarning(
    `The value of ${kind} "${key}" has ${characters.length} characters; MLflow keeps the first ${limit}.`,
    { type: "TsopsWarning", code: "VALUE_CUT", detail: "Log the whole of it as an artifact." },
  );
  return characters.slice(0, limit).join("");
}

/** A server keeps something else of such texts, in silence. */
function checkText(what: string, value: string): void {
  if (/\0|\p{Surrogate}/u.test(value))
    throw invalid(`${what} holds a NUL or half of a surrogate pair, which no database keeps.`, {
      hint: "Remove it, or log the content as an artifact.",
    });
}

/** For tags that are no good when cut. @throws TsopsError VALUE_INVALID */
export function checkTag(key: string, value: string): void {
  checkKey("tag", key);
  checkText(`The value of tag "${key}"`, value);
  checkLength(`The value of tag "${key}"`, value, maximum.tag);
}

/** @throws TsopsError VALUE_INVALID */
export function checkDataset(input: {
  name: string;
  digest: string;
  sourceType: string;
  context?: string;
}): void {
  if (input.name === "" || input.digest === "")
    throw invalid(`A data set input needs a name and a digest, got "${input.name}" and "${input.digest}".`);
  checkLength("The name of a data set input", input.name, maximum.datasetName);
  checkLength(`The digest of data set "${input.name.slice(0, 40)}"`, input.digest, maximum.digest);
  checkLength(`The source type of data set "${input.name.slice(0, 40)}"`, input.sourceType, 36);
  if (input.context !== undefined)
    checkLength(`The context of data set "${input.name.slice(0, 40)}"`, input.context, maximum.inputTag);
}

/** @throws TsopsError VALUE_INVALID */
export function checkLoggedModelName(name: string): void {
  if (name === "" || /[/:.%"']/.test(name))
    throw invalid(`The model name "${name}" is empty or has one of the characters / : . % " '.`);
  checkLength(`The model name "${name.slice(0, 40)}"`, name, 500);
}

/** @throws TsopsError VALUE_INVALID */
export function checkRegisteredName(name: string): void {
  if (name.trim() === "" || /[/:]/.test(name) || name === "." || name === "..")
    throw invalid(`The registered model name "${name}" is empty, "." or "..", or has a "/" or ":".`);
  checkLength(`The registered model name "${name.slice(0, 40)}"`, name, 256);
}

/** @throws TsopsError VALUE_INVALID */
export function checkLimit(limit: number): void {
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw invalid(`The limit must be a whole number of at least 1, got ${shown(limit)}.`);
}

/** What to do about an alias that a model does not have. */
export function aliasHint(name: string, known: readonly string[]): string {
  return known.length > 0
    ? `It has ${known.join(", ")}.`
    : `It has none: point one at a version with setAlias(${JSON.stringify(name)}, "champion", version).`;
}

/** @throws TsopsError VALUE_INVALID */
export function checkAlias(alias: string): void {
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias))
    throw invalid(`The alias "${alias}" is empty or has other characters than letters, digits, _ and -.`);
  if (/^v\d+$/i.test(alias) || alias.toLowerCase() === "latest")
    throw invalid(`The alias "${alias}" is reserved: MLflow reads "latest" and "v1", "v2", ... as versions.`);
  checkLength(`The alias "${alias.slice(0, 40)}"`, alias, maximum.alias);
}

/** @throws TsopsError VALUE_INVALID */
export function checkExperimentName(name: string): void {
  if (name.trim() === "") throw invalid("The experiment name is empty.");
  checkLength(`The experiment name "${name.slice(0, 40)}"`, name, 256);
}

// MLflow stores NaN as a flag and the infinities as the greatest doubles, because not every database holds infinities.
/** A metric value as MLflow's tables hold it. */
export function storedMetric(value: number): { value: number; isNan: bigint } {
  if (Number.isNaN(value)) return { value: 0, isNan: 1n };
  return { value: Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)), isNan: 0n };
}

/** The metric value that MLflow's tables hold; the greatest doubles come back as the infinities they stand for. */
export function readMetric(value: number, isNan: bigint): number {
  if (isNan === 1n) return Number.NaN;
  return Math.abs(value) === Number.MAX_VALUE ? value * 2 : value;
}

function checkLength(what: string, text: string, limit: number): void {
  if ([...text].length > limit)
    throw invalid(`${what} has ${[...text].length} characters; MLflow takes at most ${limit}.`, {
      hint: "Shorten it, or log the content as an artifact.",
    });
}

function invalid(message: string, options: { hint?: string } = {}): TsopsError {
  return new TsopsError("VALUE_INVALID", message, options);
}
