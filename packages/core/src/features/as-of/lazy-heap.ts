/**
 * A priority queue of positions that are taken out lazily: whoever asks for the best says which positions still count.
 * O(log n) a push; the best costs O(log n) for each position that stopped counting.
 */
export class LazyHeap {
  readonly #isBefore: (a: number, b: number) => boolean;
  readonly #items: number[] = [];

  constructor(isBefore: (a: number, b: number) => boolean) {
    this.#isBefore = isBefore;
  }

  push(position: number): void {
    const items = this.#items;
    let child = items.length;
    items.push(position);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(position, items[parent] as number)) break;
      items[child] = items[parent] as number;
      child = parent;
    }
    items[child] = position;
  }

  /** The first position that still counts, or -1. Those before it are dropped for good. */
  best(counts: (position: number) => boolean): number {
    while (this.#items.length > 0) {
      const top = this.#items[0] as number;
      if (counts(top)) return top;
      this.#dropTop();
    }
    return -1;
  }

  clear(): void {
    this.#items.length = 0;
  }

  #dropTop(): void {
    const items = this.#items;
    const moved = items.pop() as number;
    if (items.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#isBefore(items[child + 1] as number, items[child] as number))
        child++;
      if (!this.#isBefore(items[child] as number, moved)) break;
      items[parent] = items[child] as number;
      parent = child;
    }
    items[parent] = moved;
  }
}
