/**
 * Simple exponential smoothing at four rates side by side, from row `from` on: adds the squared one-step errors to `sums`, and moves the levels on.
 * @param levels - Where the four levels stand before that row.
 */
export function smoothFour(
  values: Float64Array,
  from: number,
  rates: Float64Array,
  levels: Float64Array,
  sums: Float64Array,
): void {
  const [a, b, c, d] = [rates[0] as number, rates[1] as number, rates[2] as number, rates[3] as number];
  let [levelA, levelB] = [levels[0] as number, levels[1] as number];
  let [levelC, levelD] = [levels[2] as number, levels[3] as number];
  let [sumA, sumB] = [sums[0] as number, sums[1] as number];
  let [sumC, sumD] = [sums[2] as number, sums[3] as number];
  for (let i = from; i < values.length; i++) {
    const value = values[i] as number;
    const errorA = value - levelA;
    const errorB = value - levelB;
    const errorC = value - levelC;
    const errorD = value - levelD;
    sumA += errorA * errorA;
    sumB += errorB * errorB;
    sumC += errorC * errorC;
    sumD += errorD * errorD;
    levelA += a * errorA;
    levelB += b * errorB;
    levelC += c * errorC;
    levelD += d * errorD;
  }
  levels[0] = levelA;
  levels[1] = levelB;
  levels[2] = levelC;
  levels[3] = levelD;
  sums[0] = sumA;
  sums[1] = sumB;
  sums[2] = sumC;
  sums[3] = sumD;
}
