import { chromium } from "playwright-core";
const [url, out] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--headless","--no-sandbox","--disable-gpu"] });
for (const [n,w,h,s] of [["phone",375,812,"light"],["desk",1280,900,"dark"]] as const) {
  const page = await browser.newPage({ viewport: { width: w, height: h }, colorScheme: s });
  await page.goto(url);
  await page.evaluate("document.querySelector('.column')?.setAttribute('open','')");
  for (const id of ["calibration","parts","drift"]) await page.locator("#"+id).screenshot({ path: `${out}-${n}-${id}.png` });
  await page.close();
}
await browser.close();
