// Drift tests, drift streams and data quality on real data, week by week: all weeks, and those that the calendar says are quiet (quiet.ts).
// Run: npm run bench -- real-weeks [--taxis nyc_taxi.csv], the file of https://github.com/numenta/NAB, data/realKnownCause.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  type Columns,
  columnsFromArrays,
  float64,
  formatInstant,
  sliceColumns,
  timestamp,
  toMicros,
} from "@tsops/core";
import { checkQuality, driftTest, learnQuality, streamingDrift } from "@tsops/monitor";
import { bikeSharing } from "@tsops/store/datasets";
import { day, hasEvent, isMidSeason, type KnownEvents, newYork, washington } from "./quiet.ts";

/** A series without gaps. */
interface RealData {
  readonly rows: Columns;
  readonly rowsOfDay: number;
  /** Columns that may drift; what follows from the calendar is left out. */
  readonly columns: readonly string[];
  readonly events: KnownEvents;
}

const { values: args } = parseArgs({ options: { taxis: { type: "string" } } });
const data: Record<string, RealData> = {
  "bike rentals": {
    rows: await bikeSharing(),
    rowsOfDay: 24,
    columns: ["users", "weather", "temp", "atemp", "hum", "windspeed"],
    events: washington,
  },
};
if (args.taxis !== undefined)
  data["taxi rides"] = { rows: taxiRides(args.taxis), rowsOfDay: 48, columns: ["rides"], events: newYork };

/** `timestamp,value` by half-hour, in the wall clock of New York: every day has 48, so they are read at a fixed offset. */
function taxiRides(path: string): Columns {
  const lines = readFileSync(path, "utf8").trim().split("\n").slice(1);
  const parts = lines.map((line) => line.split(",") as [string, string]);
  return columnsFromArrays(
    { at: timestamp({ zone: "-05:00" }), rides: float64() },
    {
      at: BigInt64Array.from(parts, ([at]) => toMicros(`${at.replace(" ", "T")}-05:00`)),
      rides: Float64Array.from(parts, ([, rides]) => Number(rides)),
    },
  );
}

const week = 7n * day;
const timeOf = ({ rows }: RealData, row: number): bigint =>
  (rows.data["at"] as { readonly values: BigInt64Array }).values[row] as bigint;

/** Monday of the first full week. */
function firstMonday(one: RealData): number {
  const weekday = new Date(Number(timeOf(one, 0) / 1000n)).getUTCDay();
  return ((8 - weekday) % 7) * one.rowsOfDay;
}

/** Which comparisons of a week with the four before it count. */
const choices: Record<string, (one: RealData, from: bigint, to: bigint) => boolean> = {
  "all weeks": () => true,
  "no known event in the week": ({ events }, _, to) => !hasEvent(events, to - week, to),
  "none in the five weeks": ({ events }, from, to) => !hasEvent(events, from, to),
  "none in the five weeks, mid-season": ({ events }, from, to) =>
    !hasEvent(events, from, to) && isMidSeason(from, to),
};

interface Share {
  windows: number;
  alarms: number;
}
const none = (): Share => ({ windows: 0, alarms: 0 });
function count(share: Share, alarm: boolean): void {
  share.windows++;
  if (alarm) share.alarms++;
}

/** Windows and alarms by choice, with a week that begins every so many days: of reports, and of columns by themselves (p at most 0.05). */
function driftByWeek(one: RealData, everyDays: number, names: readonly string[]) {
  const { rows, rowsOfDay, columns } = one;
  const figures = names.map((name) => ({
    name,
    reports: none(),
    columns: Object.fromEntries(columns.map((column) => [column, none()])),
    found: [] as string[],
  }));
  const [reference, current] = [28 * rowsOfDay, 7 * rowsOfDay];
  for (let at = firstMonday(one); at + reference + current <= rows.length; at += everyDays * rowsOfDay) {
    const from = timeOf(one, at);
    const to = from + 35n * day;
    const chosen = figures.filter(({ name }) => choices[name]?.(one, from, to));
    if (chosen.length === 0) continue;
    const report = driftTest(
      sliceColumns(rows, at, at + reference),
      sliceColumns(rows, at + reference, at + reference + current),
      { time: "at", columns: [...columns], zone: "-05:00" },
    );
    for (const figure of chosen) {
      count(figure.reports, report.drift === true);
      for (const { column, pValue, drift, tests } of report.columns) {
        count(figure.columns[column] as Share, pValue <= 0.05);
        if (drift)
          figure.found.push(`${formatInstant(to - week, { zone: "-05:00" })}: ${tests[0]?.sentence}`);
      }
    }
  }
  return figures;
}

/** Streams on the first column, with references of so many weeks that begin every three weeks. */
function streams(one: RealData, weeks: number) {
  const { rows, rowsOfDay, columns } = one;
  const [column] = columns as [string];
  const { values } = rows.data[column] as { readonly values: Float64Array };
  const oneWeek = 7 * rowsOfDay;
  const within = { week: none(), fourWeeks: none() };
  const quiet = { ...none(), weeks: 0 };
  for (let at = firstMonday(one); at + (weeks + 1) * oneWeek <= rows.length; at += 3 * oneWeek) {
    const watched = at + weeks * oneWeek;
    const stream = streamingDrift(sliceColumns(rows, at, watched), { time: "at", column, zone: "-05:00" });
    const end = Math.min(rows.length, watched + 4 * oneWeek);
    let row = watched;
    while (row < end && !stream.update(timeOf(one, row), values[row] as number)) row++;
    count(within.week, row - watched < oneWeek);
    if (watched + 4 * oneWeek <= rows.length) count(within.fourWeeks, row < end);
    // As long as neither the reference nor what was watched holds a known event.
    let calm = watched;
    while (calm < end && !hasEvent(one.events, timeOf(one, at), timeOf(one, calm) + 1n)) calm++;
    if (calm - watched < oneWeek) continue;
    count(quiet, row < calm);
    quiet.weeks += (calm - watched) / oneWeek;
  }
  return { ...within, quiet };
}

/** Findings of each week by the rules of the weeks before it. */
function quality(one: RealData, weeks: number) {
  const { rows, rowsOfDay } = one;
  const table = { keys: [], eventTime: "at" };
  const oneWeek = 7 * rowsOfDay;
  const found = { weeks: 0, withError: 0, withWarning: 0, findings: [] as string[] };
  for (let at = weeks * oneWeek; at + oneWeek <= rows.length; at += oneWeek) {
    const rules = learnQuality(sliceColumns(rows, at - weeks * oneWeek, at), { table, zone: "-05:00" });
    const findings = checkQuality(sliceColumns(rows, at, at + oneWeek), { rules });
    found.weeks++;
    if (findings.some(({ severity }) => severity === "error")) found.withError++;
    if (findings.some(({ severity }) => severity === "warning")) found.withWarning++;
    for (const { severity, sentence } of findings)
      if (severity !== "info") found.findings.push(`${severity}: ${sentence}`);
  }
  return found;
}

const results: Record<string, unknown> = {};
for (const [name, one] of Object.entries(data)) {
  const figures = {
    driftByWeek: driftByWeek(one, 7, Object.keys(choices)),
    // Weeks that overlap: more of them, and alarms that come in runs.
    driftFromEveryDay: driftByWeek(one, 1, Object.keys(choices).slice(2)),
    streams: Object.fromEntries([4, 12].map((weeks) => [`${weeks} weeks of reference`, streams(one, weeks)])),
    quality: Object.fromEntries(
      [8, 26, 52]
        .filter((weeks) => weeks <= one.rows.length / one.rowsOfDay / 14)
        .map((weeks) => [`rules of ${weeks} weeks`, quality(one, weeks)]),
    ),
  };
  results[name] = figures;
  console.log(name, JSON.stringify(figures, null, 2));
}
writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify({ node: process.version, results }, null, 2)}\n`,
);
