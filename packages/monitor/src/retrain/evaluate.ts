import {
  checkOptions,
  type DecisionRecord,
  decisionRecord,
  formatInstant,
  parseFrequency,
  parseSchedule,
  shown,
  TsopsError,
} from "@tsops/core";
import { checkEachMade, checkMade } from "../check-made.ts";
import { checkMicros } from "../micros.ts";
import type { WindowPerformance } from "../performance/by-window.ts";
import { lengthAfter, type RetrainAttempt, spentBudget, trainingRange } from "./budget.ts";
import { checkWindows, firstCellFrom, windowsByCell } from "./checks.ts";
import type { RetrainEvidence } from "./evidence.ts";
import { type RetrainPolicy, retrainPolicy } from "./policy.ts";
import { retrainReason } from "./reason.ts";
import {
  coverageOf,
  errorOf,
  requireDriftColumns,
  requireFigures,
  type WatchedDrift,
} from "./watched-figures.ts";

/** What a policy needs to know besides the history. */
export interface RetrainState {
  readonly champion: {
    /** For people, e.g. `"bike-demand v3"`. */
    readonly name: string;
    /** When it began to serve; breaches of its predecessor do not count. Microseconds UTC. */
    readonly since: bigint;
    /** The policy's metric in the backtest by which it was promoted. */
    readonly expectedError: number;
  };
  /** When the policy last asked for a retraining, whether that was promoted or not; null when never. */
  readonly lastAttemptAt: bigint | null;
  /** For policies with a budget: when it asked before, as `retrainAttempts` gives it, and how long each took. In any order. */
  readonly attempts?: readonly RetrainAttempt[];
  /** For policies with a `dataVolume`: rows that came since the champion's training. */
  readonly rowsSinceTraining?: number;
}

/** A drift report and when it was made. */
export interface DatedDrift {
  readonly time: bigint;
  readonly report: WatchedDrift;
}

/** What is judged. */
export interface RetrainQuestion {
  readonly policy: RetrainPolicy;
  /** Model or deployment name that the decision is about. */
  readonly subject: string;
  /**
   * Windows of the policy's length, without split, from `performanceByWindow`. Only those count that lie between the champion's
   * start and `now`; windows that are not there count as without outcome.
   */
  readonly history: readonly WindowPerformance[];
  readonly state: RetrainState;
  /** Drift reports, in any order, for policies that watch drift. */
  readonly drift?: readonly DatedDrift[];
  readonly now: bigint;
  /** Who or what asked: a pipeline run, a person. */
  readonly requestedBy: string;
}

/** A policy's verdict as a decision record. */
export interface RetrainDecision extends DecisionRecord {
  readonly kind: "retrain";
  readonly verdict: "retrain" | "no_retrain";
  readonly evidence: RetrainEvidence;
}

/**
 * Applies a policy to the history: `retrain` when a trigger fired and neither cool-down, budget nor holdout has to be waited for.
 * Pure: the same question always has the same answer, with the same id. Append every answer to a `DecisionLog`.
 *
 * A check at the end of a window averages the metric of the latest `window` windows (each counts the same) and breaches above
 * `ratio` times the champion's expected error. The error trigger fires when at least k of the last n checks breach, once there are n. Checks begin when
 * the champion has served `window` windows; a check with outcomes in fewer than half of its windows does not breach.
 * Days of `coolDown`, `maxAge`, `budget.per` and `train.window` follow the calendar of the policy's zone. Whatever stands in the way is named in the
 * reason with the instant at which it ends. Attempts after `now`, as there are when a clock was set back, count like others.
 * @throws TsopsError MONITOR_INVALID when the history is not cut as the policy says, the expected error is not a number, no window has
 *   the metric or the level of intervals that the policy watches, no drift report has a column that it watches, or the state lacks what a budget or a `dataVolume` is judged by.
 */
export function evaluateRetrain(given: RetrainQuestion): RetrainDecision {
  checkOptions("MONITOR_INVALID", "evaluateRetrain()", given, {
    policy: true,
    subject: true,
    history: true,
    state: true,
    drift: true,
    now: true,
    requestedBy: true,
  });
  checkMade(
    "The state of evaluateRetrain()",
    "{ champion: { name, since, expectedError }, lastAttemptAt }",
    given.state,
    { champion: "object" },
  );
  checkMade("The champion of evaluateRetrain()", "{ name, since, expectedError }", given.state.champion, {
    name: "text",
    since: "instant",
    expectedError: "number",
  });
  if (given.state.lastAttemptAt !== null) checkMicros("lastAttemptAt", given.state.lastAttemptAt);
  checkMicros("now", given.now);
  checkEachMade("The history of evaluateRetrain()", "windows of performanceByWindow()", given.history, {
    start: "instant",
    end: "instant",
    intervals: "list",
  });
  checkEachMade(
    "The drift of evaluateRetrain()",
    "{ time, report }, with what driftTest() returned",
    given.drift ?? [],
    {
      time: "instant",
      report: "object",
    },
  );
  // A policy may come from a file that was written by hand.
  const policy = retrainPolicy(given.policy);
  const question = { ...given, policy };
  const { subject, state, now, requestedBy } = question;
  const { champion, lastAttemptAt } = state;
  if (!(champion.expectedError >= 0) || !Number.isFinite(champion.expectedError))
    throw new TsopsError(
      "MONITOR_INVALID",
      `The expected error of ${champion.name} is ${champion.expectedError}.`,
      { hint: `Give the ${policy.metric} of the backtest by which it was promoted.` },
    );
  const grid = parseFrequency(policy.every, { zone: policy.zone });
  const served = question.history.filter(({ start, end }) => start >= champion.since && end <= now);
  const windows = windowsByCell(served, policy, grid);
  requireFigures(policy, served);
  requireDriftColumns(
    policy,
    (given.drift ?? []).map(({ report }) => report),
  );
  const span = { since: champion.since, now };

  const limit = policy.ratio * champion.expectedError;
  const error = checkWindows(windows, policy, grid, span, errorOf(policy), limit, (value) => value > limit);
  const { coverage: watched } = policy;
  const coverage =
    watched === null
      ? null
      : checkWindows(
          windows,
          policy,
          grid,
          span,
          coverageOf(watched.level),
          watched.atLeast,
          (value) => value < watched.atLeast,
        );
  const fired = {
    error,
    coverage,
    drift: driftTrigger(question),
    age: ageTrigger(question),
    calendar: calendarTrigger(question),
    volume: volumeTrigger(question),
  };
  const heldUntil = grid.instantAt(firstCellFrom(grid, champion.since) + policy.holdout);
  const coolUntil =
    lastAttemptAt === null || policy.coolDown === null
      ? null
      : lengthAfter(policy.coolDown, policy, lastAttemptAt);
  const budget = spentBudget(policy, state.attempts, now);
  const evidence: RetrainEvidence = {
    policy,
    champion: { ...champion, since: formatInstant(champion.since) },
    ...fired,
    triggers: triggerNames.filter((name) => fired[name]?.fired === true),
    lastAttemptAt: lastAttemptAt === null ? null : formatInstant(lastAttemptAt),
    budget: budget === null ? null : { attempts: budget.attempts, seconds: budget.seconds },
    waitUntil: {
      coolDown: laterThan(now, coolUntil),
      budget: laterThan(now, budget?.until ?? null),
      holdout: policy.holdout > 0 ? laterThan(now, heldUntil) : null,
    },
    train: trainingRange(policy, now),
  };
  const mustWait = Object.values(evidence.waitUntil).some((until) => until !== null);
  return decisionRecord({
    kind: "retrain",
    subject,
    time: now,
    verdict: evidence.triggers.length > 0 && !mustWait ? "retrain" : "no_retrain",
    reason: retrainReason(evidence),
    requestedBy,
    evidence,
  });
}

const triggerNames = ["error", "coverage", "drift", "age", "calendar", "volume"] as const;

function laterThan(now: bigint, until: bigint | null): string | null {
  return until !== null && until > now ? formatInstant(until) : null;
}

function ageTrigger({ policy, state, now }: RetrainQuestion): RetrainEvidence["age"] {
  if (policy.maxAge === null) return null;
  const until = lengthAfter(policy.maxAge, policy, state.champion.since);
  return { until: formatInstant(until), fired: now >= until };
}

function calendarTrigger({ policy, state, now }: RetrainQuestion): RetrainEvidence["calendar"] {
  if (policy.calendar === null) return null;
  const { champion, lastAttemptAt } = state;
  const from = lastAttemptAt !== null && lastAttemptAt > champion.since ? lastAttemptAt : champion.since;
  const ticks = parseSchedule({ zone: policy.zone, ...policy.calendar });
  const tick = ticks.atOrBefore(now - ticks.delayMicros);
  const isDue = tick !== null && tick + ticks.delayMicros > from;
  return { due: isDue ? formatInstant(tick) : null, fired: isDue };
}

function volumeTrigger({ policy, state }: RetrainQuestion): RetrainEvidence["volume"] {
  if (policy.dataVolume === null) return null;
  const { rowsSinceTraining: rows } = state;
  if (!(typeof rows === "number" && rows >= 0))
    throw new TsopsError("MONITOR_INVALID", `The state has the rowsSinceTraining ${shown(rows)}.`, {
      hint: "The policy has a dataVolume: count the rows that came since the champion's training.",
    });
  return { rows, needed: policy.dataVolume.rows, fired: rows >= policy.dataVolume.rows };
}

function driftTrigger({ policy, drift = [], state, now }: RetrainQuestion): RetrainEvidence["drift"] {
  const rule = policy.drift;
  if (rule === null) return null;
  const reports = drift
    .filter(({ time }) => time >= state.champion.since && time <= now)
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .slice(-rule.of)
    .map(({ time, report }) => ({
      at: formatInstant(time),
      columns: report.columns
        .filter((found) => found.drift && (rule.columns.length === 0 || rule.columns.includes(found.column)))
        .map((found) => found.column),
    }));
  const flagged = reports.filter(({ columns }) => columns.length > 0).length;
  return { reports, needed: rule.k, fired: flagged >= rule.k };
}
