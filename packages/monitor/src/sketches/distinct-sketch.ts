import { shown, TsopsError } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import { type Hash64, hashInteger, hashNumber, hashText } from "./hash.ts";

/** What can be counted. Values of different types are different: 1, 1n and "1" are three. */
export type Countable = string | number | bigint | boolean;

/** Counts different values in 4096 bytes. */
export interface DistinctSketch {
  /** Takes a value; repeated ones change nothing. @throws TsopsError MONITOR_INVALID for what is no text, number or boolean. */
  add(value: Countable): void;
  /** Takes what another sketch has seen: afterwards it is as if it had seen all itself. The other one stays as it is. */
  merge(other: DistinctSketch): void;
  /** About how many different values there were: within 3.3 % in 19 of 20 cases. */
  estimate(): number;
  /** The sketch itself, a byte for each of its registers. */
  registers(): Uint8Array<ArrayBuffer>;
}

const precision = 12;
const registerCount = 2 ** precision;
/** Bits of the hash beside those that choose the register. */
const rankBits = 64 - precision;

/**
 * A HyperLogLog sketch of 4096 registers: each remembers the longest run of zeros in the (64-bit) hashes of its values. Its standard error is
 * 1.6 %; below some thousand values it is nearly exact. The order of values and of merges does not matter.
 *
 * Sources: P. Flajolet et al. (2007), "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm"; O. Ertl (2017), "New
 * cardinality estimation algorithms for HyperLogLog sketches", section 4 (an estimate without tables of biases).
 * @param registers - Those of a saved sketch.
 * @throws TsopsError MODEL_FORMAT_INVALID for what are no such registers.
 */
export function distinctSketch(registers?: Uint8Array): DistinctSketch {
  if (
    registers !== undefined &&
    !(
      registers instanceof Uint8Array &&
      registers.length === registerCount &&
      registers.every((r) => r <= rankBits + 1)
    )
  )
    throw new TsopsError("MODEL_FORMAT_INVALID", `These are not the registers of a distinct sketch.`, {
      hint: `Pass the ${registerCount} bytes that registers() returned.`,
    });
  const own = new Uint8Array(registerCount);
  if (registers !== undefined) own.set(registers);
  const hash: Hash64 = { high: 0, low: 0 };

  function add(value: Countable): void {
    hashValue(value, hash);
    const register = hash.high >>> (32 - precision);
    const upper = (hash.high << precision) >>> 0;
    const zeros = upper === 0 ? 32 - precision + Math.clz32(hash.low) : Math.clz32(upper);
    const rank = Math.min(zeros, rankBits) + 1;
    if (rank > (own[register] as number)) own[register] = rank;
  }

  function merge(other: DistinctSketch): void {
    checkMade("merge()", "a distinctSketch()", other, { registers: "function" });
    other.registers().forEach((rank, i) => {
      if (rank > (own[i] as number)) own[i] = rank;
    });
  }

  return { add, merge, estimate: () => estimateOf(own), registers: () => own.slice() };
}

function hashValue(value: Countable, into: Hash64): void {
  if (typeof value === "string") hashText(value, into);
  else if (typeof value === "number") hashNumber(value, into);
  else if (typeof value === "bigint") hashInteger(value, into);
  else if (typeof value === "boolean") hashText(value ? "\u0001true" : "\u0001false", into);
  else
    throw new TsopsError("MONITOR_INVALID", `${shown(value)} cannot be counted.`, {
      hint: "Give text, numbers or booleans, and leave out what is missing.",
    });
}

/** Ertl 2017, algorithm 6. */
function estimateOf(registers: Uint8Array): number {
  const counts = new Float64Array(rankBits + 2);
  for (const rank of registers) counts[rank]!++;
  let sum = registerCount * tau(1 - (counts[rankBits + 1] as number) / registerCount);
  for (let rank = rankBits; rank >= 1; rank--) sum = 0.5 * (sum + (counts[rank] as number));
  sum += registerCount * sigma((counts[0] as number) / registerCount);
  return registerCount ** 2 / (2 * Math.LN2 * sum);
}

/** The part of registers that nothing has touched. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [power, weight, sum, before] = [share, 1, share, Number.NaN];
  while (sum !== before) {
    power *= power;
    before = sum;
    sum += power * weight;
    weight *= 2;
  }
  return sum;
}

/** The part of registers that are full. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [power, weight, sum, before] = [share, 1, 1 - share, Number.NaN];
  while (sum !== before) {
    power = Math.sqrt(power);
    before = sum;
    weight *= 0.5;
    sum -= (1 - power) ** 2 * weight;
  }
  return sum / 3;
}
