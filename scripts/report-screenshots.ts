// Makes docs/images/report-*.png: the report that `npm run demo` leaves behind, at the width of a desk and of a phone.
//   npm run demo; eval "$(scripts/services/chromium.sh env)"; npx tsx --conditions=@tsops/source scripts/report-screenshots.ts
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";

const root = resolve(import.meta.dirname, "..");
const report = pathToFileURL(join(root, ".tsops-demo/reports/bike-demand.html")).href;
const desk = { viewport: { width: 1280, height: 1180 }, deviceScaleFactor: 1 };
const phone = { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2 };

const browser = await chromium.launch({
  ...(process.env["TSOPS_CHROMIUM"] === undefined ? {} : { executablePath: process.env["TSOPS_CHROMIUM"] }),
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});

/** One picture: `take` scrolls, opens, and says which part is meant; without it the top of the page is. */
async function picture(
  name: string,
  size: typeof desk,
  colorScheme: "light" | "dark",
  take: (page: Page) => Promise<unknown> = async () => {},
): Promise<void> {
  const page = await browser.newPage({ ...size, colorScheme });
  await page.goto(report);
  await take(page);
  await page.screenshot({ path: join(root, `docs/images/report-${name}.png`) });
  await page.close();
}

/** Brings a section to the top. */
const section = (id: string) => (page: Page) =>
  page.evaluate(`document.getElementById("${id}").scrollIntoView({ behavior: "instant" })`);
const opened = async (page: Page) => {
  await page.locator('details[data-key="column users"] > summary').click();
  await section("drift")(page);
};

await picture("desk", desk, "light");
await picture("desk-challengers", desk, "light", section("challengers"));
await picture("desk-drift-dark", desk, "dark", opened);
await picture("desk-watches", desk, "light", section("watches"));
await picture("phone", phone, "light");
await picture("phone-calibration", phone, "dark", section("calibration"));
await picture("phone-challengers", phone, "light", section("challengers"));
await picture("phone-drift", phone, "light", section("drift"));
await browser.close();
