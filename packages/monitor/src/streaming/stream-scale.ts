import { choosePower, type PowerTransform, transformed } from "../drift/model/power-transform.ts";
import { presentValues, type RegularSeries } from "../drift/model/regular-series.ts";

/** The scale that values are watched on: x, its root or its logarithm (power 1, 0.5, 0), each after adding `shift`. */
export interface StreamScale {
  readonly power: PowerTransform["power"];
  readonly shift: number;
  /** What is taken for values at or below it, of which there is no logarithm. */
  readonly least: number;
  /** Mean of the reference on the scale. */
  readonly centre: number;
}

/** The scale on which the reference's noise is most even, as in `driftTest`. */
export function scaleFor(reference: RegularSeries, seasonLength: number, maxOrder: number): StreamScale {
  const { power, shift } = choosePower(reference, reference, seasonLength, maxOrder);
  const values = presentValues(reference.values);
  let least = Number.NEGATIVE_INFINITY;
  if (power !== 1) {
    const smallestAbove = values.reduce(
      (smallest, value) => (value > 0 ? Math.min(smallest, value) : smallest),
      Number.POSITIVE_INFINITY,
    );
    least = smallestAbove / 2 - shift;
  }
  const scaled = presentValues(transformed(reference, { power, shift }).values);
  return { power, shift, least, centre: scaled.reduce((sum, value) => sum + value / scaled.length, 0) };
}

/** A value on the scale. */
export function onScale({ power, shift, least }: StreamScale, value: number): number {
  if (power === 1) return value;
  const inReach = (value > least ? value : least) + shift;
  return power === 0 ? Math.log(inReach) : Math.sqrt(inReach);
}

/** A shift on the scale, about the reference's centre, in units of the column. */
export function shiftInUnits({ power, centre }: StreamScale, shift: number): number {
  if (power === 1) return shift;
  const back = (value: number) => (power === 0 ? Math.exp(value) : Math.max(value, 0) ** 2);
  return back(centre + shift) - back(centre);
}
