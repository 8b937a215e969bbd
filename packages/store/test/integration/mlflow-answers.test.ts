import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type RequestListener,
  request,
} from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { sha256Hex } from "@tsops/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RunningService, service, startService } from "../../../../test/services.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import {
  type MlflowSettings,
  mlflowRegistry,
  mlflowSettingsFrom,
  mlflowTracker,
} from "../../src/mlflow/index.ts";

describe.skipIf(service("mlflow").isMissing)("what MLflow's server answers", { timeout: 120_000 }, () => {
  const directory = temporaryDirectory().path;
  let server: RunningService;
  let url: string;
  beforeAll(async () => {
    server = await startService("mlflow", join(directory, "mlflow"));
    url = server.environment["MLFLOW_TRACKING_URI"] as string;
  }, 300_000);
  afterAll(() => server?.stop(), 60_000);

  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const open = (settings: Partial<MlflowSettings> = {}) => {
    const tracker = mlflowTracker({ url, retryDelayMs: 5, retries: 1, ...settings });
    closing.push(() => tracker.close());
    return tracker;
  };
  const listen = async (listener: Server, scheme = "http"): Promise<string> => {
    const sockets = new Set<Socket>();
    listener.on("connection", (socket: Socket) => sockets.add(socket));
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    closing.push(async () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    });
    return `${scheme}://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  };
  /** Passes requests on with other headers, to be seen by the server as somebody else; null is refused as MLflow refuses it. */
  const passing =
    (headers: (given: IncomingHttpHeaders) => OutgoingHttpHeaders | null): RequestListener =>
    (incoming, answer) => {
      const changed = headers(incoming.headers);
      if (changed === null) {
        answer.writeHead(401, { "content-type": "text/plain", "www-authenticate": 'Basic realm="mlflow"' });
        answer.end("You are not authenticated.");
        return;
      }
      const { method = "GET", url: path } = incoming;
      const { hostname, port } = new URL(url);
      const given = { ...incoming.headers, ...changed };
      const outgoing = request({ hostname, port, path, method, headers: given });
      incoming.pipe(outgoing);
      outgoing.on("response", (response) => {
        answer.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(answer);
      });
    };
  const disguised = (headers: (given: IncomingHttpHeaders) => OutgoingHttpHeaders | null) =>
    listen(createServer(passing(headers)));
  /** Something before the server that answers itself, `times` times, and then passes on. */
  const answering = async (
    status: number,
    body: string,
    headers: OutgoingHttpHeaders = {},
    times = Number.POSITIVE_INFINITY,
  ) => {
    const asked: string[] = [];
    const pass = passing(() => ({}));
    const gateway = await listen(
      createServer((incoming, answer) => {
        asked.push(`${incoming.method} ${incoming.url?.split("?")[0]}`);
        if (asked.length > times) return pass(incoming, answer);
        answer.writeHead(status, headers);
        answer.end(body);
      }),
    );
    return { url: gateway, asked };
  };
  const failure = (settings: Partial<MlflowSettings>) =>
    open(settings)
      .searchRuns({ experiment: "any" })
      .then(
        () => null,
        (error: unknown) => error,
      );

  it("a foreign host name is refused, with the setting to look at", async () => {
    const foreign = await disguised(() => ({ host: "mlflow.example.test" }));
    expect(await failure({ url: foreign })).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/host name \(403: Invalid Host header/),
      details: { status: 403 },
      hint: expect.stringContaining(`--allowed-hosts "${new URL(foreign).host}"`),
    });
  });

  it("an Origin that a proxy adds is refused, with the setting to look at", async () => {
    const foreign = await disguised(() => ({ origin: "https://elsewhere.example.test" }));
    await expect(open({ url: foreign }).startRun({ experiment: "origin" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      details: { status: 403 },
      hint: expect.stringContaining("--cors-allowed-origins"),
    });
  });

  it("a user name, or a token, goes with every request; without them the refusal says what is missing", async () => {
    const seen = new Set<string | undefined>();
    const guarded = await disguised(({ authorization }) => {
      seen.add(authorization);
      return authorization === undefined ? null : {};
    });
    expect(await failure({ url: guarded })).toMatchObject({
      code: "CONFIG_INVALID",
      details: { status: 401 },
    });
    const ada = { url: guarded, username: "ada", password: "säcret" };
    await open(ada).startRun({ experiment: "login" });
    await open({ url: guarded, token: "t-1" }).searchRuns({ experiment: "login" });
    const basic = `Basic ${Buffer.from("ada:säcret").toString("base64")}`;
    expect([...seen]).toEqual([undefined, basic, "Bearer t-1"]);
    // As MLflow's own client.
    seen.clear();
    await open({ ...ada, token: "t-1" }).searchRuns({ experiment: "login" });
    await open({ url: guarded, username: "ada", token: "t-1" }).searchRuns({ experiment: "login" });
    expect([...seen]).toEqual([basic, "Bearer t-1"]);
  });

  it("a server that is no MLflow, or not at that path, is said to be that", async () => {
    expect(await failure({ url: `${url}/elsewhere` })).toMatchObject({
      code: "STORE_UNSUPPORTED",
      hint: expect.stringContaining("URL"),
    });
    const page = await answering(200, "<!doctype html><title>Welcome</title>");
    expect(await failure({ url: page.url })).toMatchObject({ code: "STORE_UNSUPPORTED" });
  });

  it("a redirect to a login page is said to be one, without what its query holds", async () => {
    const location = "https://login.example.test/start?state=hidden";
    const error = await failure({ url: (await answering(302, "", { location })).url });
    expect(error).toMatchObject({
      code: "STORE_UNSUPPORTED",
      message: expect.stringContaining("redirects to https://login.example.test/start)"),
    });
    expect(`${error} ${JSON.stringify(error)}`).not.toContain("hidden");
  });

  it("of a page of HTML the error keeps what a person would read", async () => {
    const style = "<style>p { color: red }</style>";
    const titled = `<html><head>${style}<title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>`;
    expect(await failure({ url: (await answering(502, titled)).url })).toMatchObject({
      code: "ADAPTER_UNAVAILABLE",
      message: expect.stringMatching(/\(502 Bad Gateway\)\.$/),
    });
    const bare = `<html><body>${style}<p>You may\n not <b>pass</b></p></body></html>`;
    expect(await failure({ url: (await answering(403, bare)).url })).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/\(403: You may not pass\)\.$/),
    });
    const tooLarge = await answering(413, "<html><title>413 Request Entity Too Large</title></html>");
    expect(await failure({ url: tooLarge.url })).toMatchObject({ code: "VALUE_INVALID" });
  });

  it("only what may pass is asked for again", async () => {
    for (const [status, tries] of [
      [408, 3],
      [429, 3],
      [500, 3],
      [503, 3],
      [400, 1],
      [404, 1],
      [501, 1],
    ] as const) {
      const { url: gateway, asked } = await answering(status, "no");
      expect(await failure({ url: gateway, retries: 2 })).toMatchObject({ details: { status } });
      expect([status, asked.length]).toEqual([status, tries]);
    }
  });

  it("what makes something new is looked for before it is sent again", async () => {
    await open().startRun({ experiment: "again" });
    const asked: string[] = [];
    const pass = passing(() => ({}));
    const gateway = await listen(
      createServer((incoming, answer) => {
        const endpoint = incoming.url?.split("/").slice(-2).join("/") as string;
        asked.push(endpoint);
        if (endpoint !== "runs/create" || asked.filter((one) => one === endpoint).length > 2)
          return pass(incoming, answer);
        answer.writeHead(503, { "content-type": "text/plain" });
        answer.end("busy");
      }),
    );
    await open({ url: gateway, retries: 5 }).startRun({ experiment: "again", name: "second" });
    expect(asked.slice(1)).toEqual([
      "runs/create",
      "runs/search",
      "runs/create",
      "runs/search",
      "runs/create",
      "runs/search",
    ]);
    expect(await open().searchRuns({ experiment: "again" })).toHaveLength(2);
  });

  it("waits as long as the server asks for", async () => {
    const { url: gateway, asked } = await answering(429, "slow down", { "retry-after": "1" }, 1);
    const started = performance.now();
    expect(await open({ url: gateway, retryDelayMs: 1 }).searchRuns({ experiment: "none" })).toEqual([]);
    expect(asked).toHaveLength(2);
    // Without the header the wait is at most two milliseconds.
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
    const lasting = await answering(503, "maintenance", { "retry-after": "7200" });
    const controller = new AbortController();
    const waiting = open({ url: lasting.url }).searchRuns({ experiment: "none", signal: controller.signal });
    while (lasting.asked.length === 0) await new Promise((wake) => setImmediate(wake));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("a server that takes connections and says nothing is given up, and an end to the wait is heard", async () => {
    let connections = 0;
    const silent = await listen(createTcpServer().on("connection", () => connections++));
    expect(await failure({ url: silent, timeoutMs: 50, retries: 2 })).toMatchObject({
      code: "ADAPTER_UNAVAILABLE",
      message: expect.stringContaining("UND_ERR_HEADERS_TIMEOUT"),
    });
    expect(connections).toBe(3);
    const controller = new AbortController();
    const waiting = open({ url: silent }).getRun("0".repeat(32), { signal: controller.signal });
    while (connections < 4) await new Promise((wake) => setImmediate(wake));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("an answer that stops in the middle is given up", async () => {
    const stuck = await listen(
      createServer((_, answer) => {
        answer.writeHead(200, { "content-length": "1000" });
        answer.write("{");
      }),
    );
    expect(await failure({ url: stuck, timeoutMs: 50, retries: 0 })).toMatchObject({
      code: "ADAPTER_UNAVAILABLE",
      message: expect.stringContaining("UND_ERR_BODY_TIMEOUT"),
    });
  });

  it("what the server gives in pages is read to its end", async () => {
    let [rewritten, furtherPages] = [0, 0];
    const { hostname, port } = new URL(url);
    /** Asks for two at a time where tsops asks for hundreds. */
    const paging = await listen(
      createServer((incoming, answer) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () => {
          const body = `${Buffer.concat(chunks)}`.replace(
            /"max_results":(\d+)/,
            (_, given) => `"max_results":${Math.min(2, given)}`,
          );
          const path = incoming.url?.replace(/max_results=\d+/, "max_results=2") as string;
          if (`${path}${body}`.includes("max_results")) rewritten++;
          if (/page_token[=":]+\w/.test(`${path}${body}`)) furtherPages++;
          const headers = { ...incoming.headers, "content-length": Buffer.byteLength(body) };
          const { method = "GET" } = incoming;
          const outgoing = request({ hostname, port, path, method, headers });
          outgoing.end(body);
          outgoing.on("response", (response) => {
            answer.writeHead(response.statusCode ?? 500, response.headers);
            response.pipe(answer);
          });
        });
      }),
    );
    const tracker = open({ url: paging });
    const registry = mlflowRegistry({ url: paging });
    closing.push(() => registry.close());
    const names = ["page-a", "page-b", "page-c", "page-d", "page-e"];
    for (const name of names) await open().startRun({ experiment: "pages", name });
    for (const name of names) await open().startRun({ experiment: name });
    const run = await open().startRun({ experiment: "pages", name: "all" });
    const values = names.map((_, step) => ({ key: "mae", value: step, step, time: BigInt(step) * 1000n }));
    await run.logMetrics(values);
    const bytes = new TextEncoder().encode("model");
    for (const name of names) {
      const lineage = {
        codeVersion: null,
        definitionHash: sha256Hex("definition"),
        trainingSet: null,
        modelHash: sha256Hex(bytes),
        seed: null,
        environment: {},
      };
      const model = await run.logModel({ name, files: { "model.tsops": bytes }, flavors: {}, lineage });
      await registry.register(name, model);
      await registry.register("page-a", model);
    }
    rewritten = 0;
    furtherPages = 0;
    const read = async (what: Promise<readonly unknown[]>) => {
      const before = furtherPages;
      return [(await what).length, furtherPages - before];
    };
    // What there is, and the requests for a page after the first.
    expect(await read(tracker.searchRuns({ experiment: "pages" }))).toEqual([6, 2]);
    expect(await read(tracker.searchRuns({ experiment: "pages", limit: 3 }))).toEqual([3, 1]);
    expect((await tracker.searchRuns({ limit: 1000 })).map(({ experiment }) => experiment)).toEqual(
      expect.arrayContaining(names),
    );
    expect(await read(tracker.metricHistory(run.runId, "mae"))).toEqual([5, 2]);
    expect(await read(tracker.listModels(run.runId))).toEqual([5, 2]);
    expect(await read(registry.listVersions("page-a"))).toEqual([6, 2]);
    expect((await registry.listModels()).filter((name) => name.startsWith("page-"))).toEqual(names);
    expect(rewritten).toBeGreaterThan(20);
  });

  it("TLS: a certificate that nobody signed is refused at once, and taken with ca; a client shows its own", async () => {
    const make = (name: string): Required<Pick<ServerOptions, "key" | "cert">> & { file: string } => {
      const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
      const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
      const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
      const files = ["-keyout", key, "-out", cert];
      execFileSync("openssl", ["req", "-x509", ...kind, ...files, ...subject], { stdio: "ignore" });
      return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8"), file: cert };
    };
    const [own, client] = [make("server"), make("client")];
    let connections = 0;
    const guarded = createTlsServer(
      { key: own.key, cert: own.cert, ca: client.cert, requestCert: true, rejectUnauthorized: false },
      (incoming, answer) => {
        const { authorized } = incoming.socket as Socket & { authorized: boolean };
        passing(() => (authorized ? {} : null))(incoming, answer);
      },
    ).on("connection", () => connections++);
    const secure = await listen(guarded, "https");
    expect(await failure({ url: secure, retries: 3 })).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT"),
    });
    expect(connections).toBe(1);
    expect(await failure({ url: secure, ca: own.cert as string })).toMatchObject({
      details: { status: 401 },
    });
    expect(await failure({ url: secure, insecureTls: true })).toMatchObject({ details: { status: 401 } });
    const clientCertificate = `${client.cert}${client.key}`;
    expect(await failure({ url: secure, ca: own.cert as string, clientCertificate })).toBeNull();
    const read = mlflowSettingsFrom({
      MLFLOW_TRACKING_URI: secure,
      MLFLOW_TRACKING_SERVER_CERT_PATH: own.file,
    });
    expect(read).toEqual({ url: secure, ca: own.cert });
    expect(await failure({ url: url.replace("http:", "https:") })).toMatchObject({ code: "CONFIG_INVALID" });
  });
});
