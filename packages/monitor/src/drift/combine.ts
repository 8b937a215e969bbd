/**
 * Simes' combined p-value of several tests of one hypothesis: min over i of m * p(i) / i, with p(1) <= p(2) <= ...
 * Valid for independent and positively dependent tests.
 * @param pValues - At least one.
 * Source: R. J. Simes (1986), "An improved Bonferroni procedure for multiple tests of significance", Biometrika 73.
 */
export function simes(pValues: readonly number[]): number {
  const sorted = [...pValues].sort((a, b) => a - b);
  return sorted.reduce((least, p, index) => Math.min(least, (p * sorted.length) / (index + 1)), 1);
}

/**
 * p-values adjusted so that rejecting those <= alpha keeps the expected share of false discoveries below alpha.
 * @returns One value per input, in the input's order, equal to R's `p.adjust(method = "BH")`.
 * Source: Y. Benjamini, Y. Hochberg (1995), "Controlling the false discovery rate", JRSS B 57.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
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
