import type { IncomingMessage, ServerResponse } from "node:http";
import type { Registry } from "prom-client";

/**
 * Answers `GET /metrics` of the app's own `node:http` server, 404 any other path, 405 another method, 500 when a metric cannot be collected.
 */
export function metricsListener(
  registry: Pick<Registry, "metrics" | "contentType">,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const end = (status: number, text: string, headers: Readonly<Record<string, string>> = {}) => {
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    if (request.url?.split("?", 1)[0] !== "/metrics") return end(404, "not found\n");
    if (request.method !== "GET" && request.method !== "HEAD")
      return end(405, "method not allowed\n", { allow: "GET, HEAD" });
    let text: string;
    try {
      text = await registry.metrics();
    } catch {
      // What went wrong is the app's to log; a scraper needs only the status.
      return end(500, "the metrics could not be collected\n");
    }
    end(200, text, { "content-type": registry.contentType });
  };
}
