import { spawnSync } from "node:child_process";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { pipeline } from "../pipeline/pipeline.ts";
import { resolveZone } from "../time/zone.ts";
import { airflowDag } from "./dag.ts";
import type { AirflowDagOptions } from "./dag-options.ts";
import { jinjaText, pythonText } from "./python.ts";

const base = { bundle: "daily.mjs", directory: ".." } satisfies AirflowDagOptions;

/** What Python's own parser reads: the keyword values of every call by name, with literals evaluated. */
const reader = `
import ast, json, sys
trees = []
for text in json.load(sys.stdin):
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call): continue
        values = {}
        for keyword in node.keywords:
            try: values[keyword.arg] = ast.literal_eval(keyword.value)
            except ValueError: values[keyword.arg] = ast.unparse(keyword.value)
        args = []
        for arg in node.args:
            try: args.append(ast.literal_eval(arg))
            except ValueError: args.append(ast.unparse(arg))
        found.append({"call": ast.unparse(node.func), "args": args, "values": values})
    trees.append(found)
json.dump(trees, sys.stdout)
`;

interface Call {
  readonly call: string;
  readonly args: readonly unknown[];
  readonly values: Readonly<Record<string, unknown>>;
}

function readWithPython(texts: readonly string[]): readonly (readonly Call[])[] {
  const { stdout, stderr, status } = spawnSync("python3", ["-c", reader], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/);
const text = fc.string({ unit: "binary", maxLength: 40 });

describe("the file of a pipeline", () => {
  test.prop(
    [
      fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
      word,
      text,
      fc.array(text, { maxLength: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom({ every: "1d" }, { every: "15m" }, { cron: "5 4 * * MON", zone: "Europe/Berlin" }),
      fc.array(text, { minLength: 1, maxLength: 2 }),
    ],
    { numRuns: 40 },
  )(
    "is read by Python as what was given, whatever the texts hold",
    (names, name, description, tags, attempts, schedule, questions) => {
      let steps = pipeline(name, { schedule, retry: { attempts } });
      for (const step of names) steps = steps.step(step, () => 1) as unknown as typeof steps;
      const approvals = { [names[0] as string]: questions[0] as string };
      const file = airflowDag(steps, { ...base, description, tags, approvals });
      const [calls = []] = readWithPython([file]);
      const [dag] = calls.filter(({ call }) => call === "DAG");
      expect(dag?.values).toMatchObject({ dag_id: name, description, tags, catchup: false });
      expect(file).toContain(`"retries": ${attempts - 1},`);
      const tasks = calls.filter(({ call }) => call === "BashOperator");
      expect(tasks.map(({ values }) => values["task_id"])).toEqual(names);
      const [approval] = calls.filter(({ call }) => call === "ApprovalOperator");
      expect(approval?.values["subject"]).toBe(jinjaText(questions[0] as string));
    },
  );

  it("is the same for the same definition, and names another hash for another", () => {
    const make = (attempts: number) =>
      airflowDag(
        pipeline("daily", { schedule: { every: "1d" }, retry: { attempts } }).step("a", () => 1),
        base,
      );
    expect(make(2)).toBe(make(2));
    const hash = (file: string) => /^# definition ([0-9a-f]{64})$/m.exec(file)?.[1];
    expect(hash(make(2))).not.toBe(hash(make(3)));
  });

  it("gives each partition a chain of its own, an approval before its step, and waits for late data", () => {
    const file = airflowDag(
      pipeline("p", { schedule: { every: "1h", delay: "10m" }, partitions: ["a b", "x.sh"] }).step(
        "train",
        () => 1,
        {
          timeout: "1m",
        },
      ),
      { ...base, approvals: { train: "Sure?" } },
    );
    const [calls = []] = readWithPython([file]);
    expect(
      calls.flatMap(({ values }) => (values["task_id"] === undefined ? [] : [values["task_id"]])),
    ).toEqual([
      "a_20_b.late.data",
      "a_20_b.train.approval",
      "a_20_b.train",
      "x_2e_sh.late.data",
      "x_2e_sh.train.approval",
      "x_2e_sh.train",
    ]);
    expect(file).toContain('"x.s{{ \\"h\\" }}"');
    expect(file).toContain("execution_timeout=timedelta(seconds=90)");
  });

  it("lets steps announce, runs hooks after them, and starts by any of the assets", () => {
    const model = "tsops://models/load";
    const listening = pipeline("react")
      .onAssetEvent(model, "tsops://alarms/load")
      .step("a", () => 1)
      .step("b", () => 1, { announces: ["tsops://tables/notes"] })
      .onFailure(() => {}, { timeout: "1m" });
    const file = airflowDag(listening, base);
    const [calls = []] = readWithPython([file]);
    expect(file).toContain(`schedule=(Asset("${model}") | Asset("tsops://alarms/load")),`);
    const tasks = calls.filter(({ values }) => values["task_id"] !== undefined);
    expect(
      tasks.map(({ call, values }) => [call, values["task_id"], values["trigger_rule"], values["outlets"]]),
    ).toEqual([
      ["BashOperator", "a", undefined, undefined],
      ["BashOperator", "b", undefined, "[ANNOUNCED]"],
      ["EmptyOperator", "run.succeeded", undefined, undefined],
      ["BashOperator", "onFailure", "one_failed", undefined],
    ]);
    expect(file).toContain("    [task_0_0, task_0_1] >> task_0_3");
    expect(file).toContain("execution_timeout=timedelta(seconds=90)");
    expect(
      airflowDag(
        pipeline("p").step("a", () => 1),
        base,
      ),
    ).not.toMatch(/Asset|import json|events_json/);
  });

  it.each([
    [{ every: "7m" }, /no pattern with the ticks/],
    [{ cron: "0 0 6 * * *" }, /seconds/],
    [{ every: "1d", zone: "+05:30" }, /an offset/],
  ])("refuses the schedule %j, which Airflow has no equal of", (schedule, message) => {
    const steps = pipeline("p", { schedule }).step("a", () => 1);
    expect(() => airflowDag(steps, base)).toThrow(message);
  });

  it.each([
    ["-05:00", "Etc/GMT+5"],
    ["+02:00", "Etc/GMT-2"],
    ["+00:00", "UTC"],
    ["Europe/Berlin", "Europe/Berlin"],
  ])("names the zone %s %s", (zone, name) => {
    const steps = pipeline("p", { schedule: { every: "1d", zone } }).step("a", () => 1);
    expect(airflowDag(steps, base)).toContain(`timezone="${name}"`);
    const offset = (text: string) => resolveZone(text).periodAt(1.7e9).offset;
    expect(offset(name)).toBe(offset(zone));
  });

  it("refuses settings that name no step of the pipeline", () => {
    const steps = pipeline("p").step("train", () => 1);
    expect(() => airflowDag(steps, { ...base, approvals: { trian: "?" } })).toThrow(/names a step "trian"/);
  });
});

it("writes any text as ASCII", () => {
  expect(pythonText('a"\\\n\u2028😀')).toBe('"a\\"\\\\\\U0000000a\\U00002028\\U0001f600"');
});
