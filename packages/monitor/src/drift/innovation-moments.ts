import { chiSquareSurvival } from "@tsops/core";

/** Arithmetic mean. */
export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/** Mean absolute deviation from the mean: a measure of spread whose own error is finite for heavy tails too. */
export function spreadOf(values: Float64Array, mean = meanOf(values)): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs((values[i] as number) - mean);
  return sum / values.length;
}

/**
 * By how much the mean of a sample in order of time is less certain than that of independent values: the variance of the means of
 * its blocks over what independent values would give, e.g. 3 where calm and wild stretches take turns.
 * @returns 1 when the blocks differ no more than chance makes them, or are too few to tell.
 */
export function designEffect(values: Float64Array, blockLength: number): number {
  const count = Math.floor(values.length / blockLength);
  if (count < 8) return 1;
  const mean = meanOf(values);
  let within = 0;
  for (let i = 0; i < values.length; i++) within += ((values[i] as number) - mean) ** 2;
  let between = 0;
  for (let block = 0; block < count; block++) {
    let sum = 0;
    for (let i = block * blockLength; i < (block + 1) * blockLength; i++) sum += (values[i] as number) - mean;
    between += sum * sum;
  }
  if (within === 0) return 1;
  const effect = between / (count - 1) / blockLength / (within / values.length);
  return chiSquareSurvival(effect * (count - 1), count - 1) < 0.05 ? effect : 1;
}
