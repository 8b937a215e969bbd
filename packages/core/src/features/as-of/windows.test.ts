import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import type { Column } from "../../schema/columns.ts";
import type { WindowAggregate } from "../feature.ts";
import type { Instants } from "./instants.ts";
import { firstAfter, firstAtOrAfter } from "./ordered-rows.ts";
import { isPicking, WindowColumn } from "./window-column.ts";
import type { WindowRows } from "./window-rows.ts";
import { sweepWindows } from "./window-sweep.ts";

const aggregates: readonly WindowAggregate[] = ["sum", "count", "mean", "min", "max", "std", "first", "last"];

describe("sweepWindows", () => {
  it("reads the same bits as windows that are each summed from nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        const random = createRandom(seed);
        const size = random.integer(40);
        const time = Float64Array.from({ length: size }, () => random.integer(12)).sort();
        const isKnown = random.integer(2) === 0;
        const available: Instants | null = isKnown
          ? Float64Array.from(time, (at) =>
              random.integer(8) === 0 ? Number.POSITIVE_INFINITY : at + random.integer(6),
            )
          : null;
        // Within one time, rows are ordered by availability.
        if (available !== null)
          for (let i = 1; i < size; i++)
            for (
              let j = i;
              j > 0 && time[j] === time[j - 1] && (available[j - 1] as number) > (available[j] as number);
              j--
            )
              [available[j - 1], available[j]] = [available[j] as number, available[j - 1] as number];
        const column: Column = {
          kind: "float64",
          values: Float64Array.from({ length: size }, () => random.normal() * 10 ** random.integer(-8, 9)),
          valid: new Uint8Array(8).map(() => random.integer(256)),
        };
        const queries = 20;
        const asked = Float64Array.from({ length: queries }, () => random.integer(16)).sort();
        const width = random.integer(1, 14);
        const window: WindowRows = {
          rows: { time, available, row: null, columns: { x: column } },
          start: 0,
          end: size,
          latest: asked,
          earliest: asked.map((at) => at - width + 1),
          known: isKnown ? asked : null,
          onePerTime: random.integer(2) === 0,
        };
        const columns = new Map([["x", new WindowColumn(column, null, new Set(aggregates))]]);
        const swept: unknown[] = [];
        sweepWindows(
          window,
          columns,
          Int32Array.from({ length: queries }, (_, i) => i),
          (_, counts) => swept.push(read(columns.get("x") as WindowColumn, counts)),
        );
        expect(swept).toEqual(Array.from({ length: queries }, (_, i) => fresh(window, column, i)));
      }),
      { numRuns: 400 },
    );
  });
});

function read(column: WindowColumn, counts: (position: number) => boolean): unknown {
  return aggregates.map((aggregate) =>
    aggregate === "count"
      ? column.count
      : isPicking(aggregate)
        ? column.pick(aggregate, counts)
        : column.number(aggregate),
  );
}

function fresh(window: WindowRows, column: Column, query: number): unknown {
  const { time, available } = window.rows;
  const from = firstAtOrAfter(time, 0, window.end, window.earliest[query] as number);
  const to = firstAfter(time, from, window.end, window.latest[query] as number);
  const known = Array.from({ length: to - from }, (_, i) => from + i).filter(
    (position) => available === null || (available[position] as number) <= (window.known?.[query] as number),
  );
  const counted = known.filter(
    (position, i) => !window.onePerTime || time[position] !== time[known[i + 1] ?? -1],
  );
  const result = new WindowColumn(column, null, new Set(aggregates));
  for (const position of counted) result.add(position);
  return read(result, () => true);
}
