/** Integrals of |F - G| and of (F - G)^2 over the values' axis, for the distribution functions of two sorted samples. */
export function differenceIntegrals(x: Float64Array, y: Float64Array): { absolute: number; squared: number } {
  const [n, m] = [x.length, y.length];
  let [i, j] = [0, 0];
  let [absolute, squared] = [0, 0];
  let value = Math.min(x[0]!, y[0]!);
  for (;;) {
    let next: number;
    if (i < n && (j === m || x[i]! <= y[j]!)) next = x[i]!;
    else if (j < m) next = y[j]!;
    else break;
    const difference = i / n - j / m;
    const width = next - value;
    absolute += Math.abs(difference) * width;
    squared += difference * difference * width;
    value = next;
    if (i < n && x[i] === next) i++;
    else j++;
  }
  return { absolute, squared };
}
