import { classicalSeason } from "../../local/decompose/classical-season.ts";
import { nelderMead } from "../../local/optimise/nelder-mead.ts";
import { type CesForm, type CesSmoothing, moveOn, stateLength } from "./recursion.ts";
import { run } from "./run.ts";

/** A fitted form. */
export interface CesFit {
  readonly form: CesForm;
  readonly smoothing: CesSmoothing;
  /** Before the first row. */
  readonly state: Float64Array;
  readonly logLikelihood: number;
  readonly aicc: number;
}

/** Smoothing with which searches begin, and its bounds: those of the reference, and a second start where its only one may end in a lesser optimum. */
const starts: Readonly<Record<CesForm, readonly (readonly number[])[]>> = {
  none: [[1.3, 1]],
  simple: [[1.3, 1]],
  partial: [
    [1.3, 1, 0.1],
    [1.3, 1, 1],
  ],
  full: [[1.3, 1, 1.3, 1]],
};
const lowest = 0.01;
const greatest = [1.8, 1.9, 1.5, 1.5];

/** Parameters that the criterion counts: states, but not their phases, and the variance, as in the reference. */
export function parameterCount(form: CesForm): number {
  return form === "full" ? 5 : form === "partial" ? 4 : 3;
}

/** The form with the least AICc, fitted. */
export function selectCes(
  forms: readonly CesForm[],
  y: Float64Array,
  filled: Float64Array,
  seasonLength: number,
): CesFit {
  let best = forms
    .map((form) => fitCes(form, y, filled, seasonLength, starts[form]))
    .reduce((least, fit) => (fit.aicc < least.aicc ? fit : least));
  // A simplex may flatten on its way down a narrow valley: a new one goes on from there.
  for (let gain = Number.POSITIVE_INFINITY; gain > 0.005; ) {
    const from = best.smoothing.subarray(0, starts[best.form][0]?.length);
    const next = fitCes(best.form, y, filled, seasonLength, [from]);
    gain = next.logLikelihood - best.logLikelihood;
    if (gain > 0) best = next;
  }
  return best;
}

/**
 * The smoothing with the greatest likelihood, and the state that it finds by running over the series forwards and backwards.
 * @param from - Smoothing with which searches begin.
 */
function fitCes(
  form: CesForm,
  y: Float64Array,
  filled: Float64Array,
  seasonLength: number,
  from: readonly ArrayLike<number>[],
): CesFit {
  const period = form === "none" ? 1 : seasonLength;
  const begun = startOf(form, filled, period);
  const state = begun.slice();
  const smoothing = new Float64Array(4);
  const errors = new Float64Array(y.length);
  const count = y.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  const begin = (x: Float64Array) => {
    smoothing.set(x);
    state.set(begun);
    backcast(form, smoothing, state, y, period, errors);
  };
  const objective = (x: Float64Array) => {
    begin(x);
    const squares = run(form, smoothing, state, y, period, false, errors);
    return Number.isFinite(squares) ? count * Math.log(squares) : Number.POSITIVE_INFINITY;
  };
  // A simplex, and not a method with a gradient: that is faster and finds likelier smoothing, but with seasons that stand still, and worse forecasts.
  let [x, value] = [new Float64Array(0), Number.NaN];
  for (const start of from) {
    const found = Float64Array.from(start);
    const low = found.map(() => lowest);
    const high = found.map((_, i) => greatest[i] as number);
    const foundValue = nelderMead(objective, found, low, high, 1000, 3e-4);
    if (!(foundValue >= value)) [x, value] = [found, foundValue];
  }
  begin(x);
  const parameters = parameterCount(form);
  const spare = count - parameters - 1;
  const aicc = value + 2 * parameters + (spare > 0 ? (2 * parameters * (parameters + 1)) / spare : Infinity);
  return { form, smoothing, state, logLikelihood: -value / 2, aicc };
}

/** Takes a state before the first row, as far as anything is known of it, over the rows and back: what it then is, is the start. */
export function backcast(
  form: CesForm,
  smoothing: CesSmoothing,
  state: Float64Array,
  y: Float64Array,
  period: number,
  errors: Float64Array,
): void {
  run(form, smoothing, state, y, period, false, errors);
  settle(form, smoothing, state, period, y.length);
  run(form, smoothing, state, y, period, true, errors);
  settle(form, smoothing, state, period, 0);
}

/** Moves the state to the other side of the rows' end, where the run in the other direction begins: a season on, and one row of the level. */
function settle(
  form: CesForm,
  smoothing: CesSmoothing,
  state: Float64Array,
  period: number,
  row: number,
): void {
  // Only the first of these rows is the level's.
  moveOn(form, smoothing, state, 0, period, row % period, 0);
  const [level, other] = [state[0] as number, state[1] as number];
  for (let k = 1; k < period; k++) moveOn(form, smoothing, state, 0, period, (row + k) % period, 0);
  if (form !== "simple") state.set([level, other]);
}

/** Where the runs begin, as in the reference. */
export function startOf(form: CesForm, filled: Float64Array, period: number): Float64Array {
  const state = new Float64Array(stateLength(form, period));
  if (form === "simple") {
    state.set(filled.subarray(0, period));
    for (let phase = 0; phase < period; phase++) state[period + phase] = (filled[phase] as number) / 1.1;
    return state;
  }
  const first = filled.subarray(0, form === "none" ? 10 : period);
  const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
  state.set([mean, mean / 1.1]);
  if (form === "none") return state;
  const season = classicalSeason(filled, period, false);
  state.set(season, 2);
  if (form === "full")
    state.set(
      season.map((value) => value / 1.1),
      2 + period,
    );
  return state;
}
