import { readFileSync } from "node:fs";
import { type Clock, checkOptions, shown, TsopsError } from "@tsops/core";

/** Where an MLflow server is and how to speak to it. */
export interface MlflowSettings {
  /** e.g. `"http://127.0.0.1:5000"`, with the path prefix that the server has, if any. */
  readonly url: string;
  /** Basic authentication. */
  readonly username?: string;
  readonly password?: string;
  /** Bearer token; a user name with a password wins over it, as in MLflow's own clients. */
  readonly token?: string;
  /** How long the server may be silent: before the first byte of an answer, and between two. Default 60 000. */
  readonly timeoutMs?: number;
  /** How often a request that may be repeated is tried again after a connection that broke or an answer of 429 or 5xx. Default 5. */
  readonly retries?: number;
  /** The wait before the first retry; each further one doubles it, with jitter. Default 200. */
  readonly retryDelayMs?: number;
  /** Connections kept open, and so the requests under way at once. Default 8. */
  readonly connections?: number;
  /** Certificates of those who may sign the server's, as PEM, in place of Node's own. */
  readonly ca?: string;
  /** A certificate with its private key, as PEM, for a server that asks who connects. */
  readonly clientCertificate?: string;
  /** True takes any certificate; better is `ca`. Default false. */
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
    ca: true,
    clientCertificate: true,
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
  if (parsed.search !== "" || parsed.hash !== "")
    throw new TsopsError("CONFIG_INVALID", "The URL of an MLflow server ends with its path.", {
      hint: 'Leave out what comes after "?" or "#".',
    });
  checkLogin(settings);
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

function checkLogin({ username, password, token }: MlflowSettings): void {
  const refuse = (sentence: string): never => {
    throw new TsopsError("CONFIG_INVALID", sentence, {
      hint: "Give username and password, or a token as it was issued.",
    });
  };
  if (password !== undefined && username === undefined)
    refuse("There is a password for MLflow and no user name.");
  if (username?.includes(":")) refuse("The user name for MLflow holds a colon.");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    refuse("The token for MLflow is empty, or holds characters that no token has.");
}

/**
 * Reads the variables that MLflow's own clients read: MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD,
 * MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_INSECURE_TLS, MLFLOW_TRACKING_SERVER_CERT_PATH, MLFLOW_TRACKING_CLIENT_CERT_PATH (files, which are
 * read at once), MLFLOW_HTTP_REQUEST_TIMEOUT (seconds), MLFLOW_HTTP_REQUEST_MAX_RETRIES.
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
  const isTrue = (name: string): true | undefined => {
    const text = read(name)?.toLowerCase() ?? "false";
    if (["true", "1", "false", "0"].includes(text)) return text === "true" || text === "1" ? true : undefined;
    throw new TsopsError("CONFIG_INVALID", `${name} is ${shown(text)}, neither true nor false.`);
  };
  const file = (name: string): string | undefined => {
    const path = read(name);
    try {
      return path === undefined ? undefined : readFileSync(path, "utf8");
    } catch (cause) {
      throw new TsopsError("CONFIG_INVALID", `${name} names ${shown(path)}, which cannot be read.`, {
        cause,
      });
    }
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
    insecureTls: isTrue("MLFLOW_TRACKING_INSECURE_TLS"),
    ca: file("MLFLOW_TRACKING_SERVER_CERT_PATH"),
    clientCertificate: file("MLFLOW_TRACKING_CLIENT_CERT_PATH"),
  };
  const settings = {
    url,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  checkMlflowSettings(settings);
  return settings;
}
