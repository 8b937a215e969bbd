import { execFile } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bool, columnsFromArrays, createRandom, float64, int64, timestamp, utf8 } from "@tsops/core";
import { tableFiles } from "@tsops/store/files";
import { describe, expect, it } from "vitest";
import { commandChild } from "./command-child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const root = resolve(import.meta.dirname, "..");
const folder = temporaryDirectory().path;
const hour = 3_600_000;
const start = Date.UTC(2026, 0, 5); // a Monday
const execArgv = ["--import", "tsx", "--conditions=@tsops/source"];

const drift = commandChild("drift");

const path = (name: string) => join(folder, name);

function csv(name: string, head: string, rows: readonly string[]): string {
  writeFileSync(path(name), `${[head, ...rows].join("\n")}\n`);
  return path(name);
}

/** A daily course with noise that persists: nothing of it is drift. */
const random = createRandom("rows");
let noise = 0;
const load = Array.from({ length: 2400 }, (_, i) => {
  noise = 0.6 * noise + random.normal();
  return 50 + 5 * Math.sin((Math.PI * i) / 12) + noise;
});
const [weeks4, weeks5] = [672, 840];

const at = (i: number) => new Date(start + i * hour).toISOString().slice(0, 19);
const span = <T>(from: number, to: number, make: (i: number) => T) =>
  Array.from({ length: to - from }, (_, k) => make(from + k));
const rowsOf = (from: number, to: number, change = (value: number, _: number) => value) =>
  span(from, to, (i) => `${at(i)}Z,${change(load[i] as number, i).toFixed(4)}`);

const reference = csv("reference.csv", "ts,load", rowsOf(0, weeks4));
const current = csv("current.csv", "ts,load", rowsOf(weeks4, weeks5));
const higher = csv(
  "higher.csv",
  "ts,load",
  rowsOf(weeks4, weeks5, (value) => value + 4),
);

interface FoundColumn {
  readonly column: string;
  readonly key?: Readonly<Record<string, unknown>>;
  readonly drift: boolean;
  readonly pValue: number;
  readonly adjustedPValue: number;
  readonly tests: readonly { readonly test: string; readonly effect: number; readonly sentence: string }[];
}

describe("two files", () => {
  it("that differ by their season only have no drift, and what was guessed is told", async () => {
    const { code, stdout, stderr } = await drift(reference, current, "--fail-on", "drift");
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("no drift: 0 of 1 column at a false-discovery rate of 0.05"),
    ]);
    expect(stdout).toMatch(/^column {2}drift {2}adjusted p {2}strongest test {2}statistic +p +effect$/m);
    for (const guess of ["time column: ts", "frequency: 1h", "season: 24 and 168 steps"])
      expect(stderr).toContain(`guessed ${guess}`);
  });

  it("are compared without a season where --season none says so", async () => {
    const { json, stderr } = await drift(reference, current, "--season", "none", "--json");
    const { columns, seasons } = json() as { columns: FoundColumn[]; seasons: readonly number[] };
    expect([seasons, columns.map(({ column }) => column)]).toEqual([[], ["load"]]);
    expect(columns[0]?.tests.map(({ test }) => test)).not.toContain("season");
    expect(stderr).not.toContain("season");
    expect((await drift(reference, current, "--season", "none")).stdout).toContain("1h, no season");
  });

  it("give an object with --json that has the columns with all their tests", async () => {
    const { code, stdout, json } = await drift(reference, higher, "--time", "ts", "--json");
    expect([code, stdout.trimEnd().split("\n")]).toEqual([0, [expect.any(String)]]);
    const found = json();
    expect(found).toMatchObject({
      alpha: 0.05,
      drift: true,
      frequency: "1h",
      seasons: [24, 168],
      untested: [],
      reference: { file: reference, rows: weeks4, from: "2026-01-05T00:00:00Z" },
      current: { file: higher, rows: 168, to: "2026-02-08T23:00:00Z" },
    });
    const [column] = found.columns as [FoundColumn];
    expect(Object.keys(column).sort()).toEqual(["adjustedPValue", "column", "drift", "pValue", "tests"]);
    expect(column).toMatchObject({ column: "load", drift: true });
    for (const test of column.tests)
      expect(Object.keys(test).sort()).toEqual(["effect", "pValue", "sentence", "statistic", "test", "unit"]);
    expect(column.tests[0]).toMatchObject({ test: "level", sentence: expect.stringContaining("higher") });
    expect(column.tests[0]?.effect).toBeGreaterThan(3);
    expect(column.tests[0]?.effect).toBeLessThan(5);
  });

  it("exit with 2 on drift where --fail-on asks for it, also as a process", async () => {
    expect((await drift(reference, higher)).code).toBe(0);
    const asked = ["packages/core/src/cli/main.ts", "drift", reference, higher, "--fail-on", "drift"];
    const [code, stdout] = await new Promise<[unknown, string]>((done) => {
      execFile(process.execPath, [...execArgv, ...asked], { cwd: root }, (error, text) =>
        done([error?.code, text]),
      );
    });
    expect([code, stdout]).toEqual([2, expect.stringContaining("drift: 1 of 1 column")]);
  });

  it("of other formats and kinds of numbers are compared as numbers", async () => {
    const time = (from: number, to: number) =>
      BigInt64Array.from(span(from, to, (i) => BigInt(start + i * hour) * 1000n));
    const whole = path("whole.parquet");
    await tableFiles.write(
      whole,
      columnsFromArrays(
        { ts: timestamp(), load: int64() },
        {
          ts: time(0, weeks4),
          load: BigInt64Array.from(span(0, weeks4, (i) => BigInt(Math.round(100 * (load[i] as number))))),
        },
      ),
    );
    const hundredfold = csv(
      "hundredfold.csv",
      "ts,load",
      rowsOf(weeks4, weeks5, (value) => 100 * value),
    );
    const { code, json } = await drift(whole, hundredfold, "--json");
    expect([code, json().columns]).toEqual([0, [expect.objectContaining({ column: "load", drift: false })]]);
    const flags = path("flags.parquet");
    await tableFiles.write(
      flags,
      columnsFromArrays(
        { ts: timestamp(), load: float64(), open: bool() },
        {
          ts: time(weeks4, weeks5),
          load: Float64Array.from(load.slice(weeks4, weeks5)),
          open: span(weeks4, weeks5, (i) => i % 2 === 0),
        },
      ),
    );
    const mixed = await drift(
      csv(
        "open.csv",
        "ts,load,open",
        rowsOf(0, weeks4).map((row) => `${row},often`),
      ),
      flags,
    );
    expect([mixed.code, mixed.stderr]).toEqual([
      1,
      expect.stringContaining(
        `SCHEMA_MISMATCH: Column "open" holds text in ${path("open.csv")} and true and false in`,
      ),
    ]);
  });

  it("have columns of one side reported, unless they were named", async () => {
    const one = csv(
      "one.csv",
      "ts,load,gone,none",
      rowsOf(0, weeks4).map((row) => `${row},1,`),
    );
    const other = csv(
      "other.csv",
      "ts,none,load,fresh",
      rowsOf(weeks4, weeks5).map((row) => `${row.replace(",", ",,")},2`),
    );
    const { code, json } = await drift(one, other, "--json");
    expect([code, json().columns.map(({ column }: FoundColumn) => column), json().untested]).toEqual([
      0,
      ["load"],
      [
        { column: "gone", reason: `Only ${one} has this column.` },
        { column: "none", reason: "Neither file has a value." },
        { column: "fresh", reason: `Only ${other} has this column.` },
      ],
    ]);
    expect(json()).toMatchObject({ drift: true, lost: ["gone"] });
    const failing = await drift(one, other, "--fail-on", "drift");
    expect([failing.code, failing.stdout]).toEqual([
      2,
      expect.stringContaining(`drift: ${other} has lost a column: gone`),
    ]);
    // What is new is no loss.
    const turned = await drift(other, one, "--columns", "load", "--fail-on", "drift", "--json");
    expect([turned.code, turned.json().lost]).toEqual([0, []]);
    const named = await drift(one, other, "--columns", "load,gone");
    expect([named.code, named.stderr]).toEqual([
      64,
      expect.stringContaining(`${other} has no column "gone", which --columns names.`),
    ]);
  });

  it("take infinities as missing, and constants, unseen categories and flags as what they are", async () => {
    const make = (name: string, from: number, to: number, row: (i: number) => string) =>
      csv(
        name,
        "ts,same,moved,spiky,kind,on",
        span(from, to, (i) => `${at(i)}Z,${row(i)}`),
      );
    const before = make(
      "before.csv",
      0,
      weeks4,
      (i) => `7,7,${load[i]},${"ab"[(i * 7919) % 2]},${(i * 31) % 2}`,
    );
    const after = make(
      "after.csv",
      weeks4,
      weeks5,
      (i) =>
        `7,8,${i % 3 === 0 ? "inf" : i % 7 === 0 ? "NaN" : load[i]},${i % 2 === 0 ? "new" : "a"},${(i * 31) % 2}`,
    );
    const { code, stderr, json } = await drift(before, after, "--json");
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(
        `values of ${after} that are infinite, or beyond 1e150 and too large to be squared, are taken as missing: 56 of spiky`,
      ),
    ]);
    const found = Object.fromEntries(json().columns.map((one: FoundColumn) => [one.column, one]));
    expect(found["same"]).toMatchObject({ drift: false, tests: [{ test: "constant", pValue: 1 }] });
    expect(found["moved"]).toMatchObject({ drift: true, tests: [{ test: "constant", effect: 1 }] });
    expect(found["spiky"]).toMatchObject({
      drift: true,
      tests: expect.arrayContaining([
        expect.objectContaining({ test: "missingness", pValue: expect.any(Number) }),
      ]),
    });
    expect(found["kind"]).toMatchObject({
      drift: true,
      tests: [{ test: "categories", sentence: expect.stringContaining("of kind has 50 points") }],
    });
    expect(found["on"]).toMatchObject({ drift: false, tests: [{ test: "categories" }] });
  });

  it("leave columns out that follow from the time, unless they were named", async () => {
    const withHour = (name: string, from: number, to: number) =>
      csv(
        name,
        "ts,hour,load",
        span(from, to, (i) => `${at(i)}Z,${i % 24},${load[i]}`),
      );
    const files = [withHour("hour1.csv", 0, weeks4), withHour("hour2.csv", weeks4, weeks5)] as const;
    const { json } = await drift(...files, "--json");
    expect(json().untested).toEqual([
      { column: "hour", reason: "It follows from the time; --columns has it tested." },
    ]);
    const named = await drift(...files, "--columns", "hour,load", "--json");
    expect(named.json().untested).toEqual([
      { column: "hour", reason: expect.stringContaining("the season explains the reference") },
    ]);
  });
});

describe("times", () => {
  const shown = (i: number, zone: string, offset: string) =>
    `${new Date(start + i * hour).toLocaleString("sv", { timeZone: zone }).replace(" ", "T")}${offset}`;
  const written = (name: string, from: number, to: number, time: (i: number) => string) =>
    csv(
      name,
      "ts,load",
      span(from, to, (i) => `${time(i)},${load[i]}`),
    );

  it("with other offsets are compared by instants, and that is told", async () => {
    const berlin = written("berlin.csv", weeks4, weeks5, (i) => shown(i, "Europe/Berlin", "+01:00"));
    const { code, stderr, stdout } = await drift(reference, berlin, "--fail-on", "drift");
    expect([code, stdout]).toEqual([0, expect.stringContaining("no drift")]);
    expect(stderr).toContain(`+00:00 in ${reference} and +01:00 in ${berlin}, and are compared by instants`);
  });

  it("without a zone are taken as UTC in both files; in one file only, the zone has to be said", async () => {
    const zoneless = written("zoneless.csv", 0, weeks4, (i) => shown(i, "Europe/Berlin", ""));
    const also = written("also.csv", weeks4, weeks5, (i) => shown(i, "Europe/Berlin", ""));
    const both = await drift(zoneless, also);
    expect([both.code, both.stderr]).toEqual([
      0,
      expect.stringContaining("guessed time zone: UTC (the times have no offset"),
    ]);
    const one = await drift(zoneless, current);
    expect([one.code, one.stderr]).toEqual([
      64,
      expect.stringContaining(`The times of ${current} have an offset and those of ${zoneless} have none`),
    ]);
    const said = await drift(zoneless, current, "--zone", "Europe/Berlin", "--json");
    expect([said.code, said.json().drift]).toEqual([0, false]);
  });

  it("with the offsets of clocks that change are taken by UTC until the zone is said, and that is told", async () => {
    // Some time in the reference the clocks are put forward.
    const offset = (i: number) => (i < 400 ? "+01:00" : "+02:00");
    const zone = (i: number) => (i < 400 ? "Etc/GMT-1" : "Etc/GMT-2");
    const changed = written("changed.csv", 0, weeks4, (i) => shown(i, zone(i), offset(i)));
    const after = written("after.csv", weeks4, weeks5, (i) => shown(i, zone(i), offset(i)));
    const { code, stderr } = await drift(changed, after);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("guessed time zone: UTC (the times have 2 offsets, as of clocks that change;"),
    ]);
  });

  it("of days follow midnight of each file's own offset", async () => {
    const days = (name: string, from: number, to: number, offset: string) =>
      csv(
        name,
        "ts,load",
        span(
          from,
          to,
          (i) =>
            `${new Date(start + 24 * i * hour).toISOString().slice(0, 10)}T00:00:00${offset},${(load[i] as number) + 9 * Number(i % 7 === 5)}`,
        ),
      );
    const { code, json } = await drift(
      days("utc.csv", 0, 140, "Z"),
      days("summer.csv", 140, 182, "+02:00"),
      "--json",
    );
    expect([code, json().frequency, json().seasons, json().drift]).toEqual([0, "1d", [7], false]);
  });

  it("follow the clocks of a zone that change, so that the course of the day stays where it is", async () => {
    // The clocks of Berlin are put forward on 2026-03-29; people go on living by them.
    const from = Date.UTC(2026, 2, 1) - hour;
    const lived = (name: string, first: number, last: number) =>
      csv(
        name,
        "ts,load",
        span(first, last, (i) => {
          const time = new Date(from + i * hour);
          const clock = Number(time.toLocaleString("sv", { timeZone: "Europe/Berlin" }).slice(11, 13));
          return `${time.toISOString()},${clock * clock * 0.1 + (load[i] as number) - 5 * Math.sin((Math.PI * i) / 12)}`;
        }),
      );
    const files = [lived("winter.csv", 0, weeks4), lived("spring.csv", weeks4 + 2, weeks5)] as const;
    const [fixed, said] = [
      await drift(...files, "--json"),
      await drift(...files, "--zone", "Europe/Berlin", "--json"),
    ];
    expect([fixed.json().drift, said.json().drift]).toEqual([true, false]);
    expect(said.stderr).toContain("hours are counted by the clocks of Europe/Berlin");
  });

  it.each<[string, () => string, number, string]>([
    [
      "twice",
      () => csv("twice.csv", "ts,load", [...rowsOf(weeks4, weeks5), ...rowsOf(700, 701)]),
      1,
      "PANEL_INVALID: 1 row repeats a time of the same series",
    ],
    [
      "that are none",
      () => csv("none.csv", "ts,load", [...rowsOf(weeks4, weeks5), "soon,1"]),
      1,
      'VALUE_INVALID: Column "ts" of',
    ],
    [
      "that are missing",
      () => csv("missing.csv", "ts,load", [...rowsOf(weeks4, weeks5), ",1"]),
      1,
      "line 170 of the file",
    ],
    [
      "with half the step",
      () => written("half.csv", weeks4, weeks5, (i) => `${new Date(start + (i * hour) / 2).toISOString()}`),
      1,
      "The files have frequencies of their own: 1h in",
    ],
    [
      "on no grid",
      () =>
        written("wild.csv", weeks4, weeks5, (i) =>
          new Date(start + i * hour + ((i * 7919) % 53) * 60_000).toISOString(),
        ),
      1,
      "The times lie on no regular grid",
    ],
  ])("%s are an error", async (_, make, code, message) => {
    const answer = await drift(reference, make());
    expect([answer.code, answer.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it("beside the grid belong to the step that they fall into, where the frequency is said", async () => {
    const wild = (name: string, from: number, to: number) =>
      written(name, from, to, (i) => new Date(start + i * hour + ((i * 7919) % 53) * 60_000).toISOString());
    const { code, json } = await drift(
      wild("wild1.csv", 0, weeks4),
      wild("wild2.csv", weeks4, weeks5),
      "--freq",
      "1h",
      "--json",
    );
    expect([code, json().frequency, json().drift]).toEqual([0, "1h", false]);
  });

  it("that count steps, business days and gaps are taken as they are", async () => {
    const steps = (name: string, from: number, to: number) =>
      csv(
        name,
        "t,load",
        span(from, to, (i) => `${i},${load[i]}`),
      );
    const counted = await drift(
      steps("steps1.csv", 0, weeks4),
      steps("steps2.csv", weeks4, weeks5),
      "--json",
    );
    expect([counted.json().frequency, counted.json().seasons, counted.json().drift]).toEqual([
      "steps",
      [24],
      false,
    ]);
    const business = (name: string, from: number, to: number) =>
      csv(
        name,
        "date,load",
        span(from, to, (i) => i)
          .filter((i) => i % 7 < 5)
          .map((i) => `${at(24 * i).slice(0, 10)},${load[i]}`),
      );
    const worked = await drift(business("work1.csv", 0, 140), business("work2.csv", 140, 182), "--json");
    expect([worked.json().frequency, worked.json().seasons]).toEqual(["business days", [5]]);
    const holes = (name: string, from: number, to: number) =>
      csv(
        name,
        "ts,load",
        rowsOf(from, to).filter((_, i) => (i * 7919) % 11 !== 3),
      );
    const gappy = await drift(holes("holes1.csv", 0, weeks4), holes("holes2.csv", weeks4, weeks5), "--json");
    expect([gappy.code, gappy.json().drift]).toEqual([0, false]);
  });
});

describe("several series", () => {
  const shops = (name: string, names: readonly string[], from: number, to: number, shift = 0) =>
    csv(
      name,
      "ts,shop,load",
      names.flatMap((shop) =>
        span(
          from,
          to,
          (i) =>
            `${at(i)}Z,${shop},${(load[i + 300 * (shop.charCodeAt(0) - 97)] as number) + (shop === "b" ? shift : 0)}`,
        ),
      ),
    );
  const before = shops("shops1.csv", ["a", "b", "c"], 0, weeks4);

  it("without --key are an error that names the likely column", async () => {
    const { code, stderr } = await drift(before, shops("shops2.csv", ["a", "b"], weeks4, weeks5));
    expect([code, stderr]).toEqual([
      64,
      expect.stringContaining('it seems to hold several series, told apart by "shop"'),
    ]);
    expect(stderr).toContain("--key shop");
  });

  it("are tested one by one, with one false-discovery rate over all", async () => {
    const after = shops("shops3.csv", ["b", "a", "d"], weeks4, weeks5, 4);
    const { code, json } = await drift(before, after, "--key", "shop", "--fail-on", "drift", "--json");
    const { columns, untested } = json() as { columns: FoundColumn[]; untested: unknown };
    expect([code, columns.map(({ key, column, drift: flagged }) => [key, column, flagged])]).toEqual([
      2,
      [
        [{ shop: "a" }, "load", false],
        [{ shop: "b" }, "load", true],
      ],
    ]);
    const [a, b] = columns as [FoundColumn, FoundColumn];
    expect(b.adjustedPValue).toBeCloseTo(Math.min(2 * b.pValue, a.pValue), 12);
    expect(untested).toEqual([
      { key: { shop: "c" }, column: null, reason: expect.stringContaining("There is no row of") },
      { key: { shop: "d" }, column: null, reason: expect.stringContaining("The reference has no row of") },
    ]);
  });

  it("that are lost count as drift, and new ones do not", async () => {
    const after = shops("shops5.csv", ["a", "b"], weeks4, weeks5);
    const lost = await drift(before, after, "--key", "shop", "--fail-on", "drift", "--json");
    expect([lost.code, lost.json()]).toEqual([
      2,
      expect.objectContaining({ drift: true, lost: [], lostSeries: [{ shop: "c" }] }),
    ]);
    const { code, stdout } = await drift(before, after, "--key", "shop", "--fail-on", "drift");
    expect([code, stdout]).toEqual([2, expect.stringContaining(`drift: ${after} has lost a series: c`)]);
    const more = shops("shops6.csv", ["a", "b", "c", "d"], weeks4, weeks5);
    const found = await drift(before, more, "--key", "shop", "--fail-on", "drift", "--json");
    expect([found.code, found.json().lostSeries]).toEqual([0, []]);
  });

  it("that are many have those that drift printed, and the others counted", async () => {
    const many = (name: string, from: number, to: number) =>
      csv(
        name,
        "ts,shop,load",
        span(0, 70, (shop) =>
          span(
            from,
            to,
            (i) => `${at(i)}Z,s${shop},${(load[i] as number) + (shop === 7 && i >= weeks4 ? 6 : 0)}`,
          ),
        ).flat(),
      );
    const { stdout } = await drift(
      many("many1.csv", 504, weeks4),
      many("many2.csv", weeks4, 768),
      "--key",
      "shop",
      "--season",
      "24",
    );
    expect(stdout).toMatch(/^s7 +load +DRIFT /m);
    expect(stdout).toContain("... and 69 more without drift; --json has all");
    expect(stdout).toContain("drift: 1 of 70 pairs of series and column");
  });

  it("that the files do not share are an error", async () => {
    const { code, stderr } = await drift(
      before,
      shops("shops4.csv", ["e", "f"], weeks4, weeks5),
      "--key",
      "shop",
    );
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("have no series in common: a, b and c in the one, e and f in the other"),
    ]);
  });
});

describe("windows of one file", () => {
  const jump = 8 * 168;
  const whole = csv(
    "whole.csv",
    "ts,load",
    rowsOf(0, 10 * 168 + 24, (value, i) => value + (i >= jump ? 4 : 0)),
  );

  it("are each tested against the rows before them, and shown as a map", async () => {
    const { code, stdout } = await drift(whole, "--windows", "7d", "--fail-on", "drift");
    expect([code, stdout]).toEqual([2, expect.stringMatching(/^column +drift +2026-02-02T00:00:00Z$/m)]);
    // Seven windows after the first four, the ninth of which begins with the jump.
    expect(stdout).toMatch(/^load +\d of 7 {2}[·░▒]{4}█[·░▒▓█]{2}$/m);
    expect(stdout).toMatch(/^ {2}2026-03-02T00:00:00Z {2}load is [34]\.\d+ higher than/m);
  });

  it("give a list with --json, each with its reference", async () => {
    const { json } = await drift(whole, "--windows", "7d", "--reference", "14d", "--json");
    const { windows, file } = json();
    expect(file).toMatchObject({ file: whole, rows: 1704 });
    expect(windows).toHaveLength(9);
    expect(windows[0]).toMatchObject({
      from: "2026-01-19T00:00:00Z",
      to: "2026-01-26T00:00:00Z",
      rows: 168,
      reference: { from: "2026-01-05T00:00:00Z", to: "2026-01-19T00:00:00Z", rows: 336 },
      columns: [{ column: "load", tests: expect.any(Array) }],
      untested: [],
    });
    expect(windows.at(-1).rows).toBe(24);
    const first = await drift(whole, "--windows", "7d", "--against", "first", "--json");
    expect(
      first
        .json()
        .windows.slice(4)
        .map(({ drift: flagged }: { drift: boolean }) => flagged),
    ).toEqual([true, true, true]);
    expect(first.json().windows.at(-1).reference).toMatchObject({ from: "2026-01-05T00:00:00Z", rows: 672 });
  });

  it("drift where a series ends, once, and not where the file itself does", async () => {
    const rows = (shop: string, from: number, to: number) =>
      rowsOf(from, to).map((row) => row.replace(",", `,${shop},`));
    const file = csv("ends.csv", "ts,shop,load", [
      ...rows("a", 0, 7 * 168 + 24),
      ...rows("b", 0, 5 * 168),
      ...rows("c", 0, 7 * 168),
    ]);
    const asked = [file, "--key", "shop", "--windows", "7d", "--alpha", "1e-9", "--fail-on", "drift"];
    const { code, json } = await drift(...asked, "--json");
    const { windows } = json();
    expect(windows.map(({ lostSeries }: { lostSeries: unknown }) => lostSeries)).toEqual([
      [],
      [{ shop: "b" }],
      [],
      [],
    ]);
    expect(windows.map((window: { drift: boolean }) => window.drift)).toEqual([false, true, false, false]);
    expect(code).toBe(2);
    expect((await drift(...asked)).stdout).toMatch(/^ {2}2026-02-09T00:00:00Z {2}b: no row any more\.$/m);
    expect((await drift(...asked.slice(0, -1), "last-window")).code).toBe(0);
  });

  it("may fail for the last window only", async () => {
    const past = csv(
      "past.csv",
      "ts,load",
      rowsOf(0, 10 * 168, (value, i) => value + (i >= jump - 168 && i < jump ? 4 : 0)),
    );
    const asked = [past, "--windows", "7d", "--against", "first", "--fail-on"];
    expect([(await drift(...asked, "drift")).code, (await drift(...asked, "last-window")).code]).toEqual([
      2, 0,
    ]);
  });

  it.each([
    ["no windows and one file", [reference], 64, "nothing to compare it with"],
    ["two files", [reference, current, "--windows", "7d"], 64, "--windows cuts one file into windows"],
    [
      "--reference without windows",
      [reference, current, "--reference", "7d"],
      64,
      "--reference is about windows",
    ],
    ["a length that is none", [reference, "--windows", "a week"], 64, "DURATION_INVALID"],
    ["a file that is too short", [current, "--windows", "7d"], 1, "too short for a reference of 4 windows"],
  ] as const)("refuse %s", async (_, argv, code, message) => {
    const answer = await drift(...argv);
    expect([answer.code, answer.stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});

describe("what cannot be done", () => {
  it.each([
    ["a file that is not there", () => [reference, path("nowhere.csv")], 1, "STORE_NOT_FOUND"],
    ["an empty file", () => [csv("empty.csv", "", []), current], 1, "PANEL_INVALID"],
    [
      "a file of names only",
      () => [reference, csv("names.csv", "ts,load", [])],
      1,
      "has column names and no rows",
    ],
    [
      "a column that is not there",
      () => [reference, current, "--columns", "lod"],
      64,
      'Did you mean "load"?',
    ],
    ["an alpha of 2", () => [reference, current, "--alpha", "2"], 64, "It must lie between 0 and 1"],
    ["an unknown option", () => [reference, current, "--fail"], 64, "unknown option"],
    [
      "text for numbers",
      () => [
        reference,
        csv(
          "text.csv",
          "ts,load",
          rowsOf(weeks4, weeks5).map((row, i) => (i % 60 === 0 ? `${row} kW` : row)),
        ),
      ],
      1,
      "has 3 values that are no number",
    ],
    [
      "words for numbers",
      () => [
        reference,
        csv(
          "words.csv",
          "ts,load",
          rowsOf(weeks4, weeks5).map((row, i) => `${row.split(",")[0]},${i % 3 === 0 ? "low" : "high"}`),
        ),
      ],
      1,
      "holds numbers in",
    ],
    [
      "a season that is too long",
      () => [csv("days.csv", "ts,load", rowsOf(0, 200)), current, "--season", "24,168"],
      64,
      "a season of 168 needs 336",
    ],
    [
      "a window of one row",
      () => [reference, csv("row.csv", "ts,load", rowsOf(weeks4, weeks4 + 1))],
      1,
      "Nothing could be tested",
    ],
    [
      "a page that would overwrite a file",
      () => [reference, current, "--html", path("nowhere/page.html")],
      1,
      "There is no folder",
    ],
  ] as const)("%s is told with a code of its own", async (_, argv, code, message) => {
    const answer = await drift(...argv());
    expect([answer.code, answer.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it("is one object with --json too", async () => {
    const { code, json } = await drift(reference, path("nowhere.csv"), "--json");
    expect([code, json().error]).toEqual([
      1,
      expect.objectContaining({ code: "STORE_NOT_FOUND", hint: expect.any(String) }),
    ]);
  });
});

describe("--html", () => {
  it("writes a page without a script or a request, whatever names are in the file", async () => {
    const name = "<b onclick=x>&load";
    const page = path("page.html");
    const files = [
      csv("named1.csv", `ts,${name}`, rowsOf(0, weeks4)),
      csv(
        "named2.csv",
        `ts,${name}`,
        rowsOf(weeks4, weeks5, (value) => value + 4),
      ),
    ] as const;
    const { code, json } = await drift(...files, "--html", page, "--json");
    expect([code, json().html]).toEqual([0, page]);
    const text = readFileSync(page, "utf8");
    expect(text).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|<link|<img|https?:|<b onclick/);
    expect(text).toContain("higher than its season in the reference says");
    expect(statSync(page).size).toBeLessThan(100_000);
  });
});

// A column of text that is a key of rows is none of categories.
it("texts that are different in every row are not tested", async () => {
  const ids = (name: string, from: number, to: number) =>
    csv(
      name,
      "ts,id,load",
      span(from, to, (i) => `${at(i)}Z,row ${i},${load[i]}`),
    );
  const { json } = await drift(ids("ids1.csv", 0, weeks4), ids("ids2.csv", weeks4, weeks5), "--json");
  expect(json().untested).toEqual([{ column: "id", reason: expect.stringContaining("672 different texts") }]);
});

it("keys of other types in the two files are the same series", async () => {
  const time = BigInt64Array.from(span(0, weeks4, (i) => BigInt(start + i * hour) * 1000n));
  await tableFiles.write(
    path("keyed.parquet"),
    columnsFromArrays(
      { ts: timestamp(), id: utf8(), load: float64() },
      { ts: time, id: span(0, weeks4, () => "A7"), load: Float64Array.from(load.slice(0, weeks4)) },
    ),
  );
  const numbered = csv("numbered.csv", "ts,id,load", [
    ...rowsOf(weeks4, weeks5).map((row) => row.replace(",", ",7,")),
    ...rowsOf(weeks4, weeks5).map((row) => row.replace(",", ",A7,")),
  ]);
  const { json } = await drift(path("keyed.parquet"), numbered, "--key", "id", "--json");
  expect(json().columns.map(({ key }: FoundColumn) => key)).toEqual([{ id: "A7" }]);
});
