// How often the gate's test promotes a model that is no better (size, nominal 5 %) and one that is (power), by what counts as
// an observation and how autocorrelation is allowed for. Loss differences of hourly forecasts for 24 hours, one fold a day.
// Run: npm run bench -- gate [kernel [repeats]]: with a kernel that one is measured anew and the others stay as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createRandom, dieboldMariano, type VarianceKernel } from "@tsops/core";
import { measureCandidates } from "./candidates.ts";
import { persistent } from "./persistent.ts";

const [only, asked] = process.argv.slice(2);
const repeats = Number(asked ?? 2000);
const alpha = 0.05;
const steps = 24;
/** Loss difference of mean 0 and variance 1 per hour, of which a share persists: from hour to hour, and from day to day. */
const scenarios = {
  "independent hours": { hour: 0, day: 0, dayShare: 0 },
  "hours follow each other (AR 0.9)": { hour: 0.9, day: 0, dayShare: 0 },
  "days follow each other too (AR 0.5)": { hour: 0.9, day: 0.5, dayShare: 0.5 },
  "days follow each other closely (AR 0.8)": { hour: 0.9, day: 0.8, dayShare: 0.5 },
} as const;
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
for (const [name, { hour, day, dayShare }] of Object.entries(scenarios)) {
  results[name] ??= {};
  for (const folds of [8, 14, 28, 60]) {
    const counts = methods.map(() => ({ falsePromotions: 0, power: 0 }));
    const random = createRandom(`${name}/${folds}`);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const hourly = persistent(random, hour);
      const daily = persistent(random, day);
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

writeFileSync(
  file,
  `${JSON.stringify({ machine: `${cpus()[0]?.model}, ${cpus().length} cores`, node: process.version, repeats, alpha, shift: 0.5, results, candidates: measureCandidates(repeats / 2) }, null, 2)}\n`,
);
