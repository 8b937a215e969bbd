import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Home, openHome } from "@tsops/store";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decideDrift, observe, serve } from "../../../../test/report-home.ts";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { accessibility, browserService, openBrowser } from "./browser.ts";

const root = resolve(import.meta.dirname, "../../../..");
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** A running `tsops watch` of a home, and the address that it printed. */
async function watching(home: string): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      "--conditions=@tsops/source",
      join(root, "packages/core/src/cli/main.ts"),
      ...["watch", "--home", home, "--port", "0", "--every", "200ms", "--json"],
    ],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, address: (JSON.parse(line) as { address: string }).address };
}

describe.skipIf(browserService.isMissing)("tsops watch in a real browser", () => {
  const directory = temporaryDirectory();
  let browser: Browser;
  let home: Home;
  let empty: Home;
  beforeAll(async () => {
    home = await openHome(join(directory.path, "home"));
    empty = await openHome(join(directory.path, "empty"));
    await observe(home, range(0, 14));
    await serve(home, range(0, 14));
    await decideDrift(home, 7);
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await home?.close();
    await empty?.close();
    await directory.dispose();
  });

  it("shows new rows while the page is open, keeps what was opened and where the reader is, and ends on SIGINT", async () => {
    const { child, address } = await watching(home.path);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const lines: string[] = [];
    const foreign: string[] = [];
    page.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => lines.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(address)) foreign.push(request.url());
    });
    await page.goto(address);
    await expect.poll(() => page.locator("#live").textContent()).toContain("follows the data");
    const predictions = page.locator(".tiles dd").last();
    expect(await predictions.textContent()).toMatch(/^28/);
    const column = page.locator('details[data-key="column wind"]');
    await column.locator("summary").click();
    await column.scrollIntoViewIfNeeded();
    await page.evaluate("scrollBy({ top: 150, behavior: 'instant' })");
    const place = () =>
      page.evaluate<number>(`document.querySelector('[data-key="column wind"]').getBoundingClientRect().top`);
    const before = await place();

    await observe(home, [14]);
    await serve(home, [14]);
    await decideDrift(home, 14);
    await expect.poll(() => predictions.textContent(), { timeout: 30_000 }).toMatch(/^30/);
    await expect.poll(() => page.locator("#drift table").first().textContent()).toContain("2 of 2");
    expect(await page.locator("#decisions").textContent()).toContain("temp drifts on day 14.");
    expect(await column.getAttribute("open")).not.toBe(null);
    expect(await page.locator('details[data-key="column temp"]').getAttribute("open")).toBe(null);
    expect(Math.abs((await place()) - before)).toBeLessThan(2);
    expect(await page.locator("#live").textContent()).toMatch(/updated \d\d:\d\d:\d\d/);
    expect([lines, foreign]).toEqual([[], []]);
    expect(await accessibility(page)).toEqual([]);

    // Under another name than the machine's own it answers nobody.
    const answer = await page.request.get(`${address}page`, { headers: { host: "elsewhere.example" } });
    expect(answer.status()).toBe(403);

    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(0);
    await expect.poll(() => page.locator("#live").textContent()).toContain("does not answer");
    await page.close();
  }, 120_000);

  it("waits for the first forecast of a home that has none", async () => {
    const { child, address } = await watching(empty.path);
    const page = await browser.newPage();
    await page.goto(address);
    await expect.poll(() => page.locator("#live").textContent()).toContain("follows the data");
    expect(await page.locator("h1").textContent()).toBe("Nothing to report yet");
    expect(await page.locator(".lead").textContent()).toContain("Nothing has been served yet");
    await observe(empty, [0]);
    await serve(empty, [0]);
    await expect.poll(() => page.locator("h1").textContent(), { timeout: 30_000 }).toBe("load");
    expect(await page.locator("section").count()).toBe(11);
    await page.close();
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(0);
  }, 120_000);
});
