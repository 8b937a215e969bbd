import {
  type CompareWindows,
  columnsFromArrays,
  type DriftPage,
  type DriftPageColumn,
  float64,
  timestamp,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { driftTest } from "../drift/drift-test.ts";
import { renderDriftPage } from "./drift-page.ts";

const column = (name: string, p: number): DriftPageColumn => ({
  column: name,
  pValue: p,
  adjustedPValue: p,
  drift: p <= 0.05,
  tests: [
    {
      test: "level",
      statistic: 3,
      pValue: p,
      effect: 12.5,
      unit: "units of the column",
      sentence: `${name} is 12.5 higher than its season in the reference says (p = ${p}).`,
    },
  ],
});

function page(part: Partial<DriftPage>): DriftPage {
  return {
    title: "Drift",
    lead: "",
    alpha: 0.05,
    tiles: [{ name: "Verdict", value: "drift", note: "1 of 2 columns" }],
    isByWindow: false,
    comparisons: [{ name: "now", note: "", columns: [column("calm", 0.5), column("wild", 0.001)] }],
    untested: [],
    notes: [],
    ...part,
  };
}

/** The text between tags. */
const words = (html: string) =>
  html
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

describe("a page about drift", () => {
  it("takes what driftTest finds, by the contract that the command has with both", () => {
    const compare: CompareWindows = driftTest;
    const rows = (from: number, level: number) =>
      columnsFromArrays(
        { at: timestamp(), load: float64() },
        {
          at: BigInt64Array.from({ length: 168 }, (_, i) => BigInt(from + i) * 3_600_000_000n),
          load: Float64Array.from({ length: 168 }, (_, i) => level + Math.sin(i * i)),
        },
      );
    const { columns } = compare(rows(0, 10), rows(168, 15), {
      time: "at",
      columns: ["load"],
      season: [],
      alpha: 0.05,
      frequency: "1h",
      zone: "UTC",
    });
    const found = columns.map((one) => ({ ...one, adjustedPValue: one.pValue, drift: one.pValue <= 0.05 }));
    const text = words(renderDriftPage(page({ comparisons: [{ name: "now", note: "", columns: found }] })));
    expect(text).toMatch(/load drift \S+ [45]\.\d+ load is [45](\.\d+)? higher/);
  });

  it("shows the columns that drift first, each with decision, p-value, effect and sentence", () => {
    const text = words(renderDriftPage(page({})));
    expect(text).toMatch(/wild drift 0\.0010 12\.5 wild is 12\.5 higher .* calm no drift 0\.5000 12\.5/);
    expect(text).toContain("All columns were tested.");
  });

  it("draws windows as a map: a cell for each, a dot for drift, nothing where it was not tested", () => {
    const comparisons = Array.from({ length: 10 }, (_, i) => ({
      name: `2026-01-${10 + i}`,
      note: "168 rows",
      columns: [column("load", i === 3 ? 1e-8 : 0.9), ...(i < 5 ? [column("late", 0.2)] : [])],
    }));
    const html = renderDriftPage(page({ isByWindow: true, comparisons }));
    const map = html.slice(html.indexOf('<table class="heat">'), html.indexOf("</table>"));
    const [load, late] = map.slice(map.indexOf("<tbody>")).split("</tr>");
    expect(load?.match(/<td/g)).toHaveLength(10);
    expect(load?.match(/●/g)).toHaveLength(1);
    expect(load).toContain('<td class="s0" title="2026-01-13: level, adjusted p = 1.0e-8">●</td>');
    expect(late?.match(/<td><\/td>/g)).toHaveLength(5);
    expect(words(html)).toContain("load 1 of 10 load is 12.5 higher");
  });

  it("escapes names, and asks for nothing from elsewhere", () => {
    const html = renderDriftPage(
      page({
        title: "<script>x</script>",
        comparisons: [{ name: "", note: "", columns: [column('"><img src=x>', 0.01)] }],
        untested: [{ column: "<i>", reason: "<b>" }],
      }),
    );
    expect(html).not.toMatch(/<script|<img|<i>|<b>|https?:/);
    expect(html).toContain("default-src 'none'");
  });

  it("stays below a megabyte, whatever is in it", () => {
    const columns = Array.from({ length: 400 }, (_, i) =>
      column(`a column with quite a long name, the ${i}th`, 1e-9),
    );
    const comparisons = Array.from({ length: 300 }, (_, i) => ({
      name: `window ${i}`,
      note: "168 rows",
      columns,
    }));
    const untested = columns.map(({ column: name }) => ({ column: name, reason: "It has no value." }));
    const wide = renderDriftPage(page({ isByWindow: true, comparisons, untested }));
    const many = renderDriftPage(page({ comparisons: comparisons.slice(0, 1), untested }));
    for (const html of [wide, many]) expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
    expect(words(wide)).toContain(
      "The 60 of 400 columns that drift most often are drawn. The newest 120 of 300 windows are drawn.",
    );
  });
});
