import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { forecastSvg, type ReportData, renderReport } from "@tsops/monitor/report";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { joinedOf } from "../joined-outcomes.ts";
import { simulatedLoop } from "../simulated-loop.ts";
import { accessibility, browserService, openBrowser } from "./browser.ts";

/** What one visit of the report showed. */
interface Visit {
  readonly console: string[];
  readonly requests: string[];
  readonly sections: readonly { readonly id: string; readonly height: number }[];
  readonly charts: readonly {
    readonly label: string;
    readonly width: number;
    readonly height: number;
    readonly marks: number;
    readonly smallestText: number;
  }[];
  readonly scrollWidth: number;
  readonly background: string;
  readonly violations: readonly string[];
}

const sizes = { desk: { width: 1280, height: 900 }, phone: { width: 375, height: 812 } } as const;

/** What two watches and a check found. */
const watched: ReportData["observations"] = [
  {
    signal: "promise",
    subject: "load",
    value: 1.31,
    verdict: "worse",
    sentence: "The error is 31 % above what was promised.",
  },
  { signal: "coverage", subject: "load", labels: { level: "80" }, value: 0.79, verdict: "kept" },
  {
    signal: "quality",
    subject: "load",
    labels: { check: "gap" },
    value: 2,
    verdict: "warning",
    sentence: "Two rows are missing.",
  },
];

describe.skipIf(browserService.isMissing)("a report in a real browser", () => {
  const directory = temporaryDirectory();
  let browser: Browser;
  let data: ReportData;
  let markup: string;

  beforeAll(async () => {
    data = { ...(await simulatedLoop()), observations: watched };
    markup = await renderReport(data);
    await writeFile(join(directory.path, "report.html"), markup);
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await directory.dispose();
  });

  /** Opens the file offline and looks at everything that a reader would see. */
  async function visit(size: keyof typeof sizes, colorScheme: "light" | "dark"): Promise<Visit> {
    const context = await browser.newContext({ viewport: sizes[size], colorScheme, offline: true });
    const page = await context.newPage();
    const lines: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => lines.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(join(directory.path, "report.html")).href);
    const seen = await look(page);
    const violations = await accessibility(page);
    await context.close();
    return { console: lines, requests, ...seen, violations };
  }

  const visits = (["desk", "phone"] as const).flatMap((size) =>
    (["light", "dark"] as const).map((scheme) => ({ size, scheme })),
  );

  it.each(visits)(
    "is complete on a $size in $scheme: no error, no request, every chart drawn",
    async ({ size, scheme }) => {
      const seen = await visit(size, scheme);
      expect(seen.console).toEqual([]);
      expect(seen.requests).toEqual([pathToFileURL(join(directory.path, "report.html")).href]);
      expect(seen.sections.map(({ id }) => id)).toEqual([
        "forecast",
        "error",
        "quarters",
        "calibration",
        "parts",
        "challengers",
        "drift",
        "watches",
        "quality",
        "lineage",
        "decisions",
      ]);
      for (const { id, height } of seen.sections) expect(height, id).toBeGreaterThan(100);
      expect(seen.charts).toHaveLength(5);
      for (const { label, width, height, marks, smallestText } of seen.charts) {
        expect(label.length).toBeGreaterThan(20);
        expect(width, label).toBeGreaterThan(0.8 * (Math.min(sizes[size].width, 1040) - 80));
        expect(height, label).toBeGreaterThan(120);
        expect(marks, label).toBeGreaterThanOrEqual(4);
        expect(smallestText, label).toBeGreaterThanOrEqual(9);
      }
      expect(seen.scrollWidth).toBe(sizes[size].width);
      expect(seen.background).toBe(scheme === "light" ? "rgb(245, 246, 248)" : "rgb(14, 17, 22)");
      expect(seen.violations).toEqual([]);
    },
    60_000,
  );

  it("is well below a megabyte", () => {
    expect(Buffer.byteLength(markup)).toBeLessThan(500_000);
  });

  it("opens a column to small charts of its tests, by keyboard alone", async () => {
    const page = await browser.newPage({ viewport: sizes.phone });
    await page.goto(pathToFileURL(join(directory.path, "report.html")).href);
    const column = page.locator("details.column").first();
    const charts = column.locator("svg.multiple");
    expect(await charts.first().isVisible()).toBe(false);
    const visited = await page.evaluate<number>(
      `document.querySelectorAll("a, summary, input, [tabindex]").length`,
    );
    const isThere = () =>
      page.evaluate<boolean>(`document.activeElement === document.querySelector("details.column summary")`);
    for (let i = 0; i < visited && !(await isThere()); i++) await page.keyboard.press("Tab");
    expect(await isThere()).toBe(true);
    await page.keyboard.press("Enter");
    expect(await charts.first().isVisible()).toBe(true);
    expect(await charts.count()).toBeGreaterThanOrEqual(3);
    expect(await charts.first().getAttribute("aria-label")).toMatch(/ of .+ over \d+ windows/);
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    expect(await accessibility(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(sizes.phone.width);
    await page.close();
  });

  it("shows the forecast of another series by keyboard alone, on a desk and a phone", async () => {
    const path = join(directory.path, "series.html");
    await writeFile(path, await renderReport(severalSeries()));
    for (const size of ["desk", "phone"] as const) {
      const page = await browser.newPage({ viewport: sizes[size] });
      await page.goto(pathToFileURL(path).href);
      const labels = () =>
        page.evaluate<string[]>(
          `[...document.querySelectorAll("#forecast figure svg")].filter((one) => one.getClientRects().length > 0).map((one) => one.getAttribute("aria-label"))`,
        );
      expect(await labels()).toEqual([expect.stringContaining("of sales of shop=s0 from")]);
      await page.locator('.series input[data-series="0"]').focus();
      await page.keyboard.press("ArrowRight");
      expect(await labels()).toEqual([expect.stringContaining("of sales of shop=s24 from")]);
      expect(await page.locator(".series label:has(input:checked)").textContent()).toContain("worst");
      expect(await page.locator(".series input").count()).toBe(10);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(sizes[size].width);
      expect(await accessibility(page)).toEqual([]);
      await page.close();
    }
  }, 60_000);

  it("filters decisions by kind and unfolds the older ones, without a script", async () => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(directory.path, "report.html")).href);
    const shown = () => page.locator(".decisions tbody tr:visible");
    expect(await shown().count()).toBe(12);
    await page.getByText(/^Show all \d+$/).click();
    const told = data.decisions?.filter(({ verdict }) => !verdict.startsWith("no_")) ?? [];
    expect(await shown().count()).toBe(told.length);
    await page.locator('.filter input[value="gate"]').check({ force: true });
    expect(await shown().count()).toBe(told.filter(({ kind }) => kind === "gate").length);
    await page.close();
  });

  it("shows the forecast picture as a file of its own, which strict XML readers accept", async () => {
    const path = join(directory.path, "forecast.svg");
    await writeFile(path, await forecastSvg({ ...data, target: { name: 'a & b < "c"', unit: "]]>" } }));
    const page = await browser.newPage({ viewport: { width: 1000, height: 400 } });
    await page.goto(pathToFileURL(path).href);
    const seen = await page.evaluate<{
      root: string;
      errors: number;
      paths: number;
      label: string;
      background: string;
    }>(`({
      root: document.documentElement.localName,
      errors: document.getElementsByTagName("parsererror").length,
      paths: document.querySelectorAll("path").length,
      background: getComputedStyle(document.documentElement).backgroundColor,
      label: document.documentElement.getAttribute("aria-label"),
    })`);
    expect(seen).toMatchObject({ root: "svg", errors: 0, background: "rgb(255, 255, 255)" });
    expect(seen.label).toContain('a & b < "c"');
    expect(seen.paths).toBeGreaterThan(4);
    await page.close();
  });
});

/** 25 series of two days; the error of each is its number plus 1. */
function severalSeries(): ReportData {
  const hour = 3_600_000_000n;
  const length = 25 * 48;
  const of = (row: number) => Math.floor(row / 48);
  return {
    title: "shops",
    now: 48n * hour,
    target: { name: "sales" },
    served: joinedOf({
      series: Array.from({ length: 25 }, (_, i) => ({ shop: `s${i}` })),
      seriesIndex: Int32Array.from({ length }, (_, row) => of(row)),
      step: Int32Array.from({ length }, (_, row) => 1 + (row % 24)),
      time: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row % 48)),
      cutoff: BigInt64Array.from(
        { length },
        (_, row) => 24n * hour * BigInt(Math.floor((row % 48) / 24)) - hour,
      ),
      mean: new Float64Array(length).fill(50),
      y: Float64Array.from({ length }, (_, row) => 50 + (row % 2 === 0 ? 1 : -1) * (1 + of(row))),
    }),
  };
}

/** Measures what is visible. */
async function look(page: Page): Promise<Omit<Visit, "console" | "requests" | "violations">> {
  return page.evaluate(await readFile(join(import.meta.dirname, "look.mjs"), "utf8"));
}
