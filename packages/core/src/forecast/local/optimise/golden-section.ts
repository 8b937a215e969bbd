const ratio = (Math.sqrt(5) - 1) / 2;

/** Where a function with one valley between `low` and `high` is least, to `tolerance`. Kiefer (1953), Proc. AMS 4. */
export function goldenSection(
  value: (at: number) => number,
  low: number,
  high: number,
  tolerance: number,
): number {
  let [a, b] = [low, high];
  let [left, right] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [atLeft, atRight] = [value(left), value(right)];
  while (b - a > tolerance) {
    if (atLeft <= atRight) {
      [b, right, atRight] = [right, left, atLeft];
      left = b - ratio * (b - a);
      atLeft = value(left);
    } else {
      [a, left, atLeft] = [left, right, atRight];
      right = a + ratio * (b - a);
      atRight = value(right);
    }
  }
  return (a + b) / 2;
}
