/** Writes the loss of each of four rates: side by side they take little longer than one, as a recursion waits for itself. */
export type FourLosses = (rates: Float64Array, losses: Float64Array) => void;

/**
 * The rate with the least loss: of a grid, then of ever narrower brackets about the best, and at last at the vertices of parabolas through it and its neighbours. Of rates that are as good it
 * is the lowest that was looked at.
 * @param grid - Ascending, as many as a multiple of four; from the first to the last is where the rate may lie.
 */
export function leastRate(lossesAt: FourLosses, grid: Float64Array): number {
  const found = new Float64Array(grid.length);
  for (let i = 0; i < grid.length; i += 4) lossesAt(grid.subarray(i, i + 4), found.subarray(i, i + 4));
  let best = 0;
  for (let i = 1; i < grid.length; i++) if ((found[i] as number) < (found[best] as number)) best = i;
  const [below, above] = [Math.max(0, best - 1), Math.min(grid.length - 1, best + 1)];
  const bracket: Bracket = {
    low: { rate: grid[below] as number, loss: found[below] as number },
    best: { rate: grid[best] as number, loss: found[best] as number },
    high: { rate: grid[above] as number, loss: found[above] as number },
  };
  const rates = new Float64Array(4);
  const losses = new Float64Array(4);
  const look = () => {
    lossesAt(rates, losses);
    for (let i = 0; i < 4; i++) narrow(bracket, rates[i] as number, losses[i] as number);
  };
  for (let pass = 0; pass < 3; pass++) {
    const { low, best: middle, high } = bracket;
    const isBound = middle.rate === low.rate || middle.rate === high.rate;
    // Close to a bound that is the best, as the least may be just within; or else two on either side.
    const shares = isBound ? [1 / 64, 1 / 16, 1 / 4, 1 / 2] : [-1 / 3, -2 / 3, 1 / 3, 2 / 3];
    shares.forEach((share, i) => {
      const isBelow = share < 0 || middle.rate === high.rate;
      rates[i] = middle.rate + Math.abs(share) * ((isBelow ? low : high).rate - middle.rate);
    });
    look();
  }
  for (const share of [0.02, 0.0005]) {
    const { low, high } = bracket;
    const vertex = vertexOf(bracket);
    if (vertex === null) break;
    const width = high.rate - low.rate;
    [0, -share * width, share * width, 2 * share * width].forEach((step, i) => {
      rates[i] = Math.min(high.rate, Math.max(low.rate, vertex + step));
    });
    look();
  }
  return bracket.best.rate;
}

interface Looked {
  readonly rate: number;
  readonly loss: number;
}

/** The best rate that was looked at, and its nearest neighbours; itself where it is a bound. */
interface Bracket {
  low: Looked;
  best: Looked;
  high: Looked;
}

function narrow(bracket: Bracket, rate: number, loss: number): void {
  const { low, best, high } = bracket;
  if (loss < best.loss) {
    if (rate > best.rate) bracket.low = best;
    else if (rate < best.rate) bracket.high = best;
    bracket.best = { rate, loss };
  } else if (rate < best.rate && rate > low.rate) bracket.low = { rate, loss };
  else if (rate > best.rate && rate < high.rate) bracket.high = { rate, loss };
}

/** Where the parabola through the three is least; null where there is none. */
function vertexOf({ low, best, high }: Bracket): number | null {
  const [left, right] = [best.rate - low.rate, high.rate - best.rate];
  if (left === 0 || right === 0) return null;
  const [down, up] = [(low.loss - best.loss) / left, (high.loss - best.loss) / right];
  const bend = down + up;
  return bend > 0 ? best.rate + (0.5 * (down * right - up * left)) / bend : null;
}
