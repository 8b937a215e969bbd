import { checkList, shown, TsopsError } from "@tsops/core";

/**
 * Simes' combined p-value of several tests of one hypothesis: min over i of m * p(i) / i, with p(1) <= p(2) <= ...
 * Valid for independent and positively dependent tests.
 * @returns 1 for no p-values.
 * Source: R. J. Simes (1986), "An improved Bonferroni procedure for multiple tests of significance", Biometrika 73.
 * @throws TsopsError MONITOR_INVALID for what is no probability.
 */
export function simes(pValues: readonly number[]): number {
  checkPValues(pValues);
  const sorted = [...pValues].sort((a, b) => a - b);
  return sorted.reduce((least, p, index) => Math.min(least, (p * sorted.length) / (index + 1)), 1);
}

/**
 * p-values adjusted so that rejecting those <= alpha keeps the expected share of false discoveries below alpha.
 * @returns One value per input, in the input's order, equal to R's `p.adjust(method = "BH")` and
 * `scipy.stats.false_discovery_control`.
 * Source: Y. Benjamini, Y. Hochberg (1995), "Controlling the false discovery rate", JRSS B 57.
 * @throws TsopsError MONITOR_INVALID for what is no probability.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  checkPValues(pValues);
  const order = pValues
    .map((_, index) => index)
    .sort((a, b) => (pValues[b] as number) - (pValues[a] as number));
  const adjusted = new Array<number>(pValues.length);
  let least = 1;
  order.forEach((index, position) => {
    const rank = pValues.length - position;
    least = Math.min(least, ((pValues[index] as number) * pValues.length) / rank);
    adjusted[index] = least;
  });
  return adjusted;
}

function checkPValues(pValues: readonly number[]): void {
  checkList("MONITOR_INVALID", "pValues", pValues);
  const wrong = pValues.findIndex((p) => !(p >= 0 && p <= 1));
  if (wrong >= 0)
    throw new TsopsError(
      "MONITOR_INVALID",
      `p-value ${wrong} of ${pValues.length} is ${shown(pValues[wrong])}.`,
      {
        hint: "p-values are numbers of 0 to 1; leave out tests that gave none.",
        details: { at: wrong },
      },
    );
}
