import {
  columnsFromArrays,
  createRandom,
  float64,
  type PredictionRecord,
  table,
  timestamp,
  utf8,
} from "@tsops/core";
import type { Home } from "@tsops/store";

const hour = 3_600_000_000n;
/** 2026-01-05, a Monday. */
const start = 1_767_571_200_000_000n;
const sites = ["north", "south"] as const;

/** Where the outcomes of `reportHome` come in. */
export const load = table({
  name: "load",
  columns: { site: utf8(), at: timestamp({ zone: "+01:00" }), mw: float64({ unit: "MW" }) },
  keys: ["site"],
  eventTime: "at",
});

const truth = (step: number, site: number) =>
  100 + 20 * site + 30 * Math.sin((Math.PI * step) / 12) + createRandom(`${site} ${step}`).normal();
const at = (step: number) => start + hour * BigInt(step);

/** Appends the outcomes of some days to the home's table. */
export async function observe(home: Home, days: readonly number[]): Promise<void> {
  const steps = days.flatMap((day) => Array.from({ length: 24 }, (_, i) => 24 * day + i));
  const rows = sites.flatMap((site, s) => steps.map((step) => ({ site, at: at(step), mw: truth(step, s) })));
  const opened = await home.table(load);
  await opened.append(
    columnsFromArrays(load.columns, {
      site: rows.map(({ site }) => site),
      at: BigInt64Array.from(rows, (row) => row.at),
      mw: Float64Array.from(rows, ({ mw }) => mw),
    }),
  );
}

/** Logs forecasts of some days, each made at the midnight that begins it. */
export async function serve(home: Home, days: readonly number[], deployment = "load"): Promise<void> {
  await home.predictions.append(
    days.flatMap((day) => sites.map((site, s) => forecast(day, site, s, deployment))),
  );
}

function forecast(day: number, site: string, s: number, deployment: string): PredictionRecord {
  const mean = Float64Array.from({ length: 24 }, (_, i) => truth(24 * day + i, s) + ((7 * i + day) % 5) - 2);
  return {
    predictionId: `${deployment}-${day}-${site}`,
    requestId: `${deployment}-${day}`,
    deployment,
    model: "load",
    modelVersion: 1,
    role: "champion",
    key: { site },
    cutoff: at(24 * day) - 1n,
    servedAt: at(24 * day),
    latencyMs: 1,
    times: BigInt64Array.from({ length: 24 }, (_, i) => at(24 * day + i)),
    mean,
    quantiles: [0.1, 0.9].map((probability) => ({
      probability,
      values: mean.map((value) => value + 4 * (probability < 0.5 ? -1 : 1)),
    })),
    features: { temp: mean.length === 0 ? [] : Array.from(mean, () => 1) },
    statuses: {},
    featureTimes: {},
    featureTables: {},
  };
}

/** Logs a decision about drift in two columns. */
export async function decideDrift(home: Home, day: number, subject = "load"): Promise<void> {
  const columns = ["temp", "wind"].map((column, i) => ({
    column,
    pValue: 10 ** -(4 * (1 - i)),
    adjustedPValue: 10 ** -(4 * (1 - i)),
    drift: i === 0,
    tests: ["level", "scale"].map((test) => ({
      test,
      statistic: 3,
      pValue: 10 ** -(4 * (1 - i)),
      effect: 1.5 + day,
      unit: "°C",
      sentence: `${column} is 1.5 °C higher.`,
    })),
  }));
  await home.decisions.append({
    id: `drift-${day}-${subject}`,
    kind: "drift",
    subject,
    time: at(24 * day),
    verdict: "drift",
    reason: `temp drifts on day ${day}.`,
    requestedBy: "daily",
    evidence: { columns },
  });
}
