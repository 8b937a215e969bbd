import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runFrom } from "../../../../test/run-from.ts";
import { localParts } from "../../local/local-forecaster.ts";
import { ets, localFitOf } from "./ets.ts";
import { type EtsForm, numbersLength } from "./form.ts";
import { etsLikelihood } from "./likelihood.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../local/__fixtures__/${name}.json`, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = fixture("series");

interface Reference {
  /** Error, trend, season and damping, e.g. `MAND`. */
  readonly chosen: string;
  readonly loglik: number;
  readonly sigma2: number;
  readonly parameters: (number | null)[];
  readonly initial: number[];
  readonly fitted: number[];
  readonly mean: number[];
  readonly lo80: number[];
  readonly hi95: number[];
  readonly error?: string;
}
const kept = [1, 2, 5, 8, 13, 14];

const all = (fixture("ets") as ({ readonly name: string } & Record<string, Reference>)[]).flatMap(
  ({ name, ...models }) =>
    Object.entries(models as unknown as Record<string, Reference>).map(([asked, reference]) => ({
      name,
      asked,
      reference,
      ...(series.find((one) => one.name === name) as { season: number; y: number[] }),
    })),
);
const cases = all
  .filter(({ reference }) => reference.error === undefined)
  .map((one) => ({ ...one, form: formOf(one.reference.chosen, one.season) }));

function formOf(chosen: string, seasonLength: number): EtsForm {
  const season = ({ N: "none", A: "additive", M: "multiplicative" } as const)[chosen[2] as "N"];
  return {
    error: chosen[0] === "A" ? "additive" : "multiplicative",
    trend: chosen[1] === "A" ? "additive" : "none",
    damped: chosen[3] === "D",
    season,
    seasonLength: season === "none" ? 1 : seasonLength,
  };
}

function numbersOf(form: EtsForm, { parameters, initial }: Reference): Float64Array {
  const numbers = new Float64Array(numbersLength(form));
  parameters.forEach((value, i) => {
    numbers[i] = value ?? (i === 3 ? 1 : 0);
  });
  const [level, ...rest] = initial;
  const trend = form.trend === "none" ? 0 : rest.shift();
  // The reference's first season is the latest.
  numbers.set([level as number, trend as number, ...rest.reverse()], 4);
  return numbers;
}

describe("at statsforecast's own parameters and initial states", () => {
  it.each(cases)("$reference.chosen on $name is statsforecast's", ({ form, reference, y }) => {
    const numbers = numbersOf(form, reference);
    const { value } = etsLikelihood(form, Float64Array.from(y), 0)(numbers, null);
    const logLikelihood = value / -2;
    expect(Math.abs(logLikelihood / reference.loglik - 1)).toBeLessThan(1e-9);

    const model = localParts(ets({ ...form }))?.model;
    if (model === undefined) throw new Error("ets is no local model.");
    const begin = localFitOf({ form, numbers, logLikelihood, aicc: 0 });
    const { fitted, summary, mean, bounds } = runFrom(model, begin, y, 14, [0.1, 0.975]);
    expect(Math.abs((summary["deviation"] as number) ** 2 / reference.sigma2 - 1)).toBeLessThan(1e-8);
    const size = Math.max(...y.map(Math.abs));
    [0, y.length >> 1, y.length - 1].forEach((row, i) => {
      expect(Math.abs((fitted[row] as number) - (reference.fitted[i] as number)) / size).toBeLessThan(1e-8);
    });
    // With a multiplicative season both are quantiles of paths: 1,000 of ours, 200,000 of the reference.
    const tolerance = form.season === "multiplicative" ? 0.05 : 1e-7;
    kept.forEach((step, i) => {
      const at = (values: Float64Array | undefined) => (values as Float64Array)[step - 1] as number;
      const [wanted, low, high] = [reference.mean[i], reference.lo80[i], reference.hi95[i]] as number[] as [
        number,
        number,
        number,
      ];
      expect(Math.abs(at(mean) - wanted) / size).toBeLessThan(1e-8);
      const width = high - low;
      expect(Math.abs(at(bounds[0]) - low) / width).toBeLessThan(tolerance);
      expect(Math.abs(at(bounds[1]) - high) / width).toBeLessThan(tolerance);
    });
  });

  it("is compared for every form but those that the reference refuses: multiplicative ones of targets that are not positive", () => {
    const counts = { none: 0, additive: 0, multiplicative: 0 };
    for (const { form } of cases) counts[form.season]++;
    expect(counts).toEqual({ none: 194, additive: 64, multiplicative: 44 });
    const refused = all.filter(({ reference }) => reference.error !== undefined);
    expect(refused.length).toBe(27);
    for (const { asked, y } of refused) {
      expect(asked).toMatch(/^M|M$/);
      expect(Math.min(...y)).toBeLessThanOrEqual(0);
    }
  });
});
