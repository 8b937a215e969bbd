// How often the gate's test promotes a model that is no better (size, nominal 5 %) and one that is (power), by what counts as
// an observation and how autocorrelation is allowed for. Loss differences of hourly forecasts for 24 hours, one fold a day.
// Run: npm run bench -- gate [kernel [repeats]]: with a kernel that one is measured anew and the others stay as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createRandom, dieboldMariano, type Random, type VarianceKernel } from "@tsops/core";
import { measureCandidates } from "./candidates.ts";
import { persistent } from "./persistent.ts";

const [only, asked] = process.argv.slice(2);
const repeats = Number(asked ?? 2000);
const alpha = 0.05;
const steps = 24;
interface Scenario {
  readonly hour: number;
  readonly day: number;
  readonly dayShare: number;
  readonly days?: (random: Random) => () => number;
}
/** Loss difference of mean 0 and variance 1 per hour, of which a share persists: from hour to hour, and from day to day. */
const scenarios: Readonly<Record<string, Scenario>> = {
  "independent hours": { hour: 0, day: 0, dayShare: 0 },
  "hours follow each other (AR 0.9)": { hour: 0.9, day: 0, dayShare: 0 },
  "days follow each other too (AR 0.5)": { hour: 0.9, day: 0.5, dayShare: 0.5 },
  "days follow each other closely (AR 0.8)": { hour: 0.9, day: 0.8, dayShare: 0.5 },
  "days mostly a little better, now and then much worse (log-normal)": {
    hour: 0.9,
    day: 0,
    dayShare: 0.95,
    days: (random) => () => (Math.exp(random.normal()) - Math.exp(0.5)) / Math.sqrt((Math.E - 1) * Math.E),
  },
  "one of the two better for four weeks at a time": { hour: 0.9, day: 0, dayShare: 0.5, days: turns },
};
const all: readonly { readonly unit: "fold" | "time"; readonly kernel: VarianceKernel }[] = [
  { unit: "fold", kernel: "averaged" },
  { unit: "fold", kernel: "prewhitened" },
  { unit: "fold", kernel: "cosine" },
  { unit: "fold", kernel: "bartlett" },
  { unit: "fold", kernel: "rectangular" },
  { unit: "time", kernel: "averaged" },
  { unit: "time", kernel: "prewhitened" },
  { unit: "time", kernel: "cosine" },
  { unit: "time", kernel: "bartlett" },
  { unit: "time", kernel: "rectangular" },
];
const methods = all.filter(({ kernel }) => only === undefined || kernel === only);
if (methods.length === 0) throw new Error(`There is no kernel ${only}.`);
const file = new URL("results.json", import.meta.url);

type Figures = Record<
  string,
  Record<string, Record<string, { falsePromotions: number; power: number; repeats?: number }>>
>;
const results: Figures = only === undefined ? {} : JSON.parse(readFileSync(file, "utf8")).results;
for (const [name, { hour, day, dayShare, days }] of Object.entries(scenarios)) {
  results[name] ??= {};
  for (const folds of [8, 14, 28, 60]) {
    const counts = methods.map(() => ({ falsePromotions: 0, power: 0 }));
    const random = createRandom(`${name}/${folds}`);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const hourly = persistent(random, hour);
      const daily = days?.(random) ?? persistent(random, day);
      const perTime = new Float64Array(folds * steps);
      for (let fold = 0; fold < folds; fold++) {
        const level = Math.sqrt(dayShare) * daily();
        for (let step = 0; step < steps; step++)
          perTime[fold * steps + step] = level + Math.sqrt(1 - dayShare) * hourly();
      }
      const perFold = Float64Array.from({ length: folds }, (_, fold) => {
        const own = perTime.subarray(fold * steps, (fold + 1) * steps);
        return own.reduce((sum, value) => sum + value, 0) / steps;
      });
      methods.forEach(({ unit, kernel }, i) => {
        const losses = unit === "fold" ? perFold : perTime;
        const horizon = unit === "fold" ? 1 : steps;
        const isPromoted = (shift: number): boolean =>
          dieboldMariano(
            losses.map((value) => value - shift),
            new Float64Array(losses.length),
            {
              horizon,
              kernel,
              // As the gate has it.
              withoutSkewness: kernel === "prewhitened" || kernel === "averaged",
              alternative: "less",
            },
          ).pValue <= alpha;
        const count = counts[i] as { falsePromotions: number; power: number };
        if (isPromoted(0)) count.falsePromotions += 1 / repeats;
        if (isPromoted(0.5)) count.power += 1 / repeats;
      });
    }
    const measured = Object.fromEntries(
      methods.map(({ unit, kernel }, i) => [
        `${unit}, ${kernel}`,
        {
          falsePromotions: Number(counts[i]?.falsePromotions.toFixed(4)),
          power: Number(counts[i]?.power.toFixed(4)),
          ...(only === undefined ? {} : { repeats }),
        },
      ]),
    );
    results[name][`${folds} folds`] = { ...results[name][`${folds} folds`], ...measured };
    console.log(name, folds, JSON.stringify(measured));
  }
}

/** 1 or -1 for 28 days at a time, from a random day on. */
function turns(random: Random): () => number {
  let left = 1 + random.integer(28);
  const sign = () => (random.integer(2) === 0 ? -1 : 1);
  let level = sign();
  return () => {
    if (left-- === 0) [left, level] = [27, sign()];
    return level;
  };
}

/** The gate's test by fold and by stretch of 28 days where the two models take turns of 28 days, and the power of the latter. */
const stretches = [112, 168, 364].map((folds) => {
  const random = createRandom(`stretches/${folds}`);
  const counts = { falseByFold: 0, falseByStretch: 0, power: 0 };
  const isPromoted = (losses: Float64Array) =>
    dieboldMariano(losses, new Float64Array(losses.length), {
      kernel: "prewhitened",
      withoutSkewness: true,
      alternative: "less",
    }).pValue <= alpha;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const level = turns(random);
    const losses = Float64Array.from({ length: folds }, () => level() + random.normal());
    const means = Float64Array.from(
      { length: folds / 28 },
      (_, i) => losses.subarray(28 * i, 28 * i + 28).reduce((sum, value) => sum + value, 0) / 28,
    );
    if (isPromoted(losses)) counts.falseByFold += 1 / repeats;
    if (isPromoted(means)) counts.falseByStretch += 1 / repeats;
    if (isPromoted(means.map((value) => value - 1))) counts.power += 1 / repeats;
  }
  const rounded = Object.entries(counts).map(([name, share]) => [name, Number(share.toFixed(4))]);
  return { folds, ...Object.fromEntries(rounded) };
});
console.log(JSON.stringify(stretches));

writeFileSync(
  file,
  `${JSON.stringify({ machine: `${cpus()[0]?.model}, ${cpus().length} cores`, node: process.version, repeats, alpha, shift: 0.5, results, stretches, candidates: measureCandidates(repeats / 2) }, null, 2)}\n`,
);
