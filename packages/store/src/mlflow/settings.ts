import { type Clock, checkOptions, shown, TsopsError } from "@tsops/core";

/** Where an MLflow server is and how to speak to it. */
export interface MlflowSettings {
  /** e.g. `"http://127.0.0.1:5000"`, with the path prefix that the server has, if any. */
  readonly url: string;
  /** Basic authentication. */
  readonly username?: string;
  readonly password?: string;
  /** Bearer token; wins over a user name. */
  readonly token?: string;
  /** How long to wait for one answer. Default 60 000. */
  readonly timeoutMs?: number;
  /** How often a request that may be repeated is tried again after a connection that broke or an answer of 429 or 5xx. Default 5. */
  readonly retries?: number;
  /** The wait before the first retry; each further one doubles it, with jitter. Default 200. */
  readonly retryDelayMs?: number;
  /** Connections kept open, and so the requests under way at once. Default 8. */
  readonly connections?: number;
  /** True takes any certificate: for a server with one that nobody signed. Default false. */
  readonly insecureTls?: boolean;
  /** Stamps runs and metrics without a time of their own. Default: the system's clock. */
  readonly clock?: Pick<Clock, "now">;
  /** Recorded as the user of runs. Default: `"tsops"`. */
  readonly user?: string;
}

/** @throws TsopsError CONFIG_INVALID */
export function checkMlflowSettings(settings: MlflowSettings): void {
  checkOptions("CONFIG_INVALID", "mlflowTracker() or mlflowRegistry()", settings, {
    url: true,
    username: true,
    password: true,
    token: true,
    timeoutMs: true,
    retries: true,
    retryDelayMs: true,
    connections: true,
    insecureTls: true,
    clock: true,
    user: true,
  });
  const { url } = settings;
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new TsopsError(
      "CONFIG_INVALID",
      `The URL of an MLflow server begins with http:// or https://, got ${shown(url)}.`,
      {
        hint: 'Write "http://127.0.0.1:5000"; for a home on disk use openHome().',
      },
    );
  if (parsed.username !== "" || parsed.password !== "")
    throw new TsopsError("CONFIG_INVALID", "The URL of the MLflow server holds a user name or a password.", {
      hint: "Give username and password beside the URL, so that they are in no message.",
    });
  for (const name of ["timeoutMs", "retries", "retryDelayMs", "connections"] as const) {
    const value = settings[name];
    if (value === undefined || (Number.isSafeInteger(value) && value >= (name === "retries" ? 0 : 1)))
      continue;
    throw new TsopsError(
      "CONFIG_INVALID",
      `${name} of the MLflow settings is ${shown(value)}, not a whole number.`,
    );
  }
}

/**
 * Reads the variables that MLflow's own clients read: MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD,
 * MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_INSECURE_TLS, MLFLOW_HTTP_REQUEST_TIMEOUT (seconds), MLFLOW_HTTP_REQUEST_MAX_RETRIES.
 * @param environment - e.g. `process.env`.
 * @returns Null when MLFLOW_TRACKING_URI is not set.
 * @throws TsopsError CONFIG_INVALID
 */
export function mlflowSettingsFrom(
  environment: Readonly<Record<string, string | undefined>>,
): MlflowSettings | null {
  const read = (name: string) => environment[name] || undefined;
  const number = (name: string): number | undefined => {
    const text = read(name);
    if (text === undefined) return undefined;
    if (/^\d+$/.test(text)) return Number(text);
    throw new TsopsError("CONFIG_INVALID", `${name} is ${shown(text)}, not a whole number.`);
  };
  const url = read("MLFLOW_TRACKING_URI");
  if (url === undefined) return null;
  const seconds = number("MLFLOW_HTTP_REQUEST_TIMEOUT");
  const given = {
    username: read("MLFLOW_TRACKING_USERNAME"),
    password: read("MLFLOW_TRACKING_PASSWORD"),
    token: read("MLFLOW_TRACKING_TOKEN"),
    timeoutMs: seconds === undefined ? undefined : seconds * 1000,
    retries: number("MLFLOW_HTTP_REQUEST_MAX_RETRIES"),
    insecureTls: read("MLFLOW_TRACKING_INSECURE_TLS") === "true" ? true : undefined,
  };
  const settings = {
    url,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  checkMlflowSettings(settings);
  return settings;
}
