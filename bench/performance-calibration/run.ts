// How often what watches performance raises an alarm when nothing is wrong (nominal 5 %), and when something is: the coverage watch, "worse than
// promised", changes of the error's level, worst segments, features that explain the error's growth. Hourly forecasts for 24 hours; errors follow each other.
// Run: npm run bench -- performance-calibration [coverage|promise|change|segments|features]: with a part that one is measured anew and the others stay as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createRandom, normalQuantile, type Random } from "@tsops/core";
import {
  coverageWatch,
  type ErrorGrowth,
  errorChanges,
  explainErrorGrowth,
  type JoinedOutcomes,
  worseThanPromised,
  worstSegments,
} from "@tsops/monitor";
import { joinedOf } from "../../packages/monitor/test/joined-outcomes.ts";

const hour = 3_600_000_000n;
const z = normalQuantile(0.9);
const [only] = process.argv.slice(2);
const file = new URL("results.json", import.meta.url);
const results: Record<string, Record<string, number>> = only === undefined
  ? {}
  : JSON.parse(readFileSync(file, "utf8")).results;
const isWanted = (part: string): boolean => only === undefined || only === part;

function persistent(random: Random, length: number, phi: number): Float64Array {
  let level = random.normal();
  return Float64Array.from({ length }, () => {
    level = phi * level + Math.sqrt(1 - phi * phi) * random.normal();
    return level;
  });
}

/** Errors by series and hour as predictions from cutoffs every `every` hours, with intervals that cover 80 % of a standard normal error. */
function served(errors: readonly Float64Array[], every = 24, horizon = 24): JoinedOutcomes {
  const perSeries = Math.floor(((errors[0] as Float64Array).length - horizon) / every) + 1;
  const length = errors.length * perSeries * horizon;
  const place = (row: number) => {
    const series = Math.floor(row / (perSeries * horizon));
    const cutoff = every * (Math.floor(row / horizon) % perSeries);
    return { series, cutoff, step: 1 + (row % horizon) };
  };
  const micros = (read: (row: number) => number) =>
    BigInt64Array.from({ length }, (_, row) => hour * BigInt(read(row)));
  const whole = (read: (row: number) => number) => Int32Array.from({ length }, (_, row) => read(row));
  return joinedOf({
    series: errors.map((_, i) => ({ id: `${i}` })),
    seriesIndex: whole((row) => place(row).series),
    step: whole((row) => place(row).step),
    cutoff: micros((row) => place(row).cutoff),
    time: micros((row) => place(row).cutoff + place(row).step),
    y: Float64Array.from({ length }, (_, row) => {
      const { series, cutoff, step } = place(row);
      return errors[series]?.[cutoff + step - 1] as number;
    }),
    quantiles: [0.1, 0.9].map((probability) => ({
      probability,
      values: new Float64Array(length).fill(probability < 0.5 ? -z : z),
    })),
  });
}

function report(name: string, figures: Record<string, number>): void {
  results[name] = Object.fromEntries(
    Object.entries(figures).map(([label, value]) => [label, Number(value.toFixed(4))]),
  );
  console.log(name, JSON.stringify(results[name]));
}

/** Share of the runs in which a claim holds. */
function share(repeats: number, name: string, holds: (random: Random) => boolean): number {
  let count = 0;
  for (let run = 0; run < repeats; run++) if (holds(createRandom(`${name}/${run}`))) count++;
  return count / repeats;
}

const days = 180;
for (const { phi, every } of isWanted("coverage")
  ? [
      { phi: 0, every: 24 },
      { phi: 0.5, every: 24 },
      { phi: 0.9, every: 24 },
      { phi: 0.9, every: 6 },
    ]
  : []) {
  const name = `coverage, AR ${phi}, a cutoff every ${every} h`;
  const delays: number[] = [];
  const alarms = (size: number) => (random: Random) => {
    const errors = persistent(random, 24 * days, phi).map((error) => error * size);
    const watch = coverageWatch({ level: 80 });
    watch.update(served([errors], every));
    if (watch.alarmTime !== null) delays.push(Number(watch.alarmTime / hour) / 24);
    return watch.alarm;
  };
  const falseAlarms = share(1000, name, alarms(1));
  delays.length = 0;
  const found = share(every === 24 ? 300 : 100, `${name} 65`, alarms(z / normalQuantile(0.825)));
  delays.sort((a, b) => a - b);
  report(name, { falseAlarms, foundAt65: found, medianDays: delays[delays.length >> 1] ?? Number.NaN });
}

for (const { live, past, phi } of isWanted("promise")
  ? [
      { live: 14, past: 28, phi: 0.5 },
      { live: 14, past: 28, phi: 0.9 },
      { live: 28, past: 28, phi: 0.9 },
    ]
  : []) {
  const name = `promise, AR ${phi}, ${live} live and ${past} backtested days`;
  const isWorse = (size: number) => (random: Random) => {
    const backtest = served([persistent(random, 24 * past, phi)]);
    return worseThanPromised(
      served([persistent(random, 24 * live, phi).map((error) => error * size)]),
      backtest,
    ).isWorse;
  };
  report(name, {
    falseAlarms: share(1000, name, isWorse(1)),
    found1_3: share(300, name, isWorse(1.3)),
    found1_5: share(300, name, isWorse(1.5)),
  });
}

for (const { windows, phi } of isWanted("change")
  ? [
      { windows: 60, phi: 0 },
      { windows: 60, phi: 0.5 },
      { windows: 120, phi: 0.5 },
      { windows: 60, phi: 0.9 },
    ]
  : []) {
  const name = `change, AR ${phi}, ${windows} windows`;
  const truth = Math.floor((2 * windows) / 3);
  let held = 0;
  /** A step of the size at two thirds, or a stretch of a quarter of the windows before that. */
  const changes =
    (size: number, isStretch = false) =>
    (random: Random) => {
      const noise = persistent(random, windows, phi);
      const list = Array.from(noise, (value, i) => ({
        start: 24n * hour * BigInt(i),
        mae:
          Math.exp(0.3 * value) *
          ((isStretch ? i >= truth - windows / 4 && i < truth : i >= truth) ? size : 1),
        rmse: 0,
        mase: 0,
        bias: 0,
      }));
      const found = errorChanges(list).changes;
      const last = found.at(-1);
      const start = 24n * hour * BigInt(truth);
      if (last !== undefined && last.interval[0] <= start && start <= last.interval[1]) held++;
      return isStretch ? last?.isReturn === true : last !== undefined;
    };
  const falseAlarms = share(1000, name, changes(1));
  held = 0;
  const found = share(300, name, changes(1.6));
  const intervalHolds = held / (300 * found);
  const returned2 = share(300, `${name}, back`, changes(2, true));
  report(name, { falseAlarms, found1_6: found, intervalHolds, returned2 });
}

for (const { keys, days: length, phi } of isWanted("segments")
  ? [
      { keys: 1000, days: 5, phi: 0.5 },
      { keys: 100, days: 28, phi: 0.9 },
    ]
  : []) {
  const name = `segments, AR ${phi}, ${keys} series of ${length} forecasts of 4 h`;
  let right = 0;
  const says = (size: number) => (random: Random) => {
    const errors = Array.from({ length: keys }, (_, i) =>
      persistent(random, 4 * length, phi).map((error) => error * (i < 3 ? size : 1)),
    );
    const found = worstSegments(served(errors, 4, 4), { split: ["key"] });
    right += found.segments.filter(({ isWorse, key }) => isWorse && Number(key?.["id"]) < 3).length;
    return found.worse > 0;
  };
  const anyFalse = share(200, name, says(1));
  right = 0;
  share(50, name, says(2));
  report(name, { anyFalse, foundOf3: right / 50 });
}

/** Errors grow because the wind does; the decoy drifts as far and has nothing to do with them. */
for (const rows of isWanted("features") ? [300] : []) {
  const name = `features, ${rows} and ${rows} rows`;
  const counts = { found: 0, decoyFound: 0, decoyOfNone: 0, usable: 0 };
  const repeats = 60;
  for (let run = 0; run < repeats; run++) {
    const random = createRandom(`${name}/${run}`);
    const explained = async (grows: boolean) => {
      const length = 2 * rows;
      const wind = Float64Array.from(
        { length },
        (_, row) => random.uniform(0, 6) + (grows && row >= rows ? 1.5 : 0),
      );
      const decoy = Float64Array.from({ length }, (_, row) => random.normal(row >= rows ? 2 : 0));
      const joined = joinedOf({
        step: new Int32Array(length).fill(1),
        cutoff: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row - 1)),
        time: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row)),
        y: wind.map((value) => random.normal(0, 1 + value)),
        carried: { wind: Array.from(wind), decoy: Array.from(decoy) },
      });
      return explainErrorGrowth(joined, {
        features: ["wind", "decoy"],
        reference: { start: 0n, end: hour * BigInt(rows) },
        current: { start: hour * BigInt(rows), end: hour * BigInt(length) },
      });
    };
    const isProven = ({ features, usable }: ErrorGrowth, wanted: string) =>
      usable && features.some(({ feature, interval }) => feature === wanted && interval[0] > 0);
    const grown = await explained(true);
    if (grown.usable) counts.usable++;
    if (isProven(grown, "wind")) counts.found++;
    if (isProven(grown, "decoy")) counts.decoyFound++;
    if (isProven(await explained(false), "decoy")) counts.decoyOfNone++;
  }
  report(name, Object.fromEntries(Object.entries(counts).map(([label, count]) => [label, count / repeats])));
}

writeFileSync(
  file,
  `${JSON.stringify({ machine: `${cpus()[0]?.model}, ${cpus().length} cores`, node: process.version, results }, null, 2)}\n`,
);
