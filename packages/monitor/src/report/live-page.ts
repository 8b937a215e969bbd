import { createHash } from "node:crypto";
import { shown, TsopsError } from "@tsops/core";
import { html } from "./html.ts";
import { liveScript } from "./live-script.ts";
import { htmlPage, pagePolicy } from "./page.ts";

/**
 * Makes a page that follows the data of a page of `renderReport`. It asks nobody but the server that it came from: `events` beside it for news (Server-Sent Events: `changed`, and
 * `failed` with a sentence), and `page` for the page as it is then. What was opened, chosen and scrolled stays.
 * @param markup - As `renderReport` gives it.
 */
export function livePage(markup: string): string {
  checkText("livePage()", "what renderReport() resolves to", markup);
  const hash = createHash("sha256").update(liveScript).digest("base64");
  return markup
    .replace(pagePolicy, `${pagePolicy}; script-src 'sha256-${hash}'; connect-src 'self'`)
    .replace("<body>", '<body><p id="live" class="live" role="status">Live: connecting.</p>')
    .replace("</body>", () => `<script>${liveScript}</script></body>`);
}

/** A page that only says something, for as long as there is nothing to report. */
export function messagePage(title: string, text: string): string {
  checkText("The title of messagePage()", "a text", title);
  checkText("messagePage()", "a text", text);
  return htmlPage({ title, lead: text, style: "", tiles: html``, sections: [], footer: "Written by tsops." });
}

function checkText(where: string, what: string, value: unknown): void {
  if (typeof value !== "string")
    throw new TsopsError("MONITOR_INVALID", `${where} was given ${shown(value)}.`, { hint: `Give ${what}.` });
}
