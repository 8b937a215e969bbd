import {
  estimates,
  type FilterModel,
  gapsAt,
  head,
  rowsAt,
  scaleAt,
  varianceAt,
  withGap,
  withoutClosedGaps,
} from "./open-gaps.ts";
import { stationaryStart } from "./stationary-start.ts";

export type { FilterModel } from "./open-gaps.ts";

/** The state before the first row. */
export function startState(model: FilterModel): Float64Array {
  const { delta, size } = model;
  const state = new Float64Array(head + delta.length + 3 * size);
  const gains = state.subarray(head + delta.length + size, head + delta.length + 2 * size);
  const variance = stationaryStart(model, gains);
  state[varianceAt] = variance;
  state[scaleAt] = -1 / variance;
  state.set(gains, head + delta.length + 2 * size);
  return state;
}

/**
 * Moves the state one row on, NaN is missing.
 * @returns The state: the same array, or another one where a gap begins or ends.
 */
export function advance(model: FilterModel, before: Float64Array, value: number): Float64Array {
  const { delta, size } = model;
  const isMissing = Number.isNaN(value);
  const open = withoutClosedGaps(model, before);
  const state = isMissing ? withGap(model, open) : open;
  const gaps = state[gapsAt] as number;
  const rows = state[rowsAt] as number;
  state[rowsAt] = rows + 1;
  const block = delta.length + size;
  const main = head;
  const gainsAt = head + block;
  const changesAt = gainsAt + size;
  const firstGap = changesAt + size;
  const newGap = isMissing ? gaps - 1 : -1;
  const hasNews = rows >= delta.length;
  let put = value;
  if (isMissing)
    // Any value will do, as the gap is estimated: this one makes no error.
    put = hasNews
      ? expected(state, main, delta) + (state[main + delta.length] as number)
      : (state[main] as number);
  if (hasNews) {
    const variance = state[varianceAt] as number;
    const error = put - expected(state, main, delta) - (state[main + delta.length] as number);
    move(model, state, main, gainsAt, error / variance);
    if (gaps > 0) {
      const errors = new Float64Array(gaps);
      for (let j = 0; j < gaps; j++) {
        const at = firstGap + j * block;
        errors[j] =
          (j === newGap ? 1 : 0) - expected(state, at, delta) - (state[at + delta.length] as number);
        move(model, state, at, gainsAt, (errors[j] as number) / variance);
      }
      const matrix = firstGap + gaps * block;
      const right = matrix + gaps * gaps;
      for (let j = 0; j < gaps; j++) {
        const share = (errors[j] as number) / variance;
        state[right + j] = (state[right + j] as number) - share * error;
        for (let k = 0; k < gaps; k++) {
          const at = matrix + j * gaps + k;
          state[at] = (state[at] as number) + share * (errors[k] as number);
        }
      }
    }
    settle(model, state, gainsAt, changesAt);
  }
  remember(state, main, delta.length, put);
  for (let j = 0; j < gaps; j++) remember(state, firstGap + j * block, delta.length, j === newGap ? 1 : 0);
  return state;
}

/** What the last values alone say of the next one. */
function expected(state: Float64Array, at: number, delta: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < delta.length; k++) sum += (delta[k] as number) * (state[at + k] as number);
  return sum;
}

function move(
  { phi, delta, size }: FilterModel,
  state: Float64Array,
  block: number,
  gainsAt: number,
  share: number,
): void {
  const at = block + delta.length;
  const predicted = state[at] as number;
  for (let i = 0; i < size; i++)
    state[at + i] =
      (i < size - 1 ? (state[at + i + 1] as number) : 0) +
      (i < phi.length ? (phi[i] as number) * predicted : 0) +
      (state[gainsAt + i] as number) * share;
}

/** Gains and changes of the covariance for the next row. */
function settle({ phi, size }: FilterModel, state: Float64Array, gainsAt: number, changesAt: number): void {
  const scale = state[scaleAt] as number;
  if (scale === 0) return;
  const variance = state[varianceAt] as number;
  const first = state[changesAt] as number;
  let largest = 0;
  for (let i = 0; i < size; i++) {
    const moved =
      (i < size - 1 ? (state[changesAt + i + 1] as number) : 0) +
      (i < phi.length ? (phi[i] as number) * first : 0);
    const gain = state[gainsAt + i] as number;
    const change = moved - (gain * first) / variance;
    state[changesAt + i] = change;
    state[gainsAt + i] = gain + moved * scale * first;
    largest = Math.max(largest, change * change);
  }
  const next = variance + scale * first * first;
  state[varianceAt] = next;
  state[scaleAt] = -scale * largest < 1e-30 ? 0 : (scale * variance) / next;
}

function remember(state: Float64Array, at: number, count: number, value: number): void {
  if (count === 0) return;
  state.copyWithin(at + 1, at, at + count - 1);
  state[at] = value;
}

/** Writes the forecasts of the next rows. */
export function forecastFrom(model: FilterModel, state: Float64Array, mean: Float64Array): void {
  const block = model.delta.length + model.size;
  const firstGap = head + block + 2 * model.size;
  const now = state.slice(head, head + block);
  const { values, gaps } = estimates(model, state);
  for (let j = 0; j < gaps; j++)
    for (let i = 0; i < block; i++)
      now[i] = (now[i] as number) + (values[j] as number) * (state[firstGap + j * block + i] as number);
  follow(model, now, mean);
}

/** The values that follow from last values and a state, without innovations. */
export function follow({ phi, delta, size }: FilterModel, now: Float64Array, out: Float64Array): void {
  for (let h = 0; h < out.length; h++) {
    const first = now[delta.length] as number;
    let value = first;
    for (let k = 0; k < delta.length; k++) value += (delta[k] as number) * (now[k] as number);
    out[h] = value;
    for (let i = 0; i < size; i++)
      now[delta.length + i] =
        (i < size - 1 ? (now[delta.length + i + 1] as number) : 0) +
        (i < phi.length ? (phi[i] as number) * first : 0);
    remember(now, 0, delta.length, value);
  }
}

/**
 * Variances of the errors of the next forecasts, in units of the innovations': of the innovations to come, of what is not yet known of
 * the state, and of the open gaps.
 */
export function forecastVariances(model: FilterModel, state: Float64Array, steps: number): Float64Array {
  const { theta, delta, size } = model;
  const block = delta.length + size;
  // What one unit in the first number of the state does to the values from then on.
  const response = new Float64Array(steps);
  const unit = new Float64Array(block);
  unit[delta.length] = 1;
  follow(model, unit, response);
  const variances = new Float64Array(steps);
  let sum = 0;
  for (let h = 0; h < steps; h++) {
    let psi = response[h] as number;
    for (let j = 1; j <= Math.min(h, theta.length); j++)
      psi += (theta[j - 1] as number) * (response[h - j] as number);
    sum += psi * psi;
    variances[h] = sum;
  }
  if ((state[scaleAt] as number) !== 0) addUncertainty(model, state, response, variances);
  for (const effect of gapEffects(model, state, steps))
    for (let h = 0; h < steps; h++) variances[h] = (variances[h] as number) + (effect[h] as number) ** 2;
  return variances;
}

/** What the open gaps, of which not all is known, do to the next values: independent effects of one deviation each, in units of the innovations'. */
export function gapEffects(model: FilterModel, state: Float64Array, steps: number): Float64Array[] {
  const { factor, gaps } = estimates(model, state);
  const block = model.delta.length + model.size;
  const firstGap = head + block + 2 * model.size;
  const effects = Array.from({ length: gaps }, (_, j) => {
    const effect = new Float64Array(steps);
    follow(model, state.slice(firstGap + j * block, firstGap + (j + 1) * block), effect);
    return effect;
  });
  for (let h = 0; h < steps; h++)
    for (let j = 0; j < gaps; j++) {
      const effect = effects[j] as Float64Array;
      let value = effect[h] as number;
      for (let k = 0; k < j; k++)
        value -= (factor[j * gaps + k] as number) * ((effects[k] as Float64Array)[h] as number);
      effect[h] = value / (factor[j * gaps + j] as number);
    }
  return effects;
}

/** Adds what is not known of the state. */
function addUncertainty(
  model: FilterModel,
  from: Float64Array,
  answers: Float64Array,
  out: Float64Array,
): void {
  const { size } = model;
  const covariance = stateUncertainty(model, from);
  for (let h = 0; h < out.length; h++) {
    let more = 0;
    const reach = Math.min(h, size - 1);
    for (let i = 0; i <= reach; i++) {
      let row = 0;
      for (let j = 0; j <= reach; j++)
        row += (covariance[i * size + j] as number) * (answers[h - j] as number);
      more += row * (answers[h - i] as number);
    }
    out[h] = (out[h] as number) + Math.max(0, more);
  }
}

/**
 * The covariance of the state beyond that of the next innovation, `size` rows. Two equations, of its motion and of its rank 1 change, give it
 * from the gains alone, from the last row and column to the first.
 */
export function stateUncertainty({ phi, theta, delta, size }: FilterModel, from: Float64Array): Float64Array {
  const block = delta.length + size;
  const variance = from[varianceAt] as number;
  const scale = from[scaleAt] as number;
  const gains = from.subarray(head + block, head + block + size);
  const changes = from.subarray(head + block + size, head + block + 2 * size);
  const ar = (i: number) => (i < phi.length ? (phi[i] as number) : 0);
  const ma = (i: number) => (i === 0 ? 1 : i <= theta.length ? (theta[i - 1] as number) : 0);
  const first = (i: number) =>
    i === 0 ? variance : i < size ? (gains[i - 1] as number) - ar(i - 1) * variance : 0;
  const covariance = new Float64Array((size + 1) * (size + 1));
  for (let i = size - 1; i >= 0; i--)
    for (let j = size - 1; j >= 0; j--)
      covariance[i * (size + 1) + j] =
        ar(i) * ar(j) * variance +
        ar(i) * first(j + 1) +
        ar(j) * first(i + 1) +
        (covariance[(i + 1) * (size + 1) + j + 1] as number) +
        ma(i) * ma(j) -
        ((gains[i] as number) * (gains[j] as number)) / variance -
        scale * (changes[i] as number) * (changes[j] as number);
  const beyond = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      beyond[i * size + j] = (covariance[i * (size + 1) + j] as number) - ma(i) * ma(j);
  return beyond;
}
