import { ExactRegister, scaleByPowerOfTwo } from "./exact-register.ts";

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const lowWord = isLittleEndian ? 0 : 1;
const highWord = 1 - lowWord;

/** Every finite float64 is an integer times 2^-1074. */
const unitExponent = -1074;

/**
 * A sum of float64 values that is exact until it is read: values are added and removed in any order, and `value()` is
 * the true sum rounded once (to nearest, ties to even). So it depends on which values are in, never on their order or
 * on what was in before, and a window that slides agrees bit for bit with one that is summed afresh.
 *
 * NaN and infinities are counted beside it and follow IEEE 754: any NaN, or infinities of both signs, give NaN.
 * Zeros sum to +0. A sum beyond the largest float64 is infinite.
 */
export class ExactSum {
  // 2046 exponents, 53 bits of a value, and room for the sum of 2^60 of them.
  readonly #register = new ExactRegister(2046 + 53 + 60);
  #notANumber = 0;
  #positiveInfinity = 0;
  #negativeInfinity = 0;

  /** Puts a value in. */
  add(value: number): void {
    this.#accumulate(value, 1);
  }

  /** Takes out a value that was put in before. */
  remove(value: number): void {
    this.#accumulate(value, -1);
  }

  /** Empties the sum. */
  clear(): void {
    this.#register.clear();
    this.#notANumber = 0;
    this.#positiveInfinity = 0;
    this.#negativeInfinity = 0;
  }

  /** Whether a NaN or an infinity is in. */
  get isSpecial(): boolean {
    return this.#notANumber + this.#positiveInfinity + this.#negativeInfinity > 0;
  }

  /** The true sum, rounded once to float64. */
  value(): number {
    if (this.#notANumber > 0 || (this.#positiveInfinity > 0 && this.#negativeInfinity > 0)) return Number.NaN;
    if (this.#positiveInfinity > 0) return Number.POSITIVE_INFINITY;
    if (this.#negativeInfinity > 0) return Number.NEGATIVE_INFINITY;
    return this.#register.toNumber(unitExponent);
  }

  /** The true sum of the finite values in units of 2^-1074. */
  units(): bigint {
    return this.#register.toBigInt();
  }

  #accumulate(value: number, sign: 1 | -1): void {
    float[0] = value;
    const upper = words[highWord] as number;
    const exponent = (upper >>> 20) & 0x7ff;
    if (exponent === 0x7ff) {
      if (value === Number.POSITIVE_INFINITY) this.#positiveInfinity += sign;
      else if (value === Number.NEGATIVE_INFINITY) this.#negativeInfinity += sign;
      else this.#notANumber += sign;
      return;
    }
    // Subnormals have no hidden bit and share the position of the smallest normals.
    const significand = exponent === 0 ? upper & 0xfffff : (upper & 0xfffff) | 0x100000;
    const position = exponent === 0 ? 0 : exponent - 1;
    this.#register.add(
      significand,
      words[lowWord] as number,
      position,
      upper >>> 31 === 1 ? (-sign as 1 | -1) : sign,
    );
  }
}

/** An exact sum of squares of finite float64 values, in units of 2^-2148. */
export class ExactSquareSum {
  readonly #register = new ExactRegister(2 * (2046 + 53) + 60);

  /** Puts the square of a finite value in. */
  add(value: number): void {
    this.#accumulate(value, 1);
  }

  /** Takes the square of a finite value out that was put in before. */
  remove(value: number): void {
    this.#accumulate(value, -1);
  }

  /** Puts the square of an int64 in (sign 1) or takes it out (sign -1). */
  addInt64(value: bigint, sign: 1 | -1): void {
    const magnitude = Number(value);
    if (Number.isSafeInteger(magnitude)) {
      this.#accumulate(magnitude, sign);
      return;
    }
    let square = value * value;
    for (let position = -2 * unitExponent; square !== 0n; position += 32) {
      this.#register.add(0, Number(square & 0xffffffffn), position, sign);
      square >>= 32n;
    }
  }

  /** Empties the sum. */
  clear(): void {
    this.#register.clear();
  }

  /** The true sum in units of 2^-2148. */
  units(): bigint {
    return this.#register.toBigInt();
  }

  #accumulate(value: number, sign: 1 | -1): void {
    float[0] = value;
    const upper = words[highWord] as number;
    const lower = words[lowWord] as number;
    const exponent = (upper >>> 20) & 0x7ff;
    const significand = exponent === 0 ? upper & 0xfffff : (upper & 0xfffff) | 0x100000;
    const position = exponent === 0 ? 0 : 2 * (exponent - 1);
    // The 53 bits in three pieces of 18, 18 and 17, so that every product is an exact float64 below 2^37.
    const a = lower & 0x3ffff;
    const b = ((lower >>> 18) | (significand << 14)) & 0x3ffff;
    const c = significand >>> 4;
    this.#addProduct(a * a, position, sign);
    this.#addProduct(2 * a * b, position + 18, sign);
    this.#addProduct(b * b + 2 * a * c, position + 36, sign);
    this.#addProduct(2 * b * c, position + 54, sign);
    this.#addProduct(c * c, position + 72, sign);
  }

  #addProduct(product: number, position: number, sign: 1 | -1): void {
    if (product === 0) return;
    const upper = Math.floor(product / 0x100000000);
    this.#register.add(upper, product - upper * 0x100000000, position, sign);
  }
}

/**
 * Sample standard deviation (divisor n - 1) from exact sums: the exact variance rounded once to 53 bits, then its square
 * root. So it depends on the values only, cannot be negative inside the root, and is 0 exactly when all are equal.
 * @param count - At least 2.
 */
export function exactStandardDeviation(count: number, sum: ExactSum, squares: ExactSquareSum): number {
  if (sum.isSpecial) return Number.NaN;
  const n = BigInt(count);
  const total = sum.units();
  const numerator = n * squares.units() - total * total;
  if (numerator === 0n) return 0;
  return squareRootOfRatio(numerator, n * (n - 1n), 2 * unitExponent);
}

/** `sqrt(numerator / denominator * 2^exponent)` for positive integers and an even exponent; the ratio is rounded to 53 bits. */
function squareRootOfRatio(numerator: bigint, denominator: bigint, exponent: number): number {
  // Shift so that the quotient has 54 or 55 bits; an even shift keeps the exponent even.
  let shift = 55 - (bitLength(numerator) - bitLength(denominator));
  if (shift % 2 !== 0) shift++;
  const scaled = shift >= 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift);
  const quotient = scaled / divisor;
  // Number() rounds ties to even; a set lowest bit stands for everything below, two bits under what is kept.
  const sticky = (quotient << 1n) | (scaled === quotient * divisor ? 0n : 1n);
  return scaleByPowerOfTwo(Math.sqrt(Number(sticky) / 2), (exponent - shift) / 2);
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex[0] as string, 16)));
}
