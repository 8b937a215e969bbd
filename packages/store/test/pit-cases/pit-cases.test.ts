import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { type ExpectedMatch, type PitCase, parseCaseFile } from "../../../../scripts/pit-cases/case-file.ts";
import { type CaseEngine, engines } from "../../../../scripts/pit-cases/engines.ts";
import { runCase } from "../../../../scripts/pit-cases/run-case.ts";

const directory = import.meta.dirname;
const files = readdirSync(directory).filter((name) => name.endsWith(".json"));
const casesOf = (file: string) => parseCaseFile(readFileSync(join(directory, file), "utf8"));
const needNanoseconds = ["needs_nanoseconds_in_the_spine", "needs_nanoseconds_in_created"];

const open: Promise<CaseEngine>[] = [];
afterAll(async () => {
  for (const engine of open) await (await engine).close();
});

for (const [name, openEngine] of Object.entries(engines)) {
  describe(`point-in-time cases on ${name}`, () => {
    const engine = openEngine();
    open.push(engine);
    for (const file of files)
      it(`gives what ${file} expects`, async () => {
        for (const given of casesOf(file)) {
          const expected = needNanoseconds.includes(given.name)
            ? { outcome: "skipped", reason: "nanoseconds" }
            : { outcome: "passed" };
          expect(await runCase(given, await engine), given.name).toEqual(expected);
        }
      });
  });
}

describe("the runner", () => {
  const [first] = casesOf("ties.json") as [PitCase];
  const online = engines["online"] as () => Promise<CaseEngine>;

  it("tells every wrong value, time and status apart", async () => {
    const wrong = { features: { x: 3, nothing: 1 }, feature_ts_ns: "0", status: "expired" };
    const result = await runCase({ ...first, expected: { v: [wrong] } }, await online());
    expect(result).toEqual({
      outcome: "failed",
      problems: [
        "view v, row 0, x: expected 3, got 2",
        "view v, row 0, nothing: expected 1, got undefined",
        "view v, row 0, feature time (ns): expected 0 (64-bit integer), got 1773133200000000000 (64-bit integer)",
        'view v, row 0, status: expected "expired", got "present"',
      ],
    });
  });

  it("does not take -0.0 for 0, NaN for null, or 1 for a 64-bit 1", async () => {
    const values = casesOf("values.json");
    const named = (name: string) => values.find((given) => given.name === name) as PitCase;
    const doubles = named("doubles_keep_their_bits");
    const expected = (doubles.expected["v"] ?? []).map((match) => ({
      ...match,
      features: {
        x:
          match.features["x"] === "-0.0"
            ? 0
            : match.features["x"] === "NaN"
              ? null
              : (match.features["x"] ?? null),
      },
    }));
    expect(await runCase({ ...doubles, expected: { v: expected } }, await online())).toMatchObject({
      problems: ["view v, row 0, x: expected null, got NaN", "view v, row 3, x: expected 0, got -0.0"],
    });
    const integer = named("small_integers_stay_integers");
    const plain = [{ ...(integer.expected["v"]?.[0] as object), features: { x: 0 } }] as never;
    expect(await runCase({ ...integer, expected: { v: plain } }, await online())).toMatchObject({
      outcome: "failed",
    });
  });

  it("fails a case that is not of the format, and skips one that asks for something unknown", async () => {
    const engine = await online();
    expect(await runCase({ ...first, expected: { v: [] } }, engine)).toEqual({
      outcome: "failed",
      problems: ["the case expects 0 rows of view v for 1 spine rows"],
    });
    expect(await runCase({ ...first, options: { window: "1h" } as never }, engine)).toEqual({
      outcome: "skipped",
      reason: "unknown field options.window",
    });
    expect(await runCase({ ...first, options: { ttl: "soon" } }, engine)).toEqual({
      outcome: "failed",
      problems: ['"soon" is not a duration.'],
    });
    const nanosAsNumber = [{ ...first.expected["v"]?.[0], feature_ts_ns: Number("1773133200000000001") }];
    const malformed: readonly (readonly [unknown, string])[] = [
      [null, "is not an object"],
      [{ ...first, spine: [null] }, "has null in the spine, row 0, which is not an object"],
      [{ ...first, options: { ttl: 3600 } }, "has options.ttl 3600, which is not text"],
      [{ ...first, views: [first.views[0], first.views[0]] }, "has two views v"],
      [{ ...first, expected: { v: [null] } }, "expects no object features of view v, row 0"],
      [
        { ...first, expected: { v: nanosAsNumber } },
        "expects feature_ts_ns 1773133200000000000 of view v, row 0, which is not text of a whole number",
      ],
    ];
    for (const [given, problem] of malformed)
      expect(await runCase(given as PitCase, engine)).toEqual({
        outcome: "failed",
        problems: [`the case ${problem}`],
      });
    const zoneless = { ...first, spine: [{ id: 1, ts: "2026-03-10T10:00:00" }] };
    expect(await runCase(zoneless, engine)).toMatchObject({ outcome: "failed" });
  });

  it("takes null options for absent ones, and a feature that is not expected for null", async () => {
    const engine = await online();
    const nulls = { ttl: null, lag: null, boundary: null, as_known_at: null, nulls: null, timezone: null };
    expect(await runCase({ ...first, options: nulls as never }, engine)).toEqual({ outcome: "passed" });
    expect(await runCase({ ...first, options: null as never }, engine)).toEqual({ outcome: "passed" });
    const [match] = first.expected["v"] as [ExpectedMatch];
    expect(await runCase({ ...first, expected: { v: [{ ...match, features: {} }] } }, engine)).toMatchObject({
      problems: ["view v, row 0, x: expected null, got 2"],
    });
  });

  it("compares time and status of a view without features", async () => {
    const [match] = first.expected["v"] as [ExpectedMatch];
    const bare = { ...first, views: first.views.map((view) => ({ ...view, features: [] })) };
    for (const open of Object.values(engines)) {
      const engine = await open();
      const run = (status: string) =>
        runCase({ ...bare, expected: { v: [{ ...match, features: {}, status }] } }, engine);
      expect(await run("present")).toEqual({ outcome: "passed" });
      expect(await run("expired")).toMatchObject({ outcome: "failed" });
      await engine.close();
    }
  });

  it("ends with the counts and names the engines that there are", async () => {
    const run = (...args: string[]) =>
      promisify(execFile)(
        process.execPath,
        ["--conditions=@tsops/source", "--import", "tsx", "scripts/pit-cases.ts", ...args],
        { cwd: join(directory, "../../../.."), env: { ...process.env, INIT_CWD: directory } },
      );
    const { stdout } = await run("nanoseconds.json", "--engine", "online");
    expect(stdout.trim().split("\n")).toEqual([
      "SKIP needs_nanoseconds_in_the_spine: nanoseconds",
      "SKIP needs_nanoseconds_in_created: nanoseconds",
      "1 passed, 0 failed, 2 skipped",
    ]);
    const later = await run("nanoseconds.json", "--engine", "spark");
    expect(later.stdout.trim().split("\n").at(-1)).toBe("0 passed, 0 failed, 3 skipped");
    expect(later.stdout).toContain('tsops has no engine "spark" yet');
    await expect(run("pit-cases.test.ts")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("The file is not JSON"),
    });
    await expect(run("ties.json", "--engine", "sprak")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Available: duckdb, streaming, online, spark"),
    });
  });
});
