/** By how much, at a guess, the logarithm of a bound from n independent scores varies: this over n. */
const variancePerScore = 0.8;

/**
 * Bounds over the steps of a horizon without the ups and downs of few scores: a power of the step, from none to proportional growth, with as much of what is left as is more than chance. Where some steps have errors of another size for a
 * reason (nights, say), what is left varies far more than that, and stays.
 * @param independent - About how many independent scores a bound stands on.
 * @returns The same bounds where one is 0 or unknown.
 */
export function smoothBounds(bounds: Float64Array, independent: number): Float64Array {
  const steps = bounds.length;
  if (steps < 3 || !bounds.every((bound) => bound > 0)) return bounds;
  const logs = bounds.map(Math.log);
  const places = logs.map((_, h) => Math.log(h + 1));
  const [place, log] = [meanOf(places), meanOf(logs)];
  let [cross, spread] = [0, 0];
  for (let h = 0; h < steps; h++) {
    cross += ((places[h] as number) - place) * ((logs[h] as number) - log);
    spread += ((places[h] as number) - place) ** 2;
  }
  const power = Math.min(Math.max(cross / spread, 0), 1);
  const line = places.map((at) => log + power * (at - place));
  const rest = logs.map((value, h) => value - (line[h] as number));
  const varied = rest.reduce((sum, value) => sum + value * value, 0) / steps;
  const chance = variancePerScore / independent;
  const kept = varied > 0 ? Math.max(0, 1 - chance / varied) : 0;
  // Bounds that do not vary by chance cover as often in a smaller mean width: that of the logarithms.
  return line.map((value, h) => Math.exp(value + kept * (rest[h] as number)));
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
