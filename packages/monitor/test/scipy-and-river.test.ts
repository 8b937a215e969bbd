import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { adwin, benjaminiHochberg, pageHinkley } from "../src/index.ts";
import {
  binCounts,
  chiSquare,
  cramerVonMises,
  energyDistance,
  jensenShannon,
  kolmogorovSmirnov,
  populationStability,
  quantileBins,
  wasserstein,
} from "../src/statistics/index.ts";

type Expected = number | readonly number[] | Readonly<Record<string, number>>;
interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly params: Readonly<Record<string, number | string>>;
  readonly expected: Expected;
  readonly tolerance: number;
}
const cases = JSON.parse(
  readFileSync(new URL("../src/statistics/__fixtures__/scipy-and-river.json", import.meta.url), "utf8"),
) as readonly Case[];

const methods = { exact: "exact", asymp: "asymptotic", asymptotic: "asymptotic" } as const;

/** What this package says to each kind of case, in the form of what is expected. */
const answers: Readonly<Record<string, (one: Case) => Expected>> = {
  ks: (one) => {
    const { statistic, pValue } = kolmogorovSmirnov(...samples(one), methodOf(one));
    return { D: statistic, p: pValue };
  },
  w1: (one) => wasserstein(...samples(one)),
  energy: (one) => energyDistance(...samples(one)),
  psi: (one) => {
    const [reference, current] = samples(one);
    const bins = quantileBins(reference);
    return populationStability(binCounts(bins, reference), binCounts(bins, current));
  },
  cvm: (one) => {
    const { statistic, pValue } = cramerVonMises(...samples(one), methodOf(one));
    return { T: statistic, p: pValue };
  },
  js: ({ inputs, params }) =>
    jensenShannon(inputs["p"] as number[], inputs["q"] as number[], { base: params["base"] as number }),
  chi2: ({ inputs }) => {
    const [reference, current] = (inputs["table"] as unknown as number[][]).map(
      (row) => new Map(row.map((count, i) => [String(i), count])),
    ) as [Map<string, number>, Map<string, number>];
    const { statistic, pValue, cramersV } = chiSquare(reference, current);
    return { chi2: statistic, p: pValue, cramersV };
  },
  bh: ({ inputs }) => benjaminiHochberg(inputs["p"] as number[]),
  ADWIN: ({ inputs, params }) => alarms(adwin(params), inputs["x"] as number[]),
  PageHinkley: ({ inputs, params: { min_instances: minimum, ...params } }) =>
    alarms(
      pageHinkley({ ...params, ...(minimum === undefined ? {} : { minimum: minimum as number }) }),
      inputs["x"] as number[],
    ),
};

function samples({ inputs }: Case): [Float64Array, Float64Array] {
  return [Float64Array.from(inputs["a"] as number[]), Float64Array.from(inputs["b"] as number[])];
}

function methodOf({ params }: Case) {
  return { method: methods[params["method"] as keyof typeof methods] };
}

function alarms(detector: { update(value: number): boolean }, values: readonly number[]): number[] {
  return values.flatMap((value, at) => (detector.update(value) ? [at] : []));
}

/** The numbers of an answer by name, so that answers of all forms are compared alike. */
function numbersOf(expected: Expected): [string, number][] {
  return typeof expected === "number" ? [["", expected]] : Object.entries(expected);
}

describe("the 19 cases of the first collection, by scipy 1.17.1 and River 0.26.1, each within the tolerance it brings", () => {
  it("are all there", () => expect(new Set(cases.map(({ name }) => name)).size).toBe(19));

  it.each(cases)("$name", (one) => {
    const answer = answers[one.name.split("_")[0] as string];
    const [got, expected] = [numbersOf(answer?.(one) as Expected), numbersOf(one.expected)];
    expect(got.map(([name]) => name)).toEqual(expected.map(([name]) => name));
    for (const [i, [name, value]] of expected.entries())
      expect(Math.abs((got[i]?.[1] as number) - value), name).toBeLessThanOrEqual(one.tolerance);
  });
});
