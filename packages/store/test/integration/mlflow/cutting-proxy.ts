import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * Where a connection is cut: before the server hears of the request, in the middle of it, when all of it has been passed on, or when the
 * server has answered and the client has not heard it, or has heard the beginning only.
 */
export type Cut = "unheard" | "half" | "sent" | "unanswered" | "begun";

/** A TCP proxy that cuts connections. */
export interface CuttingProxy {
  readonly url: string;
  /** How many connections were cut. */
  cuts(): number;
  close(): Promise<void>;
}

/**
 * Passes bytes on to a server.
 * @param cutAt - Asked at the beginning of each request, with its first line; null lets it pass.
 */
export async function cuttingProxy(
  target: string,
  cutAt: (requestLine: string) => Cut | null,
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {});
    }
    let isHidingAnswer = false;
    /** How much of the answer the client still hears. */
    let left = Number.POSITIVE_INFINITY;
    const cut = (): void => {
      cuts++;
      client.destroy();
    };
    client.on("data", (bytes: Buffer) => {
      const [, line] = /^((?:GET|POST|PUT|PATCH|DELETE) [^\r\n]*)\r\n/.exec(bytes.toString("latin1")) ?? [];
      const where = line === undefined ? null : cutAt(line);
      if (where === null) upstream.write(bytes);
      else if (where === "unheard") {
        cut();
        upstream.destroy();
      } else if (where === "half") {
        upstream.write(bytes.subarray(0, bytes.length >> 1), () => upstream.destroy());
        cut();
      } else if (where === "sent") {
        upstream.write(bytes);
        cut();
      } else if (where === "begun") {
        left = 100_000;
        upstream.write(bytes);
      } else {
        isHidingAnswer = true;
        upstream.write(bytes);
      }
    });
    upstream.on("data", (bytes: Buffer) => {
      left -= bytes.length;
      if (left < 0) {
        client.write(bytes.subarray(0, left), cut);
        upstream.destroy();
        return;
      }
      if (isHidingAnswer) {
        isHidingAnswer = false;
        cut();
        upstream.destroy();
      } else client.write(bytes);
    });
    client.on("close", () => upstream.end());
    upstream.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
