/** Below this many values the built-in sort is as fast. */
const leastForRadix = 2048;
/** Passes over 11 bits after which what still shares its bits is put in order by itself. */
const mostPasses = 3;
/** Runs up to this long are put in order by insertion. */
const longestInsertion = 24;
const highWord = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** Eleven bits of a double: the word that holds them, and where they begin in it. */
interface Digit {
  readonly word: number;
  readonly shift: number;
  readonly counts: Uint32Array;
}

/**
 * A sorted copy, ascending, of numbers none of which is NaN: a radix sort from the lower to the upper bits, leaving out bits that all values
 * share and bits below those that tell nearly all values apart. O(n), with one further copy while it runs.
 */
export function sortNumbers(values: Float64Array): Float64Array {
  if (isAscending(values)) return values.slice();
  if (values.length < leastForRadix) return values.slice().sort();
  const passes: Digit[] = [];
  for (const word of [highWord, 1 - highWord]) {
    for (const digit of digitsOf(values, word).reverse())
      if (passes.length < mostPasses && !isShared(digit.counts, values.length)) passes.push(digit);
    if (passes.length === mostPasses) break;
  }
  let from: Float64Array = values;
  let to: Float64Array = new Float64Array(values.length);
  let spare: Float64Array | null = null;
  for (const digit of passes.reverse()) {
    scatter(from, to, digit);
    [from, to, spare] = [to, spare ?? new Float64Array(values.length), from === values ? null : from];
  }
  const sorted = from === values ? values.slice() : from;
  negativesFirst(sorted);
  repairRuns(sorted, passes);
  return sorted;
}

function digitsOf(values: Float64Array, word: number): Digit[] {
  const low = new Uint32Array(2048);
  const middle = new Uint32Array(2048);
  const high = new Uint32Array(1024);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let at = word; at < words.length; at += 2) {
    const bits = words[at]!;
    low[bits & 2047]!++;
    middle[(bits >>> 11) & 2047]!++;
    high[bits >>> 22]!++;
  }
  return [
    { word, shift: 0, counts: low },
    { word, shift: 11, counts: middle },
    { word, shift: 22, counts: high },
  ];
}

function isShared(counts: Uint32Array, length: number): boolean {
  return counts.includes(length);
}

/** One stable counting pass; the counts are used up. */
function scatter(from: Float64Array, to: Float64Array, { word, shift, counts }: Digit): void {
  let next = 0;
  for (let digit = 0; digit < counts.length; digit++) {
    const count = counts[digit]!;
    counts[digit] = next;
    next += count;
  }
  const words = new Uint32Array(from.buffer, from.byteOffset, from.length * 2);
  for (let i = 0; i < from.length; i++) to[counts[(words[2 * i + word]! >>> shift) & 2047]!++] = from[i]!;
}

/** As bits, negative numbers come after the others and in descending order. */
function negativesFirst(sorted: Float64Array): void {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isNegative(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  if (low === sorted.length) return;
  const negative = sorted.slice(low).reverse();
  sorted.copyWithin(negative.length, 0, low);
  sorted.set(negative);
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

/** Orders neighbours that share all bits that were sorted by. */
function repairRuns(sorted: Float64Array, passes: readonly Digit[]): void {
  const masks = new Uint32Array(2);
  for (const { word, shift } of passes) masks[word]! |= 2047 << shift;
  const words = new Uint32Array(sorted.buffer, 0, sorted.length * 2);
  const shares = (a: number, b: number): boolean =>
    ((words[2 * a]! ^ words[2 * b]!) & masks[0]!) === 0 &&
    ((words[2 * a + 1]! ^ words[2 * b + 1]!) & masks[1]!) === 0;
  for (let i = 1; i < sorted.length; i++) {
    const value = sorted[i]!;
    if (sorted[i - 1]! <= value) continue;
    let place = i;
    for (; place > 0 && sorted[place - 1]! > value && i - place < longestInsertion; place--)
      sorted[place] = sorted[place - 1]!;
    sorted[place] = value;
    if (place === 0 || sorted[place - 1]! <= value) continue;
    let start = place;
    while (start > 0 && shares(start - 1, i)) start--;
    let end = i + 1;
    while (end < sorted.length && shares(i, end)) end++;
    sorted.subarray(start, end).sort();
    i = end - 1;
  }
}

/** Whether numbers are in ascending order. */
function isAscending(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i - 1]! > values[i]!) return false;
  return true;
}
