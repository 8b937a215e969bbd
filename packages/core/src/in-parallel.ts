/**
 * Does work for each item, a few at a time, in their order.
 * @param atOnce - How many at a time; at least 1.
 * @returns The results in the order of the items. The first failure is thrown, and nothing further is begun.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  const waiting = items.entries();
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    // All lanes take from one iterator, so each item is done once.
    for (let next = waiting.next(); !next.done && !hasFailed; next = waiting.next()) {
      const [index, item] = next.value;
      try {
        results[index] = await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return results;
}
