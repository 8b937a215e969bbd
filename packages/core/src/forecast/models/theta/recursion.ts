/** Where the numbers of the recursion lie in the state of a series: seasonally adjusted values only. */
export const [rowsAt, levelAt, meanAt, interceptAt, slopeAt, decayAt] = [0, 1, 2, 3, 4, 5];
/** Numbers of the recursion. */
export const recursionLength = 6;

/** What the recursion runs with. */
export interface ThetaParameters {
  readonly isDynamic: boolean;
  /** Smoothing of the level. */
  readonly alpha: number;
  /** 1 - 1 / theta: the share of the line in the forecast. */
  readonly share: number;
  /** Level before the first row. */
  readonly start: number;
}

/**
 * The forecast of the next row: the level, and the part of the line through all rows that the smoothing has not caught up with. Equations of Fiorucci et al.
 * (2016), section 3, with rows counted from 0. The first row of a dynamic model is what it is.
 */
export function nextOf(state: Float64Array, { alpha, share, start }: ThetaParameters): number {
  const intercept = state[interceptAt] as number;
  const slope = state[slopeAt] as number;
  const level = state[rowsAt] === 0 ? start : (state[levelAt] as number);
  // (1 - alpha) to the power of the rows.
  const decay = state[decayAt] as number;
  return level + share * (intercept * decay + (slope * (1 - decay * (1 - alpha))) / alpha);
}

/** Takes one row in. The line of a dynamic model is the least squares line through the rows so far; that of the others stays. */
export function moveOn(
  state: Float64Array,
  { isDynamic, alpha, start }: ThetaParameters,
  value: number,
): void {
  const rows = state[rowsAt] as number;
  const level = rows === 0 ? start : (state[levelAt] as number);
  state[levelAt] = alpha * value + (1 - alpha) * level;
  state[rowsAt] = rows + 1;
  state[decayAt] = (state[decayAt] as number) * (1 - alpha);
  if (rows === 0) {
    state[meanAt] = value;
    if (isDynamic) state[interceptAt] = value;
    return;
  }
  const mean = state[meanAt] as number;
  state[meanAt] = mean + (value - mean) / (rows + 1);
  if (!isDynamic) return;
  const slope = ((rows - 1) * (state[slopeAt] as number) + (6 * (value - mean)) / (rows + 1)) / (rows + 2);
  state[slopeAt] = slope;
  state[interceptAt] = (state[meanAt] as number) - (slope * (rows + 2)) / 2;
}

/**
 * Deviation of each step in units of the one-step deviation. The recursion is linear in the rows, so every error is followed
 * through it once: exact, without drawing.
 */
export function spreadOf(state: Float64Array, parameters: ThetaParameters, steps: number): Float64Array {
  const variances = new Float64Array(steps).fill(1);
  const zero = { ...parameters, start: 0 };
  const effect = new Float64Array(recursionLength);
  for (let from = 0; from < steps - 1; from++) {
    const rows = (state[rowsAt] as number) + from;
    effect.fill(0);
    effect[rowsAt] = rows;
    effect[decayAt] = (state[decayAt] as number) * (1 - parameters.alpha) ** from;
    moveOn(effect, zero, 1);
    for (let step = from + 1; step < steps; step++) {
      const moved = nextOf(effect, zero);
      variances[step] = (variances[step] as number) + moved * moved;
      moveOn(effect, zero, moved);
    }
  }
  return variances.map(Math.sqrt);
}
