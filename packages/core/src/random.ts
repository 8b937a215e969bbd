/** What a generator starts from. The number `1` and the string `"1"` are the same seed. */
export type Seed = number | string;

/** A stream of pseudo-random numbers that depends on its seed only. Not for secrets. */
export interface Random {
  /** A float in [low, high), by default [0, 1), with 53 random bits. */
  uniform(low?: number, high?: number): number;
  /**
   * An integer in [low, high), or in [0, low) when called with one argument; every value is equally likely.
   * @throws RangeError when the range is empty or wider than 2^53.
   */
  integer(low: number, high?: number): number;
  /** A normally distributed float, by default of mean 0 and standard deviation 1 (Marsaglia's polar method). */
  normal(mean?: number, deviation?: number): number;
  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T;
  /** A new stream that depends on this stream's seed and the label only, not on what was drawn so far. */
  fork(label: string | number): Random;
}

/**
 * A seedable generator: sfc32 (Chris Doty-Humphrey, PractRand), state from a 128-bit hash of the seed.
 * The same seed gives the same numbers on every machine and every run.
 * @throws RangeError when the seed is a number that is not finite.
 */
export function createRandom(seed: Seed): Random {
  if (typeof seed === "number" && !Number.isFinite(seed))
    throw new RangeError(`A seed must be a finite number or a string, got ${seed}.`);
  const next32 = sfc32(hash128(String(seed)));
  const next53 = (): number => ((next32() >>> 5) * 0x4000000 + (next32() >>> 6)) / 0x20000000000000;
  let spare: number | undefined;

  const integer = (low: number, high?: number): number => {
    const from = high === undefined ? 0 : low;
    const width = (high ?? low) - from;
    if (!(Number.isSafeInteger(width) && width > 0 && Number.isSafeInteger(from)))
      throw new RangeError(`Expected a non-empty range of integers, got [${from}, ${high ?? low}).`);
    if (width > 0x100000000) {
      const limit = 0x20000000000000 - (0x20000000000000 % width);
      for (;;) {
        const draw = (next32() >>> 11) * 0x100000000 + next32();
        if (draw < limit) return from + (draw % width);
      }
    }
    const limit = 0x100000000 - (0x100000000 % width);
    for (;;) {
      const draw = next32();
      if (draw < limit) return from + (draw % width);
    }
  };

  return {
    uniform: (low = 0, high = 1) => low + (high - low) * next53(),
    integer,
    normal(mean = 0, deviation = 1) {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return mean + deviation * value;
      }
      for (;;) {
        const u = 2 * next53() - 1;
        const v = 2 * next53() - 1;
        const s = u * u + v * v;
        if (s >= 1 || s === 0) continue;
        const scale = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * scale;
        return mean + deviation * u * scale;
      }
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const kept = items[i];
        (items as { [index: number]: unknown })[i] = items[j];
        (items as { [index: number]: unknown })[j] = kept;
      }
      return items;
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  };
}

/** Small fast counting generator; 128 bits of state, 32 bits an output as an unsigned integer. */
function sfc32(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, counter] = state;
  const next = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Four FNV-1a lanes with different bases, each finished by murmur3's mixer. */
function hash128(text: string): [number, number, number, number] {
  const lane = (basis: number): number => {
    let h = basis | 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      h = Math.imul(h ^ (unit & 0xff), 0x01000193);
      h = Math.imul(h ^ (unit >>> 8), 0x01000193);
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  };
  return [lane(0x811c9dc5), lane(0x9e3779b9), lane(0x85ebca77), lane(0xc2b2ae3d)];
}
