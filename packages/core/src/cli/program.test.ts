import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { runProgram } from "./program.ts";

const fixtures = join(import.meta.dirname, "../../test/cli");
/** Configurations that are wrong, by folder. */
const wrong = {
  throwing: [
    "tsops.config.ts",
    'const never: string = "";\nthrow new Error("DATABASE_URL is not set" + never);',
  ],
  "wrong-key": ["tsops.config.mts", "export default { pipelnes: [] };"],
  "no-default": ["tsops.config.ts", "export const pipelines: readonly string[] = [];"],
  "not-a-factory": ["tsops.config.js", "export default { ledger: {} };"],
  syntax: ["tsops.config.mjs", "export default { home: ( };"],
  bare: ["tsops.config.ts", "export default {};"],
} as const;
let temporary = "";

beforeAll(() => {
  temporary = temporaryDirectory().path;
  writeFileSync(join(temporary, "package.json"), '{ "type": "module" }');
  for (const [folder, [name, text]] of Object.entries(wrong)) {
    mkdirSync(join(temporary, folder));
    writeFileSync(join(temporary, folder, name), text);
  }
});

/** Runs the command in process, in a fixture's folder. */
async function tsops(where: string, ...argv: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram(argv, {
    cwd: resolve(where in wrong ? temporary : fixtures, where),
    // A test's worker cannot change its working directory; plain-node.test.ts sees that the command does.
    enter: () => {},
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    signal: new AbortController().signal,
  });
  const stdout = out.join("");
  return {
    code,
    stdout,
    stderr: err.join(""),
    json: () => JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? ""),
  };
}

/** A new copy of the working configuration, with a ledger of its own. */
async function fresh() {
  vi.resetModules();
}

describe("help and usage", () => {
  it("teaches with examples and lists the exit codes", async () => {
    const { code, stdout } = await tsops("working", "--help");
    expect(code).toBe(0);
    for (const text of ["run a pipeline for one data interval", "tsops doctor", "75", "defineConfig"])
      expect(stdout).toContain(text);
    for (const command of ["run", "lineage", "decisions", "sync", "doctor"]) {
      const help = await tsops("working", command, "--help");
      expect(help.code).toBe(0);
      expect(help.stdout).toMatch(/Examples:|Exits with/);
    }
  });

  it("prints its version", async () => {
    expect((await tsops("working", "--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ["an unknown command", ["runn"], "Did you mean run?"],
    ["a missing argument", ["run"], "pipeline"],
    ["an argument too many", ["run", "daily", "train", "more"], "too many arguments"],
    ["an unknown option", ["run", "daily", "--forec"], "--force"],
    [
      "options that contradict",
      ["run", "daily", "--at", "2011-01-01T00:00Z", "--interval", "x"],
      "cannot be used with",
    ],
    ["force and resume", ["run", "daily", "--force", "--resume"], "cannot be used with"],
    ["a kind that does not exist", ["decisions", "--kind", "gat"], "gate, experiment, promotion"],
    ["a place to sync to that is none", ["sync", "--to", "mlflw"], "syncTo: { mlflw:"],
    ["no place to sync to", ["sync"], "--to <name>"],
    ["a limit that is none", ["decisions", "--limit", "0"], "whole number"],
    ["an interval that is none", ["run", "daily", "--interval", "yesterday"], "start/end"],
    ["an interval without zone", ["run", "daily", "--interval", "2011-07-01T00:00/1d"], "TIME_ZONE_MISSING"],
    [
      "an interval that goes backwards",
      ["run", "daily", "--interval", "2011-07-02T00:00Z/2011-07-01T00:00Z"],
      "ends",
    ],
    ["a time ago that is none", ["decisions", "--since", "yesterday"], "how long ago"],
    ["a pipeline that does not exist", ["run", "dayly"], 'Did you mean "daily"?'],
    ["a name like none", ["run", "xyzzy"], "It has daily, fails, retries, hourly, manual."],
    ["a step that does not exist", ["run", "daily", "tarin"], "It has ingest, train."],
    ["a partition that does not exist", ["run", "hourly", "--partition", "north"], "It has east, west."],
    ["a partition not said", ["run", "hourly"], "east, west"],
    ["no interval without a schedule", ["run", "manual"], "--interval start/end"],
    ["a partition not said, by its flag", ["run", "hourly"], "--partition"],
    [
      "half an interval of the schedule",
      ["run", "daily", "--interval", "2011-06-01T06:00Z/2011-06-01T18:00Z"],
      "Its schedule has 2011-06-01T00:00:00Z/2011-06-02T00:00:00Z.",
    ],
    [
      "two intervals at once",
      ["run", "daily", "--interval", "2011-06-01T00:00Z/2d"],
      "none of its schedule's",
    ],
    [
      "an interval that goes on",
      ["run", "daily", "--interval", "2011-07-02T00:00Z/1d"],
      "use force (--force)",
    ],
    [
      "an interval of the future",
      ["run", "daily", "--interval", "2031-07-02T00:00Z/1d"],
      "is not over: it is 2011-07-02T06:00:00Z",
    ],
  ])("exits with 64 on %s", async (_name, argv, text) => {
    const { code, stderr, stdout } = await tsops("working", ...argv);
    expect(stderr).toContain(text);
    expect(code).toBe(64);
    expect(stdout).toBe("");
  });
});

describe("configuration", () => {
  it("is found upward from the working directory, or where --config says", async () => {
    await fresh();
    expect((await tsops("working/..", "decisions", "--config", "working/tsops.config.ts")).code).toBe(0);
    const missing = await tsops("", "decisions", "--config", "nowhere.ts");
    expect(missing.code).toBe(64);
    expect(missing.stderr).toContain("CONFIG_NOT_FOUND");
  });

  it.each([
    ["throwing", ["CONFIG_INVALID", "DATABASE_URL is not set"]],
    ["wrong-key", ['"pipelnes"', 'Did you mean "pipelines"?']],
    ["no-default", ["export default defineConfig"]],
    ["not-a-factory", ["ledger: () =>"]],
    ["syntax", ["CONFIG_INVALID"]],
  ])("%s: exits with 64 and says why", async (where, texts) => {
    const { code, stderr } = await tsops(where, "decisions");
    for (const text of texts) expect(stderr).toContain(text);
    expect(code).toBe(64);
  });

  it("that wires nothing: says what is missing for which command", async () => {
    const decisions = await tsops("bare", "decisions");
    expect([decisions.code, decisions.stderr]).toEqual([64, expect.stringContaining("gives no decisions")]);
    const run = await tsops("bare", "run", "daily");
    expect(run.stderr).toContain("The configuration has no pipelines");
  });

  it("errors are data with --json, on the last line of stdout", async () => {
    const { code, json, stderr } = await tsops("throwing", "run", "daily", "--json");
    expect(code).toBe(64);
    expect(json().error).toMatchObject({
      code: "CONFIG_INVALID",
      cause: { message: "DATABASE_URL is not set" },
    });
    expect(stderr).toContain("DATABASE_URL is not set");
  });
});

describe("tsops run", () => {
  const july1 = ["--interval", "2011-07-01T00:00Z/1d"];

  it("runs the last due interval, and does nothing the second time", async () => {
    await fresh();
    const first = await tsops("working", "run", "daily");
    expect(first.code).toBe(0);
    expect(first.stdout).toBe(
      "daily 2011-07-01T00:00:00Z/2011-07-02T00:00:00Z: succeeded\n" +
        '  ingest  0.0 s  {"rows":24,"until":{"$int":"1309564800000000"}}\n  train   0.0 s  48\n',
    );
    expect(first.stderr).toContain("2011-07-02T06:00:00Z daily/ingest: read rows=24");
    expect(first.stderr).toContain("ingest: rows: 24/24");
    const again = await tsops("working", "run", "daily", ...july1);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("succeeded before, nothing to do\n  ingest  0.0 s, done before");
    const forced = await tsops("working", "run", "daily", "--force");
    expect(forced.stdout).toContain("succeeded at attempt 2");
  });

  it("runs an interval that the schedule does not have when it is forced", async () => {
    await fresh();
    const half = await tsops("working", "run", "daily", "--interval", "2011-06-01T06:00Z/6h", "--force");
    expect([half.code, half.stdout]).toEqual([
      0,
      expect.stringContaining("2011-06-01T06:00:00Z/2011-06-01T12:00:00Z: succeeded"),
    ]);
  });

  it("--at picks the interval, --json gives the outcome as one last line", async () => {
    await fresh();
    const { code, json } = await tsops("working", "--json", "run", "daily", "--at", "2011-06-20T23:59:59Z");
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      pipeline: "daily",
      interval: { start: "2011-06-19T00:00:00Z", end: "2011-06-20T00:00:00Z" },
      status: "succeeded",
      isNew: true,
      attempt: 1,
      steps: [{ step: "ingest", wasRecorded: false }, { step: "train" }],
      results: { ingest: { rows: 24, until: { $int: "1308528000000000" } }, train: 48 },
      error: null,
    });
  });

  it("a failed run exits with 1, with code, sentence, details and hint, and can be resumed", async () => {
    await fresh();
    const failed = await tsops("working", "run", "fails", "--json");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('error SERIES_TOO_SHORT: Step "second" failed: 12 rows, 48 needed.');
    expect(failed.stderr).toContain("rows: 12");
    expect(failed.stderr).toContain("hint: Load more.");
    expect(failed.json()).toMatchObject({
      status: "failed",
      error: { code: "SERIES_TOO_SHORT", hint: "Load more." },
    });
    const later = await tsops("working", "run", "fails");
    expect([later.code, later.stderr]).toEqual([1, expect.stringContaining("--resume")]);
    const resumed = await tsops("working", "run", "fails", "--resume");
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain("first   0.0 s, done before");
  });

  it("exits with 75 when a retry is not due and it may not wait", async () => {
    await fresh();
    const { code, stdout, json } = await tsops("working", "run", "retries", "--no-wait", "--json");
    expect(code).toBe(75);
    expect(json()).toMatchObject({ status: "waiting_retry", error: { code: "STEP_FAILED" } });
    expect(json().nextRetryAt > "2011-07-02T06:00:20Z").toBe(true);
    expect(stdout.split("\n")).toHaveLength(2);
    const again = await tsops("working", "run", "retries", "--no-wait");
    expect([again.code, again.stdout]).toEqual([
      75,
      expect.stringContaining("waits to be tried again at 2011-07-02T06:00:"),
    ]);
  });

  it("exits with 75 when another process is at work, and with 99 when the run was left out", async () => {
    await fresh();
    const interval = ["--interval", "2011-01-01T00:00Z/2011-01-02T00:00Z"];
    const busy = await tsops("working", "run", "daily", ...interval, "--no-wait");
    expect([busy.code, busy.stdout]).toEqual([
      75,
      expect.stringContaining("is run by other:1 (lease until 2011-07-02T06:01:00Z)"),
    ]);
    const skipped = await tsops("working", "run", "manual", ...interval);
    expect([skipped.code, skipped.stdout]).toEqual([99, expect.stringContaining("was left out")]);
  });

  it("runs single steps and partitions", async () => {
    await fresh();
    const early = await tsops("working", "run", "daily", "train", ...july1);
    expect([early.code, early.stderr]).toEqual([
      64,
      expect.stringContaining('Run "ingest" for this interval first'),
    ]);
    const ingest = await tsops("working", "run", "daily", "ingest", ...july1);
    expect([ingest.code, ingest.stdout]).toEqual([
      0,
      expect.stringContaining("step done, others are to come"),
    ]);
    const train = await tsops("working", "run", "daily", "train", ...july1);
    expect([train.code, train.stdout]).toEqual([0, expect.stringContaining("succeeded")]);
    const west = await tsops("working", "run", "hourly", "--partition", "west");
    expect(west.stdout).toContain("hourly [west] 2011-07-02T05:00:00Z/2011-07-02T06:00:00Z: succeeded");
  });
});

describe("tsops lineage", () => {
  it("draws the way from a forecast to its rows", async () => {
    const { code, stdout } = await tsops("working", "lineage", "prediction-1");
    expect(code).toBe(0);
    expect(
      stdout,
    ).toBe(`prediction prediction-1 for {"city":"washington","member":true,"station":9007199254740993n}: 3 steps after 2011-03-13T07:06:40.000001Z
├─ served by bikes as champion at 2011-03-13T07:06:40.500Z in 0.8 ms
├─ features weather__temp, weather__icon, day__free
│  └─ weather from table forecasts: 1 present, 1 expired, 1 missing; rows of 2011-03-13T07:06:40.000001Z
└─ model bikes version 1, registered 2011-06-02T00:00:00Z, now champion
   ├─ run run-1 "train 2011-06-02" of experiment bikes, FINISHED, 2011-06-02T00:00:00Z
   │  └─ mae 39.2
   ├─ code 3f2a91c, seed 7
   ├─ definition ${"d".repeat(64)}
   ├─ model bytes ${"b".repeat(64)}
   ├─ node 20.20.2
   └─ training set bikes_train, 4344 rows
      ├─ definition ${"e".repeat(64)}
      ├─ content ${"c".repeat(64)}
      ├─ table rides at version 12
      └─ table weather at version 3
`);
  });

  it("gives the same as data", async () => {
    const { json } = await tsops("working", "lineage", "prediction-1", "--json");
    expect(json()).toMatchObject({
      prediction: {
        predictionId: "prediction-1",
        mean: [10.5, { $number: "NaN" }, 0],
        quantiles: [
          { probability: 0.1, values: [1, 2, 3] },
          { probability: 0.9, values: [11, { $number: "Infinity" }, 13] },
        ],
        featureTimes: { weather: ["2011-03-13T07:06:40.000001Z", null, null] },
        featureTables: { weather: "forecasts" },
      },
      model: { name: "bikes", version: 1 },
      run: { runId: "run-1", metrics: { mae: 39.2 } },
      lineage: {
        trainingSet: {
          tables: [
            { table: "rides", version: 12 },
            { table: "weather", version: 3 },
          ],
        },
      },
    });
  });

  it("goes on where a run is gone or another tool logged the version", async () => {
    const gone = await tsops("working", "lineage", "prediction-2");
    expect(gone.stdout).toContain('run run-gone: There is no run "run-gone".');
    expect(gone.stdout).toContain("table rides at version 12");
    const foreign = await tsops("working", "lineage", "prediction-3");
    expect(foreign.stdout).toContain("no run");
    expect(foreign.stdout).toContain("another tool logged this version");
  });

  it("fails with 1 for a prediction or version that is not there", async () => {
    const { code, stderr } = await tsops("working", "lineage", "nonesuch");
    expect([code, stderr]).toEqual([1, expect.stringContaining("PREDICTION_NOT_FOUND")]);
    expect((await tsops("working", "lineage", "prediction-9")).stderr).toContain("MODEL_NOT_FOUND");
  });
});

describe("tsops decisions", () => {
  it("shows the newest, oldest first", async () => {
    const { code, stdout } = await tsops("working", "decisions", "--limit", "2");
    expect(code).toBe(0);
    expect(stdout).toBe(`The newest 2 of 3 decisions:
2011-06-02T00:00:00Z  gate  bikes  promote
  Reason 2.
  asked by test, gate-2
2011-06-03T00:00:00Z  gate  trams  promote
  Reason 3.
  asked by test, gate-3
`);
  });

  it("filters by kind, subject and age", async () => {
    const ids = async (...argv: string[]) =>
      (await tsops("working", "decisions", "--json", ...argv))
        .json()
        .decisions.map(({ id }: { id: string }) => id);
    expect(await ids()).toEqual(["gate-1", "gate-2", "gate-3"]);
    expect(await ids("--subject", "bikes")).toEqual(["gate-1", "gate-2"]);
    expect(await ids("--kind", "drift")).toEqual([]);
    expect(await ids("--verdict", "reject")).toEqual(["gate-1"]);
    expect(await ids("--since", "2011-06-02T00:00Z")).toEqual(["gate-2", "gate-3"]);
    // The clock stands at 2 July, 06:00.
    expect(await ids("--since", "30d")).toEqual(["gate-3"]);
    expect((await tsops("working", "decisions", "--kind", "drift")).stdout).toBe("No decisions.\n");
  });

  it("refuses a verdict that no decision can have", async () => {
    const typo = await tsops("working", "decisions", "--verdict", "rejct");
    expect(typo.code).toBe(64);
    expect(typo.stderr).toContain('No decision has the verdict "rejct".');
    expect(typo.stderr).toContain('Did you mean "reject"? There are promote, reject, keep,');
    const ofOther = await tsops("working", "decisions", "--kind", "gate", "--verdict", "keep");
    expect([ofOther.code, ofOther.stderr]).toEqual([64, expect.stringContaining("of the kind gate")]);
    const none = await tsops("working", "decisions", "--verdict", "retrain");
    expect([none.code, none.stdout]).toEqual([0, "No decisions.\n"]);
  });

  it("explains one by its id, or by the beginning of it", async () => {
    const { code, stdout } = await tsops("working", "decisions", "gate-2");
    expect(code).toBe(0);
    expect(stdout).toBe(`2011-06-02T00:00:00Z  gate  bikes  promote
  Reason 2.
  asked by test, gate-2

p is 0.02.
n is 28.
bound is Infinity.
`);
    const { json } = await tsops("working", "decisions", "gate-2", "--json");
    expect(json()).toMatchObject({
      id: "gate-2",
      evidence: { p: 0.02 },
      explanation: ["p is 0.02.", "n is 28.", "bound is Infinity."],
    });
    const many = await tsops("working", "decisions", "gate");
    expect([many.code, many.stderr]).toEqual([1, expect.stringContaining("gate-1, gate-2, gate-3")]);
    const none = await tsops("working", "decisions", "gate-9");
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("DECISION_NOT_FOUND")]);
  });

  it("gives all evidence as data", async () => {
    const { json } = await tsops("working", "decisions", "--json", "--limit", "1");
    expect(json().decisions[0].evidence).toEqual({
      p: 0.03,
      n: { $int: "28" },
      bound: { $number: "Infinity" },
    });
  });
});

describe("tsops doctor", () => {
  it("finds a working set-up healthy", async () => {
    await fresh();
    const { code, stdout } = await tsops("working", "doctor");
    expect(stdout).not.toContain("PROBLEM");
    expect(code).toBe(0);
    expect(stdout).toContain("daily (ingest > train, every 1d)");
    expect(stdout).toMatch(/ok +registry +answers; models bikes/);
  });

  it("reports each problem with a hint and exits with 1", async () => {
    const { code, json } = await tsops("broken-home", "doctor", "--json");
    expect(code).toBe(1);
    const { isHealthy, findings } = json();
    expect(isHealthy).toBe(false);
    const found = (name: string) => findings.find((finding: { name: string }) => finding.name === name);
    expect(found("pipelines")).toMatchObject({ state: "problem", hint: expect.stringContaining(".step()") });
    expect(found("ledger")).toMatchObject({ state: "problem", detail: "connection refused" });
    expect(found("home")).toMatchObject({
      state: "problem",
      detail: "STORE_READ_ONLY: The home cannot be written.",
      hint: "Make it writable.",
    });
    expect(found("tracker")).toMatchObject({
      state: "absent",
      detail: "not looked at: the home does not open",
    });
  });

  it("names a home that does not open once", async () => {
    const { stdout } = await tsops("broken-home", "doctor");
    expect(stdout.split("The home cannot be written.")).toHaveLength(2);
    expect(stdout).toMatch(/PROBLEM +home +STORE_READ_ONLY/);
  });

  it.each([["throwing"], ["wrong-key"], ["syntax"]])(
    "reports a configuration that does not load (%s)",
    async (where) => {
      const { code, stdout } = await tsops(where, "doctor");
      expect([code, stdout]).toEqual([1, expect.stringContaining("PROBLEM  configuration loads")]);
      expect(stdout).toContain("hint:");
    },
  );

  it("says that a bare configuration wires nothing, which is no problem", async () => {
    const { code, stdout } = await tsops("bare", "doctor");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/- +ledger +not wired/)]);
  });

  it("without a configuration is well, and says how to make one", async () => {
    const { code, stdout } = await tsops("/", "doctor");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/- +configuration +CONFIG_NOT_FOUND/)]);
    expect(stdout).toContain("export default defineConfig");
  });

  it("misses a configuration that was named", async () => {
    const { code, stdout } = await tsops("/", "doctor", "--config", "missing.ts");
    expect([code, stdout]).toEqual([1, expect.stringContaining("CONFIG_NOT_FOUND")]);
  });
});
