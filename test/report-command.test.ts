import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { float64, table, timestamp, utf8 } from "@tsops/core";
import { openHome } from "@tsops/store";
import { beforeAll, describe, expect, it } from "vitest";
import { commandChild } from "./command-child.ts";
import { decideDrift, observe, serve } from "./report-home.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const root = resolve(import.meta.dirname, "..");
const folder = temporaryDirectory().path;
const path = (name: string) => join(folder, name);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

// A program that stands for the desktop's is found first.
const report = commandChild("report", () => ({
  ...process.env,
  PATH: `${path("bin")}:${process.env["PATH"]}`,
}));
beforeAll(async () => {
  // It writes down what it was to open.
  mkdirSync(path("bin"));
  writeFileSync(path("bin/xdg-open"), `#!/bin/sh\nprintf %s "$1" > "${path("opened")}"\n`);
  chmodSync(path("bin/xdg-open"), 0o755);
  await using home = await openHome(path("home"));
  await observe(home, range(0, 20));
  await serve(home, range(0, 21));
  await decideDrift(home, 10);
  for (const day of [11, 12]) await decideDrift(home, day, "meter");
  mkdirSync(path("home/tables/no-table"));
  await using two = await openHome(path("two"));
  await observe(two, [0]);
  await serve(two, [0], "one");
  await serve(two, [0], "other");
  await two.table(
    table({
      name: "meter",
      columns: { site: utf8(), at: timestamp(), mw: float64(), mvar: float64() },
      keys: ["site"],
      eventTime: "at",
    }),
  );
  await using empty = await openHome(path("empty"));
  await empty.close();
});
describe("tsops report", () => {
  it("builds the page of the only deployment, and tells what it guessed", async () => {
    const out = path("report.html");
    const { code, stdout, stderr } = await report("--home", path("home"), "--out", out);
    expect(stderr).toContain("guessed table of outcomes: load");
    expect(stderr).toContain("guessed target: mw");
    expect(stderr).toContain("left out: 2 decisions about meter; the report has those about load\n");
    expect(code).toBe(0);
    expect(stdout).toContain("42 forecasts, 960 of 1,008 steps with their outcome");
    const page = readFileSync(out, "utf8");
    for (const text of [
      "temp drifts on day 10.",
      "mw (MW)",
      "times in +01:00",
      "site=north",
      "No model version serves yet.",
    ])
      expect(page.includes(text), text).toBe(true);
    expect(page.length).toBeLessThan(400_000);
  });

  it("gives the same data as JSON, and then writes no page unless one is named", async () => {
    const { code, json } = await report("--home", path("home"), "--json");
    expect(code).toBe(0);
    const { html, report: found } = json();
    expect(html).toBe(null);
    expect(found).toMatchObject({ format: 1, title: "load", target: { name: "mw", unit: "MW" } });
    expect(found.overview).toMatchObject({ outcomes: 960, waiting: 48, predictions: 42 });
    expect(found.keys.map(({ name }: { name: string }) => name).sort()).toEqual(["site=north", "site=south"]);
    expect(found.drift[0]).toMatchObject({ column: "temp", flagged: 1, windows: 1 });
    expect(found.days).toHaveLength(22);
    expect(found.observations.map(({ signal }: { signal: string }) => signal)).toEqual([
      "coverage_watch",
      "error_change",
    ]);
    expect(existsSync(join(root, "report.html"))).toBe(false);
  });

  it("keeps to a range of cutoffs", async () => {
    const { json } = await report(
      "--home",
      path("home"),
      "--from",
      "2026-01-10T00:00Z",
      "--to",
      "2026-01-12T00:00Z",
      "--json",
    );
    expect(json().report.overview).toMatchObject({ predictions: 4 });
    expect(json().report.drift).toEqual([]);
  });

  it("opens the page, and says where it is when no browser can", async () => {
    const out = path("opened.html");
    expect((await report("--home", path("home"), "--out", out, "--open")).code).toBe(0);
    writeFileSync(path("bin/xdg-open"), "#!/bin/sh\nexit 3\n");
    const { code, stderr } = await report("--home", path("home"), "--out", out, "--open");
    expect(code).toBe(0);
    expect(stderr).toContain(`no browser could be opened here: open ${out} yourself`);
    await expect.poll(() => existsSync(path("opened")) && readFileSync(path("opened"), "utf8")).toBe(out);
  });

  it.each([
    ["nothing was served", ["--home", "empty"], "PREDICTION_NOT_FOUND", "Serve first"],
    ["there is no home", ["--home", "nowhere"], "STORE_NOT_FOUND", "nowhere"],
    ["there are two deployments", ["--home", "two"], "CONFIG_INVALID", "--deployment"],
    [
      "a deployment is not there",
      ["--home", "home", "--deployment", "laod"],
      "PREDICTION_NOT_FOUND",
      'Did you mean "load"?',
    ],
    [
      "the range is empty",
      ["--home", "home", "--from", "2030-01-01T00:00Z"],
      "PREDICTION_NOT_FOUND",
      "Widen the range",
    ],
    [
      "the range goes backwards",
      ["--home", "home", "--from", "1d", "--to", "2d"],
      "CONFIG_INVALID",
      "--from is not before --to",
    ],
    [
      "two tables may have the outcomes",
      ["--home", "two", "--deployment", "one"],
      "CONFIG_INVALID",
      "--table",
    ],
    [
      "a table has several numbers",
      ["--home", "two", "--deployment", "one", "--table", "meter"],
      "CONFIG_INVALID",
      "--target",
    ],
    [
      "a table is not there",
      ["--home", "home", "--table", "laod"],
      "STORE_NOT_FOUND",
      'Did you mean "load"?',
    ],
    ["a column is not there", ["--home", "home", "--target", "mv"], "COLUMN_NOT_FOUND", "mv"],
    ["the file is no page", ["--home", "home", "--out", "report.pdf"], "CONFIG_INVALID", ".html"],
  ])("says what to do when %s", async (_, argv, error, hint) => {
    const given = argv.map((word, i) => (argv[i - 1] === "--home" ? path(word) : word));
    const { code, stderr, json } = await report(...given, "--json");
    expect(code).not.toBe(0);
    expect(json().error.code).toBe(error);
    expect(stderr).toContain(hint);
  });
});

describe("tsops decisions and tsops lineage", () => {
  const decisionsOf = commandChild("decisions");
  const lineageOf = commandChild("lineage");

  it("read the home that is named, without a configuration", async () => {
    const decisions = await decisionsOf("--home", path("home"), "--json");
    expect([decisions.code, decisions.json().decisions[0].kind]).toEqual([0, "drift"]);
    const lineage = await lineageOf("nobody", "--home", path("home"), "--json");
    expect(lineage.json().error.code).toBe("PREDICTION_NOT_FOUND");
    const both = await decisionsOf("--home", path("home"), "--config", "c.ts", "--json");
    expect([both.code, both.json().error.code]).toEqual([64, "CONFIG_INVALID"]);
    const gone = await lineageOf("nobody", "--home", path("gone"), "--json");
    expect(gone.json().error.code).toBe("STORE_NOT_FOUND");
  });
});
