import { goldenSection } from "../local/optimise/golden-section.ts";
import type { LocalScale, TargetTransform } from "./options.ts";

/** The power of Box-Cox for one series: the given one, or the one that is chosen from its values; 1 without Box-Cox. */
export function lambdaOf(y: Float64Array, transform: TargetTransform): number {
  if (typeof transform !== "object") return 1;
  return transform.boxCox === "guerrero" ? guerrero(y, transform.seasonLength as number) : transform.boxCox;
}

/**
 * The power in [0, 1] under which the spread of pieces of the series depends least on their level: the coefficient of variation of
 * sd / mean^(1 - lambda) is least. Guerrero (1993), J. Forecasting 12. Pieces are counted from the end; 1 where fewer than two vary.
 */
function guerrero(y: Float64Array, seasonLength: number): number {
  const means: number[] = [];
  const spreads: number[] = [];
  for (let end = y.length; end - seasonLength >= 0; end -= seasonLength) {
    const piece = y.subarray(end - seasonLength, end).filter((value) => !Number.isNaN(value));
    if (piece.length < 2) continue;
    const { center, scale } = meanAndSpread(piece);
    if (!(scale > 0)) continue;
    means.push(Math.log(center));
    spreads.push(Math.log(scale));
  }
  if (means.length < 2) return 1;
  const variation = (lambda: number): number => {
    const ratios = Float64Array.from(means, (mean, i) =>
      Math.exp((spreads[i] as number) - (1 - lambda) * mean),
    );
    const { center, scale } = meanAndSpread(ratios);
    return scale / center;
  };
  return goldenSection(variation, 0, 1, 1e-6);
}

/** By what a series is centred and scaled. NaN is left out; a series that does not vary keeps the scale 1. */
export function localScale(w: Float64Array, kind: LocalScale | null): { center: number; scale: number } {
  if (kind === null) return { center: 0, scale: 1 };
  const known = w.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return { center: 0, scale: 1 };
  if (kind === "absolute") {
    const mean = known.reduce((sum, value) => sum + Math.abs(value), 0) / known.length;
    return { center: 0, scale: mean > 0 ? mean : 1 };
  }
  const standard = meanAndSpread(known);
  if (kind === "standard") return { center: standard.center, scale: standard.scale > 0 ? standard.scale : 1 };
  known.sort();
  const range = quantile(known, 0.75) - quantile(known, 0.25);
  const scale = range > 0 ? range : standard.scale;
  return { center: quantile(known, 0.5), scale: scale > 0 ? scale : 1 };
}

/** Mean and population standard deviation, in two passes. */
function meanAndSpread(values: Float64Array): { center: number; scale: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const center = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - center) ** 2;
  return { center, scale: Math.sqrt(squares / values.length) };
}

function quantile(sorted: Float64Array, probability: number): number {
  const place = probability * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  return low + (place - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] as number) - low);
}
