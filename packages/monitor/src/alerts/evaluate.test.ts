import { createRandom, formatInstant } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { type AlertEvaluation, type AlertQuestion, evaluateAlerts } from "./evaluate.ts";
import { type AlertObservation, observeDrift, observePerformance, observeQuality } from "./observation.ts";
import { type AlertRuleOptions, alertRule } from "./rule.ts";
import type { AlertState } from "./state.ts";

const hour = 3_600_000_000n;
const start = 1_767_571_200_000_000n; // 2026-01-05
const mae: AlertRuleOptions = { name: "error", signal: "mae", when: { above: 10 } };
const at = (value: number, subject = "load", labels: Record<string, string> = {}): AlertObservation => ({
  signal: "mae",
  subject,
  labels,
  value,
});

/** Evaluates a batch an hour and keeps the state as text between them, as an app does. */
function replay(
  rules: readonly AlertRuleOptions[],
  batches: readonly (readonly AlertObservation[])[],
  others: Partial<AlertQuestion> = {},
) {
  let saved = "null";
  return batches.map((observations, i): AlertEvaluation => {
    const answer = evaluateAlerts({
      rules,
      observations,
      state: JSON.parse(saved) as AlertState | null,
      now: start + hour * BigInt(i),
      requestedBy: "hourly",
      ...others,
    });
    saved = JSON.stringify(answer.state);
    expect(JSON.parse(saved)).toEqual(answer.state);
    return answer;
  });
}

/** What was told, by hour. */
const told = (answers: readonly AlertEvaluation[]) =>
  answers.flatMap(({ alerts }, i) => alerts.map(({ evidence }) => `${i} ${evidence.change}`));
const errors = (values: readonly number[], rule: Partial<AlertRuleOptions> = {}, others = {}) =>
  told(
    replay(
      [{ ...mae, ...rule }],
      values.map((value) => [at(value)]),
      others,
    ),
  );

describe("evaluateAlerts", () => {
  it("raises at k of n and is over at k of n, counted from when it fired", () => {
    expect(errors([20, 1, 20, 20, 1, 1, 20, 1, 1, 1])).toEqual(["2 raised", "9 resolved"]);
    expect(errors([20, 1, 1, 20, 1, 1, 20])).toEqual([]);
    expect(errors([20, 1, 1], { raise: { k: 1, of: 1 }, resolve: { k: 1, of: 1 } })).toEqual([
      "0 raised",
      "1 resolved",
    ]);
  });

  it("takes several observations of a series by time, then as listed, and tells the last", () => {
    const timed = (value: number, hours: number) => ({ ...at(value), time: start - hour * BigInt(hours) });
    const both = (observations: readonly AlertObservation[], rule: Partial<AlertRuleOptions> = {}) =>
      replay([{ ...mae, ...rule }], [observations])[0]?.alerts.map(
        ({ evidence }) => evidence.series[0]?.value,
      );
    expect(both([at(20), at(30)])).toEqual([30]);
    expect(both([timed(20, 1), timed(30, 2)])).toEqual([20]);
    expect(both([at(20), timed(30, 2)])).toEqual([20]);
    expect(both([at(20), at(1)])).toEqual([]);
    // One breach was enough; the value that came after it is in order.
    expect(both([at(20), at(1)], { raise: { k: 1, of: 1 } })).toEqual([1]);
  });

  it("warns of signals and labels in rules that no observation has", () => {
    const warned = (rule: Partial<AlertRuleOptions>, observations: readonly AlertObservation[]) =>
      replay([{ ...mae, ...rule }], [observations])[0]?.warnings;
    expect(warned({ signal: "mea" }, [at(1)])).toEqual([
      {
        rule: "error",
        option: "signal",
        name: "mea",
        sentence: 'Rule "error": no observation has the signal "mea", so it cannot fire; there are mae.',
      },
    ]);
    const labelled = [at(1, "load", { step: "1" }), at(2, "load", { version: "4" })];
    expect(
      warned({ where: { stepp: "1" }, groupBy: ["subject", "colunm"] }, labelled)?.map(
        ({ sentence }) => sentence,
      ),
    ).toEqual([
      'Rule "error": no observation of "mae" has the label "stepp" that where asks for; there are subject, step and version.',
      'Rule "error": no observation of "mae" has the label "colunm", so groupBy tells no series apart by it; there are subject, step and version.',
    ]);
    // Other checks may be looked at in other calls, and what says nothing tells nothing of labels.
    expect(warned({ signal: "quality" }, [at(1)])).toEqual([]);
    expect(warned({ groupBy: ["step"] }, [at(Number.NaN)])).toEqual([]);
    expect(warned({ where: { step: "1" }, groupBy: ["version"] }, labelled)).toEqual([]);
    expect(warned({ signal: "mea" }, [])).toEqual([]);
  });

  it("raises and resolves as the rule written down as a loop over all that was seen", () => {
    const random = createRandom("k of n");
    let total = 0;
    for (let run = 0; run < 200; run++) {
      const of = random.integer(1, 6);
      const raise = { k: random.integer(1, of + 1), of };
      const resolve = { k: random.integer(1, of + 1), of };
      const values = Array.from({ length: 60 }, () => random.integer(0, 3));
      const expected: string[] = [];
      let since = 0; // the first observation that counts
      let isFiring = false;
      for (const [i] of values.entries()) {
        const { k, of } = isFiring ? resolve : raise;
        const wanted = isFiring ? 0 : 2;
        const recent = values.slice(Math.max(since, i + 1 - of), i + 1);
        if (recent.filter((value) => value === wanted).length < k) continue;
        isFiring = !isFiring;
        expected.push(`${i} ${isFiring ? "raised" : "resolved"}`);
        since = i + 1;
      }
      expect(errors(values, { when: { above: 1, until: 0 }, raise, resolve, coolDown: null })).toEqual(
        expected,
      );
      total += expected.length;
    }
    expect(total).toBeGreaterThan(1000);
  });

  it("takes what lies between the two bounds for neither", () => {
    const band = { when: { above: 10, until: 8 }, resolve: { k: 2, of: 3 }, coolDown: null };
    expect(errors([20, 20, 9, 9, 9, 9, 7, 9, 7], band)).toEqual(["1 raised", "8 resolved"]);
    const below = { when: { below: 0.7, until: 0.75 }, raise: { k: 1, of: 1 }, resolve: { k: 1, of: 1 } };
    expect(errors([0.6, 0.7, 0.74, 0.75], below)).toEqual(["0 raised", "3 resolved"]);
  });

  it("passes over NaN, and takes infinities for what they are", () => {
    expect(errors([20, Number.NaN, Number.NaN, 20, 1, Number.NaN, 1, 1])).toEqual(["3 raised", "7 resolved"]);
    expect(errors([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])).toEqual(["1 raised"]);
  });

  it("gives 25 columns of a table one alert, and tells that it has grown after the cool-down only", () => {
    const columns = (count: number) =>
      Array.from({ length: count }, (_, i) => at(20, "weather", { column: `c${i}` }));
    const answers = replay(
      [{ ...mae, coolDown: "3h", raise: { k: 1, of: 1 } }],
      [columns(25), columns(30), columns(30), columns(30), columns(30)],
    );
    expect(told(answers)).toEqual(["0 raised", "3 grown"]);
    const [raised] = answers[0]?.alerts ?? [];
    expect(raised).toMatchObject({ verdict: "alert", subject: "weather", evidence: { count: 25 } });
    expect(raised?.reason).toBe(
      "error for subject weather: warning. 25 series are in breach (1 of the last 1 observations): column c0 at 20, bound 10; column c1 at 20, bound 10; column c10 at 20, bound 10; and 22 more.",
    );
    expect(answers[3]?.alerts[0]?.evidence.count).toBe(30);
    expect(answers[3]?.alerts[0]?.evidence.series).toHaveLength(25);
  });

  it("holds a second message back until the cool-down ends, and tells then what still fires", () => {
    const quick = { raise: { k: 1, of: 1 }, resolve: { k: 1, of: 1 }, coolDown: "5h" };
    expect(errors([20, 1, 20, 20, 20, 20], quick)).toEqual(["0 raised", "1 resolved", "2 held", "5 raised"]);
    // What was over before it was told needs no message that it is over.
    expect(errors([20, 1, 20, 1, 1, 1, 1], quick)).toEqual(["0 raised", "1 resolved", "2 held"]);
  });

  it("keeps silent while a silence holds, says who wanted it, and tells afterwards", () => {
    const silences = [
      {
        where: { rule: "err*", subject: ["load", "wind"] },
        from: formatInstant(start),
        until: formatInstant(start + 3n * hour),
        by: "Ada",
        why: "the meter is replaced",
      },
    ];
    const quick = { raise: { k: 1, of: 1 } };
    expect(errors([20, 20, 20, 20], quick, { silences })).toEqual(["0 silenced", "3 raised"]);
    const [first] = replay([{ ...mae, ...quick }], [[at(20)]], { silences })[0]?.alerts ?? [];
    expect(first?.verdict).toBe("silenced");
    expect(first?.reason).toContain("silenced by Ada (the meter is replaced)");
    // Other series of the group are heard.
    const other = replay([{ ...mae, ...quick, groupBy: [] }], [[at(20), at(30, "sun")]], { silences });
    expect(other[0]?.alerts[0]?.evidence).toMatchObject({ change: "raised", count: 1 });
    // An alert that was told before a silence is told to be over within it.
    const late = [{ ...silences[0], from: formatInstant(start + hour) }];
    expect(errors([20, 20, 1, 1, 1], quick, { silences: late })).toEqual(["0 raised", "4 resolved"]);
  });

  it("becomes more severe while it goes on, whatever the cool-down", () => {
    const escalate = [
      { after: "2h", to: "warning" },
      { after: "4h", to: "critical" },
    ] as const;
    const rule = { raise: { k: 1, of: 1 }, severity: "info", escalate, coolDown: "7d" } as const;
    expect(errors([20, 20, 20, 20, 20, 20], rule)).toEqual(["0 raised", "2 escalated", "4 escalated"]);
    const answers = replay([{ ...mae, ...rule }], [[at(20)], [], [], [at(20)], []]);
    expect(answers.flatMap(({ alerts }) => alerts.map(({ evidence }) => evidence.severity))).toEqual([
      "info",
      "warning",
      "critical",
    ]);
    expect(
      new Set(answers.flatMap(({ alerts }) => alerts.map(({ evidence }) => evidence.incident))).size,
    ).toBe(1);
  });

  it("ends the alert of a series that nobody observes any more, and of a rule that is gone", () => {
    const quick = { ...mae, raise: { k: 1, of: 1 }, forgetAfter: "2h" };
    const answers = replay([quick], [[at(20)], [], [], []]);
    expect(told(answers)).toEqual(["0 raised", "3 resolved"]);
    expect(answers[3]?.alerts[0]?.reason).toContain("not observed for 2h");
    expect(answers[3]?.state.groups.flatMap(({ series }) => series)).toEqual([]);
    const gone = evaluateAlerts({
      rules: [],
      observations: [],
      state: answers[0]?.state ?? null,
      now: start + hour,
      requestedBy: "hourly",
    });
    expect(gone.alerts.map(({ reason }) => reason)).toEqual([
      "error for subject load: over after 1h, as there is no such rule any more.",
    ]);
  });

  it("changes nothing when the same batch comes again, and gives the same ids from the same state", () => {
    const question: AlertQuestion = {
      rules: [{ ...mae, raise: { k: 2, of: 2 } }],
      observations: [at(20)],
      state: null,
      now: start,
      requestedBy: "hourly",
    };
    const first = evaluateAlerts(question);
    const again = evaluateAlerts({ ...question, state: first.state });
    expect(again).toEqual({ alerts: [], state: first.state, warnings: [] });
    const next = { ...question, state: first.state, now: start + hour };
    expect(evaluateAlerts(next).alerts).toHaveLength(1);
    expect(evaluateAlerts(next)).toEqual(evaluateAlerts(structuredClone(next)));
    expect(evaluateAlerts({ ...next, now: start + 2n * hour }).alerts[0]?.id).not.toBe(
      evaluateAlerts(next).alerts[0]?.id,
    );
  });

  it("counts several windows of one batch in order of their times, each once", () => {
    const windows = [30n, 10n, 20n].map((time) => ({ ...at(time === 20n ? 1 : 20), time }));
    const ask = (observations: readonly AlertObservation[], state: AlertState | null = null) =>
      evaluateAlerts({ rules: [mae], observations, state, now: start, requestedBy: "hourly" });
    expect(ask(windows.slice(0, 1)).alerts).toEqual([]);
    expect(ask(windows).alerts).toHaveLength(1);
    expect(ask(windows, ask(windows.slice(0, 1)).state).alerts).toEqual([]);
  });

  it("remembers nothing of series that are in order", () => {
    const many = Array.from({ length: 1000 }, (_, i) => at(1, `s${i}`));
    const state = replay([mae], [many, many])[1]?.state;
    expect(state?.groups).toEqual([]);
  });

  it("does not make a storm of 20 noisy signals", () => {
    // A check that is wrong in 5 % of its looks, on 20 independent columns, every hour for 30 days.
    const random = createRandom("storm");
    const batches = Array.from({ length: 24 * 30 }, () =>
      Array.from({ length: 20 }, (_, i) =>
        at(random.uniform() < 0.05 ? 20 : 1, "weather", { column: `c${i}` }),
      ),
    );
    const breaches = batches.flat().filter(({ value }) => value > 10).length;
    expect(breaches).toBeGreaterThan(650);
    const messages = (rule: Partial<AlertRuleOptions>) =>
      replay([{ ...mae, ...rule }], batches)
        .flatMap(({ alerts }) => alerts)
        .filter(({ verdict }) => verdict === "alert").length;
    const naive = messages({
      raise: { k: 1, of: 1 },
      resolve: { k: 1, of: 1 },
      groupBy: ["subject", "column"],
      coolDown: null,
    });
    expect(naive).toBeGreaterThan(600);
    // By default 2 of 3 in one group of 20; 3 of 5 is quieter still.
    const [usual, quieter] = [messages({}), messages({ raise: { k: 3, of: 5 } })];
    // 720, 47 and 11 messages with this seed.
    expect(usual).toBeLessThan(60);
    expect(quieter).toBeLessThan(15);
    expect(quieter).toBeGreaterThan(0);
  });
});

describe("observations", () => {
  const finding = {
    check: "gaps",
    column: null,
    severity: "warning",
    count: 3,
    sentence: "3 steps.",
  } as const;

  it("of quality: what is not found any more is in order", () => {
    const rule = {
      name: "rows",
      signal: "quality",
      when: { verdict: ["warning", "error"] },
      raise: { k: 1, of: 1 },
      resolve: { k: 2, of: 2 },
    };
    const found = (findings: readonly (typeof finding)[]) => observeQuality(findings, { subject: "weather" });
    expect(
      told(replay([rule], [found([finding]), found([]), found([finding]), found([]), found([])])),
    ).toEqual(["0 raised", "4 resolved"]);
    expect(told(replay([rule], [found([finding]), [], [], []]))).toEqual(["0 raised"]);
    expect(told(replay([rule], [found([{ ...finding, severity: "info" } as never])]))).toEqual([]);
  });

  it("of drift: a verdict by column, p-values and effects by test", () => {
    const test = {
      test: "level",
      statistic: 5,
      pValue: 1e-6,
      effect: 3.2,
      unit: "C",
      sentence: "Up by 3.2 C.",
    } as const;
    const report = {
      columns: [{ column: "temp", pValue: 1e-6, adjustedPValue: 2e-6, drift: true, tests: [test] }],
    };
    const observations = observeDrift(report, { subject: "weather" });
    expect(observations.map(({ signal, value }) => [signal, value])).toEqual([
      ["drift", 2e-6],
      ["drift_p_value", 1e-6],
      ["drift_effect", 3.2],
    ]);
    const rules = [
      { name: "drift", signal: "drift", when: { verdict: ["drift"] }, raise: { k: 1, of: 1 } },
      {
        name: "warm",
        signal: "drift_effect",
        where: { test: "level" },
        when: { above: 3 },
        raise: { k: 1, of: 1 },
      },
    ];
    expect(replay(rules, [observations])[0]?.alerts.map(({ reason }) => reason)).toEqual([
      "drift for subject weather: warning. 1 series is in breach (1 of the last 1 observations): column temp (Up by 3.2 C).",
      "warm for subject weather: warning. 1 series is in breach (1 of the last 1 observations): column temp, test level (Up by 3.2 C).",
    ]);
  });

  it("of performance: figures and coverage at the end of each window", () => {
    const window = {
      start,
      end: start + hour,
      rows: 0,
      missing: 24,
      mae: Number.NaN,
      rmse: Number.NaN,
      bias: Number.NaN,
      mase: Number.NaN,
      quantiles: [],
      intervals: [{ level: 95, rows: 24, coverage: 0.4, width: 1, score: 1 }],
      step: 3,
      key: { site: "a" },
    };
    const observations = observePerformance([window], { subject: "load" });
    expect(observations.map(({ signal }) => signal)).toEqual([
      "mae",
      "rmse",
      "bias",
      "mase",
      "missing",
      "coverage",
    ]);
    expect(observations.at(-1)).toMatchObject({
      labels: { site: "a", step: "3", level: "95" },
      value: 0.4,
      time: window.end,
    });
  });
});

describe("rules, silences and observations that are wrong", () => {
  const ask = (question: object) =>
    evaluateAlerts(
      untyped({ rules: [mae], observations: [], state: null, now: start, requestedBy: "me", ...question }),
    );
  const silence = {
    where: {},
    from: "2026-01-05T00:00Z",
    until: "2026-01-06T00:00Z",
    by: "Ada",
    why: "drill",
  };
  it.each<[string, RegExp, () => unknown]>([
    [
      "two conditions",
      /one of above, below and verdict/,
      () => alertRule({ ...mae, when: untyped({ above: 1, below: 2 }) }),
    ],
    [
      "a bound that is no number",
      /when.above is NaN/,
      () => alertRule({ ...mae, when: { above: Number.NaN } }),
    ],
    [
      "a recovery bound on the wrong side",
      /wrong side of 10/,
      () => alertRule({ ...mae, when: { above: 10, until: 11 } }),
    ],
    ["4 of 3", /raise asks for 4 of 3/, () => alertRule({ ...mae, raise: { k: 4, of: 3 } })],
    ["a misspelt option", /no option "cooldown"/, () => alertRule(untyped({ ...mae, cooldown: "1h" }))],
    ["a cool-down in words", /not a duration/, () => alertRule({ ...mae, coolDown: "six hours" })],
    [
      "a severity of its own",
      /severity is one of info, warning, critical/,
      () => alertRule(untyped({ ...mae, severity: "bad" })),
    ],
    [
      "an escalation to less",
      /not later and worse/,
      () => alertRule({ ...mae, escalate: [{ after: "1h", to: "info" }] }),
    ],
    ["two rules of one name", /Two rules are named "error"/, () => ask({ rules: [mae, mae] })],
    [
      "a label that is no text",
      /where.column is 3/,
      () => alertRule(untyped({ ...mae, where: { column: 3 } })),
    ],
    [
      "an observation without value",
      /Observation 0 has the value/,
      () => ask({ observations: [{ signal: "mae", subject: "load" }] }),
    ],
    ["a reserved label", /labels.rule/, () => ask({ observations: [at(1, "load", { rule: "x" })] })],
    [
      "a silence that ends before it begins",
      /not after it begins/,
      () => ask({ silences: [{ ...silence, until: "2026-01-04T00:00Z" }] }),
    ],
    ["a silence of nobody", /silence.by/, () => ask({ silences: [{ ...silence, by: "" }] })],
    ["a present that is a Date", /now is a Date/, () => ask({ now: new Date() })],
    ["a state of another form", /state of the alerts/, () => ask({ state: { version: 9 } })],
    [
      "a state whose groups were cut",
      /state of the alerts is of another form/,
      () => ask({ state: { version: 1, evaluatedAt: "2026-01-01T00:00Z", groups: [{}] } }),
    ],
    [
      "labels that are a text",
      /the labels the text/,
      () => ask({ observations: [{ ...at(1), labels: "a" }] }),
    ],
    [
      "a report without columns",
      /observeDrift\(\) was given an object without columns/,
      () => observeDrift(untyped({}), { subject: "a" }),
    ],
    ["a finding that is none", /Finding 0 is null/, () => observeQuality(untyped([null]), { subject: "a" })],
    [
      "a state of a later moment",
      /after the present/,
      () => ask({ state: { version: 1, evaluatedAt: "2027-01-01T00:00Z", groups: [] } }),
    ],
  ])("refuses %s", async (_, message, call) => {
    const error = await errorOf(call);
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(/^(MONITOR_INVALID|DURATION_INVALID)$/);
  });

  it("comes back the same from JSON", () => {
    const rule = alertRule({ ...mae, when: { above: 10, until: 8 }, where: { column: ["a", "b*"] } });
    expect(alertRule(JSON.parse(JSON.stringify(rule)))).toEqual(rule);
  });
});
