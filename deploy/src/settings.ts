import { durationMicros, TsopsError } from "@tsops/core";
import { type MlflowSettings, mlflowSettingsFrom } from "@tsops/store/mlflow";

/** What the app is told by its environment. */
export interface Settings {
  /** Directory of the home: tables, prediction log, decisions, and the registry unless a server keeps it. */
  readonly home: string;
  /** The server with the registry; null when the home's own is used. */
  readonly mlflow: MlflowSettings | null;
  /** The registered model that is served. */
  readonly model: string;
  /** Table of the home whose rows hold the target. */
  readonly targetTable: string;
  /** Column of that table that is predicted. */
  readonly target: string;
  /** PostgreSQL, with or without TimescaleDB, that has the rows of the tables; null when they come into the home by other ways. */
  readonly database: string | null;
  /** Redis that keeps online values; null for the app's own memory. */
  readonly redis: string | null;
  /** Module with the feature views of the model; null for a model that needs none. */
  readonly features: string | null;
  /** How often new rows are taken from the database, and from the home. */
  readonly syncEvery: string;
  /** How much later than the newest row one may arrive. */
  readonly lateness: string;
  readonly host: string;
  readonly port: number;
  /** How often the registry is asked for another champion. */
  readonly refreshEvery: string;
  /** How often live error, quality and decisions are looked at for `/metrics`. */
  readonly watchEvery: string;
  /** Whether the challenger predicts beside the champion. */
  readonly shadow: boolean;
}

/**
 * Reads the settings. An empty variable counts as not set, as Compose passes one that nobody set.
 * @throws TsopsError CONFIG_INVALID naming the variable
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const text = (name: string, otherwise?: string): string => {
    const value = environment[name] || otherwise;
    if (value === undefined) throw invalid(name, "is not set");
    return value;
  };
  const url = (name: string, ...schemes: readonly string[]): string | null => {
    const value = environment[name] || null;
    // The value holds a password: it is not repeated.
    if (value !== null && !(URL.canParse(value) && schemes.includes(new URL(value).protocol)))
      throw invalid(name, `is no URL that begins with ${schemes.join(" or ")}//`);
    return value;
  };
  const duration = (name: string, otherwise: string): string => {
    const value = text(name, otherwise);
    try {
      durationMicros(value);
    } catch (cause) {
      throw invalid(name, `is "${value}", which is no duration such as "30s"`, cause);
    }
    return value;
  };
  const port = Number(text("PORT", "3000"));
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw invalid("PORT", "must be a number from 0 to 65535");
  const shadow = text("TSOPS_SHADOW", "false");
  if (shadow !== "true" && shadow !== "false") throw invalid("TSOPS_SHADOW", "must be true or false");
  return {
    home: text("TSOPS_HOME"),
    mlflow: mlflowSettingsFrom(environment),
    model: text("TSOPS_MODEL"),
    targetTable: text("TSOPS_TARGET_TABLE"),
    target: text("TSOPS_TARGET"),
    database: url("TSOPS_DATABASE_URL", "postgresql:", "postgres:"),
    redis: url("TSOPS_REDIS_URL", "redis:", "rediss:"),
    features: environment["TSOPS_FEATURES"] || null,
    syncEvery: duration("TSOPS_SYNC_EVERY", "10s"),
    lateness: duration("TSOPS_LATENESS", "2d"),
    host: text("HOST", "127.0.0.1"),
    port,
    refreshEvery: duration("TSOPS_REFRESH_EVERY", "30s"),
    watchEvery: duration("TSOPS_WATCH_EVERY", "5m"),
    shadow: shadow === "true",
  };
}

function invalid(name: string, problem: string, cause?: unknown): TsopsError {
  return new TsopsError("CONFIG_INVALID", `The environment variable ${name} ${problem}.`, {
    hint: "deploy/.env.example lists the variables.",
    details: { variable: name },
    ...(cause === undefined ? {} : { cause }),
  });
}
