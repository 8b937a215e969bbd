import { checkList, checkOptions, shown, TsopsError } from "@tsops/core";
import { checkEachMade, checkMade } from "../check-made.ts";
import type { DriftReport } from "../drift/drift-test.ts";
import { checkMicros } from "../micros.ts";
import type { WindowPerformance } from "../performance/by-window.ts";
import type { QualityFinding } from "../quality/finding.ts";

/** One look at one series: the drift of a column, the error of a window, how late a table is. */
export interface AlertObservation {
  /** What was looked at; rules name it. */
  readonly signal: string;
  /** Table, model or deployment. */
  readonly subject: string;
  /** What tells series of one signal and subject apart: `{ column: "temp" }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** NaN says nothing: the observation is passed over. */
  readonly value: number;
  /** In a word, for rules that look at verdicts. */
  readonly verdict?: string;
  /** For people, with numbers. */
  readonly sentence?: string;
  /** When it was, microseconds UTC. Default: the present of the evaluation. One that is not later than the last of its series is passed over: it was counted before. */
  readonly time?: bigint;
  /** With it, all series of this signal and subject that the batch does not name are in order: the check looked at them and found nothing. */
  readonly isComplete?: boolean;
}

/** What observations are about. */
export interface ObservedSubject {
  /** Table, model or deployment. */
  readonly subject: string;
  /** Labels that all of them get: `{ version: "4" }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** When it was, microseconds UTC. Default: the present of the evaluation. */
  readonly time?: bigint;
}

/** @throws TsopsError MONITOR_INVALID, for a subject that is none too: all series would be one */
export function checkSubject(caller: string, about: ObservedSubject): void {
  checkOptions("MONITOR_INVALID", caller, about, { subject: true, labels: true, time: true });
  if (typeof about.subject !== "string")
    throw new TsopsError("MONITOR_INVALID", `${caller} was given the subject ${shown(about.subject)}.`, {
      hint: 'Name the table, model or deployment: { subject: "load" }.',
      details: { option: "subject" },
    });
  if (about.time !== undefined) checkMicros("time", about.time);
}

/** Labels that have a meaning of their own. */
const reserved = ["subject", "signal", "rule", "severity"];

/** @throws TsopsError MONITOR_INVALID naming the observation and the field. */
export function checkObservations(observations: readonly AlertObservation[]): void {
  checkList("MONITOR_INVALID", "observations", observations);
  for (const [row, observation] of observations.entries()) {
    checkOptions("MONITOR_INVALID", `observation ${row}`, observation, {
      signal: true,
      subject: true,
      labels: true,
      value: true,
      verdict: true,
      sentence: true,
      time: true,
      isComplete: true,
    });
    const wrong =
      (["signal", "subject"] as const).find((name) => typeof observation[name] !== "string") ??
      (["verdict", "sentence"] as const).find(
        (name) => observation[name] !== undefined && typeof observation[name] !== "string",
      ) ??
      (typeof observation.value === "number" ? undefined : "value");
    if (wrong !== undefined) throw invalid(row, wrong, observation[wrong]);
    if (observation.time !== undefined) checkMicros(`observation ${row}: time`, observation.time);
    const { labels = {} } = observation;
    if (typeof labels !== "object" || labels === null || Array.isArray(labels))
      throw invalid(row, "labels", labels);
    for (const [name, text] of Object.entries(labels))
      if (typeof text !== "string" || reserved.includes(name)) throw invalid(row, `labels.${name}`, text);
  }
}

function invalid(row: number, field: string, value: unknown): TsopsError {
  return new TsopsError("MONITOR_INVALID", `Observation ${row} has the ${field} ${shown(value)}.`, {
    hint: `signal, subject, verdict, sentence and labels are texts, value is a number; labels are not named ${reserved.join(", ")}.`,
    details: { row, field },
  });
}

/**
 * A drift report as observations, for rules on these signals:
 * `drift` by column, the adjusted p-value with the verdict `drift` or `no_drift`;
 * `drift_p_value` and `drift_effect` by column and test (label `test`), the effect in the unit of the report.
 */
export function observeDrift(
  report: Pick<DriftReport, "columns">,
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkSubject("observeDrift()", about);
  checkMade("observeDrift()", "what driftTest() returned", report, { columns: "list" });
  checkEachMade("The columns of observeDrift()", "columns of driftTest()", report.columns, {
    column: "text",
    tests: "list",
  });
  const { labels } = about;
  return report.columns.flatMap(({ column, adjustedPValue, drift, tests }) => [
    {
      signal: "drift",
      ...about,
      labels: { ...labels, column },
      value: adjustedPValue,
      // Where nothing could be tested nothing is in order.
      ...(Number.isNaN(adjustedPValue) ? {} : { verdict: drift ? "drift" : "no_drift" }),
      ...(tests[0] === undefined ? {} : { sentence: tests[0].sentence }),
    },
    ...tests.flatMap(({ test, pValue, effect, sentence }) => [
      { signal: "drift_p_value", ...about, labels: { ...labels, column, test }, value: pValue, sentence },
      { signal: "drift_effect", ...about, labels: { ...labels, column, test }, value: effect, sentence },
    ]),
  ]);
}

/**
 * Quality findings as observations of the signal `quality` by check and column: the rows concerned, with the severity (`error`,
 * `warning`, `info`) as the verdict. What is not found any more is in order. Give all findings of a table at once.
 */
export function observeQuality(
  findings: readonly Pick<QualityFinding, "check" | "column" | "severity" | "count" | "sentence">[],
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkList("MONITOR_INVALID", "findings", findings);
  checkSubject("observeQuality()", about);
  for (const [row, finding] of findings.entries())
    if (typeof finding !== "object" || finding === null)
      throw new TsopsError("MONITOR_INVALID", `Finding ${row} is ${shown(finding)}.`, {
        hint: "Give what checkQuality() found.",
        details: { row },
      });
  const observations: AlertObservation[] = findings.map(({ check, column, severity, count, sentence }) => ({
    signal: "quality",
    ...about,
    labels: { ...about.labels, check, ...(column === null ? {} : { column }) },
    value: count,
    verdict: severity,
    sentence,
  }));
  const whole = { signal: "quality", ...about, value: Number.NaN, isComplete: true };
  return [whole, ...observations];
}

/**
 * Performance of windows as observations at the end of each: `mae`, `rmse`, `bias`, `mase`, `missing`, and `coverage` by level (label `level`, in
 * percent). Windows that are split have the labels `step`, `version`, `role` and those of their key and segment. A window without outcomes says nothing of its errors.
 */
export function observePerformance(
  windows: readonly WindowPerformance[],
  about: Omit<ObservedSubject, "time">,
): readonly AlertObservation[] {
  checkEachMade("observePerformance()", "windows of performanceByWindow()", windows, {
    end: "instant",
    intervals: "list",
  });
  checkOptions("MONITOR_INVALID", "observePerformance()", about, { subject: true, labels: true });
  checkSubject("observePerformance()", about);
  return windows.flatMap((window) => {
    const labels = { ...about.labels, ...labelsOf(window) };
    const common = { ...about, labels, time: window.end };
    return [
      ...(["mae", "rmse", "bias", "mase", "missing"] as const).map((signal) => ({
        signal,
        ...common,
        value: window[signal],
      })),
      ...window.intervals.map(({ level, coverage, rows }) => ({
        signal: "coverage",
        ...common,
        labels: { ...labels, level: String(level) },
        value: coverage,
        sentence: `the ${level} % intervals cover ${Number((100 * coverage).toPrecision(3))} % of ${rows} outcomes`,
      })),
    ];
  });
}

/** Which part of the rows it is about. */
export function labelsOf({
  step,
  source,
  key,
  segment,
}: Pick<WindowPerformance, "step" | "source" | "key" | "segment">): Record<string, string> {
  return {
    ...Object.fromEntries(
      Object.entries({ ...segment, ...key }).map(([name, value]) => [name, String(value ?? "")]),
    ),
    ...(step === undefined ? {} : { step: String(step) }),
    ...(source === undefined ? {} : { version: String(source.modelVersion), role: source.role }),
  };
}
