/** What a season is: none; states of its own at every phase; summands with one smoothing; summands that are complex states too. */
export type CesForm = "none" | "simple" | "partial" | "full";

/** All forms, in the order of their states and of the numbers that stand for them in bytes. */
export const cesForms = ["none", "simple", "partial", "full"] as const;

/** Smoothing: real and imaginary part less 1 of the level's, then of the season's. */
export type CesSmoothing = Float64Array;

/** Numbers of the state: level and its companion, once or per phase; season per phase, and its companions. */
export function stateLength(form: CesForm, seasonLength: number): number {
  if (form === "simple") return 2 * seasonLength;
  return 2 + (form === "partial" ? seasonLength : form === "full" ? 2 * seasonLength : 0);
}

/** The forecast of the next row, which lies at a phase of the season. `from` is where the state begins. */
export function nextOf(form: CesForm, state: Float64Array, from: number, phase: number): number {
  if (form === "simple") return state[from + phase] as number;
  const level = state[from] as number;
  return form === "none" ? level : level + (state[from + 2 + phase] as number);
}

/**
 * Moves the state over one row with its error; 0 where the row is missing. Svetunkov, Kourentzes & Ord (2022), equations 12 and 23 to 25, in real numbers. It is the
 * same backwards in time.
 */
export function moveOn(
  form: CesForm,
  smoothing: CesSmoothing,
  state: Float64Array,
  from: number,
  seasonLength: number,
  phase: number,
  error: number,
): void {
  const isSimple = form === "simple";
  turn(
    state,
    isSimple ? from + phase : from,
    isSimple ? from + seasonLength + phase : from + 1,
    smoothing[0] as number,
    smoothing[1] as number,
    error,
  );
  if (form === "partial") {
    const at = from + 2 + phase;
    state[at] = (state[at] as number) + (smoothing[2] as number) * error;
  } else if (form === "full") {
    const at = from + 2 + phase;
    turn(state, at, at + seasonLength, smoothing[2] as number, smoothing[3] as number, error);
  }
}

/** One complex state. */
function turn(
  state: Float64Array,
  realAt: number,
  otherAt: number,
  a: number,
  b: number,
  error: number,
): void {
  const real = state[realAt] as number;
  const other = state[otherAt] as number;
  state[realAt] = real - (1 - b) * other + (a - b) * error;
  state[otherAt] = real + (1 - a) * other + (a + b) * error;
}
