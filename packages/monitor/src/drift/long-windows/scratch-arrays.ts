/** Buffers that are used again, by their size, while columns are tested one after the other. */
let kept: Map<number, ArrayBuffer[]> | null = null;

/** Smaller arrays are as fast to make as to find. */
const leastBytes = 1 << 16;

/**
 * Runs work whose large arrays are used again instead of being made anew: the garbage collector would take as long as the work. They
 * are given up when it is done.
 */
export function reusingArrays<T>(work: () => T): T {
  const outer = kept;
  kept = new Map();
  try {
    return work();
  } finally {
    kept = outer;
  }
}

/** Keeps arrays to be used again until `dropArrays`. */
export function keepArrays(): void {
  kept ??= new Map();
}

/** Gives up the arrays that were kept. */
export function dropArrays(): void {
  kept = null;
}

/** An array whose content is left over from other work: every element is to be written. */
export function scratchNumbers(length: number): Float64Array {
  return new Float64Array(bufferOf(8 * length), 0, length);
}

/** The same for whole numbers up to 65,535. */
export function scratchShorts(length: number): Uint16Array {
  return new Uint16Array(bufferOf(2 * length), 0, length);
}

function bufferOf(bytes: number): ArrayBuffer {
  return kept?.get(bytes)?.pop() ?? new ArrayBuffer(bytes);
}

/** Gives arrays back, of which nothing may be read any more. */
export function giveBack(...arrays: readonly (Float64Array | Uint16Array | Int32Array | null)[]): void {
  for (const array of arrays) {
    const buffer = array?.buffer;
    if (kept === null || !(buffer instanceof ArrayBuffer) || buffer.byteLength < leastBytes) continue;
    const same = kept.get(buffer.byteLength) ?? [];
    if (!same.includes(buffer)) same.push(buffer);
    kept.set(buffer.byteLength, same);
  }
}
