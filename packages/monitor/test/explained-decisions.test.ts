// What `tsops decisions <id>` says of real records: it reads the evidence that the functions write, in whatever form that is.
import {
  addOutcomes,
  backtest,
  columnsFromArrays,
  type DecisionRecord,
  endExperiment,
  experiment,
  experimentDecision,
  float64,
  gate,
  naive,
  panel,
  seasonalNaive,
  timestamp,
  virtualClock,
} from "@tsops/core";
import { beforeAll, describe, expect, it } from "vitest";
import { explainDecision } from "../../core/src/cli/explain-decision.ts";
import {
  type AlertState,
  checkQuality,
  driftDecision,
  driftTest,
  evaluateAlerts,
  evaluateRetrain,
  observeDrift,
  observeQuality,
  requestRetrain,
  retrainPolicy,
} from "../src/index.ts";

const hour = 3_600_000_000n;
const day = 24n * hour;
const start = 1_767_571_200_000_000n;
const about = { subject: "load", now: start, requestedBy: "test" };
const rows = (from: number, length: number, shift: number) =>
  columnsFromArrays(
    { at: timestamp(), y: float64(), z: float64() },
    {
      at: BigInt64Array.from({ length }, (_, i) => start + hour * BigInt(from + i)),
      y: Float64Array.from({ length }, (_, i) => Math.sin(i) + Math.sin(12.9 * i * i) + shift),
      z: Float64Array.from({ length }, (_, i) => Math.sin(78.2 * i * i + from)),
    },
  );
const report = driftTest(rows(0, 600, 0), rows(600, 200, 9), { time: "at" });
const policy = retrainPolicy({
  holdout: 60,
  maxAge: "20d",
  calendar: { cron: "0 0 1 * *" },
  dataVolume: { rows: 100 },
  budget: { attempts: 1, seconds: 100 },
  coverage: { level: 80, atLeast: 0.7 },
  drift: { k: 1, of: 2, columns: [] },
  train: { window: "4w", models: ["small"] },
  gate: { alpha: 0.1 },
});
const window = (i: number) => ({
  start: start + day * BigInt(i),
  end: start + day * BigInt(i + 1),
  rows: 24,
  missing: 0,
  mae: 20,
  rmse: 20,
  bias: 0,
  mase: 20,
  quantiles: [],
  intervals: [{ level: 80, rows: 24, coverage: 0.5, width: 1, score: 1 }],
});
const retrain = evaluateRetrain({
  policy,
  ...about,
  now: start + 40n * day,
  history: Array.from({ length: 40 }, (_, i) => window(i)),
  drift: [{ time: start + 30n * day, report }],
  state: {
    champion: { name: "load v3", since: start, expectedError: 10 },
    lastAttemptAt: start + 39n * day,
    attempts: [{ at: start + 39n * day, seconds: 120 }],
    rowsSinceTraining: 150,
  },
});
const alerts = (silences: object[]) =>
  evaluateAlerts({
    rules: [{ name: "drift", signal: "drift", when: { verdict: ["drift"] }, raise: { k: 1, of: 1 } }],
    observations: observeDrift(report, { subject: "load" }),
    state: null,
    silences: silences as never,
    now: start,
    requestedBy: "test",
  }).alerts[0] as DecisionRecord;
const text = (decision: DecisionRecord) => explainDecision(decision).join("\n");

describe("tsops decisions <id> explains", () => {
  let judged: DecisionRecord;
  beforeAll(async () => {
    const data = panel(rows(0, 600, 0), { keys: [], time: "at", target: "y", frequency: "1h" });
    const options = { horizon: 24, folds: 8 };
    judged = gate({
      subject: "load",
      candidate: {
        name: "load v4",
        backtest: await backtest(seasonalNaive({ seasonLength: 24 }), data, options),
      },
      champion: { name: "load v3", backtest: await backtest(naive(), data, options) },
      guards: [{ kind: "bias", max: 100 }],
      clock: virtualClock(start),
      requestedBy: "test",
    });
  });

  it("a gate: what was compared, the test, each guard", () => {
    expect(text(judged)).toMatch(
      /^Compared: the absolute loss of load v4, [\d.]+, with that of the champion load v3, [\d.]+, over 192 rows of 8 folds from 2026/,
    );
    expect(text(judged)).toMatch(
      /Diebold-Mariano's statistic is -?[\d.]+, its p-value [\d.e-]+, where at most 0.05 is needed/,
    );
    expect(text(judged)).toContain("Guard bias passed: ");
  });

  it("a drift report: the columns that drift with their tests, and the others", () => {
    const told = text(driftDecision(report, about));
    expect(told).toMatch(/^Compared: 200 rows with 600 of the reference, every 1h/);
    expect(told).toContain("y drifts: p-value ");
  });

  it("a retraining that has to wait: every trigger, every wait, what would be trained", () => {
    expect(
      text(retrain),
    ).toBe(`Champion: load v3 serves since 2026-01-05T00:00:00Z; its backtest promised a mae of 10.
Error fired: 20 at 2026-02-14T00:00:00Z over 14 windows of 1d; 7 of the last 7 checks are above 11.5, 5 needed.
Coverage fired: 0.5 at 2026-02-14T00:00:00Z over 14 windows of 1d; 7 of the last 7 checks are below 0.7, 5 needed.
Drift: 1 of the last 1 reports flag a column (y), 1 needed: fired.
Age: the champion is to serve until 2026-01-25T00:00:00Z: fired.
Calendar: not due.
Volume: 150 of 100 new rows: fired.
The policy asked last at 2026-02-13T00:00:00Z; it waits 56d between two attempts.
Budget of 1w: 1 attempts and 120 seconds are spent (limits: 1 attempts, 100 seconds).
Must wait for the cool-down until 2026-04-10T00:00:00Z.
Must wait for the budget until 2026-02-20T00:00:00Z.
Must wait for rows that the champion was not fitted on until 2026-03-06T00:00:00Z.
To train: small on the rows from 2026-01-17T00:00:00Z to 2026-02-14T00:00:00Z.
Then the gate, with alpha 0.1.`);
    expect(text(requestRetrain({ subject: "load", why: "A drill.", now: start, requestedBy: "Ada" }))).toBe(
      "Somebody asked for it; no policy did.",
    );
  });

  it("an alert: the rule, the series, and why it was not told", () => {
    const told = text(alerts([]));
    expect(told).toMatch(
      /^Alert [0-9a-f]{20} of the rule drift, warning, since 2026-01-05T00:00:00Z: raised\./,
    );
    expect(told).toMatch(/\), since 2026-01-05T00:00:00Z\.$/);
    expect(told).toContain(
      "The rule looks at drift for verdict drift; 1 of 1 observations raise it, 3 of 3 in order end it; at most one message in 6h.",
    );
    const silence = {
      where: {},
      from: "2026-01-01T00:00Z",
      until: "2026-02-01T00:00Z",
      by: "Ada",
      why: "a drill",
    };
    expect(text(alerts([silence]))).toContain("Silenced by Ada until 2026-02-01T00:00Z: a drill.");

    const atOnce = { raise: { k: 1, of: 1 }, resolve: { k: 1, of: 1 } };
    const rules = [{ name: "rows", signal: "quality", when: { verdict: ["error"] }, ...atOnce }];
    const ask = (count: number, now: bigint, state: AlertState | null) =>
      evaluateAlerts({
        rules,
        observations: observeQuality(
          checkQuality(rows(0, 48, 0), {
            table: { keys: [], eventTime: "at" },
            ...(count > 0 ? { ranges: { y: { max: 1 } } } : {}),
          }),
          { subject: "load" },
        ),
        state,
        now,
        requestedBy: "test",
      });
    const raised = ask(1, start, null);
    const [over] = ask(0, start + day, raised.state).alerts;
    expect(
      text(over as DecisionRecord)
        .split("\n")
        .at(-1),
    ).toBe("check range, column y, subject load.");
  });

  it("an experiment: what was compared, the bounds, why it is over or how long it will take, what was left out", () => {
    const trial = experiment({ subject: "load", champion: "load v3", challenger: "load v4" });
    const clock = virtualClock(start + 400n * day);
    const asked = (state: typeof trial) => experimentDecision(state, { clock, requestedBy: "test" });
    expect(text(asked(trial))).toBe(
      `To be compared: the absolute loss of load v4 with that of the champion load v3; no block of 1d is closed yet.
It goes on until 364 blocks are closed.`,
    );
    const outcomes = (count: number, better: number) =>
      Array.from({ length: count }, (_, i) => ({
        id: `${i}`,
        cutoff: start + day * BigInt(i),
        time: start + day * BigInt(i + 1),
        championLoss: 10 + Math.sin(7 * i * i),
        challengerLoss: 10 - better + Math.sin(5 * i * i) + (i === 3 ? Number.NaN : 0),
      }));
    const undecided = text(asked(addOutcomes(trial, outcomes(60, 0.1), { clock })));
    expect(undecided).toMatch(
      /^Compared: the absolute loss of load v4, [\d.]+, with that of the champion load v3, [\d.]+, over \d+ outcomes in \d+ blocks of 1d from 2026-01-05T00:00:00Z to /,
    );
    expect(undecided).toMatch(/lies between -[\d.]+ and [\d.]+, each bound at 95 % over all looks\./);
    expect(undecided).toMatch(
      /It goes on until 364 blocks are closed; a verdict is expected (about|not before)/,
    );
    expect(undecided).toContain("Left out: 1 outcomes for which the challenger predicted no finite number.");
    const better = text(asked(addOutcomes(trial, outcomes(60, 5), { clock })));
    expect(better).toContain("It is over: the challenger predicted what is no finite number.");
    expect(text(asked(endExperiment(trial, { why: "load v5 is the champion now" })))).toContain(
      "It is over: it was stopped.",
    );
    for (const told of [undecided, better]) expect(told).not.toMatch(/\?|undefined|\[object|\.\./);
  });

  it("nothing by a question mark: all that is read is there", () => {
    for (const decision of [judged, driftDecision(report, about), retrain, alerts([])])
      expect(text(decision)).not.toMatch(/\?|undefined|\[object/);
  });

  it("any evidence line by line, and evidence of another form than its kind's", () => {
    const strange = (kind: DecisionRecord["kind"], evidence: DecisionRecord["evidence"]) =>
      explainDecision({ ...retrain, kind, evidence } as DecisionRecord);
    expect(strange("gate", { p: 0.012345, list: [1, 2], deep: { a: [{ b: null }] } })).toEqual([
      "p is 0.01235.",
      "list is 1, 2.",
      "deep.a[0].b is not set.",
    ]);
    for (const kind of ["gate", "experiment", "promotion", "rollback", "drift", "retrain", "alert"] as const)
      expect(strange(kind, { x: 1 })).toEqual(["x is 1."]);
    expect(strange("promotion", { from: 1, to: 2, gate: "gate-1" })).toEqual([
      "The champion moved from version 1 to version 2.",
      "What it rests on: tsops decisions gate-1",
    ]);
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`n${i}`, i]));
    expect(strange("alert", many)).toHaveLength(61);
  });
});
