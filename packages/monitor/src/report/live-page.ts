import { createHash } from "node:crypto";
import { html } from "./html.ts";
import { liveScript } from "./live-script.ts";
import { htmlPage, pagePolicy } from "./page.ts";

/**
 * Makes a page that follows the data of a page of `renderReport`. It asks nobody but the server that it came from: `events` beside it for news (Server-Sent Events: `changed`, and
 * `failed` with a sentence), and `page` for the page as it is then. What was opened, chosen and scrolled stays.
 * @param markup - As `renderReport` gives it.
 */
export function livePage(markup: string): string {
  const hash = createHash("sha256").update(liveScript).digest("base64");
  return markup
    .replace(pagePolicy, `${pagePolicy}; script-src 'sha256-${hash}'; connect-src 'self'`)
    .replace("<body>", '<body><p id="live" class="live" role="status">Live: connecting.</p>')
    .replace("</body>", () => `<script>${liveScript}</script></body>`);
}

/** A page that only says something, for as long as there is nothing to report. */
export function messagePage(title: string, text: string): string {
  return htmlPage({ title, lead: text, style: "", tiles: html``, sections: [], footer: "Written by tsops." });
}
