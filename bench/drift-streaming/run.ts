// How often streaming detectors alarm in 20 weeks of looking every hour when nothing changed, and how many hours after a change.
// Run: npm run bench -- drift-streaming
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { columnsFromArrays, createRandom, float64, type Random, timestamp } from "@tsops/core";
import { adwin, cusum, pageHinkley, streamingDrift } from "@tsops/monitor";
import { ar1, arma, daily, garch, laplace, poisson, t3 } from "../harness/noise.ts";

const repeats = 200;
const alpha = 0.05;
const hour = 3_600_000_000n;
const start = 1_767_571_200_000_000n; // 2026-01-05T00:00Z, a Monday
const week = 168;
const watched = 20 * week;
const changeAfter = 4 * week;

type Noise = (random: Random, length: number) => Float64Array;

const seasonal =
  (noise: Noise): Noise =>
  (random, length) =>
    noise(random, length).map((value, row) => value + daily(row));

const quiet: Record<string, Noise> = {};
for (const phi of [0, 0.5, 0.9]) {
  quiet[`AR ${phi}`] = (random, length) => ar1(random, length, phi);
  quiet[`AR ${phi} + season`] = seasonal((random, length) => ar1(random, length, phi));
}
quiet["ARMA(2,1) + season"] = seasonal((random, length) =>
  arma(length, [1.2, -0.3], [0.5], () => random.normal()),
);
quiet["t3, AR 0.5 + season"] = seasonal((random, length) => arma(length, [0.5], [], () => t3(random)));
quiet["t3, AR 0.9 + season"] = seasonal((random, length) => arma(length, [0.9], [], () => t3(random)));
quiet["noise wider by day, AR 0.8 + season"] = seasonal((random, length) =>
  arma(length, [0.8], [], (row) => random.normal() * (1 + 0.5 * daily(row))),
);
quiet["GARCH(1,1), AR 0.5 + season"] = seasonal((random, length) => arma(length, [0.5], [], garch(random)));
quiet["exp(AR 0.5 / 2 + season / 2)"] = (random, length) =>
  ar1(random, length, 0.5).map((value, row) => Math.exp((value + daily(row)) / 2));
quiet["exp(AR 0.9 + season / 2)"] = (random, length) =>
  ar1(random, length, 0.9).map((value, row) => Math.exp(value + daily(row) / 2));
quiet["Poisson counts of rate exp(0.5 + 0.4 AR 0.9 + season / 6)"] = (random, length) =>
  ar1(random, length, 0.9).map((value, row) =>
    poisson(random, Math.exp(0.5 + 0.4 * value + 0.25 * daily(row))),
  );
quiet["spikes of 8 sd in 2 % of rows, AR 0.5"] = (random, length) =>
  ar1(random, length, 0.5).map((value) => (random.uniform() < 0.02 ? value + 8 : value));
quiet["AR 0.9 + day and week"] = (random, length) =>
  ar1(random, length, 0.9).map((value, row) => value + daily(row) * (row % week >= 120 ? 0.3 : 1));
quiet["t3"] = (random, length) => arma(length, [], [], () => t3(random));
quiet["GARCH(1,1)"] = (random, length) => arma(length, [], [], garch(random));
quiet["exp(AR 0.9)"] = (random, length) => ar1(random, length, 0.9).map(Math.exp);
quiet["Poisson counts of mean 5, rate exp(1.55 + 0.35 AR 0.5)"] = (random, length) =>
  ar1(random, length, 0.5).map((value) => poisson(random, Math.exp(1.55 + 0.35 * value)));
quiet["Poisson counts of mean 5, rate exp(1.5 + 0.35 AR 0.5 + season / 4)"] = (random, length) =>
  ar1(random, length, 0.5).map((value, row) =>
    poisson(random, Math.exp(1.5 + 0.35 * value + 0.25 * daily(row))),
  );

/** AR 0.9 + season that changes `changeAfter` hours after the reference. */
const changes: Record<string, (random: Random, length: number, from: number) => Float64Array> = {
  "mean + 1": (random, length, from) =>
    ar1(random, length, 0.9).map((value, row) => value + daily(row) + (row >= from ? 1 : 0)),
  "variance x 2": (random, length, from) =>
    ar1(random, length, 0.9).map((value, row) => value * (row >= from ? Math.SQRT2 : 1) + daily(row)),
  "pattern 3 h later": (random, length, from) =>
    ar1(random, length, 0.9).map((value, row) => value + daily(row >= from ? row - 3 : row)),
  "Laplace for normal shocks": (random, length, from) =>
    ar1(random, length, 0.9, (row) => (row >= from ? laplace(random) : random.normal())).map(
      (value, row) => value + daily(row),
    ),
};

/** Watched hours until the first alarm; infinite for none. */
function ourDelay(values: Float64Array, referenceRows: number, season = [24]): number {
  const reference = columnsFromArrays(
    { at: timestamp(), y: float64() },
    {
      at: BigInt64Array.from({ length: referenceRows }, (_, i) => start + hour * BigInt(i)),
      y: values.slice(0, referenceRows),
    },
  );
  const detector = streamingDrift(reference, { time: "at", column: "y", season, alpha });
  let time = start + hour * BigInt(referenceRows);
  for (let row = referenceRows; row < values.length; row++, time += hour)
    if (detector.update(time, values[row] as number)) return row - referenceRows;
  return Number.POSITIVE_INFINITY;
}

/** Each value of a detector's statistic, which alarms above a threshold. Until the first alarm it does not depend on the threshold. */
type Statistic = (values: Float64Array, reference: Float64Array) => Float64Array;
const never = Number.MAX_VALUE;

/** KSWIN's: distance between the last 30 values and 30 drawn from the 70 before. Its p-value falls with the distance. */
const kswin: Statistic = (values, reference) => {
  const all = Float64Array.from([...reference.subarray(-100), ...values]);
  const random = createRandom("kswin");
  return values.map((_, i) => {
    const end = i + 101;
    const drawn = Float64Array.from(
      { length: 30 },
      () => all[end - 100 + random.integer(70)] as number,
    ).sort();
    return kolmogorovSmirnov(drawn, all.slice(end - 30, end).sort());
  });
};

function kolmogorovSmirnov(x: Float64Array, y: Float64Array): number {
  let [i, j, largest] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i] as number, y[j] as number);
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / x.length - j / y.length));
  }
  return largest;
}

/** Evidently's rule for numbers, once a day over the last week: Wasserstein distance to the reference over its standard deviation. */
const wasserstein: Statistic = (values, reference) => {
  const sorted = reference.slice().sort();
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length);
  return values.map((_, i) => {
    if (i < week - 1 || (i + 1) % 24 !== 0) return 0;
    const recent = values.slice(i + 1 - week, i + 1).sort();
    let sum = 0;
    for (let k = 0; k < sorted.length; k++)
      sum += Math.abs((sorted[k] as number) - (recent[Math.floor((k * week) / sorted.length)] as number));
    return sum / sorted.length / deviation;
  });
};

const followed =
  (make: (reference: Float64Array) => ReturnType<typeof cusum>, settles: boolean): Statistic =>
  (values, reference) => {
    const detector = make(reference);
    if (settles) for (const value of reference) detector.update(value);
    return values.map((value) => {
      detector.update(value);
      return detector.statistic;
    });
  };
const statistics: Record<string, Statistic> = {
  "Page-Hinkley (delta 0.005)": followed(() => pageHinkley({ threshold: never }), true),
  "Page-Hinkley (delta 0.1)": followed(() => pageHinkley({ threshold: never, delta: 0.1 }), true),
  "CUSUM (slack 0.115 sd, half of mean + 1 on innovations)": followed(
    (reference) => cusum({ ...momentsOf(reference), slack: 0.115, threshold: never }),
    false,
  ),
  "CUSUM (slack 0.5 sd)": followed(
    (reference) => cusum({ ...momentsOf(reference), slack: 0.5, threshold: never }),
    false,
  ),
  KSWIN: kswin,
  "Evidently's Wasserstein rule, daily over a week": wasserstein,
};

function momentsOf(values: Float64Array): { target: number; deviation: number } {
  const target = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - target) ** 2, 0);
  return { target, deviation: Math.sqrt(squares / values.length) };
}

/** What a daily profile and an AR(1) of the reference leave: the simplest innovations. */
function whitened(values: Float64Array, referenceRows: number): Float64Array {
  const means = new Float64Array(24);
  for (let row = 0; row < referenceRows; row++)
    means[row % 24] = (means[row % 24] as number) + ((values[row] as number) * 24) / referenceRows;
  const deviations = values.map((value, row) => value - (means[row % 24] as number));
  let [products, squares] = [0, 0];
  for (let row = 1; row < referenceRows; row++) {
    products += (deviations[row] as number) * (deviations[row - 1] as number);
    squares += (deviations[row - 1] as number) ** 2;
  }
  const phi = products / squares;
  return deviations.map((value, row) => value - phi * (deviations[row - 1] ?? 0));
}

const referenceRows = 4 * week;
const allRows = referenceRows + watched;
type Split = readonly [values: Float64Array, reference: Float64Array];
const split = (values: Float64Array): Split => [
  values.subarray(referenceRows),
  values.subarray(0, referenceRows),
];

/** Hours from the change to the first alarm after it; runs that alarmed before are left out. */
function summary(alarms: readonly number[]) {
  const delays = alarms
    .filter((at) => at >= changeAfter)
    .map((at) => at - changeAfter)
    .sort((a, b) => a - b);
  const quantile = (q: number) => {
    const delay = delays[Math.floor(q * delays.length)] as number;
    return Number.isFinite(delay) ? delay : null;
  };
  const within = delays.filter((delay) => delay < week).length / delays.length;
  return {
    early: alarms.length - delays.length,
    lowerQuartile: quantile(0.25),
    median: quantile(0.5),
    upperQuartile: quantile(0.75),
    withinWeek: Number(within.toFixed(3)),
  };
}

const seriesOf = (name: string, make: Noise, length: number) =>
  Array.from({ length: repeats }, (_, i) => make(createRandom(`drift-streaming/${name}/${i}`), length));

const falseAlarms: Record<string, Record<string, number>> = {};
const started = performance.now();
for (const weeks of [4, 16])
  for (const [name, make] of Object.entries(quiet)) {
    const rows = weeks * week;
    const alarms = seriesOf(name, make, rows + watched).filter((values) =>
      Number.isFinite(ourDelay(values, rows, name.endsWith("week") ? [24, week] : [24])),
    );
    falseAlarms[name] ??= {};
    (falseAlarms[name] as Record<string, number>)[`${weeks} weeks of reference`] = alarms.length / repeats;
    console.log(name, `${weeks} weeks:`, alarms.length / repeats);
  }

const delays: Record<string, Record<string, ReturnType<typeof summary>>> = {};
const changed = Object.fromEntries(
  Object.entries(changes).map(([change, make]) => [
    change,
    seriesOf(change, (random, length) => make(random, length, referenceRows + changeAfter), allRows),
  ]),
);
const note = (change: string, detector: string, alarms: readonly number[]) => {
  delays[change] ??= {};
  (delays[change] as Record<string, unknown>)[detector] = summary(alarms);
  console.log(change, "-", detector, summary(alarms));
};
for (const [change, make] of Object.entries(changes)) {
  note(
    change,
    "tsops, 4 weeks of reference",
    (changed[change] ?? []).map((values) => ourDelay(values, referenceRows)),
  );
  const long = 16 * week;
  const series = seriesOf(
    `${change}, long`,
    (random, length) => make(random, length, long + changeAfter),
    long + watched,
  );
  note(
    change,
    "tsops, 16 weeks of reference",
    series.map((values) => ourDelay(values, long)),
  );
}
const calm = seriesOf("AR 0.9 + season, to tune", quiet["AR 0.9 + season"] as Noise, allRows);
for (const input of ["values", "innovations"] as const) {
  const splitOf = (values: Float64Array) =>
    split(input === "values" ? values : whitened(values, referenceRows));
  const calmSplits = calm.map(splitOf);
  for (const [name, statistic] of Object.entries(statistics)) {
    const highest = calmSplits.map((parts) => Math.max(...statistic(...parts))).sort((a, b) => a - b);
    const threshold = highest[Math.floor((1 - alpha) * repeats)] as number;
    for (const [change, series] of Object.entries(changed))
      note(
        change,
        `${name} on ${input}`,
        series.map((values) => firstAbove(statistic(...splitOf(values)), threshold)),
      );
  }
  const delta = tunedDelta(calmSplits);
  for (const [change, series] of Object.entries(changed))
    note(
      change,
      `ADWIN on ${input}`,
      series.map((values) => adwinDelay(splitOf(values), delta)),
    );
}

function firstAbove(statistic: Float64Array, threshold: number): number {
  const at = statistic.findIndex((value) => value > threshold);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

function adwinDelay([values, reference]: Split, delta: number): number {
  const detector = adwin({ delta, clock: 1 });
  for (const value of reference) detector.update(value);
  const at = values.findIndex((value) => detector.update(value));
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

/** The largest delta, to a tenth of its decimal logarithm, with which ADWIN alarms in at most `alpha` of the quiet runs. */
function tunedDelta(splits: readonly Split[]): number {
  let [low, high] = [-300, 0];
  while (high - low > 0.1) {
    const middle = (low + high) / 2;
    const alarms = splits.filter((parts) => Number.isFinite(adwinDelay(parts, 10 ** middle))).length;
    if (alarms / repeats <= alpha) low = middle;
    else high = middle;
  }
  return 10 ** low;
}

/** Microseconds of processor time of one update: the least of ten rounds. */
function updateMicros(): number {
  const values = seriesOf("speed", quiet["AR 0.9 + season"] as Noise, allRows)[0] as Float64Array;
  const at = BigInt64Array.from(values, (_, i) => start + hour * BigInt(i));
  const reference = columnsFromArrays(
    { at: timestamp(), y: float64() },
    { at: at.slice(0, referenceRows), y: values.slice(0, referenceRows) },
  );
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    const detector = streamingDrift(reference, { time: "at", column: "y", season: [24] });
    const from = process.cpuUsage();
    for (let row = referenceRows; row < values.length; row++)
      detector.update(at[row] as bigint, values[row] as number);
    const { user, system } = process.cpuUsage(from);
    least = Math.min(least, (user + system) / watched);
  }
  return Number(least.toPrecision(3));
}

const results = {
  machine: cpus()[0]?.model,
  node: process.version,
  loadAverage: loadavg()[0],
  repeats,
  alpha,
  updateMicros: updateMicros(),
  seconds: Math.round((performance.now() - started) / 1000),
  falseAlarms,
  delays,
};
writeFileSync(new URL("results.json", import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
