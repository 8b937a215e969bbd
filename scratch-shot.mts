import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
const [url, out] = process.argv.slice(2);
const program = process.env.CHROMIUM;
const browser = await chromium.launch({ executablePath: program, args: ["--headless","--no-sandbox","--disable-gpu"] });
for (const [n,w,h,s] of [["desk",1280,900,"light"],["desk-dark",1280,900,"dark"],["phone",375,812,"light"]] as const) {
  const page = await browser.newPage({ viewport: { width: w, height: h }, colorScheme: s });
  page.on("console", m => console.log(m.text()));
  await page.goto(url);
  await page.evaluate("document.querySelector('.column')?.setAttribute('open','')");
  console.log(n, await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"));
  await page.screenshot({ path: `${out}-${n}.png`, fullPage: true });
  await page.close();
}
await browser.close();
