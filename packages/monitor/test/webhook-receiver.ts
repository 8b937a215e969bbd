import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as a receiver got it. */
export interface Received {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver answers; null is no answer at all. */
export type Answer = { readonly status: number; readonly headers?: Record<string, string> } | null;

/** A webhook's receiver on this machine. @param answer - Called once the request is whole; default 200. */
export async function webhookReceiver(
  answer: (received: Received, count: number) => Answer = () => ({ status: 200 }),
) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      received.push({ id: String(request.headers["webhook-id"]), headers: request.headers, body });
      const given = answer(received.at(-1) as Received, received.length);
      if (given !== null) response.writeHead(given.status, given.headers).end("said");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hidden-path`,
    received,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
