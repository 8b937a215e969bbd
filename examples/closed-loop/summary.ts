// The table at the end: quarter by quarter, the loop beside what nobody watches.
import {
  type DecisionRecord,
  formatInstant,
  intervalCoverage,
  intervalOf,
  meanAbsoluteError,
  parseFrequency,
  type ScoredForecasts,
} from "@tsops/core";
import type { Comparison } from "./baselines.ts";
import { zone } from "./definitions.ts";

type Interval = NonNullable<ReturnType<typeof intervalOf>>;
const quarters = parseFrequency("3mo", { zone });

/** One line of the table. */
export interface QuarterSummary {
  readonly quarter: string;
  /** Mean absolute errors in rentals per hour; divided by the scale they are MASE. */
  readonly loop: number;
  /** What the backtests of the champions promised, hour by hour of their time. */
  readonly promised: number;
  readonly neverRetrained: number;
  readonly seasonalNaive: number;
  readonly retrainedMonthly: number;
  readonly coverage80: number;
  readonly coverage95: number;
  readonly alarms: number;
  readonly retrainings: number;
  readonly promotions: number;
  readonly rejections: number;
}

/** A champion, since when it served, and the error that its backtest promised. */
export interface ChampionPeriod {
  readonly name: string;
  readonly since: bigint;
  readonly expectedError: number;
}

/** What came of the replay: `summary.json`. Days are those of the data's clock. */
export interface Summary {
  readonly quarters: readonly QuarterSummary[];
  readonly champions: readonly { readonly name: string; readonly since: string; readonly promised: number }[];
  /** What was told of each rule. */
  readonly alerts: readonly {
    readonly rule: string;
    readonly change: string;
    readonly day: string;
    readonly reason: string;
  }[];
  /** What gates, experiments (the last look at each) and the retrain policy decided, but for daily looks that asked for nothing. */
  readonly decisions: readonly {
    readonly kind: string;
    readonly verdict: string;
    readonly day: string;
    readonly reason: string;
  }[];
  readonly driftReports: { readonly all: number; readonly flagged: number };
}

/** The figures of the whole replay. */
export function summarise(
  served: ScoredForecasts,
  compared: Comparison,
  decisions: readonly DecisionRecord[],
  champions: readonly ChampionPeriod[],
): Summary {
  const of = (kind: string) => decisions.filter((decision) => decision.kind === kind);
  const about = ({ verdict, time, reason }: DecisionRecord) => ({ verdict, day: dayOf(time), reason });
  return {
    quarters: quartersOf(served, compared, decisions, champions),
    champions: champions.map(({ name, since, expectedError }) => ({
      name,
      since: dayOf(since),
      promised: expectedError,
    })),
    alerts: of("alert").map(({ time, reason, evidence }) => ({
      rule: String(evidence["ruleName"]),
      change: String(evidence["change"]),
      day: dayOf(time),
      reason,
    })),
    decisions: worthTelling(decisions).map((decision) => ({ kind: decision.kind, ...about(decision) })),
    driftReports: {
      all: of("drift").length,
      flagged: of("drift").filter(({ verdict }) => verdict === "drift").length,
    },
  };
}

/** The figures of each quarter, then of all of them. */
function quartersOf(
  served: ScoredForecasts,
  compared: Comparison,
  decisions: readonly DecisionRecord[],
  champions: readonly ChampionPeriod[],
): QuarterSummary[] {
  const cells = quarters.indexesOf(served.time);
  const distinct = [...new Set(cells)].sort((a, b) => a - b);
  const rowOf = new Map(Array.from(compared.time, (time, row) => [time, row]));
  const [eighty, ninetyFive] = [80, 95].map((level) => {
    const interval = intervalOf(served.quantiles, level);
    if (interval === null) throw new Error(`The ${level} % interval was not served.`);
    return interval;
  }) as [Interval, Interval];
  const line = (quarter: string, inQuarter: (time: bigint) => boolean): QuarterSummary => {
    const rows = Int32Array.from(served.time.keys()).filter((row) => inQuarter(served.time[row] as bigint));
    const take = (values: Float64Array) => Float64Array.from(rows, (row) => values[row] as number);
    const takeBaseline = (values: Float64Array) =>
      Float64Array.from(rows, (row) => values[rowOf.get(served.time[row] as bigint) as number] as number);
    const y = take(served.y);
    const promised = Float64Array.from(rows, (row) => {
      const time = served.time[row] as bigint;
      return champions.findLast(({ since }) => since <= time)?.expectedError ?? Number.NaN;
    });
    const made = decisions.filter((decision) => inQuarter(decision.time));
    const count = (kind: string, verdict: string) =>
      made.filter((decision) => decision.kind === kind && decision.verdict === verdict).length;
    return {
      quarter,
      loop: meanAbsoluteError(y, take(served.mean)),
      promised: promised.reduce((sum, value) => sum + value, 0) / promised.length,
      neverRetrained: meanAbsoluteError(y, takeBaseline(compared.neverRetrained.mean)),
      seasonalNaive: meanAbsoluteError(y, takeBaseline(compared.seasonalNaive.mean)),
      retrainedMonthly: meanAbsoluteError(y, takeBaseline(compared.retrainedMonthly.mean)),
      coverage80: intervalCoverage(y, take(eighty.lower), take(eighty.upper)),
      coverage95: intervalCoverage(y, take(ninetyFive.lower), take(ninetyFive.upper)),
      alarms: count("alert", "alert"),
      retrainings: count("retrain", "retrain"),
      promotions: count("gate", "promote") + count("experiment", "promote"),
      rejections: count("gate", "reject"),
    };
  };
  return [
    ...distinct.map((cell) =>
      line(quarterName(quarters.instantAt(cell)), (time) => quarters.indexOf(time) === cell),
    ),
    line("all", () => true),
  ];
}

/** Without daily looks that asked for nothing, looks at an experiment before the last one, and what is told elsewhere. */
function worthTelling(decisions: readonly DecisionRecord[]): readonly DecisionRecord[] {
  const challengerOf = ({ evidence }: DecisionRecord) =>
    (evidence["challenger"] as { readonly name: string } | undefined)?.name;
  const lastLook = new Map(
    decisions.filter(({ kind }) => kind === "experiment").map((look) => [challengerOf(look), look.id]),
  );
  return decisions.filter((decision) => {
    const { kind, verdict, id } = decision;
    if (kind === "experiment") return lastLook.get(challengerOf(decision)) === id;
    return kind === "gate" || (kind === "retrain" && verdict !== "no_retrain");
  });
}

function dayOf(time: bigint): string {
  return formatInstant(time, { zone }).slice(0, 10);
}

/** Prints what the log channel took. */
export function printAlerts(lines: readonly string[]): void {
  console.log("\nWhat people were told:\n");
  for (const line of lines) console.log(line);
}

/** Prints what was decided and why; of an experiment the last look. Daily looks that asked for nothing and weekly drift reports are counted only. */
export function printDecisions(decisions: readonly DecisionRecord[]): void {
  console.log("\nWhat was decided:\n");
  for (const { time, reason } of worthTelling(decisions)) console.log(`${dayOf(time)}  ${reason}`);
  const reports = decisions.filter((decision) => decision.kind === "drift");
  const flagged = reports.filter((decision) => decision.verdict === "drift");
  const quiet = decisions.filter((decision) => decision.verdict === "no_retrain");
  console.log(
    `\n${quiet.length} daily looks found no reason to retrain. ${reports.length} weekly drift reports, ${flagged.length} of them with drift: they explain, and trigger no retraining here.`,
  );
}

/** Prints the summary as a table. */
export function printSummary(lines: readonly QuarterSummary[], scale: number): void {
  const error = (mae: number) => `${mae.toFixed(1)} / ${(mae / scale).toFixed(2)}`;
  const header = [
    "quarter",
    "the loop",
    "promised",
    "never retrained",
    "seasonal naive",
    "blind monthly",
    "80 %",
    "95 %",
    "alarms",
    "retrainings",
    "promoted",
    "rejected",
  ];
  const rows = lines.map((line) => [
    line.quarter,
    error(line.loop),
    error(line.promised),
    error(line.neverRetrained),
    error(line.seasonalNaive),
    error(line.retrainedMonthly),
    (100 * line.coverage80).toFixed(1),
    (100 * line.coverage95).toFixed(1),
    `${line.alarms}`,
    `${line.retrainings}`,
    `${line.promotions}`,
    `${line.rejections}`,
  ]);
  const widths = header.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => (row[i] as string).length)),
  );
  const print = (cells: readonly string[]) =>
    console.log(
      cells
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
        .join("  "),
    );
  console.log(
    "\nMean absolute error in rentals per hour / MASE; coverage of the loop's intervals in percent:\n",
  );
  print(header);
  print(widths.map((width) => "-".repeat(width)));
  for (const row of rows) print(row);
  console.log(
    "\nRetrainings are those asked for, the drill among them: each ends promoted or rejected. The first model is promoted without one.",
  );
}

function quarterName(start: bigint): string {
  const [year, month] = formatInstant(start, { zone }).split("-");
  return `${year}Q${Math.ceil(Number(month) / 3)}`;
}
