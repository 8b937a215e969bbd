import type { FeatureMatrix } from "../../regressor.ts";

// Test data. make-fixtures.py makes the same numbers by the same arithmetic.

/** Kinds of data: what is in the columns besides a linear and a bent effect and an interaction. */
export type SyntheticKind =
  | "numeric"
  | "missing"
  | "categorical"
  | "weights"
  | "spread"
  | "outliers"
  | "counts"
  | "amounts"
  | "grid"
  | "grid counts";

interface Labelled {
  readonly x: FeatureMatrix;
  readonly y: Float64Array;
  readonly weights: Float64Array;
}

/** Marsaglia's xorshift32: poor, but the same in a line of any language. */
class Draw {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  uniform(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 4294967296;
  }
  /** About normal: the sum of twelve uniform numbers less 6. */
  bell(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.uniform();
    return sum - 6;
  }
}

/** A Poisson number, by multiplying uniform ones (Knuth). */
function count(draw: Draw, rate: number): number {
  const limit = Math.exp(-rate);
  let events = 0;
  for (let product = draw.uniform(); product > limit; product *= draw.uniform()) events++;
  return events;
}

function syntheticRow(draw: Draw, kind: SyntheticKind): { x: number[]; y: number; weight: number } {
  const [a, b, c, d] = [draw.bell(), draw.bell(), draw.bell(), draw.bell()];
  const noise = draw.bell();
  const spread = draw.uniform();
  const hole = draw.uniform();
  const other = draw.uniform();
  const code = Math.floor(draw.uniform() * 40);
  const group = Math.floor(draw.uniform() * 3);
  const base = 2 * a + 3 * Math.min(1, Math.max(0, b)) + c * (d + 1);
  switch (kind) {
    case "missing": {
      const x = [hole < 0.25 ? Number.NaN : a, b > 1 ? Number.NaN : b, c, d];
      return { x, y: base + (hole < 0.25 ? 1.5 : 0) + 0.5 * noise, weight: 1 };
    }
    case "categorical": {
      const y = 2 * a + ((code * 7) % 11) * 0.5 + (group - 1) * b + 0.5 * noise;
      return { x: [a, b, code, group], y, weight: 1 };
    }
    case "weights":
      return {
        x: [a, b, c, d],
        y: base + (0.4 + 1.2 * spread) * noise,
        weight: 1 / (0.4 + 1.2 * spread) ** 2,
      };
    case "spread":
      return { x: [a, b, c, d], y: base + (0.3 + Math.abs(c)) * noise, weight: 1 };
    case "outliers": {
      const far = hole < 0.08 ? 40 * (spread - 0.3) : 0;
      return { x: [a, b, c, d], y: base + 0.5 * noise + far, weight: 1 };
    }
    case "counts":
    case "amounts": {
      const rate = Math.exp(0.5 + 0.4 * a + 0.3 * Math.min(1, Math.max(0, b)) + (hole > 0.5 ? 0.2 * c : 0));
      const events = count(draw, kind === "counts" ? rate : 0.5 * rate);
      let y = events;
      if (kind === "amounts") {
        y = 0;
        for (let event = 0; event < events; event++) y -= Math.log(draw.uniform());
      }
      return { x: [a, b, c, d, hole], y, weight: 0.5 + other };
    }
    case "grid":
    case "grid counts": {
      const x = [
        Math.floor(4 * (a + 1)) / 4,
        Math.floor(4 * (b + 1)) / 4,
        Math.floor(hole * 5),
        Math.floor(other * 3),
      ];
      const y = kind === "grid" ? base + noise : Math.floor(Math.abs(base + noise));
      return { x, y, weight: 1 };
    }
    case "numeric":
      return { x: [a, b, c, d, spread, other], y: base + 0.5 * noise, weight: 1 };
  }
}

/** `rows` rows of one kind; the same seed gives the same rows. */
export function synthetic(kind: SyntheticKind, seed: number, rows: number): Labelled {
  const draw = new Draw(seed);
  const made = Array.from({ length: rows }, () => syntheticRow(draw, kind));
  const width = made[0]?.x.length ?? 0;
  const columns = Array.from({ length: width }, (_, c) => ({
    name: `x${c}`,
    kind: kind === "categorical" && c >= 2 ? ("categorical" as const) : ("numeric" as const),
    values: Float64Array.from(made, ({ x }) => x[c] as number),
  }));
  return {
    x: { rows, columns },
    y: Float64Array.from(made, ({ y }) => y),
    weights: Float64Array.from(made, ({ weight }) => weight),
  };
}
