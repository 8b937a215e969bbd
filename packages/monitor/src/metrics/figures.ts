import type { Labels } from "./gauge-set.ts";

/** A time as gauges have it: seconds since 1970. */
export function seconds(micros: bigint): number {
  return Number(micros) / 1e6;
}

/** The sum of each set of labels, in the order in which they come first. */
export function sumsByLabels(all: readonly (readonly [Labels, number])[]): [Labels, number][] {
  const sums = new Map<string, [Labels, number]>();
  for (const [labels, value] of all) {
    const id = JSON.stringify(labels);
    sums.set(id, [labels, (sums.get(id)?.[1] ?? 0) + value]);
  }
  return [...sums.values()];
}
