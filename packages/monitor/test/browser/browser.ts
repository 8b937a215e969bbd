import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { service } from "../../../../test/services.ts";

/** Chromium as it is installed on this machine. */
export const browserService = service("chromium");

/** A browser without a window, which asks nothing from elsewhere. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserService.program,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Findings of axe-core of any impact, each with the first element that it names. */
export async function accessibility(page: Page): Promise<string[]> {
  // The page's policy forbids scripts; the inspector's own world does not ask.
  return page.evaluate(`(async () => {
    ${axe.source};
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => id + ": " + nodes.length + " x, first " + nodes[0].html.slice(0, 200));
  })()`);
}
