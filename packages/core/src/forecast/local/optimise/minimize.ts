/** A function to be minimised: returns its value at `x` and writes its gradient. Infinity says that `x` is out of its domain. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

const pairs = 10;

/**
 * Moves `x` to a local minimum by L-BFGS (Liu & Nocedal 1989) with backtracking.
 * @param tolerance - Stops after three steps in a row that each lower the value by less.
 * @returns The value there.
 */
export function minimize(
  objective: Objective,
  x: Float64Array,
  iterations: number,
  tolerance: number,
): number {
  const size = x.length;
  const gradient = new Float64Array(size);
  let value = objective(x, gradient);
  if (!Number.isFinite(value)) return Number.POSITIVE_INFINITY;
  const nextX = new Float64Array(size);
  const nextGradient = new Float64Array(size);
  const direction = new Float64Array(size);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  const products = new Float64Array(pairs);
  const weights = new Float64Array(pairs);
  let count = 0;
  let small = 0;
  for (let iteration = 0; iteration < iterations; iteration++) {
    // The direction: the gradient times the inverse Hessian that the last steps tell of.
    for (let i = 0; i < size; i++) direction[i] = -(gradient[i] as number);
    const known = Math.min(count, pairs);
    for (let k = 0; k < known; k++) {
      const at = (count - 1 - k) % pairs;
      const weight = dot(steps[at] as Float64Array, direction) / (products[at] as number);
      weights[at] = weight;
      addScaled(direction, changes[at] as Float64Array, -weight);
    }
    if (known > 0) {
      const last = (count - 1) % pairs;
      const change = changes[last] as Float64Array;
      const scale = (products[last] as number) / dot(change, change);
      for (let i = 0; i < size; i++) direction[i] = (direction[i] as number) * scale;
    }
    for (let k = known - 1; k >= 0; k--) {
      const at = (count - 1 - k) % pairs;
      const weight = dot(changes[at] as Float64Array, direction) / (products[at] as number);
      addScaled(direction, steps[at] as Float64Array, (weights[at] as number) - weight);
    }
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      for (let i = 0; i < size; i++) direction[i] = -(gradient[i] as number);
      slope = -dot(gradient, gradient);
      count = 0;
    }
    if (slope === 0) break;
    let step = count === 0 ? Math.min(1, 0.3 / Math.sqrt(dot(direction, direction))) : 1;
    let next = Number.POSITIVE_INFINITY;
    let tries = 0;
    for (; tries < 25; tries++) {
      for (let i = 0; i < size; i++) nextX[i] = (x[i] as number) + step * (direction[i] as number);
      next = objective(nextX, nextGradient);
      if (next <= value + 1e-4 * step * slope) break;
      const bend = next - value - step * slope;
      const best = bend > 0 && Number.isFinite(bend) ? (-slope * step * step) / (2 * bend) : 0;
      step = Math.min(0.5 * step, Math.max(0.1 * step, best));
    }
    if (tries === 25) {
      if (count === 0) break;
      count = 0;
      continue;
    }
    const place = count % pairs;
    if (place === steps.length) {
      steps.push(new Float64Array(size));
      changes.push(new Float64Array(size));
    }
    const stepTaken = steps[place] as Float64Array;
    const changeSeen = changes[place] as Float64Array;
    for (let i = 0; i < size; i++) {
      stepTaken[i] = (nextX[i] as number) - (x[i] as number);
      changeSeen[i] = (nextGradient[i] as number) - (gradient[i] as number);
    }
    const product = dot(stepTaken, changeSeen);
    if (product > 1e-12 * Math.sqrt(dot(stepTaken, stepTaken) * dot(changeSeen, changeSeen))) {
      products[place] = product;
      count++;
    }
    small = value - next < tolerance ? small + 1 : 0;
    x.set(nextX);
    gradient.set(nextGradient);
    value = next;
    if (small >= 3) break;
  }
  return value;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function addScaled(target: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + factor * (values[i] as number);
}
