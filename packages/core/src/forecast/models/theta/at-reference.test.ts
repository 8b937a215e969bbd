import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runFrom } from "../../../../test/run-from.ts";
import { normalQuantile } from "../../../stats/distributions.ts";
import { localParts } from "../../local/local-forecaster.ts";
import { fitTheta } from "./fit-theta.ts";
import { factors, localFitOf, noSeason, seasonFor, theta } from "./theta.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../local/__fixtures__/${name}.json`, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = fixture("series");

interface Reference {
  readonly season: "none" | "additive" | "multiplicative";
  readonly squaredError: number;
  readonly deviation: number;
  readonly alpha: number;
  readonly theta: number;
  /** Level before the first row. */
  readonly start: number;
  /** The season from the first row on. */
  readonly phases: number[];
  /** Of the last three rows, adjusted. */
  readonly errors: number[];
  readonly mean: number[];
  /** Deviations of the steps, adjusted, in units of the errors'. */
  readonly spread: number[];
}
const kept = [1, 2, 5, 8, 13, 14];
const variants = { STM: "standard", OTM: "optimized", DSTM: "dynamic", DOTM: "dynamicOptimized" } as const;

const cases = (fixture("theta") as ({ readonly name: string } & Record<string, Reference>)[]).flatMap(
  ({ name, ...models }) =>
    Object.entries(models as unknown as Record<keyof typeof variants, Reference>).map(
      ([model, reference]) => ({
        name,
        model: model as keyof typeof variants,
        reference,
        ...(series.find((one) => one.name === name) as { season: number; y: number[] }),
      }),
    ),
);

describe("at statsforecast's own parameters", () => {
  it.each(cases)("$model on $name is statsforecast's", ({ model, reference, season, y }) => {
    const values = Float64Array.from(y);
    const { kind, values: phases } = seasonFor(values, "multiplicative", season, true);
    expect(kind).toBe({ none: noSeason, additive: 1, multiplicative: factors }[reference.season]);
    const size = Math.max(...y.map(Math.abs));
    const unit = kind === factors ? 1 : size;
    phases.forEach((value, phase) => {
      expect(Math.abs(value - (reference.phases[phase] as number)) / unit).toBeLessThan(1e-9);
    });
    const adjust = (value: number, t: number) => {
      const phase = phases[t % season] as number;
      return kind === noSeason ? value : kind === factors ? value / phase : value - phase;
    };
    const adjusted = values.map(adjust);
    // The line through all rows is decided by the rows alone; the rest is the reference's.
    const own = fitTheta(adjusted, adjusted, model.startsWith("D"), 0.5);
    const begin = localFitOf(
      { ...own, alpha: reference.alpha, share: 1 - 1 / reference.theta, start: reference.start },
      kind,
      phases,
    );
    const { model: local } = localParts(theta({ variant: variants[model], seasonLength: season })) ?? {};
    if (local === undefined) throw new Error("theta is no local model.");
    const { fitted, summary, mean, bounds } = runFrom(local, begin, y, 14, [0.1, 0.975]);
    const errors = adjusted.map((value, t) => value - adjust(fitted[t] as number, t));
    const squares = errors.subarray(3).reduce((sum, error) => sum + error * error, 0);
    expect(Math.abs(squares / reference.squaredError - 1)).toBeLessThan(1e-9);
    expect(Math.abs((summary["deviation"] as number) / reference.deviation - 1)).toBeLessThan(1e-9);
    reference.errors.forEach((error, i) => {
      expect(Math.abs((errors[y.length - 3 + i] as number) - error) / size).toBeLessThan(1e-8);
    });
    kept.forEach((step, i) => {
      const at = (one: Float64Array | undefined) => one?.[step - 1] as number;
      expect(Math.abs(at(mean) - (reference.mean[i] as number)) / size).toBeLessThan(1e-8);
      const factor = kind === factors ? (phases[(y.length + step - 1) % season] as number) : 1;
      const deviation = reference.deviation * (reference.spread[i] as number) * factor;
      [0.1, 0.975].forEach((probability, b) => {
        const half = (at(bounds[b]) - at(mean)) / normalQuantile(probability);
        // Of 100,000 paths where the line is renewed.
        expect(Math.abs(half / deviation - 1)).toBeLessThan(model.startsWith("D") ? 0.01 : 1e-3);
      });
    });
  });

  it("is compared for every variant, with seasons and without", () => {
    const counts = { none: 0, additive: 0, multiplicative: 0 };
    for (const { reference } of cases) counts[reference.season]++;
    expect(counts).toEqual({ none: 84, additive: 4, multiplicative: 52 });
  });
});
