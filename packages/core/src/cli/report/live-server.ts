import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TsopsError } from "../../errors.ts";
import type { LivePage } from "./companions.ts";

/** Serves one page that may change. */
export interface LiveServer {
  /** `http://127.0.0.1:4321/` */
  readonly address: string;
  /** Puts a page in the place of the one before. @returns Whether it differs. */
  show(page: string): boolean;
  /** Tells those who look that news could not be had. */
  fail(message: string): void;
  /** Ends what is open. */
  close(): Promise<void>;
}

/** Proxies and browsers give up on a connection that says nothing. */
const heartbeatMs = 15_000;

/**
 * Listens on this machine only: `/` is the live page, `/page` the page alone, `/events` the news.
 * @throws TsopsError CONFIG_INVALID when the port is taken or may not be used
 */
export async function liveServer(port: number, livePage: LivePage): Promise<LiveServer> {
  let page = "";
  const listeners = new Set<ServerResponse>();
  const send = (event: string, data: string) => {
    for (const response of listeners)
      response.write(`event: ${event}\ndata: ${data.replace(/\s+/g, " ")}\n\n`);
  };
  const server = createServer((request, response) => {
    if (!isOurs(request)) return refuse(response, 403, "This page is for this machine only.");
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "Only GET.");
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    if (pathname === "/") return sendPage(response, livePage(page));
    if (pathname === "/page") return sendPage(response, page);
    if (pathname === "/events") return listen(response, listeners);
    return refuse(response, 404, "There is no such page.");
  });
  await listening(server, port);
  const heartbeat = setInterval(() => {
    for (const response of listeners) response.write(": still here\n\n");
  }, heartbeatMs);
  heartbeat.unref();
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    show(next) {
      if (next === page) return false;
      page = next;
      send("changed", "");
      return true;
    },
    fail: (message) => send("failed", message),
    close: () =>
      new Promise((resolve) => {
        clearInterval(heartbeat);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Under a name of its own, another site's page could have a browser read this one. */
function isOurs({ headers: { host }, socket }: IncomingMessage): boolean {
  return [`127.0.0.1:${socket.localPort}`, `localhost:${socket.localPort}`].includes(host ?? "");
}

function sendPage(response: ServerResponse, page: string): void {
  response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" }).end(page);
}

function listen(response: ServerResponse, listeners: Set<ServerResponse>): void {
  response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
  response.write("retry: 2000\n\n");
  listeners.add(response);
  response.on("close", () => listeners.delete(response));
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" }).end(text);
}

const headers = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

function listening(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      reject(
        new TsopsError(
          "CONFIG_INVALID",
          isTaken ? `Port ${port} is in use.` : `Port ${port} cannot be listened on: ${cause.message}`,
          { hint: "Say --port 0 for a free one, or another number.", cause },
        ),
      );
    });
    server.listen(port, "127.0.0.1", () => resolve());
  });
}
