/**
 * Moves `x` to a local minimum within bounds by the simplex of Nelder & Mead (1965), with the coefficients of Gao & Han (2012) that adapt to the number
 * of parameters. For few parameters and a function without a gradient.
 * @param tolerance - Stops when the values at the corners differ by less.
 * @returns The value there.
 */
export function nelderMead(
  valueAt: (x: Float64Array) => number,
  x: Float64Array,
  low: Float64Array,
  high: Float64Array,
  iterations: number,
  tolerance: number,
): number {
  const size = x.length;
  const [expansion, contraction, shrinkage] = [1 + 2 / size, 0.75 - 0.5 / size, 1 - 1 / size];
  const within = (point: Float64Array) => {
    for (let i = 0; i < size; i++)
      point[i] = Math.min(high[i] as number, Math.max(low[i] as number, point[i] as number));
    return point;
  };
  const corner = (point: Float64Array) => ({ point: within(point), value: valueAt(point) });
  const simplex = [corner(x.slice())];
  for (let i = 0; i < size; i++) {
    const point = x.slice();
    const step = Math.max(0.05 * Math.abs(point[i] as number), 1e-3);
    // Away from a bound, so that the simplex is not flat.
    point[i] = (point[i] as number) + ((point[i] as number) + step > (high[i] as number) ? -step : step);
    simplex.push(corner(point));
  }
  const middle = new Float64Array(size);
  for (let iteration = 0; iteration < iterations; iteration++) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, worst] = [simplex[0] as Corner, simplex[size] as Corner];
    if (!(worst.value - best.value > tolerance)) break;
    middle.fill(0);
    for (let k = 0; k < size; k++)
      for (let i = 0; i < size; i++)
        middle[i] = (middle[i] as number) + ((simplex[k] as Corner).point[i] as number) / size;
    const along = (share: number) =>
      corner(middle.map((value, i) => value + share * (value - (worst.point[i] as number))));
    const reflected = along(1);
    if (reflected.value < best.value) {
      const expanded = along(expansion);
      simplex[size] = expanded.value < reflected.value ? expanded : reflected;
      continue;
    }
    if (reflected.value < (simplex[size - 1] as Corner).value) {
      simplex[size] = reflected;
      continue;
    }
    const isBetter = reflected.value < worst.value;
    const contracted = along(isBetter ? contraction : -contraction);
    if (contracted.value < (isBetter ? reflected : worst).value) {
      simplex[size] = contracted;
      continue;
    }
    const share = size === 1 ? 0.5 : shrinkage;
    for (let k = 1; k <= size; k++) {
      const { point } = simplex[k] as Corner;
      simplex[k] = corner(
        point.map((value, i) => (best.point[i] as number) + share * (value - (best.point[i] as number))),
      );
    }
  }
  simplex.sort((a, b) => a.value - b.value);
  const [best] = simplex as [Corner];
  x.set(best.point);
  return best.value;
}

interface Corner {
  readonly point: Float64Array;
  readonly value: number;
}
