import {
  checkLevels,
  checkOptions,
  durationMicros,
  formatInstant,
  intervalOf,
  shown,
  TsopsError,
  withCode,
} from "@tsops/core";
import { checkAlpha } from "../check-alpha.ts";
import { checkJoined } from "./check-joined.ts";
import { betOnBlock, type CoverageBets, leadingBet, noCoverageBets, totalCapital } from "./coverage-bets.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";
import { levelsOf } from "./metrics.ts";
import { pickRows, type RowChoice } from "./pick-rows.ts";

/** What to watch. */
export interface CoverageWatchOptions extends Pick<RowChoice, "role" | "modelVersion"> {
  /** Percent, one of the levels that are served, e.g. 80. */
  readonly level: number;
  /** Probability of a false alarm over all time, however often one looks. Default 0.05. */
  readonly alpha?: number;
  /**
   * Length of the blocks that are bet on, e.g. `"2d"`. Default: two horizons, and at least 10 steps, of what the first update holds. Longer
   * ones stand more correlation of errors that the model does not foresee, and find a change later.
   */
  readonly block?: string;
  /** How long after its end a block waits for late outcomes. Default: not at all. */
  readonly wait?: string;
}

/** A watch as plain data: `JSON.parse(JSON.stringify(state))` goes on exactly where it was. */
export interface CoverageState {
  readonly format: "tsops-coverage-watch-1";
  readonly level: number;
  readonly alpha: number;
  readonly role: "champion" | "challenger";
  readonly modelVersion: number | null;
  /** Microseconds; null until known. */
  readonly block: number | null;
  readonly wait: number;
  /** The next block begins with the first cutoff from here on, microseconds UTC. */
  readonly next: number | null;
  readonly rows: number;
  readonly covered: number;
  readonly unused: number;
  readonly largest: number;
  readonly alarmTime: number | null;
  readonly bets: CoverageBets;
}

/** A test of interval coverage that may be looked at after every outcome. */
export interface CoverageWatch {
  readonly level: number;
  readonly alpha: number;
  /** Evidence against the coverage being `level` percent: 1 at the start; the alarm is at 1 / alpha. */
  readonly eValue: number;
  /** 1 over the largest evidence so far: a p-value that holds at any time. */
  readonly pValue: number;
  /** Stays on once it is on. */
  readonly alarm: boolean;
  /** End of the block that raised the alarm, microseconds UTC. */
  readonly alarmTime: bigint | null;
  /** Share of outcomes within the interval, over all rows bet on; NaN before the first. */
  readonly coverage: number;
  readonly counts: {
    readonly blocks: number;
    readonly rows: number;
    /** Predicted rows that no bet could use, because they reach over the border of a block. */
    readonly unused: number;
  };
  /** Cutoffs from here on are needed by the next update: `home.predictions.scan({ cutoffFrom })`. Null before the first. */
  readonly cutoffFrom: bigint | null;
  /**
   * Takes all blocks that are complete now. Give it whatever is joined, in any order and as often as you like: rows of blocks that are
   * closed do not count again, and outcomes that come after that are too late (see `wait`).
   * @returns Whether the alarm is on.
   * @throws TsopsError MONITOR_INVALID when the level was not served
   */
  update(joined: JoinedOutcomes): boolean;
  /** What the evidence says, for people. */
  finding(): {
    /** Whether the alarm is of intervals that cover too few outcomes: false before an alarm, and when they cover too many. */
    readonly isTooNarrow: boolean;
    /** Since when that is clearest, microseconds UTC; null before an alarm. */
    readonly since: bigint | null;
    readonly sentence: string;
  };
  /** All that it knows, as plain data for `loadCoverageWatch`. */
  save(): CoverageState;
}

/**
 * Watches whether intervals cover as many outcomes as they promise, with an anytime-valid test: the probability that it ever raises an alarm
 * while they do is at most alpha, however often it is asked.
 *
 * Outcomes of overlapping horizons depend on each other, so bets are made on blocks: all predictions with their cutoff and their time within a
 * block. When a block begins nothing is known of its outcomes that was not known to its predictions, so intervals that are right given what was known
 * make every bet a fair one. Errors that the model does not foresee though it could (they go on from block to block) are outside that promise; figures of how much
 * of that it stands are in docs/explanation/performance.md.
 * @throws TsopsError MONITOR_INVALID
 */
export function coverageWatch(options: CoverageWatchOptions): CoverageWatch {
  checkOptions("MONITOR_INVALID", "coverageWatch()", options, {
    level: true,
    alpha: true,
    block: true,
    wait: true,
    role: true,
    modelVersion: true,
  });
  const { level, alpha = 0.05, block, wait = "0s", role = "champion", modelVersion = null } = options;
  withCode("MONITOR_INVALID", "MODEL_PARAMETER_INVALID", () => checkLevels([level]));
  checkAlpha(alpha);
  return watchOf({
    format: "tsops-coverage-watch-1",
    level,
    alpha,
    role,
    modelVersion,
    block: block === undefined ? null : microsOf("block", block),
    wait: wait === "0s" ? 0 : microsOf("wait", wait),
    next: null,
    rows: 0,
    covered: 0,
    unused: 0,
    largest: 1,
    alarmTime: null,
    bets: noCoverageBets(),
  });
}

/**
 * A watch from what its `save()` gave.
 * @throws TsopsError MODEL_FORMAT_INVALID for anything else
 */
export function loadCoverageWatch(state: CoverageState): CoverageWatch {
  const isState =
    typeof state === "object" &&
    state !== null &&
    state.format === "tsops-coverage-watch-1" &&
    typeof state.level === "number" &&
    typeof state.alpha === "number" &&
    [state.bets?.capital, state.bets?.best, state.bets?.since].every(
      (values) => Array.isArray(values) && values.length === noCoverageBets().capital.length,
    );
  if (!isState)
    throw new TsopsError(
      "MODEL_FORMAT_INVALID",
      `A saved coverage watch was expected, got ${shown(state)}.`,
      {
        hint: "Pass the object that save() returned, or JSON.parse of its JSON text.",
      },
    );
  return watchOf(structuredClone(state));
}

function watchOf(start: CoverageState): CoverageWatch {
  let state = start;
  return {
    level: state.level,
    alpha: state.alpha,
    get eValue() {
      return totalCapital(state.bets);
    },
    get pValue() {
      return Math.min(1, 1 / state.largest);
    },
    get alarm() {
      return state.alarmTime !== null;
    },
    get alarmTime() {
      return state.alarmTime === null ? null : BigInt(state.alarmTime);
    },
    get coverage() {
      return state.covered / state.rows;
    },
    get counts() {
      return { blocks: state.bets.blocks, rows: state.rows, unused: state.unused };
    },
    get cutoffFrom() {
      return state.next === null ? null : BigInt(state.next);
    },
    update(joined) {
      checkJoined("coverageWatch().update()", joined);
      state = updated(state, joined);
      return state.alarmTime !== null;
    },
    finding: () => findingOf(state),
    save: () => structuredClone(state),
  };
}

/** Predictions with an interval. */
interface IntervalRows {
  /** By ascending cutoff. */
  readonly cutoffs: Float64Array;
  readonly times: Float64Array;
  /** 1 covered, 0 missed, NaN not known. */
  readonly covered: Float64Array;
  readonly steps: Float64Array;
}

function updated(state: CoverageState, joined: JoinedOutcomes): CoverageState {
  const rows = intervalRows(state, joined);
  if (rows.cutoffs.length === 0) return state;
  const next = { ...state, bets: structuredClone(state.bets), block: state.block ?? usualBlock(rows) };
  const newest = rows.times.reduce(
    (latest, time, i) => (Number.isNaN(rows.covered[i]) ? latest : Math.max(latest, time)),
    Number.NEGATIVE_INFINITY,
  );
  let first = 0;
  for (;;) {
    while (
      first < rows.cutoffs.length &&
      (rows.cutoffs[first] as number) < (next.next ?? Number.NEGATIVE_INFINITY)
    )
      first++;
    const start = rows.cutoffs[first];
    if (start === undefined || newest < start + next.block + next.wait) break;
    closeBlock(next, rows, first);
  }
  return next;
}

function closeBlock(
  state: { -readonly [Name in keyof CoverageState]: CoverageState[Name] },
  rows: IntervalRows,
  first: number,
): void {
  const start = rows.cutoffs[first] as number;
  const end = start + (state.block as number);
  let known = 0;
  let covered = 0;
  for (let i = first; i < rows.cutoffs.length && (rows.cutoffs[i] as number) < end; i++) {
    if ((rows.times[i] as number) > end) state.unused++;
    else if (!Number.isNaN(rows.covered[i])) {
      known++;
      covered += rows.covered[i] as number;
    }
  }
  state.next = end;
  if (known === 0) return;
  state.rows += known;
  state.covered += covered;
  betOnBlock(state.bets, (known - covered) / known, 1 - state.level / 100, start);
  const evidence = totalCapital(state.bets);
  state.largest = Math.max(state.largest, evidence);
  if (evidence >= 1 / state.alpha && state.alarmTime === null) state.alarmTime = end;
}

function intervalRows(state: CoverageState, joined: JoinedOutcomes): IntervalRows {
  const { level, role, modelVersion } = state;
  const picked = pickRows(joined, { role, ...(modelVersion === null ? {} : { modelVersion }) });
  const interval = intervalOf(joined.quantiles, level);
  if (interval === null && picked.length > 0) {
    const served = levelsOf(joined.quantiles).map((other) => `${other.level} %`);
    throw new TsopsError("MONITOR_INVALID", `There are no ${level} % intervals among the predictions.`, {
      hint: `They have ${served.join(", ") || "none"}.`,
      details: { option: "level" },
    });
  }
  const { lower, upper } = interval ?? { lower: joined.y, upper: joined.y };
  const cutoffs = Float64Array.from(joined.cutoff, Number);
  const rows = picked
    .filter((row) => !Number.isNaN(lower[row] as number) && !Number.isNaN(upper[row] as number))
    .sort((a, b) => (cutoffs[a] as number) - (cutoffs[b] as number));
  return {
    cutoffs: Float64Array.from(rows, (row) => cutoffs[row] as number),
    times: Float64Array.from(rows, (row) => Number(joined.time[row] as bigint)),
    steps: Float64Array.from(rows, (row) => joined.step[row] as number),
    covered: Float64Array.from(rows, (row) => {
      const y = joined.y[row] as number;
      if (Number.isNaN(y)) return Number.NaN;
      return Number(y >= (lower[row] as number) && y <= (upper[row] as number));
    }),
  };
}

function usualBlock({ cutoffs, times, steps }: IntervalRows): number {
  let horizon = 0;
  let step = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times.length; i++) {
    const ahead = (times[i] as number) - (cutoffs[i] as number);
    horizon = Math.max(horizon, ahead);
    step = Math.min(step, ahead / Math.max(1, steps[i] as number));
  }
  return Math.max(2 * horizon, 10 * Math.max(1, step));
}

function microsOf(name: string, text: string): number {
  const micros = Number(withCode("MONITOR_INVALID", "DURATION_INVALID", () => durationMicros(text)));
  if (micros > 0) return micros;
  throw new TsopsError("MONITOR_INVALID", `${name} is ${shown(text)}, which is no length of time.`, {
    hint: 'Write "2d" or "36h".',
    details: { option: name },
  });
}

function findingOf(state: CoverageState): ReturnType<CoverageWatch["finding"]> {
  const { level, alpha, rows, covered, bets, alarmTime, largest } = state;
  if (bets.blocks === 0)
    return {
      isTooNarrow: false,
      since: null,
      sentence: `No block of the ${level} % intervals is complete yet.`,
    };
  const { isTooMany, since } = leadingBet(bets);
  const share = Number(((100 * covered) / rows).toPrecision(3));
  const begin = `The ${level} % intervals covered ${share} % of ${rows} outcomes`;
  const evidence = `p ${largest > 1e4 ? "below 0.0001" : Number(Math.min(1, 1 / largest).toPrecision(2))} at any time`;
  return {
    isTooNarrow: alarmTime !== null && isTooMany,
    since: alarmTime === null ? null : BigInt(since),
    sentence:
      alarmTime === null
        ? `${begin}; that is within what chance explains (${evidence}, alarm at ${alpha}).`
        : `${begin}; they are too ${isTooMany ? "narrow" : "wide"}, most clearly since ${formatInstant(BigInt(since))} (${evidence}).`,
  };
}
