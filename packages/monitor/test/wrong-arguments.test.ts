import { backtest, decisionRecord, naive, type PredictionRecord, panel, TsopsError } from "@tsops/core";
import { memoryOutbox } from "@tsops/core/testing";
import { describe, expect, it } from "vitest";
import { untyped } from "../../../test/without-types.ts";
import * as monitor from "../src/index.ts";
import * as opentelemetry from "../src/opentelemetry/index.ts";
import * as prometheus from "../src/prometheus/index.ts";
import * as report from "../src/report/index.ts";
import * as sketches from "../src/sketches/index.ts";
import * as statistics from "../src/statistics/index.ts";
import { hour, hours, start } from "./hours.ts";

/** What callers without types give in place of an argument. */
const wrong: readonly unknown[] = [null, {}, [], [null], [{}], "x", Number.NaN, 1n];

type Call = (...args: never[]) => unknown;
/** A call with arguments that are right. */
type Right = readonly [work: Call, ...args: readonly unknown[]];

const table = { keys: [], eventTime: "at" };
const days = 20;
const reference = hours(0, 24 * days, 0);
const about = { subject: "load" };
const dated = { subject: "load", now: start, requestedBy: "test" };
const predictions = Array.from(
  { length: days },
  (_, day): PredictionRecord => ({
    predictionId: `p${day}`,
    requestId: `r${day}`,
    deployment: "load",
    model: "load",
    modelVersion: 1 + (day % 2),
    role: day % 2 === 0 ? "champion" : "challenger",
    key: {},
    cutoff: start + hour * BigInt(24 * (day - (day % 2)) - 1),
    servedAt: start,
    latencyMs: 1,
    times: BigInt64Array.from({ length: 24 }, (_, i) => start + hour * BigInt(24 * (day - (day % 2)) + i)),
    mean: new Float64Array(24).fill(100),
    quantiles: [0.1, 0.9].map((probability) => ({
      probability,
      values: new Float64Array(24).fill(probability < 0.5 ? 98 : 102),
    })),
    features: {},
    statuses: {},
    featureTimes: {},
    featureTables: {},
  }),
);
const outcomes = { keys: [], time: "at", target: "load", carry: ["wind"] };
const joined = await monitor.joinOutcomes(predictions, reference, outcomes);
const series = panel(hours(0, 24 * 20, 0), {
  keys: [],
  time: "at",
  target: "load",
  frequency: "1h",
});
const tested = await backtest(naive(), series, { horizon: 24, folds: 5, levels: [80] });
const windows = monitor.performanceByWindow(joined, { window: "1d" });
const drift = monitor.driftTest(reference, hours(24 * days, 24 * (days + 7), 0), {
  time: "at",
  season: [24],
});
const watch = () => monitor.coverageWatch({ level: 80 });
const stream = () => monitor.streamingDrift(reference, { time: "at", column: "load", season: [24] });
const policy = { metric: "mae" } as const;
const state = { champion: { name: "load v1", since: start, expectedError: 1 }, lastAttemptAt: null };
const decision = decisionRecord({
  ...{
    kind: "gate",
    subject: "load",
    time: start,
    verdict: "reject",
    reason: "No better.",
    requestedBy: "test",
  },
  evidence: {},
} as const);
const values = Float64Array.from({ length: 200 }, (_, i) => Math.sin(i) + (i % 7));
const counts = Float64Array.of(3, 4, 5);
const categories = new Map([
  ["a", 30],
  ["b", 20],
]);
const points = [values, values.map((value) => value ** 2)];
const matrix = {
  rows: values.length,
  columns: [
    { name: "a", kind: "numeric", values },
    { name: "b", kind: "numeric", values: values.map((value) => value ** 2) },
  ],
};
const sketch = sketches.sketchWindow(reference, { time: "at" });
const question = { rules: [], observations: [], state: null, now: start, requestedBy: "test" };
const channel = monitor.logChannel({ write: () => {} });
const reportData = { served: joined, target: { name: "load" }, title: "load", now: start };
const page = {
  ...{ title: "Drift", lead: "", alpha: 0.05, tiles: [], isByWindow: false, untested: [], notes: [] },
  comparisons: [],
};

const entries: readonly (readonly [
  string,
  Record<string, unknown>,
  Record<string, Right | readonly Right[]>,
])[] = [
  [
    "@tsops/monitor",
    monitor,
    {
      callbackChannel: [monitor.callbackChannel, { name: "c", call: () => {} }],
      logChannel: [monitor.logChannel, { write: () => {} }],
      webhookChannel: [monitor.webhookChannel, { url: "http://localhost:1/", secret: null }],
      deliverAlerts: [monitor.deliverAlerts, { outbox: memoryOutbox(), channels: [channel] }],
      evaluateAlerts: [monitor.evaluateAlerts, question],
      observeDrift: [monitor.observeDrift, drift, about],
      observePerformance: [monitor.observePerformance, windows, about],
      observeQuality: [monitor.observeQuality, [], about],
      observeDecision: [monitor.observeDecision, decision],
      observeCoverage: [monitor.observeCoverage, watch(), about],
      observeErrorChanges: [monitor.observeErrorChanges, monitor.errorChanges(windows), about],
      observeEstimate: [
        monitor.observeEstimate,
        monitor.estimatePerformance(joined, { window: "1d" }),
        about,
      ],
      observePromise: [monitor.observePromise, monitor.worseThanPromised(joined, tested), about],
      observeSegments: [
        monitor.observeSegments,
        monitor.worstSegments(joined, { segments: ["wind"] }),
        about,
      ],
      observeStream: [monitor.observeStream, stream(), about],
      queueAlerts: [monitor.queueAlerts, [], { outbox: memoryOutbox(), channels: [channel] }],
      alertRule: [monitor.alertRule, { name: "n", signal: "mae", when: { above: 1 } }],
      alertRules: [monitor.alertRules, [{ name: "n", signal: "mae", when: { above: 1 } }]],
      benjaminiHochberg: [monitor.benjaminiHochberg, [0.1, 0.2]],
      simes: [monitor.simes, [0.1, 0.2]],
      driftDecision: [monitor.driftDecision, drift, dated],
      driftTest: [
        monitor.driftTest,
        reference,
        hours(24 * days, 24 * (days + 7), 0),
        { time: "at", season: [24] },
      ],
      pairVersions: [monitor.pairVersions, joined, { champion: 1, challenger: 2 }],
      errorChanges: [monitor.errorChanges, windows, {}],
      explainErrorGrowth: [
        monitor.explainErrorGrowth,
        joined,
        {
          features: ["wind"],
          reference: { start, end: start + hour * 240n },
          current: { start: start + hour * 240n, end: start + hour * 480n },
        },
      ],
      performanceByWindow: [monitor.performanceByWindow, joined, { window: "1d" }],
      coverageWatch: [
        [monitor.coverageWatch, { level: 80 }],
        [(given: never) => watch().update(given), joined],
      ],
      loadCoverageWatch: [monitor.loadCoverageWatch, watch().save()],
      estimatePerformance: [monitor.estimatePerformance, joined, { window: "1d" }],
      joinOutcomes: [monitor.joinOutcomes, predictions, reference, outcomes],
      estimateLearnedPerformance: [
        monitor.estimateLearnedPerformance,
        joined,
        { window: "1d", features: ["wind"] },
      ],
      newOutcomes: [monitor.newOutcomes, joined, joined],
      trainingScales: [monitor.trainingScales, series, { seasonLength: 24 }],
      worseThanPromised: [monitor.worseThanPromised, joined, tested, {}],
      worstSegments: [monitor.worstSegments, joined, { segments: ["wind"] }],
      checkQuality: [monitor.checkQuality, reference, { table }],
      learnQuality: [monitor.learnQuality, reference, { table }],
      evaluateRetrain: [monitor.evaluateRetrain, { policy, state, history: [], ...dated }],
      retrainPolicy: [monitor.retrainPolicy, policy],
      lastRetrainAttempt: [monitor.lastRetrainAttempt, [decision], "load"],
      requestRetrain: [monitor.requestRetrain, { ...dated, why: "Because." }],
      retrainAttempts: [monitor.retrainAttempts, [decision], "load", () => 1],
      adwin: [
        [monitor.adwin, {}],
        [(given: never) => monitor.adwin().update(given), 1],
      ],
      cusum: [
        [monitor.cusum, {}],
        [(given: never) => monitor.cusum().update(given), 1],
      ],
      pageHinkley: [
        [monitor.pageHinkley, {}],
        [(given: never) => monitor.pageHinkley().update(given), 1],
      ],
      streamingDrift: [
        [monitor.streamingDrift, reference, { time: "at", column: "load", season: [24] }],
        [(at: never, value: never) => stream().update(at, value), start + hour * 10_000n, 100],
      ],
      loadAdwin: [monitor.loadAdwin, monitor.adwin().save()],
      loadCusum: [monitor.loadCusum, monitor.cusum().save()],
      loadPageHinkley: [monitor.loadPageHinkley, monitor.pageHinkley().save()],
      loadStreamingDrift: [monitor.loadStreamingDrift, stream().save()],
    },
  ],
  [
    "@tsops/monitor/report",
    report,
    {
      drawBacktest: [report.drawBacktest, { naive: tested }, {}],
      drawForecasts: [report.drawForecasts, { title: "t", target: "load", scale: "time", series: [] }],
      driftReports: [report.driftReports, [decision]],
      renderDriftPage: [report.renderDriftPage, page],
      forecastSvg: [report.forecastSvg, { served: joined, target: { name: "load" } }],
      livePage: [report.livePage, "<body></body>"],
      messagePage: [report.messagePage, "title", "text"],
      renderReport: [report.renderReport, reportData],
      reportJson: [report.reportJson, reportData],
      watchServed: [report.watchServed, joined, { subject: "load" }],
    },
  ],
  [
    "@tsops/monitor/statistics",
    statistics,
    {
      benjaminiHochberg: [statistics.benjaminiHochberg, [0.1]],
      simes: [statistics.simes, [0.1]],
      andersonDarling: [statistics.andersonDarling, [values, values], {}],
      binCounts: [statistics.binCounts, statistics.quantileBins(values), values],
      quantileBins: [statistics.quantileBins, values, {}],
      alignCounts: [statistics.alignCounts, categories, categories],
      countCategories: [statistics.countCategories, ["a", null]],
      chiSquare: [statistics.chiSquare, categories, categories, {}],
      cramerVonMises: [statistics.cramerVonMises, values, values, {}],
      domainClassifier: [statistics.domainClassifier, matrix, matrix, {}],
      energyDistance: [statistics.energyDistance, values, values],
      hellinger: [statistics.hellinger, counts, counts],
      jensenShannon: [statistics.jensenShannon, counts, counts, {}],
      kolmogorovSmirnov: [statistics.kolmogorovSmirnov, values, values, {}],
      maximumMeanDiscrepancy: [statistics.maximumMeanDiscrepancy, points, points, {}],
      populationStability: [statistics.populationStability, counts, counts, {}],
      reconstruction: [statistics.reconstruction, matrix, {}],
      sortedSample: [statistics.sortedSample, values, {}],
      wasserstein: [statistics.wasserstein, values, values],
    },
  ],
  [
    "@tsops/monitor/sketches",
    sketches,
    {
      compareSketches: [sketches.compareSketches, sketch, sketch],
      distinctSketch: [
        [sketches.distinctSketch, sketches.distinctSketch().registers()],
        [(given: never) => sketches.distinctSketch().merge(given), sketches.distinctSketch()],
      ],
      quantileSketch: [
        [sketches.quantileSketch, {}],
        [(given: never) => sketches.quantileSketch().merge(given), sketches.quantileSketch()],
      ],
      quantileSketchFrom: [sketches.quantileSketchFrom, sketches.quantileSketch().state()],
      loadSketch: [sketches.loadSketch, sketches.saveSketch(sketch)],
      saveSketch: [sketches.saveSketch, sketch],
      mergeSketches: [sketches.mergeSketches, [sketch, sketch]],
      sketchWindow: [sketches.sketchWindow, reference, { time: "at" }],
    },
  ],
  [
    "@tsops/monitor/prometheus",
    prometheus,
    {
      monitorMetrics: [[prometheus.monitorMetrics, {}], ...foundBy(() => prometheus.monitorMetrics())],
    },
  ],
  [
    "@tsops/monitor/opentelemetry",
    opentelemetry,
    {
      monitorTelemetry: [
        [opentelemetry.monitorTelemetry, {}],
        ...foundBy(() => opentelemetry.monitorTelemetry()),
      ],
    },
  ],
];

function foundBy(make: () => Promise<prometheus.FoundByChecks>): readonly Right[] {
  return [
    [
      async (...args: never[]) => untyped(await make()).drift(...args),
      drift,
      { subject: "load", now: start },
    ],
    [async (...args: never[]) => untyped(await make()).performance(...args), windows, { deployment: "load" }],
    [async (...args: never[]) => untyped(await make()).quality(...args), [], { table: "load", now: start }],
    [async (...args: never[]) => untyped(await make()).decision(...args), decision],
    [async (...args: never[]) => untyped(await make()).observations(...args), [], { now: start }],
  ];
}

/** What work throws, or null. */
async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

const text = (value: unknown) =>
  typeof value === "bigint" ? `${value}n` : Number.isNaN(value) ? "NaN" : JSON.stringify(value);

/** What is made by other calls, and given as it is. */
const data = new Set<unknown>([reference, joined, tested, series, drift, decision, sketch, page]);

/** The calls with one argument, or one field of an object of options, that is wrong. */
function* spoilt([work, ...args]: Right): Generator<readonly [name: string, call: () => unknown]> {
  const withArgument = (i: number, value: unknown) => () =>
    untyped(work)(...args.map((right, k) => (k === i ? value : right)));
  for (const [i, right] of args.entries()) {
    for (const value of wrong) yield [`argument ${i} as ${text(value)}`, withArgument(i, value)];
    if (Object.getPrototypeOf(right ?? 0) !== Object.prototype || data.has(right)) continue;
    for (const field of Object.keys(right as object))
      for (const value of [null, {}, "x", Number.NaN])
        yield [
          `${field} of argument ${i} as ${text(value)}`,
          withArgument(i, { ...(right as object), [field]: value }),
        ];
  }
}

describe.each(entries)("%s", (_, entry, calls) => {
  const functions = Object.keys(entry).filter((name) => typeof entry[name] === "function");

  it("has all of its functions tried", () => {
    expect(Object.keys(calls).sort()).toEqual(functions.sort());
  });

  it.each(functions)("%s() refuses wrong arguments with an error that says what to do", async (name) => {
    const given = calls[name] as Right | readonly Right[];
    const failures: string[] = [];
    for (const right of Array.isArray(given[0]) ? (given as readonly Right[]) : [given as Right]) {
      const [work, ...args] = right;
      expect(await thrownBy(() => untyped(work)(...args))).toBeNull();
      for (const [what, call] of spoilt(right)) {
        const error = await thrownBy(call);
        if (error === null || (TsopsError.is(error) && (error.hint ?? "") !== "")) continue;
        const [said, ...calls] = (error instanceof Error && error.stack?.split("\n")) || [String(error)];
        failures.push(`${what}: ${said} ${calls.filter((line) => line.includes("/src/")).slice(0, 2)}`);
      }
    }
    expect(failures).toEqual([]);
  });
});
