import { readFileSync } from "node:fs";
import { virtualClock } from "@tsops/core";
import { alertRules, observePerformance, type WindowPerformance } from "@tsops/monitor";
import { openHome } from "@tsops/store";
import { expect, it } from "vitest";
import { freePort } from "../scripts/stack/processes.ts";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import { openAlerting, rules } from "./closed-loop/alerting.ts";
import { openInfrastructure } from "./closed-loop/infrastructure.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("shows the first forecast in the README as it is in examples/", () => {
  const script = read("first-forecast.ts");
  expect(script.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
  expect(read("../README.md")).toContain(`\`\`\`ts run\n${script}`);
});

it("has alert rules that could come from a file", () => {
  expect(alertRules(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
});

it("tells of a day with poor coverage once, in the log channel and in the decision log", async () => {
  const day = 86_400_000_000n;
  const start = 1_325_394_000_000_000n;
  const clock = virtualClock(start);
  await using home = await openHome(temporaryDirectory().path, { clock });
  const told: string[] = [];
  const tell = openAlerting(home, clock, (line) => told.push(line));
  for (const coverage of [0.9, 0.3, 0.35, 0.95]) {
    const window: WindowPerformance = {
      ...{
        start: clock.now(),
        end: clock.now() + day,
        rows: 24,
        missing: 0,
        mae: 9,
        rmse: 9,
        bias: 0,
        mase: 1,
      },
      quantiles: [],
      intervals: [{ level: 95, rows: 24, coverage, width: 9, score: 9 }],
    };
    await clock.advanceBy(day);
    await tell(observePerformance([window], { subject: "bikes" }));
  }
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/unusual day .* cover 30 % of 24 outcomes/);
  const [alert, ...others] = await home.decisions.list({ kind: "alert" });
  expect(alert).toMatchObject({ verdict: "alert", subject: "bikes", time: start + 2n * day });
  expect(others).toEqual([]);
});

it("says the same of two years in the README and on the page of the replay", () => {
  const line = (text: string, begin: RegExp) =>
    text.split("\n").find((candidate) => begin.test(candidate)) ?? "";
  const all = line(read("../README.md"), /^all {2}/).match(/\d+\.\d/g) as string[];
  const page = line(read("../docs/explanation/replay.md"), /^\| all \|/).match(/\d+\.\d+/g) as string[];
  // Error, promised, never retrained, seasonal naive.
  expect([page[0], page[1], page[5], page[3]]).toEqual([all[0], all[2], all[4], all[6]]);
});

it("shows a Prometheus what the loop's checks find, and how its alerts stand", async () => {
  const clock = virtualClock(1_325_394_000_000_000n);
  await using home = await openHome(temporaryDirectory().path, { clock });
  const port = await freePort();
  const environment = { TSOPS_METRICS_PORT: `${port}` };
  const infrastructure = await openInfrastructure(home, { tables: [], views: [], clock, environment });
  const told: string[] = [];
  const tell = openAlerting(home, clock, (line) => told.push(line), infrastructure.found);
  await tell([
    { signal: "coverage_watch", subject: "bikes", labels: { level: "80" }, value: 30, verdict: "too_narrow" },
  ]);
  // It goes on until the last figures have been asked for.
  const [page] = await Promise.all([
    fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text()),
    infrastructure.close(),
  ]);
  expect(page).toMatch(/^tsops_observation\{.*signal="coverage_watch",.*level="80".*\} 30$/m);
  expect(page).toContain('tsops_alerts_firing{rule="intervals",severity="critical"} 1\n');
  expect(page).toContain('tsops_alert_deliveries_total{result="delivered"} 1\n');
  expect(told.at(-1)).toMatch(/intervals/);
});
