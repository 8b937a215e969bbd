const base = 0x100000000;
/** Digits stay below 2^32 * (2^20 + 1) in between, where float64 counts exactly. */
const carryEvery = 0x100000;
const powersOfTwo = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** exponent);

/**
 * An integer of thousands of bits that integers are added to and taken from: base 2^32 digits, held as float64 so that a
 * million additions need no carry. Method: R. Neal, "Fast exact summation using small and large superaccumulators"
 * (2015), with digits that fit JavaScript.
 */
export class ExactRegister {
  readonly #digits: Float64Array;
  #low: number;
  #high = -1;
  #uncarried = 0;

  /** @param bits - Room for magnitudes below 2^bits. */
  constructor(bits: number) {
    this.#digits = new Float64Array(Math.ceil(bits / 32) + 1);
    this.#low = this.#digits.length;
  }

  /**
   * Adds `sign * (upper * 2^32 + lower) * 2^position`.
   * @param upper - An integer in [0, 2^21).
   * @param lower - An integer in [0, 2^32).
   */
  add(upper: number, lower: number, position: number, sign: 1 | -1): void {
    const digits = this.#digits;
    const first = position >>> 5;
    const scale = powersOfTwo[position & 31] as number;
    // At most 2^63, but of at most 32 significant bits, hence exact; the second stays below 2^53.
    const lowerScaled = lower * scale;
    const lowerCarry = Math.floor(lowerScaled / base);
    const upperScaled = upper * scale + lowerCarry;
    const upperCarry = Math.floor(upperScaled / base);
    digits[first] = (digits[first] as number) + sign * (lowerScaled - lowerCarry * base);
    digits[first + 1] = (digits[first + 1] as number) + sign * (upperScaled - upperCarry * base);
    digits[first + 2] = (digits[first + 2] as number) + sign * upperCarry;
    if (first < this.#low) this.#low = first;
    if (first + 2 > this.#high) this.#high = first + 2;
    if (++this.#uncarried === carryEvery) this.#carry();
  }

  /** Sets it to zero. */
  clear(): void {
    if (this.#high >= 0) this.#digits.fill(0, this.#low, this.#high + 1);
    this.#low = this.#digits.length;
    this.#high = -1;
    this.#uncarried = 0;
  }

  /** The integer. */
  toBigInt(): bigint {
    this.#carry();
    let total = 0n;
    for (let i = this.#high; i >= this.#low; i--) total = (total << 32n) + BigInt(this.#digits[i] as number);
    return this.#high < 0 ? 0n : total << BigInt(32 * this.#low);
  }

  /** `integer * 2^exponent`, rounded once to the nearest float64, ties to even. Zero is +0. */
  toNumber(exponent: number): number {
    this.#carry();
    let top = this.#high;
    while (top >= this.#low && this.#digits[top] === 0) top--;
    if (top < this.#low) return 0;
    if ((this.#digits[top] as number) > 0) return roundDigits(this.#digits, this.#low, top, exponent);
    return -roundDigits(this.#negated(top), 0, top - this.#low + 1, exponent + 32 * this.#low);
  }

  /** Digits low..top of the negated integer, moved down to 0, and one more for a last carry. */
  #negated(top: number): Float64Array {
    const result = new Float64Array(top - this.#low + 2);
    let carry = 0;
    for (let i = this.#low; i <= top; i++) {
      const digit = carry - (this.#digits[i] as number);
      carry = Math.floor(digit / base);
      result[i - this.#low] = digit - carry * base;
    }
    result[result.length - 1] = carry;
    return result;
  }

  /** Brings every digit into [0, 2^32) but the highest, which takes the sign. */
  #carry(): void {
    const digits = this.#digits;
    let carry = 0;
    for (let i = this.#low; i <= this.#high; i++) {
      const digit = (digits[i] as number) + carry;
      carry = Math.floor(digit / base);
      digits[i] = digit - carry * base;
    }
    // A carry of -1 goes back into the highest digit: it would climb by one digit at every carry otherwise.
    if (carry === -1) digits[this.#high] = (digits[this.#high] as number) - base;
    else if (carry !== 0) digits[++this.#high] = carry;
    this.#uncarried = 0;
  }
}

/** Rounds digits in [0, 2^32); the highest may be zero. */
function roundDigits(digits: Float64Array, low: number, high: number, exponent: number): number {
  let top = high;
  while (digits[top] === 0) top--;
  const at = (i: number): number => (i < low ? 0 : (digits[i] as number));
  const bits = 32 - Math.clz32(digits[top] as number);
  // 53 bits are kept: those of the top digit, `whole` digits after it, and `part` bits of the digit at `cut`.
  const whole = bits < 21 ? 1 : 0;
  const part = 53 - bits - 32 * whole;
  const cut = top - 1 - whole;
  const dropped = 2 ** (32 - part);
  let significand = at(top) * 2 ** (53 - bits) + Math.floor(at(cut) / dropped);
  if (whole === 1) significand += at(top - 1) * 2 ** part;
  // What is dropped, in digits of 32 bits: compare the first with one half, then see whether anything follows.
  const isWhole = part === 32;
  const rest = isWhole ? at(cut - 1) : at(cut) % dropped;
  const half = isWhole ? 2 ** 31 : dropped / 2;
  if (
    rest > half ||
    (rest === half && (significand % 2 === 1 || anyNonZero(digits, low, cut - (isWhole ? 2 : 1))))
  )
    significand += 1;
  return scaleByPowerOfTwo(significand, 32 * top + bits - 53 + exponent);
}

function anyNonZero(digits: Float64Array, low: number, high: number): boolean {
  for (let i = high; i >= low; i--) if (digits[i] !== 0) return true;
  return false;
}

/**
 * `significand * 2^exponent`, exact wherever that is a float64, infinite beyond: in three steps, because 2^exponent alone
 * may be out of range where the result is not.
 */
export function scaleByPowerOfTwo(significand: number, exponent: number): number {
  const third = Math.trunc(exponent / 3);
  return significand * 2 ** third * 2 ** third * 2 ** (exponent - 2 * third);
}
