// What every check and watch finds goes the same way: observations, then alert rules as data, the report and the gauges.
import { addOutcomes, createRandom, experiment, experimentDecision, normalQuantile } from "@tsops/core";
import { describe, expect, it } from "vitest";
import {
  type AlertObservation,
  alertRules,
  checkQuality,
  coverageWatch,
  driftTest,
  errorChanges,
  evaluateAlerts,
  observeCoverage,
  observeDecision,
  observeDrift,
  observeErrorChanges,
  observePerformance,
  observePromise,
  observeQuality,
  observeSegments,
  observeStream,
  performanceByWindow,
  streamingDrift,
  worseThanPromised,
  worstSegments,
} from "../src/index.ts";
import { monitorMetrics } from "../src/prometheus/index.ts";
import { renderReport, reportJson } from "../src/report/index.ts";
import { hour, hours, start } from "./hours.ts";
import { joinedOf } from "./joined-outcomes.ts";

const day = 24n * hour;
const at = (step: number) => start + hour * BigInt(step);
const z = normalQuantile(0.9);
const about = { subject: "load" };

/** Forecasts of 0 of two sites, with the 80 % intervals of noise of size 1, beside noise of a size by day and site. */
function served(days: number, sizeOf: (day: number, site: number) => number) {
  const random = createRandom("one chain");
  const rows = Array.from({ length: days * 48 }, (_, i) => ({
    day: Math.floor(i / 48),
    site: i % 2,
    step: (i >> 1) % 24,
  }));
  const { length } = rows;
  return joinedOf({
    series: [{ site: "hill" }, { site: "sea" }],
    seriesIndex: Int32Array.from(rows, ({ site }) => site),
    step: Int32Array.from(rows, ({ step }) => step + 1),
    cutoff: BigInt64Array.from(rows, ({ day }) => at(24 * day) - hour),
    time: BigInt64Array.from(rows, ({ day, step }) => at(24 * day + step)),
    y: Float64Array.from(rows, ({ day, site }) => sizeOf(day, site) * random.normal()),
    quantiles: [
      { probability: 0.1, values: new Float64Array(length).fill(-z) },
      { probability: 0.9, values: new Float64Array(length).fill(z) },
    ],
  });
}

/** What all of them say of two months in which the errors are `size` times as large in the second at one site. */
function observed(size: number): AlertObservation[] {
  const joined = served(60, (day, site) => (day >= 30 && site === 0 ? size : 1));
  const late = { from: at(24 * 30) };
  const watch = coverageWatch({ level: 80 });
  watch.update(joined);
  const stream = streamingDrift(hours(0, 600, 0), { time: "at", column: "load", season: [] });
  const moved = hours(600, 1000, size === 1 ? 0 : 3);
  for (const [i, value] of moved.data.load.values.entries())
    stream.update(moved.data.at.values[i] as bigint, value);
  const drift = driftTest(hours(0, 600, 0), moved, {
    time: "at",
    columns: ["load"],
    season: [],
    alpha: 0.001,
  });
  const findings = checkQuality(moved, {
    table: { keys: [], eventTime: "at" },
    frequency: "1h",
    now: size === 1 ? at(1000) : at(1100),
  });
  const outcomes = Array.from({ length: 60 }, (_, i) => ({
    id: `${i}`,
    cutoff: at(24 * i),
    time: at(24 * i + 1),
    championLoss: 1 + 0.1 * Math.sin(i * i),
    challengerLoss: 0.5 + 0.1 * Math.sin(7 * i * i) + (size === 1 ? 0.5 : 0),
  }));
  const clock = { now: () => at(24 * 60) };
  const state = experiment({ subject: "load", champion: "load v1", challenger: "load v2", deadline: 364 });
  return [
    ...observePromise(
      worseThanPromised(
        joined,
        served(60, () => 1),
        late,
      ),
      about,
    ),
    ...observeCoverage(watch, about),
    ...observeErrorChanges(errorChanges(performanceByWindow(joined, { window: "1d" })), about),
    ...observeSegments(worstSegments(joined, { ...late, segments: ["site"] }), about),
    ...observePerformance(performanceByWindow(joined, { window: "4w", segments: ["site"] }).slice(-2), about),
    ...observeStream(stream, about),
    ...observeDrift(drift, about),
    ...observeQuality(findings, about),
    ...observeDecision(
      experimentDecision(addOutcomes(state, outcomes, { clock }), { clock, requestedBy: "test" }),
    ),
  ];
}

const once = { raise: { k: 1, of: 1 } };
const rules = alertRules([
  { name: "promise", signal: "promise", when: { verdict: ["worse"] }, ...once },
  { name: "coverage", signal: "coverage_watch", when: { verdict: ["too_narrow"] }, ...once },
  { name: "change", signal: "error_change", when: { above: 0.2 }, ...once },
  { name: "segment", signal: "segment_error", where: { site: "h*" }, when: { verdict: ["worse"] }, ...once },
  { name: "error", signal: "mae", where: { site: "hill" }, when: { above: 1.5 }, ...once },
  { name: "stream", signal: "drift_stream", when: { verdict: ["drift"] }, ...once },
  { name: "drift", signal: "drift", when: { verdict: ["drift"] }, ...once },
  {
    name: "stale",
    signal: "quality",
    where: { check: "staleness" },
    when: { verdict: ["error", "warning"] },
    ...once,
  },
  { name: "won", signal: "experiment", when: { verdict: ["promote"] }, ...once },
]);
const raised = (observations: readonly AlertObservation[]) =>
  evaluateAlerts({ rules, observations, state: null, now: at(24 * 60), requestedBy: "test" }).alerts.map(
    ({ evidence }) => evidence.ruleName,
  );

describe("from what is found to what is done", () => {
  const bad = observed(3);

  it("every check and watch raises the alert of its rule, and none of them while nothing is wrong", () => {
    expect(raised(bad)).toEqual(rules.map(({ name }) => name));
    expect(raised(observed(1))).toEqual([]);
  });

  it("says nothing where too little is known to tell", () => {
    const joined = served(1, () => 5);
    const said = [
      ...observePromise(worseThanPromised(joined, joined), about),
      ...observeCoverage(coverageWatch({ level: 80 }), about),
      ...observeErrorChanges(errorChanges([]), about),
    ];
    expect(said.map(({ signal, value, verdict }) => [signal, value, verdict])).toEqual([
      ["promise", Number.NaN, undefined],
      ["coverage_watch", Number.NaN, undefined],
      ["error_change", Number.NaN, undefined],
    ]);
    expect(raised(said)).toEqual([]);
  });

  it("gives labels of the caller to each of them, beside its own", () => {
    const labels = { version: "4" };
    const segments = worstSegments(
      served(9, () => 1),
      { segments: ["site"] },
    );
    const [, first] = observeSegments(segments, { ...about, labels });
    expect(Object.keys(first?.labels ?? {}).sort()).toEqual(["site", "version"]);
    const [watch] = observeCoverage(coverageWatch({ level: 80 }), { ...about, labels });
    expect(watch?.labels).toEqual({ version: "4", level: "80" });
  });

  it("is shown by the report, the last of each series", async () => {
    const data = {
      title: "load",
      now: at(24 * 60),
      target: { name: "load" },
      served: served(30, () => 1),
      observations: [{ signal: "promise", ...about, value: 1, verdict: "kept" }, ...bad],
    };
    const said = reportJson(data).observations as { signal: string; verdict: string }[];
    expect(said.filter(({ signal }) => signal === "promise").map(({ verdict }) => verdict)).toEqual([
      "worse",
    ]);
    const page = await renderReport(data);
    expect(page).toContain("worse than promised");
    expect(page).toContain("they are too narrow");
    expect(await renderReport({ ...data, observations: [] })).toContain("nothing to say yet");
  });

  it("is shown as gauges, until it is observed anew", async () => {
    const metrics = await monitorMetrics();
    const shown = async (name: string) =>
      (await metrics.registry.metrics()).split("\n").filter((line) => line.startsWith(`${name}{`));
    metrics.observations(bad, { now: at(24 * 60) });
    const verdicts = await shown("tsops_observation_verdict");
    expect(verdicts.filter((line) => line.includes('signal="segment_error"'))).toEqual([
      'tsops_observation_verdict{subject="load",signal="segment_error",column="",level="",metric="",step="",version="",role="",series="site=hill",verdict="worse"} 1',
      'tsops_observation_verdict{subject="load",signal="segment_error",column="",level="",metric="",step="",version="",role="",series="site=sea",verdict="not_worse"} 1',
    ]);
    expect(verdicts.some((line) => line.includes('signal="promise"') && line.includes('"worse"'))).toBe(true);
    metrics.observations([{ signal: "promise", ...about, value: 1.01, verdict: "kept" }], {
      now: at(24 * 61),
    });
    const [promise, ...others] = (await shown("tsops_observation")).filter((line) =>
      line.includes('"promise"'),
    );
    expect(promise).toMatch(/ 1\.01$/);
    expect(others).toEqual([]);
    expect((await shown("tsops_observation")).some((line) => line.includes('"drift_stream"'))).toBe(true);
    expect(await shown("tsops_observation_timestamp_seconds")).toContain(
      `tsops_observation_timestamp_seconds{subject="load",signal="promise"} ${Number(start + 61n * day) / 1e6}`,
    );
  });

  it("refuses more gauges than are few", async () => {
    const { observations } = await monitorMetrics();
    const many = Array.from({ length: 1001 }, (_, i) => ({
      signal: "mae",
      subject: "m",
      labels: { key: `${i}` },
      value: i,
    }));
    expect(() => observations(many, { now: start })).toThrow(/1001 series of mae for m/);
  });
});
