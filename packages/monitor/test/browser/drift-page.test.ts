import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DriftPage, DriftPageColumn } from "@tsops/core";
import { renderDriftPage } from "@tsops/monitor/report";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { accessibility, browserService, openBrowser } from "./browser.ts";

const column = (name: string, p: number): DriftPageColumn => ({
  column: name,
  pValue: p,
  adjustedPValue: p,
  drift: p <= 0.05,
  tests: (["level", "scale"] as const).map((test) => ({
    test,
    statistic: 3,
    pValue: p,
    effect: 12.5,
    unit: "units of the column",
    sentence: `${name} is 12.5 higher than its season in the reference says (p = ${p}).`,
  })),
});
const shared = {
  title: "Drift in a_file_with_quite_a_long_name_and_no_blank_in_it.parquet",
  lead: "Rows from 2011-02-01 00:00:00 to 2011-02-28 23:00:00 against those before.",
  alpha: 0.05,
  tiles: ["Verdict", "False-discovery rate", "Frequency", "Rows"].map((name) => ({
    name,
    value: "1 of 12",
    note: "seasons of 24 and 168 steps",
  })),
  untested: [{ column: "id", reason: "It has 9,000 different texts." }],
  notes: ["guessed time column: ts (by its name)"],
};
const names = Array.from({ length: 12 }, (_, i) =>
  i === 0 ? "a_column_with_a_name_that_is_long" : `column ${i}`,
);
const pages: Readonly<Record<string, DriftPage>> = {
  pair: {
    ...shared,
    isByWindow: false,
    comparisons: [{ name: "now", note: "", columns: names.map((name, i) => column(name, 10 ** -i)) }],
  },
  windows: {
    ...shared,
    isByWindow: true,
    comparisons: Array.from({ length: 100 }, (_, w) => ({
      name: `2011-01-${w}`,
      note: "168 rows against 672",
      columns: names.map((name, i) => column(name, (w * 7 + i) % 9 === 0 ? 10 ** -(i + 1) : 0.4)),
    })),
  },
};
const sizes = { desk: { width: 1280, height: 900 }, phone: { width: 375, height: 812 } } as const;

describe.skipIf(browserService.isMissing)("a page about drift in a real browser", () => {
  const directory = temporaryDirectory();
  let browser: Browser;
  beforeAll(async () => {
    for (const [name, page] of Object.entries(pages))
      await writeFile(join(directory.path, `${name}.html`), renderDriftPage(page));
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await directory.dispose();
  });

  const visits = Object.keys(pages).flatMap((name) =>
    (["desk", "phone"] as const).flatMap((size) =>
      (["light", "dark"] as const).map((scheme) => ({ name, size, scheme })),
    ),
  );
  it.each(visits)(
    "is readable on a $size in $scheme ($name): no error, no request, nothing beside the screen",
    async ({ name, size, scheme }) => {
      const context = await browser.newContext({ viewport: sizes[size], colorScheme: scheme, offline: true });
      const page = await context.newPage();
      const lines: string[] = [];
      const requests: string[] = [];
      page.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
      page.on("request", (request) => requests.push(request.url()));
      const { href } = pathToFileURL(join(directory.path, `${name}.html`));
      await page.goto(href);
      expect([lines, requests]).toEqual([[], [href]]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(sizes[size].width);
      expect(await accessibility(page)).toEqual([]);
      await context.close();
    },
    60_000,
  );
});
