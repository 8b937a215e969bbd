import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import {
  type ArtifactContent,
  abortedError,
  type CallOptions,
  importPeer,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import type { Dispatcher } from "undici";
import { isTransient, type Refusal, readRefusal, refusalError } from "./rest-error.ts";
import { checkMlflowSettings, type MlflowSettings } from "./settings.ts";

/** One request to the server's REST API. */
export interface MlflowRequest extends CallOptions {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the server's URL, e.g. `/api/2.0/mlflow/runs/get`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; a function is called for each try, and its pieces are passed on as they come. */
  readonly content?: ArtifactContent;
  /** Whether sending it twice does no more than sending it once, so that it may be tried again when nobody knows what became of it. */
  readonly isRepeatable: boolean;
}

/** Speaks HTTP with an MLflow server over connections that are kept alive. */
export interface MlflowClient {
  /** The server's URL, for messages. */
  readonly server: string;
  readonly settings: MlflowSettings;
  /** The answer's JSON. @throws TsopsError ADAPTER_UNAVAILABLE, CONFIG_INVALID, ABORTED, and what `refusalError` makes of a refusal */
  json<T>(request: MlflowRequest): Promise<T>;
  /** The answer's bytes; throws as `json`. */
  bytes(request: MlflowRequest): Promise<Uint8Array>;
  /** The answer's bytes in pieces, one try once they flow; throws as `json` while iterating. */
  stream(request: MlflowRequest): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** The body of an answer. */
type Body = Dispatcher.ResponseData["body"];

const api = "/api/2.0/mlflow";
/** Newer ones of both need a newer Node. */
const install = ["undici@7", "p-retry@7"];

/** A request that only reads. */
export function get(
  path: string,
  query: MlflowRequest["query"] = {},
  { signal }: CallOptions = {},
): MlflowRequest {
  return { method: "GET", path: `${api}/${path}`, query, isRepeatable: true, signal };
}

/** A request that writes what can be written twice. */
export function put(
  path: string,
  json: unknown,
  { signal, method = "POST" }: CallOptions & { readonly method?: "POST" | "PATCH" | "DELETE" } = {},
): MlflowRequest {
  return { method, path: `${api}/${path}`, json, isRepeatable: true, signal };
}

/** A request that makes something new each time it is sent. */
export function create(path: string, json: unknown, { signal }: CallOptions = {}): MlflowRequest {
  return { method: "POST", path: `${api}/${path}`, json, isRepeatable: false, signal };
}

/** What OpenSSL and Node say of a certificate that is not trusted, or of a server that does not speak TLS. */
const certificateCodes = /SELF_SIGNED|CERT_|_CERT|UNABLE_TO_VERIFY|^ERR_SSL_|^ERR_TLS_/;

/** A connection that broke, a server that did not answer: what became of the request is not known. */
class NoAnswer extends Error {}

/** What was to be sent could not be read. */
class BrokenContent extends Error {}

/** An answer that may be another one later. */
class TransientAnswer extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Opens no connection before the first request. @throws TsopsError CONFIG_INVALID */
export function mlflowClient(settings: MlflowSettings): MlflowClient {
  checkMlflowSettings(settings);
  const base = settings.url.replace(/\/+$/, "");
  const { retries = 5, retryDelayMs = 200, timeoutMs = 60_000 } = settings;
  const headers = { accept: "application/json", "user-agent": "tsops", ...authorization(settings) };
  let agent: Promise<Dispatcher> | undefined;
  let isClosed = false;
  const dispatcher = (): Promise<Dispatcher> => {
    agent ??= importPeer("@tsops/store/mlflow", "undici", () => import("undici"), install).then(
      ({ Agent }) =>
        new Agent({
          connections: settings.connections ?? 8,
          // Shorter than the server's own five seconds: a connection that it closes at that moment looks like a fault.
          keepAliveTimeout: 3000,
          keepAliveMaxTimeout: 4000,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          connect: {
            timeout: Math.min(timeoutMs, 10_000),
            rejectUnauthorized: settings.insecureTls !== true,
            ...(settings.ca === undefined ? {} : { ca: settings.ca }),
            ...(settings.clientCertificate === undefined
              ? {}
              : { cert: settings.clientCertificate, key: settings.clientCertificate }),
          },
        }),
    );
    return agent;
  };

  /** One try: the answer's body, or all of it. */
  const once = async <T>(request: MlflowRequest, take: (body: Body) => Promise<T>): Promise<T> => {
    const { method, path, query, json, content, signal } = request;
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {}))
      if (value !== undefined) search.append(key, `${value}`);
    const url = `${base}${path}${search.size > 0 ? `?${search}` : ""}`;
    let broken: BrokenContent | null = null;
    async function* pieces(open: () => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      try {
        yield* open();
      } catch (cause) {
        broken = new BrokenContent("", { cause });
        throw cause;
      }
    }
    let refusal: Refusal;
    try {
      const answer = await (await dispatcher()).request({
        origin: new URL(url).origin,
        path: url.slice(new URL(url).origin.length),
        method,
        headers: {
          ...headers,
          ...(json === undefined ? {} : { "content-type": "application/json" }),
          ...(content === undefined ? {} : { "content-type": "application/octet-stream" }),
          ...(content instanceof Uint8Array ? { "content-length": `${content.length}` } : {}),
        },
        body: json !== undefined ? JSON.stringify(json) : bodyOf(content, pieces),
        ...(signal === undefined ? {} : { signal }),
      });
      if (answer.statusCode < 300) return await take(answer.body);
      refusal = readRefusal(answer.statusCode, await answer.body.text(), answer.headers);
    } catch (error) {
      if (broken !== null) throw broken;
      if (TsopsError.is(error)) throw error;
      if (signal?.aborted) throw abortedError(signal);
      if (certificateCodes.test(`${(error as { code?: unknown }).code}`))
        throw new TsopsError(
          "CONFIG_INVALID",
          `There is no secure connection to MLflow at ${base}: ${networkMessage(error)}.`,
          {
            hint: "Give the certificate of who signed the server's as ca; a server without TLS has a URL with http://.",
            cause: error,
          },
        );
      throw new NoAnswer(networkMessage(error), { cause: error });
    }
    if (isTransient(refusal)) throw new TransientAnswer(refusal);
    throw refusalError(base, described(request), refusal);
  };

  const send = async <T>(request: MlflowRequest, take: (body: Body) => Promise<T>): Promise<T> => {
    throwIfAborted(request.signal);
    if (isClosed)
      throw new TsopsError("STORE_UNAVAILABLE", "The connection to MLflow was closed.", {
        hint: "Open another tracker or registry.",
      });
    const { default: pRetry, AbortError } = await importPeer(
      "@tsops/store/mlflow",
      "p-retry",
      () => import("p-retry"),
      install,
    );
    try {
      return await pRetry(
        () =>
          once(request, take).catch((error: unknown) => {
            const mayRepeat = error instanceof NoAnswer || error instanceof TransientAnswer;
            throw mayRepeat ? error : new AbortError(error as Error);
          }),
        {
          retries: request.isRepeatable ? retries : 0,
          minTimeout: retryDelayMs,
          maxTimeout: 10_000,
          randomize: true,
          ...(request.signal === undefined ? {} : { signal: request.signal }),
          // The wait that the server asks for comes before the one that grows.
          onFailedAttempt: async ({ error, retriesLeft }) => {
            const asked =
              error instanceof TransientAnswer && retriesLeft > 0 ? error.refusal.retryAfterMs : 0;
            const { signal } = request;
            if (asked > 0) await wait(Math.min(asked, timeoutMs), undefined, signal && { signal });
          },
        },
      );
    } catch (error) {
      if (error instanceof BrokenContent) throw error.cause;
      if (TsopsError.is(error)) throw error;
      if (request.signal?.aborted) throw abortedError(request.signal);
      if (error instanceof TransientAnswer) throw refusalError(base, described(request), error.refusal);
      throw unavailable(`did not answer ${described(request)}`, error);
    }
  };
  const unavailable = (what: string, cause: unknown): TsopsError =>
    new TsopsError(
      "ADAPTER_UNAVAILABLE",
      `MLflow at ${base} ${what}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { hint: "Check that the server runs and the URL is right, then try again.", cause },
    );
  const whole = async (body: Body): Promise<Uint8Array> => new Uint8Array(await body.arrayBuffer());

  return {
    server: base,
    settings,
    async json<T>(request: MlflowRequest) {
      const content = new TextDecoder().decode(await send(request, whole));
      try {
        return (content === "" ? {} : JSON.parse(content)) as T;
      } catch (cause) {
        throw new TsopsError(
          "STORE_UNSUPPORTED",
          `The server at ${base} does not answer ${described(request)} in JSON.`,
          {
            hint: "Check the URL: is it that of an MLflow server?",
            cause,
          },
        );
      }
    },
    bytes: (request) => send(request, whole),
    async *stream(request) {
      const body = await send(request, async (opened) => opened);
      let count = 0;
      try {
        for await (const piece of body) {
          count += piece.length;
          yield piece;
        }
      } catch (error) {
        if (request.signal?.aborted) throw abortedError(request.signal);
        throw unavailable(`broke off its answer to ${described(request)} after ${count} bytes`, error);
      }
    },
    async close() {
      isClosed = true;
      const opened = agent;
      agent = undefined;
      await (await opened)?.close();
    },
  };
}

/** As MLflow's own client: a user name with a password wins over a token. */
function authorization({ token, username, password }: MlflowSettings): Record<string, string> {
  if (token !== undefined && (username === undefined || password === undefined))
    return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}` };
}

/** Bytes go out in pieces, too: the time that one answer may take begins when the last of them has gone. */
function bodyOf(
  content: ArtifactContent | undefined,
  pieces: (open: () => AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): Readable | Uint8Array | null {
  const size = 1 << 16;
  if (typeof content === "function")
    return Readable.from(pieces(content), { objectMode: false, highWaterMark: size });
  if (content === undefined || content.length <= size) return content ?? null;
  const parts = function* () {
    for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
  };
  return Readable.from(parts(), { objectMode: false, highWaterMark: size });
}

function described({ method, path }: MlflowRequest): string {
  return `${method} ${path.replace(/^\/api\/2\.0\//, "")}`;
}

function networkMessage(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code === undefined ? (message ?? String(error)) : `${message ?? ""} (${code})`.trim();
}
