// Two years of bike rentals watched by the real monitor: cheap forecasters in place of trained ones, everything else as in an app.
import {
  type Columns,
  columnsFromArrays,
  type DecisionRecord,
  float64,
  gate,
  type ModelVersion,
  type PredictionRecord,
  parseFrequency,
  seasonalNaiveScale,
  sliceColumns,
  takeColumns,
  timestamp,
  virtualClock,
  withColumn,
} from "@tsops/core";
import {
  type AlertRuleOptions,
  type AlertState,
  checkQuality,
  driftDecision,
  driftTest,
  evaluateAlerts,
  evaluateRetrain,
  joinOutcomes,
  lastRetrainAttempt,
  observePerformance,
  performanceByWindow,
  retrainPolicy,
} from "@tsops/monitor";
import type { ReportData } from "@tsops/monitor/report";
import { bikeSharing } from "@tsops/store/datasets";

const zone = "-05:00";
const days = parseFrequency("1d", { zone });
const weeks = parseFrequency("1w", { zone });
const firstDay = 181;
const subject = "bike-demand";

/** A day on which the 95 % interval holds less than half of the hours. */
const unusualDays: AlertRuleOptions = {
  name: "unusual day",
  signal: "coverage",
  where: { level: "95" },
  when: { below: 0.5 },
  raise: { k: 1, of: 1 },
  resolve: { k: 1, of: 1 },
  tellResolved: false,
};

/** Ways to forecast a row from earlier days; each promotion moves on to the next. */
const forecasters: readonly ((y: Float64Array, row: number) => number)[] = [
  (y, row) => y[row - 168] as number,
  (y, row) => 0.5 * (y[row - 168] as number) + 0.5 * (y[row - 336] as number),
  (y, row) =>
    0.4 * (y[row - 168] as number) + 0.6 * ((y[row - 24] as number) + (y[row - 168] as number)) * 0.5,
];

/** What an app would have in its logs at the end of 2012. */
export async function simulatedLoop(): Promise<ReportData> {
  const bikes = await bikeSharing();
  const at = bikes.data.at.values;
  const y = Float64Array.from(bikes.data.users.values, Number);
  const lastDay = bikes.length / 24;
  const outcomes: Columns = columnsFromArrays({ at: timestamp(), users: float64() }, { at, users: y });
  const midnight = (day: number) => days.add(at[0] as bigint, day);
  const names = { keys: [], time: "at", target: "users" } as const;
  const policy = retrainPolicy({ zone, ratio: 1.1, holdout: 28 });

  const predictions: PredictionRecord[] = [];
  const decisions: DecisionRecord[] = [];
  let alertState: AlertState | null = null;
  let version = 1;
  let champion = { name: `${subject} v1`, since: midnight(firstDay), expectedError: 40 };
  for (let day = firstDay; day < lastDay; day++) {
    const now = midnight(day);
    const about = { subject, now, requestedBy: "daily" };
    const recent = sliceColumns(outcomes, 24 * (day - 60), 24 * day);
    const served = await joinOutcomes(predictions.slice(-60), recent, names);
    const history = performanceByWindow(served, { window: "1d", zone });
    const evaluated = evaluateAlerts({
      rules: [unusualDays],
      observations: observePerformance(history.slice(-1), { subject }),
      state: alertState,
      now,
      requestedBy: "daily",
    });
    decisions.push(...evaluated.alerts);
    alertState = evaluated.state;
    if (weeks.isOnGrid(now) && day > lastDay - 200)
      decisions.push(
        driftDecision(
          driftTest(
            sliceColumns(bikes, 24 * (day - 35), 24 * (day - 7)),
            sliceColumns(bikes, 24 * (day - 7), 24 * day),
            {
              time: "at",
              columns: ["users", "temp", "hum", "windspeed", "weather"],
              season: [24],
              zone,
            },
          ),
          about,
        ),
      );
    const state = { champion, lastAttemptAt: lastRetrainAttempt(decisions, subject) };
    const asked = evaluateRetrain({ policy, history, state, ...about });
    decisions.push(asked);
    if (asked.verdict === "retrain") {
      const candidate = forecasters[version % forecasters.length] as (typeof forecasters)[number];
      const replayed = Array.from({ length: 28 }, (_, i) => prediction(version + 1, candidate, day - 28 + i));
      const backtest = await joinOutcomes(replayed, recent, names);
      const decision = gate({
        subject,
        candidate: { name: `${subject} v${version + 1}`, backtest },
        champion: {
          name: champion.name,
          backtest: await joinOutcomes(predictions.slice(-28), recent, names),
        },
        alpha: 0.1,
        clock: virtualClock(now),
        requestedBy: "daily",
      });
      decisions.push(decision);
      if (decision.verdict === "promote") {
        version++;
        champion = {
          name: `${subject} v${version}`,
          since: now,
          expectedError: decision.evidence.candidate.loss,
        };
      }
    }
    predictions.push(prediction(version, forecasters[(version - 1) % forecasters.length] as never, day));
  }

  function prediction(
    modelVersion: number,
    forecast: (typeof forecasters)[number],
    day: number,
  ): PredictionRecord {
    const rows = Array.from({ length: 24 }, (_, hour) => 24 * day + hour);
    const mean = Float64Array.from(rows, (row) => forecast(y, row));
    const scores = rows.map((row) =>
      Array.from({ length: 84 }, (_, i) => row - 24 * (1 + Math.floor(i / 3)) + (i % 3) - 1)
        .filter((past) => past < 24 * day && past >= 336)
        .map((past) => Math.abs((y[past] as number) - forecast(y, past)))
        .sort((a, b) => a - b),
    );
    const quantiles = [0.025, 0.1, 0.9, 0.975].map((probability) => ({
      probability,
      values: mean.map((value, hour) => {
        const sorted = scores[hour] as number[];
        const reach = sorted[Math.floor(sorted.length * Math.abs(2 * probability - 1))] ?? 0;
        return Math.max(0, value + (probability < 0.5 ? -reach : reach));
      }),
    }));
    return {
      predictionId: `day-${day}-v${modelVersion}`,
      requestId: `day-${day}`,
      deployment: subject,
      model: subject,
      modelVersion,
      role: "champion",
      key: {},
      cutoff: (at[24 * day] as bigint) - 1n,
      servedAt: at[24 * day] as bigint,
      latencyMs: 1,
      times: at.slice(24 * day, 24 * day + 24),
      mean,
      quantiles,
      features: {},
      statuses: {},
      featureTimes: {},
      featureTables: {},
    };
  }

  const first = 24 * firstDay;
  const naive = (lag: number) => ({
    time: at.slice(first),
    mean: Float64Array.from(y.subarray(first), (_, i) => y[first + i - lag] as number),
  });
  const known = sliceColumns(outcomes, 0, outcomes.length - 12);
  return {
    title: "bike-demand",
    subtitle: "Rentals of Capital Bikeshare in Washington, forecast every midnight for the day to come.",
    now: midnight(lastDay),
    zone,
    target: { name: "rentals", unit: "rentals/h" },
    served: await joinOutcomes(predictions, known, names),
    scale: seasonalNaiveScale(y.subarray(0, first), 168),
    comparisons: [
      { name: "yesterday again", ...naive(24) },
      { name: "two weeks ago again", ...naive(336) },
    ],
    decisions,
    quality: checkQuality(oddRows(bikes), {
      table: { keys: [], eventTime: "at" },
      frequency: "1h",
      zone,
      ranges: { hum: { min: 0, max: 100 }, weather: { oneOf: ["clear", "mist"] } },
    }),
    champion: championVersion(version, midnight(lastDay - 70)),
  };
}

/** The last quarter with two days cut out and a sensor that went wrong. */
function oddRows(bikes: Columns): Columns {
  const rows = Int32Array.from({ length: 2208 }, (_, i) => bikes.length - 2208 + i).filter(
    (_, i) => i < 700 || i >= 748,
  );
  const odd = takeColumns(bikes, rows);
  const hum = (odd.data["hum"] as { values: Float64Array }).values.slice();
  hum.fill(Number.NaN, 100, 110);
  hum.fill(140, 200, 203);
  return withColumn(odd, "hum", float64({ unit: "%" }), { kind: "float64", values: hum, valid: null });
}

function championVersion(version: number, createdAt: bigint): ModelVersion {
  const digest = (seed: string) => seed.repeat(64).slice(0, 64);
  return {
    name: subject,
    version,
    runId: digest("3f9a1c").slice(0, 32),
    modelId: "m-3f9a1c",
    createdAt,
    aliases: ["champion"],
    tags: {},
    lineage: {
      codeVersion: "f4a4711",
      definitionHash: digest("a81b"),
      trainingSet: {
        name: subject,
        definitionHash: digest("77c0de"),
        tables: [
          { table: "demand", version: 641 },
          { table: "weather", version: 642 },
        ],
        rows: 15_384,
        contentHash: digest("5eed42"),
      },
      modelHash: digest("c4f3"),
      seed: "bikes",
      environment: { node: "20.20.2", "@tsops/core": "0.1.0" },
    },
  };
}
