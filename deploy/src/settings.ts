import { durationMicros, TsopsError } from "@tsops/core";

/** What the app is told by its environment. */
export interface Settings {
  /** Directory of the home: tables, prediction log, decisions, and the registry unless a server keeps it. */
  readonly home: string;
  /** The registered model that is served. */
  readonly model: string;
  /** Table of the home whose rows hold the target. */
  readonly targetTable: string;
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
    model: text("TSOPS_MODEL"),
    targetTable: text("TSOPS_TARGET_TABLE"),
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
