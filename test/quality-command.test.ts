import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { commandChild } from "./command-child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const folder = temporaryDirectory().path;

const quality = commandChild("quality");

const path = (name: string) => join(folder, name);
const random = createRandom("quality command");
const at = (i: number) => new Date(Date.UTC(2024, 0, 1) + i * 3_600_000).toISOString().slice(0, 19);
const value = (i: number) =>
  (100 + 40 * Math.exp(-(((i % 24) - 9) ** 2) / 8) + random.normal(0, 3)).toFixed(1);

/** Rows of two shops; `change` gives another line, or none. */
function file(
  name: string,
  from: number,
  to: number,
  change = (line: string, _: number): string | null => line,
): string {
  const lines = ["0012", "0034"].flatMap((shop, s) =>
    Array.from({ length: to - from }, (_, k) => {
      const line = `${at(from + k)}Z,${shop},${value(from + k)},open`;
      return s === 0 ? change(line, from + k) : line;
    }).filter((line) => line !== null),
  );
  writeFileSync(path(name), `ts,shop,sold,state\n${lines.join("\n")}\n`);
  return path(name);
}

const [end, after] = [1008, 1344];
const reference = file("reference.csv", 0, end);
const same = file("same.csv", end, after);
const wrong = file("wrong.csv", end, after, (line, i) => {
  const [time, shop, sold, state] = line.split(",");
  if (i >= 1100 && i < 1130) return `${time},${shop},${1000 * Number(sold)},${state}`;
  return i >= 1200 && i < 1205 ? null : line;
});

describe("tsops quality", () => {
  it("finds nothing in more of the same, and exits with 0", async () => {
    const answer = await quality(same, "--reference", reference, "--key", "shop", "--fail-on", "warning");
    expect(answer.stdout).toBe(`${same}: 672 rows held against ${reference}: nothing found\n`);
    expect(answer.code).toBe(0);
  });

  it("tells what is wrong, with lines of the file, and exits with 2 where --fail-on says so", async () => {
    const answer = await quality(wrong, "--reference", reference, "--key", "shop", "--fail-on", "error");
    expect(answer.code).toBe(2);
    expect(answer.stdout).toContain("1 error, 1 warning");
    expect(answer.stdout).toContain("error    unit: sold is 1000 times as great in 30 rows");
    expect(answer.stdout).toContain("(line 94, line 95, line 96, ...)");
    expect(answer.stdout).toContain("warning  gaps: 5 steps of 1h have no row");
    expect((await quality(wrong, "--key", "shop")).code).toBe(0);
  });

  it("writes rules and reads them, also edited ones; --json is what the library says", async () => {
    const rules = path("rules.json");
    const written = await quality(reference, "--key", "shop", "--write-rules", rules);
    expect(written.stdout).toContain(`wrote the rules to ${rules}`);
    const found = (await quality(wrong, "--rules", rules, "--json")).json();
    expect(found).toMatchObject({ rows: 667, series: 2, errors: 1, warnings: 1, reference: null, rules });
    expect(found.findings[0]).toMatchObject({
      check: "unit",
      column: "sold",
      key: { shop: "0012" },
      count: 30,
      rows: [92, 93, 94, 95, 96],
      places: ["line 94", "line 95", "line 96", "line 97", "line 98"],
    });
    const edited = JSON.parse(readFileSync(rules, "utf8"));
    edited.columns.sold.numbers = null;
    writeFileSync(rules, JSON.stringify(edited));
    expect((await quality(wrong, "--rules", rules, "--json")).json()).toMatchObject({
      errors: 0,
      warnings: 1,
    });
  });

  it("sees keys without their zeros, stale series, texts among numbers and columns that are gone", async () => {
    const lines = readFileSync(same, "utf8")
      .replaceAll(",0012,", ",12,")
      .replace(/,open\n/g, "\n")
      .replace(",state", "");
    writeFileSync(path("other.csv"), lines.replace(/,(\d+\.\d)\n/, ",about 5\n"));
    const answer = await quality(
      path("other.csv"),
      "--reference",
      reference,
      "--key",
      "shop",
      "--now",
      "2024-03-01T00:00Z",
      "--json",
    );
    const { findings } = answer.json();
    const found = findings.map((one: { check: string; column: string }) => `${one.check} ${one.column}`);
    for (const name of ["schema state", "schema sold", "key_format shop", "staleness ts"])
      expect(found).toContain(name);
    const stale = findings.find(({ check }: { check: string }) => check === "staleness");
    expect(stale.hint).toBe("Look at the job that loads it; raise --max-age if rows always come this late.");
  });

  it("refuses what makes no sense, with a hint", async () => {
    const refused = async (...argv: readonly string[]) => {
      const { code, stderr } = await quality(...argv);
      return [code, stderr] as const;
    };
    const [both, why] = await refused(same, "--reference", reference, "--rules", path("rules.json"));
    expect(both).toBe(64);
    expect(why).toContain("--reference and --rules both say what is expected");
    expect((await refused(same, "--max-age", "3h"))[1]).toContain("--now");
    expect((await refused(same, "--time", "tss"))[1]).toContain('Did you mean "ts"?');
    expect((await refused(same, "--rules", path("none.json")))[1]).toContain("--write-rules rules.json");
    writeFileSync(path("bad.json"), "{");
    expect(await refused(same, "--rules", path("bad.json"))).toEqual([
      64,
      expect.stringContaining("is no JSON"),
    ]);
    expect((await refused(same, "--write-rules", path("rules.txt")))[0]).toBe(64);
    expect(existsSync(path("rules.txt"))).toBe(false);
  });
});
