import type { ResolvedConformalOptions } from "./options.ts";

/** What the misses of the intervals so far have changed: group by group, one entry per level. */
export interface Adaptation {
  /** Miss rates now aimed at; the nominal ones unless `adapt` is `"aci"`. */
  readonly missRates: Float64Array;
  /** By how many times the largest score of the window bounds are moved out; 0 unless `adapt` is `"pid"`. */
  readonly offsets: Float64Array;
  /** Sum of (observed - nominal) miss rates over the scored origins, and the number of these; for `"pid"`. */
  readonly excess: Float64Array;
  readonly counts: Float64Array;
}

/** Before anything was observed. */
export function emptyAdaptation({ levels }: ResolvedConformalOptions, groups: number): Adaptation {
  const length = groups * levels.length;
  return {
    missRates: Float64Array.from({ length }, (_, i) => nominalMissRate(levels[i % levels.length] as number)),
    offsets: new Float64Array(length),
    excess: new Float64Array(length),
    counts: new Float64Array(length),
  };
}

/** The share of outcomes that intervals of a level are to miss: 0.2 for 80 percent. */
export function nominalMissRate(level: number): number {
  return (100 - level) / 100;
}

/**
 * Learns from one origin.
 *
 * `"aci"`: alpha <- alpha + rate (nominal - observed), the miss rate aimed at (Gibbs & Candes 2021, NeurIPS). It is kept within a 25th of the nominal one and half way to 1.
 *
 * `"pid"`: the bound itself moves by rate x (observed - nominal) x the largest score, and by a term that grows without bound as misses pile up: the quantile tracking and the
 * saturated integrator of conformal PID control (Angelopoulos, Candes & Tibshirani 2023, NeurIPS). The quantile of the window's scores stands in for their scorecaster.
 * @param observed - Share of misses, by group and level; NaN where nothing is known.
 */
export function adapted(
  { missRates, offsets, excess, counts }: Adaptation,
  observed: Float64Array,
  { adapt, adaptRate, levels }: ResolvedConformalOptions,
): Adaptation {
  const next = {
    missRates: missRates.slice(),
    offsets: offsets.slice(),
    excess: excess.slice(),
    counts: counts.slice(),
  };
  observed.forEach((share, at) => {
    if (Number.isNaN(share)) return;
    const nominal = nominalMissRate(levels[at % levels.length] as number);
    if (adapt === "aci") {
      const moved = (missRates[at] as number) + adaptRate * (nominal - share);
      next.missRates[at] = Math.min(Math.max(moved, nominal / 25), (1 + nominal) / 2);
      return;
    }
    next.offsets[at] = (offsets[at] as number) + adaptRate * (share - nominal);
    next.excess[at] = (excess[at] as number) + share - nominal;
    next.counts[at] = (counts[at] as number) + 1;
  });
  return next;
}

/** How the intervals of a level are to be made now. */
export interface Aim {
  /** The miss rate whose quantile of the scores is taken. */
  readonly missRate: number;
  /** What is added, in units of the largest score. */
  readonly offset: number;
}

/**
 * The aim of a level: what it adapted to; for levels that do not adapt themselves, in between those of their neighbours, so that they move along: miss rates towards 0 and 1, offsets towards
 * 0 for the narrowest and the outermost's own for wider ones.
 */
export function aimOf(
  adaptation: Adaptation,
  { levels, integralRate }: ResolvedConformalOptions,
  group: number,
  level: number,
): Aim {
  const nominal = nominalMissRate(level);
  const own = levels.map((tracked, l) => {
    const at = group * levels.length + l;
    const push = pushOf(adaptation.excess[at] as number, adaptation.counts[at] as number);
    return {
      nominal: nominalMissRate(tracked),
      missRate: adaptation.missRates[at] as number,
      offset: (adaptation.offsets[at] as number) + (integralRate ?? 0) * push,
    };
  });
  const points = [
    { nominal: 0, missRate: 0, offset: own[own.length - 1]?.offset ?? 0 },
    ...own.reverse(),
    { nominal: 1, missRate: 1, offset: 0 },
  ];
  const above = points.findIndex((point) => point.nominal >= nominal);
  const right = points[above] as (typeof points)[number];
  if (right.nominal === nominal) return { missRate: right.missRate, offset: right.offset };
  const left = points[above - 1] as (typeof points)[number];
  const share = (nominal - left.nominal) / (right.nominal - left.nominal);
  return {
    missRate: left.missRate + share * (right.missRate - left.missRate),
    offset: left.offset + share * (right.offset - left.offset),
  };
}

/** The integrator: nothing while the piled-up excess stays small beside the number of origins, without a practical bound when it does not. */
function pushOf(excess: number, count: number): number {
  const angle = (excess * Math.log(count + 1)) / (count + 1);
  return Math.tan(Math.min(Math.max(angle, -1.5), 1.5));
}
