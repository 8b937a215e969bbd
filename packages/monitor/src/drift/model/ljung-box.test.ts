import { readFileSync } from "node:fs";
import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { ljungBox } from "./ljung-box.ts";

const { generator, ljungBox: cases } = JSON.parse(
  readFileSync(new URL("../../statistics/__fixtures__/peers.json", import.meta.url), "utf8"),
) as {
  readonly generator: string;
  readonly ljungBox: readonly {
    readonly values: number[];
    readonly lags: number;
    readonly parameters: number;
    readonly pValue: number;
  }[];
};

describe(`ljungBox is that of statsmodels (${generator}), to nine digits after the point`, () => {
  it.each(cases)(
    "$values.length values, $lags lags, $parameters parameters: p = $pValue",
    ({ values, lags, parameters, pValue }) =>
      expect(ljungBox(Float64Array.from(values), lags, parameters)?.pValue).toBeCloseTo(pValue, 9),
  );
});

/** Series of independent numbers of which a share is missing, in runs of `run`, that it finds correlated at 5 %. */
function falseAlarms(length: number, missing: number, run: number, repeats: number): number {
  let found = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const random = createRandom(`ljung box ${length} ${missing} ${repeat}`);
    let isMissing = false;
    const values = Float64Array.from({ length }, (_, slot) => {
      if (slot % run === 0) isMissing = random.uniform() < missing;
      return isMissing ? Number.NaN : random.normal();
    });
    if ((ljungBox(values, 48, 0)?.pValue ?? 1) < 0.05) found++;
  }
  return found / repeats;
}

it.each([
  ["single values are", 672, 0.3, 1, 500],
  ["days are", 672, 0.3, 24, 500],
  ["stretches of a long series are", 60_000, 0.1, 2000, 60],
] as const)("holds its level where %s missing", (_, length, missing, run, repeats) => {
  const share = falseAlarms(length, missing, run, repeats);
  // Three standard errors of the share on top.
  expect(share).toBeLessThan(0.06 + 3 * Math.sqrt((0.06 * 0.94) / repeats));
});
