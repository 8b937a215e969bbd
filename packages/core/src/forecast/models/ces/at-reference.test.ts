import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runFrom } from "../../../../test/run-from.ts";
import { normalQuantile } from "../../../stats/distributions.ts";
import { localParts } from "../../local/local-forecaster.ts";
import { ces, localFitOf } from "./ces.ts";
import { backcast, startOf } from "./fit-ces.ts";
import type { CesForm } from "./recursion.ts";
import { run } from "./run.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../local/__fixtures__/${name}.json`, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = fixture("series");

interface Reference {
  readonly chosen: "N" | "S" | "P" | "F";
  readonly loglik: number;
  readonly sigma2: number;
  readonly parameters: (number | null)[];
  readonly initial: number[];
  /** Of the last three rows. */
  readonly errors: number[];
  readonly mean: number[];
  /** Deviations of the steps in units of the errors'. */
  readonly spread: number[];
}
const kept = [1, 2, 5, 8, 13, 14];
const forms = { N: "none", S: "simple", P: "partial", F: "full" } as const;

const cases = (fixture("ces") as ({ readonly name: string } & Record<string, Reference>)[]).flatMap(
  ({ name, ...models }) =>
    Object.entries(models as unknown as Record<string, Reference>).map(([asked, reference]) => ({
      name,
      asked,
      reference,
      ...(series.find((one) => one.name === name) as { season: number; y: number[] }),
    })),
);

describe("at statsforecast's own smoothing and initial states", () => {
  it.each(cases)("$asked on $name is statsforecast's", ({ reference, season, y }) => {
    const form: CesForm = forms[reference.chosen];
    const period = form === "none" ? 1 : season;
    const smoothing = Float64Array.from(reference.parameters, (value) => value ?? 0);
    const state = Float64Array.from(reference.initial);
    const values = Float64Array.from(y);
    const errors = new Float64Array(y.length);
    const size = Math.max(...y.map(Math.abs));
    const back = startOf(form, values, period);
    backcast(form, smoothing, back, values, period, errors);
    back.forEach((value, i) => {
      expect(Math.abs(value - (state[i] as number)) / size).toBeLessThan(1e-9);
    });

    const squares = run(form, smoothing, state.slice(), values, period, false, errors);
    const logLikelihood = -0.5 * y.length * Math.log(squares);
    expect(Math.abs(logLikelihood / reference.loglik - 1)).toBeLessThan(1e-9);
    reference.errors.forEach((error, i) => {
      expect(Math.abs((errors[y.length - 3 + i] as number) - error) / size).toBeLessThan(1e-8);
    });

    const model = localParts(ces({ season: form, seasonLength: season }))?.model;
    if (model === undefined) throw new Error("ces is no local model.");
    const begin = localFitOf({ form, smoothing, state, logLikelihood, aicc: 0 });
    const { summary, mean, bounds } = runFrom(model, begin, y, 14, [0.1, 0.975]);
    const deviation = summary["deviation"] as number;
    expect(Math.abs(deviation ** 2 / reference.sigma2 - 1)).toBeLessThan(1e-9);
    kept.forEach((step, i) => {
      const at = (one: Float64Array | undefined) => one?.[step - 1] as number;
      expect(Math.abs(at(mean) - (reference.mean[i] as number)) / size).toBeLessThan(1e-8);
      [0.1, 0.975].forEach((probability, b) => {
        const half = (at(bounds[b]) - at(mean)) / normalQuantile(probability);
        expect(Math.abs(half / deviation / (reference.spread[i] as number) - 1)).toBeLessThan(1e-8);
      });
    });
  });

  it("is compared for every form of the fixtures", () => {
    const counts = { N: 0, S: 0, P: 0, F: 0 };
    for (const { reference } of cases) counts[reference.chosen]++;
    expect(counts).toEqual({ N: 35, S: 14, P: 22, F: 20 });
  });
});
