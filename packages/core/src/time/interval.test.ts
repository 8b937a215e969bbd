import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFrequency } from "./frequency.ts";
import { toMicros } from "./instant.ts";
import {
  intersectIntervals,
  interval,
  intervalContains,
  intervalsOverlap,
  splitInterval,
} from "./interval.ts";

const small = fc.bigInt({ min: 0n, max: 12n });
const intervals = fc.tuple(small, small).map(([a, b]) => interval(a < b ? a : b, a < b ? b : a));
const members = ({ start, end }: { start: bigint; end: bigint }) =>
  Array.from({ length: Number(end - start) }, (_, i) => start + BigInt(i));

describe("intervals", () => {
  it("hold their start and not their end", () => {
    fc.assert(
      fc.property(intervals, small, (a, at) => {
        expect(intervalContains(a, at)).toBe(members(a).includes(at));
      }),
    );
  });

  it("overlap and intersect as the sets of their instants do", () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const common = members(a).filter((at) => members(b).includes(at));
        expect(intervalsOverlap(a, b)).toBe(common.length > 0);
        const both = intersectIntervals(a, b);
        expect(both === null ? [] : members(both)).toEqual(common);
      }),
    );
  });

  it("do not end before they start", () => {
    expect(interval(3n, 3n)).toEqual({ start: 3n, end: 3n });
    expect(() => interval(1n, 0n)).toThrow("ends (1970-01-01T00:00:00Z) before it starts");
  });
});

describe("splitInterval", () => {
  it("cuts at the grid, without gap or overlap", () => {
    const hour = 3_600_000_000n;
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }),
        fc.bigInt({ min: 0n, max: 2000n * hour }),
        fc.constantFrom("6h", "1d", "1w", "1mo"),
        fc.constantFrom("UTC", "Europe/Berlin", "+05:45", "Pacific/Apia"),
        (start, length, text, zone) => {
          const grid = parseFrequency(text, { zone });
          const pieces = splitInterval({ start, end: start + length }, grid);
          expect(pieces.reduce((sum, piece) => sum + (piece.end - piece.start), 0n)).toBe(length);
          pieces.forEach((piece, i) => {
            expect(piece.start).toBe(i === 0 ? start : pieces[i - 1]?.end);
            expect(piece.end > piece.start).toBe(true);
            if (i > 0) expect(grid.isOnGrid(piece.start)).toBe(true);
            expect(grid.floor(piece.end - 1n)).toBe(grid.floor(piece.start));
          });
        },
      ),
    );
  });

  it("gives local days of a zone, and nothing for an empty interval", () => {
    const zone = "Europe/Berlin";
    const [start, end] = [toMicros("2026-03-28T12:00", { zone }), toMicros("2026-03-30T00:00", { zone })];
    const hours = splitInterval({ start, end }, "1d", zone).map((p) =>
      Number((p.end - p.start) / 3_600_000_000n),
    );
    expect(hours).toEqual([12, 23]);
    expect(splitInterval({ start, end: start }, "1d", zone)).toEqual([]);
  });
});
