import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import { absorbRows, firstTimesOf, lastTimesOf } from "../absorb.ts";
import { panel } from "./build-panel.ts";
import type { Panel } from "./panel.ts";
import { rowsOfSeries } from "./panel-patches.ts";
import { takeSeries } from "./panel-slices.ts";

const hour = 3_600_000_000n;
const seriesCount = 30;
const rowsAtFirst = 6;

function columnsOf(rows: readonly { readonly s: number; readonly t: number }[]): Columns {
  return columnsFromRows(
    { shop: utf8(), at: timestamp(), sold: nullable(float64()), price: nullable(float64()), sky: utf8() },
    rows.map(({ s, t }) => ({
      shop: `shop ${String(s).padStart(2, "0")}`,
      at: hour * BigInt(t),
      sold: 100 * s + t,
      price: t % 3 === 0 ? null : t,
      sky: `sky ${t % 5}`,
    })),
  ) as Columns;
}

const first = panel(
  columnsOf(
    Array.from({ length: seriesCount * rowsAtFirst }, (_, i) => ({
      s: Math.floor(i / rowsAtFirst),
      t: i % rowsAtFirst,
    })),
  ),
  { keys: ["shop"], time: "at", target: "sold", frequency: "1h", knownFuture: ["price"], pastOnly: ["sky"] },
) as Panel;

/** The same panel, nothing of it shared. */
const apart = (whole: Panel): Panel => structuredClone({ ...whole });

describe("a panel that shares rows with the one before", () => {
  const news = fc.record({
    // Mostly the same few series, so that some updates touch what others have touched.
    s: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: seriesCount - 1 })),
    ahead: fc.integer({ min: 0, max: 3 }),
  });

  test.prop([
    fc.array(fc.tuple(fc.array(news, { maxLength: 4 }), fc.boolean()), { minLength: 1, maxLength: 12 }),
    fc.constantFrom(rowsAtFirst, Number.POSITIVE_INFINITY),
    fc.array(fc.nat(seriesCount - 1), { minLength: 1, maxLength: 5 }),
  ])("is to the reader what a copy would be", (updates, depth, chosen) => {
    let [shared, copied] = [first, apart(first)];
    const next = new Array(seriesCount).fill(rowsAtFirst);
    for (const [touched, isRead] of updates) {
      const rows = new Map(
        touched.map(({ s, ahead }) => {
          next[s] += 1 + ahead;
          return [`${s} ${next[s]}`, { s, t: next[s] }];
        }),
      );
      const columns = columnsOf([...rows.values()]);
      const before = isRead ? apart(shared) : null;
      const later = absorbRows(shared, columns, depth);
      copied = apart(absorbRows(copied, columns, depth));
      if (before !== null) expect(apart(shared)).toEqual(before);
      shared = later;
      expect(takeSeries(shared, chosen)).toEqual(takeSeries(copied, chosen));
      expect(rowsOfSeries(shared, chosen[0] as number)).toEqual(rowsOfSeries(copied, chosen[0] as number));
      expect(lastTimesOf(shared)).toEqual(lastTimesOf(copied));
      expect(firstTimesOf(shared)).toEqual(firstTimesOf(copied));
      expect(shared.offsets).toEqual(copied.offsets);
    }
    expect({ ...shared }).toEqual({ ...copied, gaps: shared.gaps });
  });

  it("copies no rows of series without news", () => {
    const later = absorbRows(first, columnsOf([{ s: 7, t: rowsAtFirst }]));
    expect(rowsOfSeries(later, 8).y.buffer).toBe(first.y.buffer);
    expect(rowsOfSeries(later, 7).y.length).toBe(rowsAtFirst + 1);
  });
});
