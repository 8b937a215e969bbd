/** Sum of squared one-step errors of simple exponential smoothing that begins at the first value. */
export function smoothingLoss(values: Float64Array, rate: number): number {
  let level = values[0] as number;
  let loss = 0;
  for (let i = 1; i < values.length; i++) {
    const error = (values[i] as number) - level;
    loss += error * error;
    level += rate * error;
  }
  return loss;
}

/**
 * The smoothing rate from 0.1 to 0.3 with the least squared one-step error, by golden sections. Where all rates are as good it
 * is the lowest.
 */
export function bestRate(values: Float64Array, low = 0.1, high = 0.3): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let [c, d] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [lossC, lossD] = [smoothingLoss(values, c), smoothingLoss(values, d)];
  while (b - a > 1e-8) {
    if (lossC <= lossD) {
      [b, d, lossD] = [d, c, lossC];
      c = b - ratio * (b - a);
      lossC = smoothingLoss(values, c);
    } else {
      [a, c, lossC] = [c, d, lossD];
      d = a + ratio * (b - a);
      lossD = smoothingLoss(values, d);
    }
  }
  const middle = (a + b) / 2;
  // The ends are candidates too: the section only comes near them.
  return [low, middle, high].reduce((best, rate) =>
    smoothingLoss(values, rate) < smoothingLoss(values, best) ? rate : best,
  );
}
