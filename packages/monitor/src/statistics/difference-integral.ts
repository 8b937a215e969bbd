/** Integrals of |F - G| and of (F - G)^2 over the values' axis, for the distribution functions of two sorted samples. */
export function differenceIntegrals(x: Float64Array, y: Float64Array): { absolute: number; squared: number } {
  const [n, m] = [x.length, y.length];
  let [i, j] = [0, 0];
  // n m (F - G), a whole number.
  let gap = 0;
  let [absolute, squared] = [0, 0];
  let before = Math.min(x[0]!, y[0]!);
  while (i < n || j < m) {
    const isFirst = j === m || (i < n && x[i]! <= y[j]!);
    const value = isFirst ? x[i]! : y[j]!;
    const area = gap * (value - before);
    absolute += Math.abs(area);
    squared += gap * area;
    before = value;
    if (isFirst) {
      gap += m;
      i++;
    } else {
      gap -= n;
      j++;
    }
  }
  return { absolute: absolute / n / m, squared: squared / n / m / n / m };
}
