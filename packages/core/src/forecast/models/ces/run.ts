import type { CesForm, CesSmoothing } from "./recursion.ts";

/**
 * Runs `moveOn` over all rows, forwards or backwards, each form in a loop of its own: a fit does little else.
 * @param errors - Gets the one-step errors, 0 of missing rows.
 * @returns The squared errors.
 */
export function run(
  form: CesForm,
  smoothing: CesSmoothing,
  state: Float64Array,
  y: Float64Array,
  period: number,
  isBackwards: boolean,
  errors: Float64Array,
): number {
  const [a0, a1, b0, b1] = smoothing as unknown as readonly [number, number, number, number];
  const rows = y.length;
  const by = isBackwards ? -1 : 1;
  const first = isBackwards ? rows - 1 : 0;
  const end = isBackwards ? -1 : rows;
  let phase = first % period;
  let squares = 0;
  if (form === "simple") {
    for (let t = first; t !== end; t += by) {
      const real = state[phase] as number;
      const other = state[period + phase] as number;
      let error = (y[t] as number) - real;
      if (Number.isNaN(error)) error = 0;
      state[phase] = real - (1 - a1) * other + (a0 - a1) * error;
      state[period + phase] = real + (1 - a0) * other + (a0 + a1) * error;
      errors[t] = error;
      squares += error * error;
      phase = next(phase, by, period);
    }
    return squares;
  }
  let level = state[0] as number;
  let companion = state[1] as number;
  for (let t = first; t !== end; t += by) {
    const at = 2 + phase;
    const season = form === "none" ? 0 : (state[at] as number);
    let error = (y[t] as number) - level - season;
    if (Number.isNaN(error)) error = 0;
    const before = level;
    level = before - (1 - a1) * companion + (a0 - a1) * error;
    companion = before + (1 - a0) * companion + (a0 + a1) * error;
    if (form === "partial") state[at] = season + b0 * error;
    else if (form === "full") {
      const other = state[at + period] as number;
      state[at] = season - (1 - b1) * other + (b0 - b1) * error;
      state[at + period] = season + (1 - b0) * other + (b0 + b1) * error;
    }
    errors[t] = error;
    squares += error * error;
    phase = next(phase, by, period);
  }
  state[0] = level;
  state[1] = companion;
  return squares;
}

function next(phase: number, by: number, period: number): number {
  const moved = phase + by;
  return moved === period ? 0 : moved < 0 ? period - 1 : moved;
}
